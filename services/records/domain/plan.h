#pragma once
// The rules of the contract, read from the descriptors once and laid out for speed.
//
// A plan says for every field of a message what a value must satisfy: what is written
// in (gtm.type.v1.rule), and the default limits where nothing is written. Validation
// and erasure walk records by it. Everything here is immutable and thread-safe.

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <vector>

#include "common/record/kinds.h"

namespace gtm::records::domain {

// Default limits (gtm.type.v1.FieldRule): bytes of a string, items of a list.
inline constexpr int kStringBytesDefault = 1'024;
inline constexpr int kItemsDefault = 1'000;

// How a value is checked. Of a list: each of its items; of a map: each of its values.
enum class Shape {
  kPlain,      // bool: nothing to check
  kInteger,    // range
  kReal,       // finite, range
  kText,       // UTF-8, length
  kId,         // text that is an id: no control characters, at most 128 bytes
  kBytes,      // length
  kEnum,       // a value that is declared
  kTimestamp,  // google.protobuf.Timestamp
  kDate,       // gtm.type.v1.Date
  kMoney,      // gtm.type.v1.Money
  kMessage,    // a message with a plan of its own
};

struct MessagePlan;

// What one field must satisfy.
struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  const google::protobuf::FieldDescriptor* map_key = nullptr;    // null: no map
  const google::protobuf::FieldDescriptor* map_value = nullptr;  // null: no map
  const MessagePlan* message = nullptr;                          // of kMessage
  // change_time of the items of a history, else null.
  const google::protobuf::FieldDescriptor* history_time = nullptr;
  Shape shape = Shape::kPlain;
  bool required = false;
  bool personal = false;
  bool immutable = false;
  bool has_min = false;
  bool has_max = false;
  double min = 0;
  double max = 0;
  int max_length = kStringBytesDefault;
  int max_items = kItemsDefault;
};

// The fields of one message in the order of their declaration; of a record kind
// without its output-only fields.
struct MessagePlan {
  const google::protobuf::Descriptor* type = nullptr;
  std::vector<FieldPlan> fields;
  bool holds_personal = false;  // here or deeper
};

// The plan of a kind's payload. Null where there is no such kind.
const MessagePlan* PlanOf(record::Kind kind);

}  // namespace gtm::records::domain
