#pragma once
// The calls of a tenant as they are compared: the latest of each owner, and who reports to whom.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/records_client/records_client.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/teams.h"

namespace gtm::forecasting::handler {

// Calls about one period, by owner, the latest first; those submitted by question.as_of. They
// live as long as the question's view.
using CallsByOwner = std::map<std::string, std::vector<const v1::ForecastCall*>>;
CallsByOwner CallsOf(const records_client::Question& question,
                     const type::v1::FiscalPeriod& period);

// The latest one submitted by then; null where there is none.
const v1::ForecastCall* LatestAt(const CallsByOwner& calls, const std::string& owner,
                                 absl::Time time);

// Sellers as of the question; managers that they name and owners of calls, who need no record
// of their own.
domain::Teams TeamsOf(const records_client::Question& question);

// Calls are kept in the reporting currency of their day; one that differs from today's is not
// compared with anything: without a value.
std::optional<int64_t> MicrosIn(const type::v1::Money& money, Currency currency);

// Of all calls by question.as_of and the teams (SHA-256, hex): what an answer rests on beside
// the deals.
std::string HashOfCalls(const records_client::Question& question, const domain::Teams& teams);

}  // namespace gtm::forecasting::handler
