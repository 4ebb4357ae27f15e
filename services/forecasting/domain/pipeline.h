#pragma once
// Open opportunities in groups, with their ages (TG-18).

#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

enum class Grouping { kStage, kOwner, kSegment };

struct PipelineGroup {
  std::string key;
  bool stage_zero = false;
  int64_t count = 0;
  int64_t micros = 0;
  int64_t missing_amount_count = 0;
  // Days on the velocity clock, which starts with the first stage, Stage 0 included.
  double median_age_days = 0;
  double p90_age_days = 0;
  double median_stage_days = 0;
  int64_t stale_count = 0;
};

struct Pipeline {
  std::vector<PipelineGroup> groups;   // Stage 0 apart from pipeline; by key
  PipelineGroup total;                 // pipeline only
  std::vector<double> won_cycle_days;  // clock to winning, of every won deal; rising
};

Pipeline SumUpPipeline(const DealTable& table, const CloseRates& rates, const Selection& selection,
                       Grouping grouping);

// Linear between ranks (type 7); 0 of nothing. `sorted` rises.
double QuantileOf(const std::vector<int32_t>& sorted, double p);

}  // namespace gtm::forecasting::domain
