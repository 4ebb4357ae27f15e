#pragma once
// What a valid record is. One validator for every kind, driven by the rules in the
// contract (plan.h) and by the rules that join fields (kind_rules.h).

#include <string_view>

#include "common/record/kinds.h"
#include "services/records/domain/path.h"

namespace gtm::records::domain {

// Appends everything that is wrong with `record`, fields named from `path` on
// ("mutations[3].put.account.employee_count"). Output-only fields are not looked at.
// A range is checked only of a value that is present: without `optional`, 0 is absent.
// Fields that this version does not know are refused: they could neither be checked
// nor erased. Thread-safe; no allocation for a good record.
void ValidateRecord(const record::Record& record, const Path& path, Violations* violations);

// Whether a replacement must be compared with what is stored.
bool HasImmutableFields(record::Kind kind);
// Appends the immutable fields in which `next` differs from `stored`, both of one kind.
void ValidateImmutable(const record::Record& stored, const record::Record& next, const Path& path,
                       Violations* violations);

}  // namespace gtm::records::domain
