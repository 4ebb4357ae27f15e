#pragma once
// Requests -> validated values. Every function collects all violations of its part.

#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "gtm/growth/v1/service.pb.h"
#include "services/growth/domain/commitment.h"
#include "services/growth/domain/evaluate_period.h"

namespace gtm::growth::handler {

namespace v1 = gtm::growth::v1;

using Violations = std::vector<FieldViolation>;

// INVALID_FIELDS where there are any.
Status Check(Violations violations);

void CheckRequestId(std::string_view request_id, Violations* violations);
// An id that the caller may leave out.
void CheckOptionalId(std::string_view id, std::string_view field, Violations* violations);

// A period that is over at facts.today. `period` may be empty (the last complete one of
// `default_unit`) or have only a unit. Error: INVALID_FIELDS on `field`.
Result<FiscalPeriod> ParsePeriod(const type::v1::FiscalPeriod& period, PeriodUnit default_unit,
                                 bool year_allowed, std::string_view field,
                                 const domain::GrowthFacts& facts);
// 0 means `standard`. Error: INVALID_FIELDS on `field` outside 1 to `max`.
Result<int> ParseCount(int count, int standard, int max, std::string_view field);

// What records' validator cannot know of a commitment: order of dates, result with its
// day, money in one currency. Paths begin with "commitment.".
void CheckCommitment(const v1::Commitment& commitment, Violations* violations);
// `commitment` must have passed CheckCommitment.
domain::Promise ToPromise(const v1::Commitment& commitment);

// `stored` changed by `change` as `mask` says (AIP-134). Id, etag and times stay.
// Error: INVALID_FIELDS on "update_mask" for an unknown path.
Result<v1::Commitment> Merge(const v1::Commitment& stored, const v1::Commitment& change,
                             const google::protobuf::FieldMask& mask);
// Names of the locked fields (target, dates, hypothesis ...) that differ.
std::vector<std::string> ChangedLockedFields(const v1::Commitment& a, const v1::Commitment& b);

}  // namespace gtm::growth::handler
