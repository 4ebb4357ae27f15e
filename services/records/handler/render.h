#pragma once
// What the store remembers, as the messages that callers see.

#include <string>
#include <string_view>

#include "gtm/records/v1/service.pb.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

// "account", for the store's error texts.
std::string KindNameOf(int kind);
// RECORD_NOT_FOUND in the words of the contract.
Error NotFound(const store::Key& key);

void SetTime(int64_t time_us, google::protobuf::Timestamp* time);
v1::RecordKey RenderKey(const store::Key& key);

// Errors: STORE_DAMAGED where the bytes are no record.
Status RenderRecord(const store::StoredRecord& stored, v1::Record* record);
Status RenderChange(const store::Change& change, std::string_view epoch, v1::Change* rendered);

// Fills in what became of a mutation; `record` is what was put, absent for a delete.
void RenderOutcome(const store::MutationOutcome& outcome, v1::MutationResult* result);

}  // namespace gtm::records::handler
