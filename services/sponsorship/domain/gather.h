#pragma once
// From a Book to what the program looks at.

#include "absl/time/civil_time.h"
#include "common/book/book.h"
#include "services/sponsorship/domain/plan.h"

namespace gtm::sponsorship::domain {

// Nominated people and live sponsees, executives, and live sponsorships, each by rising
// id. Amounts are converted with the rates of `day`; without a rate they are unknown.
// The result borrows from `view`.
PlanInput GatherInput(const book::BookView& view, absl::CivilDay day);

Executive ReadExecutive(const crm::v1::Executive& message);

}  // namespace gtm::sponsorship::domain
