#pragma once
// Flags that the commands under `gtm forecast` share.

#include <memory>
#include <string>

#include "services/gtm/cli/command.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {

struct ForecastFlags {
  PointFlags point;
  std::string period;
  std::string target;
  std::string owner;
  std::string segment;
  std::string by = "stage";
  std::string note;
  double over_cost = 0;  // 0: not given
  double under_cost = 0;
  int deals = 10;
};

// Fields that questions about a period and a selection share.
template <class Request>
Status FillPeriodAndPoint(const ForecastFlags& flags, Request* request) {
  GTM_ASSIGN_OR_RETURN(*request->mutable_point(), flags.point.Parse());
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request->mutable_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  return {};
}

// Commands about forecasts of the past: backtest, editions, explain, call, calls.
void AddForecastHistoryCommands(CLI::App& forecast, Session& session,
                                const std::shared_ptr<ForecastFlags>& flags);

}  // namespace gtm::cli
