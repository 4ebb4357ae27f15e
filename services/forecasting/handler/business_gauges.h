#pragma once
// The forecast as metrics.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/metrics.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::handler {

// Computes what GetForecast, GetCoverage, InterrogatePipeline and Backtest answer. The backtest,
// which costs the most, is done again at most once an hour. Not thread-safe.
class ForecastGauges {
 public:
  // Forecasts need enough history, ratios a target that is above 0, calibration at least
  // kCalibrationCutsMin past forecasts: else they are absent. Error: EXCHANGE_RATE_MISSING.
  Status Add(const records_client::Question& question, const std::string& tenant,
             telemetry::GaugeSheet* sheet);

 private:
  struct Calibration {
    absl::Time as_of;
    std::string revision;
    int covered_count = 0;
    int cut_count = 0;
  };
  // What was told of a tenant holds while its records and the half hour are the same.
  struct Told {
    std::string key;
    std::vector<telemetry::GaugeSheet::Row> rows;
  };
  // Everything but the calibration.
  static Status AddPeriods(const records_client::Question& question, const domain::DealTable& table,
                           const std::string& tenant, telemetry::GaugeSheet* sheet);
  Status AddCalibration(const records_client::Question& question, const std::string& tenant,
                        telemetry::GaugeSheet* sheet);

  std::map<std::string, Told> told_;                         // by tenant
  std::map<std::string, Calibration> calibrations_;          // by tenant
  absl::Time last_calibration_time_ = absl::InfinitePast();  // of any tenant
};

// The gauges of a process, with what they remember.
std::function<Status(const records_client::Question&, const std::string&, telemetry::GaugeSheet*)>
MakeForecastGauges();

// Past forecasts, six a quarter: four quarters. With fewer the share says nothing; with 48
// its 95 % interval is about 11 points wide on either side.
inline constexpr int kCalibrationCutsMin = 24;

}  // namespace gtm::forecasting::handler
