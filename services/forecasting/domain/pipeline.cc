#include "services/forecasting/domain/pipeline.h"

#include <algorithm>
#include <map>
#include <utility>

#include "services/forecasting/domain/coverage.h"

namespace gtm::forecasting::domain {
namespace {

// A group while it is counted.
struct Tally {
  PipelineGroup group;
  std::vector<int32_t> ages;
  std::vector<int32_t> stage_days;

  void Add(std::optional<int64_t> amount_micros, int32_t age, int32_t days, bool stale) {
    ++group.count;
    group.micros = AddClamped(group.micros, amount_micros.value_or(0));
    group.missing_amount_count += !amount_micros;
    group.stale_count += stale;
    ages.push_back(age);
    stage_days.push_back(days);
  }
  PipelineGroup Finish() {
    std::sort(ages.begin(), ages.end());
    std::sort(stage_days.begin(), stage_days.end());
    group.median_age_days = QuantileOf(ages, 0.5);
    group.p90_age_days = QuantileOf(ages, 0.9);
    group.median_stage_days = QuantileOf(stage_days, 0.5);
    return std::move(group);
  }
};

template <class AnyDeal>
const std::string& KeyOf(const AnyDeal& deal, Grouping grouping) {
  switch (grouping) {
    case Grouping::kOwner:
      return deal.owner_seller_id;
    case Grouping::kSegment:
      return deal.segment;
    case Grouping::kStage:
      break;
  }
  return deal.stage_id;
}

}  // namespace

double QuantileOf(const std::vector<int32_t>& sorted, double p) {
  if (sorted.empty()) return 0;
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto rank = static_cast<size_t>(at);
  const int32_t low = sorted[rank], high = sorted[std::min(rank + 1, sorted.size() - 1)];
  return low + (high - low) * (at - static_cast<double>(rank));
}

Pipeline SumUpPipeline(const DealTable& table, const CloseRates& rates, const Selection& selection,
                       Grouping grouping) {
  Pipeline pipeline;
  std::map<std::pair<bool, std::string>, Tally> tallies;  // (in pipeline, key): Stage 0 first
  Tally total;
  for (const StageZeroDeal& deal : table.stage_zero) {
    if (!selection.Holds(deal.owner_seller_id, deal.segment)) continue;
    Tally& tally = tallies[{false, KeyOf(deal, grouping)}];
    tally.group.stage_zero = true;
    tally.Add(deal.amount_micros, table.today - deal.clock_day, table.today - deal.stage_day,
              false);
  }
  for (const Deal& deal : table.deals) {
    if (!selection.Holds(deal)) continue;
    if (deal.outcome == Outcome::kWon) {
      pipeline.won_cycle_days.push_back(deal.closed_day - deal.clock_day);
    }
    if (deal.outcome != Outcome::kOpen) continue;
    const bool stale = IsStale(table, rates, deal);
    for (Tally* tally : {&tallies[{true, KeyOf(deal, grouping)}], &total}) {
      tally->Add(deal.amount_micros, table.today - deal.clock_day, table.today - deal.stage_day,
                 stale);
    }
  }
  for (auto& [key, tally] : tallies) {
    tally.group.key = key.second;
    pipeline.groups.push_back(tally.Finish());
  }
  pipeline.total = total.Finish();
  std::sort(pipeline.won_cycle_days.begin(), pipeline.won_cycle_days.end());
  return pipeline;
}

}  // namespace gtm::forecasting::domain
