#pragma once
// Good records for tests, made from the contract: whatever kinds and required fields it
// has, there is a minimal record of each.

#include "common/record/kinds.h"
#include "gtm/type/v1/money.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::records::domain {

type::v1::Date MakeDate(int year, int month, int day);
type::v1::Money MakeMoney(const char* currency, int64_t units, int32_t nanos);

// Fills the required fields of a message with small valid values, at every depth.
void FillRequired(google::protobuf::Message* message);

// Valid, with nothing but what is required. `id` is ignored for singletons.
record::Record MinimalRecord(record::Kind kind, const std::string& id = "r1");

}  // namespace gtm::records::domain
