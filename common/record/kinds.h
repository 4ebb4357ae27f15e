#pragma once
// Record kinds, read from the contract: names, writers and generic access to payloads.
// Everything here is thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gtm/records/v1/record.pb.h"
#include "gtm/type/v1/rules.pb.h"

namespace gtm::record {

using Kind = records::v1::RecordKind;
using records::v1::Record;

// One kind, as declared by the (gtm.type.v1.kind) option of its payload.
struct KindInfo {
  Kind kind;
  const google::protobuf::FieldDescriptor* payload_field;  // in Record
  std::string name;                                        // "account"
  type::v1::KindWriter writer;
  // Paths of the fields that name persons: "buying_group.contact_id".
  std::vector<std::string> person_fields;
  std::string singleton_id;  // the only id allowed, or ""
  bool person = false;       // a record of the kind is a natural person
  const google::protobuf::Descriptor* payload_type() const;
};

// All kinds by rising number.
const std::vector<KindInfo>& Kinds();
// Null where there is no such kind.
const KindInfo* FindKind(Kind kind);
const KindInfo* FindKind(std::string_view name);
// "account"; "unspecified" for anything unknown.
std::string_view KindName(Kind kind);

// RECORD_KIND_UNSPECIFIED where the record has no payload.
Kind KindOf(const Record& record);
// Null where the record has no payload.
const google::protobuf::Message* Payload(const Record& record);
google::protobuf::Message* MutablePayload(Record* record);
// "" where the record has no payload.
const std::string& IdOf(const Record& record);

// Output-only fields of a payload: fields 2, 3 and 4 of every kind.
struct Meta {
  int64_t version = 0;  // etag is the version in quotes
  absl::Time create_time;
  absl::Time update_time;
};
void SetMeta(Record* record, const Meta& meta);
void ClearMeta(Record* record);
// "\"42\"" <-> 42; -1 where it is no etag of ours.
std::string EtagOf(int64_t version);
int64_t VersionOf(std::string_view etag);

// The payload without output-only fields, serialized deterministically: equal records
// give equal bytes.
std::string CanonicalBody(const Record& record);
// The record of a kind from its canonical body; false where the bytes are damaged.
bool ParseBody(Kind kind, std::string_view body, Record* record);
// The same with meta filled in.
bool ParseBody(Kind kind, std::string_view body, const Meta& meta, Record* record);

}  // namespace gtm::record
