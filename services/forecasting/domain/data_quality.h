#pragma once
// What the reader of a number should know about the data behind it.

#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/regime_change.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.forecasting.v1.DataWarning.Type.
enum class WarningType {
  kStalePipeline = 1,
  kLeftTruncation = 2,
  kMissingAmount = 3,
  kUnknownStage = 4,
  kShortHistory = 5,
  kNoTarget = 6,
  kOverdueCloseDate = 7,
  kRegimeChange = 8,
  kFieldLeak = 9,
};

struct Warning {
  WarningType type;
  std::string message;
  int64_t count = 0;
  std::optional<int64_t> micros;
  double share = 0;  // of the open deals, by count
};

// Closed deals from which a close rate can be judged.
inline constexpr int64_t kClosedCountMin = 30;
inline constexpr int64_t kWonCountMin = 10;
inline bool HasEnoughHistory(const CloseRates& rates) {
  return rates.won_count + rates.lost_count >= kClosedCountMin && rates.won_count >= kWonCountMin;
}

// By type. Of the selected deals.
std::vector<Warning> FindWarnings(const DealTable& table, const Model& model,
                                  const Selection& selection, bool has_target);
// The same with the breaks of the table's level, FindLevelBreaks, which take most of the time.
std::vector<Warning> FindWarnings(const DealTable& table, const Model& model,
                                  const std::vector<LevelBreak>& breaks, const Selection& selection,
                                  bool has_target);

}  // namespace gtm::forecasting::domain
