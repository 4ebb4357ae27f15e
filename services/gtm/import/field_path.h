#pragma once
// Field paths of a record payload, found by reflection: "annual_revenue",
// "conditions.budget", "custom_labels.plan".

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"

namespace gtm::importing {

// What a leaf holds, as far as text can fill it.
enum class LeafKind { kText, kWhole, kReal, kBool, kEnum, kTimestamp, kDate, kMoney };

// A resolved path. `steps` are messages to go through; `leaf` the field to fill.
struct FieldPath {
  std::vector<const google::protobuf::FieldDescriptor*> steps;
  const google::protobuf::FieldDescriptor* leaf = nullptr;
  LeafKind kind = LeafKind::kText;
  std::string map_key;  // where the leaf is a map
  std::string text;     // as written
  // The field that holds the value: the leaf, or the value of its map.
  const google::protobuf::FieldDescriptor* value_field() const;
};

// Error: what is wrong with the path, with the nearest name that exists.
Result<FieldPath> ResolveField(const google::protobuf::Descriptor* root, std::string_view path);

// A list of messages directly under `root`, such as "stage_changes".
Result<const google::protobuf::FieldDescriptor*> ResolveList(
    const google::protobuf::Descriptor* root, std::string_view name);

// The candidate nearest to `name` in edits, or "" where none is near.
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates);
// "; did you mean \"x\"?" or "".
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace gtm::importing
