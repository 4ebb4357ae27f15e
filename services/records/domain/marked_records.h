#pragma once
// Records for tests of erasure, made from the contract: personal words everywhere, and every
// person field filled in.

#include <string>
#include <string_view>

#include "common/record/kinds.h"

namespace gtm::records::domain {

// A record of the kind with two items in every list. Every personal field holds `mark` and
// where it is: "<mark>[0]" in the first items of lists, "<mark>[1]" in the second ones, else
// "<mark>[]". Every person field holds "nobody".
record::Record MarkedRecord(record::Kind kind, const std::string& id, const std::string& mark);

// Sets the person field at the path of KindInfo::person_fields: in the first items of lists
// where `first_only`, else in all.
void SetPersonField(record::Record* record, std::string_view path, const std::string& value,
                    bool first_only);

}  // namespace gtm::records::domain
