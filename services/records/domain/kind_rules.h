#pragma once
// Rules that join several fields of one record, by kind.

#include "common/record/kinds.h"
#include "services/records/domain/path.h"

namespace gtm::records::domain {

// Appends what is wrong between the fields of a record whose single fields are good.
// `payload` is the path of the payload: "record.spend". A definition, a match or another
// decision has no rule here: the service that alone may write it holds its rules.
void CheckKindRules(const record::Record& record, const Path& payload, Violations* violations);

}  // namespace gtm::records::domain
