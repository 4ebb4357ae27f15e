#include "services/forecasting/domain/velocity.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "services/forecasting/domain/pipeline.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kWonCause = 0;
constexpr int kLostCause = 1;
constexpr int kCloseCauses = 2;
constexpr int kStageCauses = 3;

size_t BucketOf(int32_t age) {
  const auto* it = std::upper_bound(std::begin(kAgeBuckets), std::end(kAgeBuckets), age);
  return it == std::begin(kAgeBuckets) ? 0 : static_cast<size_t>(it - std::begin(kAgeBuckets)) - 1;
}

std::vector<AgeBucket> EmptyBuckets() {
  std::vector<AgeBucket> buckets;
  for (size_t i = 0; i < std::size(kAgeBuckets); ++i) {
    AgeBucket& bucket = buckets.emplace_back();
    bucket.from_days = kAgeBuckets[i];
    if (i + 1 < std::size(kAgeBuckets)) bucket.to_days = kAgeBuckets[i + 1];
  }
  return buckets;
}

// A deal seen from age `from` to age `to`, then won, lost or still open.
void Count(int32_t from, int32_t to, Outcome outcome, int64_t micros,
           std::vector<AgeBucket>* buckets) {
  const size_t first = BucketOf(std::max(0, from)), last = BucketOf(std::max(0, to));
  for (size_t i = first; i <= last; ++i) ++(*buckets)[i].reached_count;
  AgeBucket& bucket = (*buckets)[last];
  if (outcome == Outcome::kWon) ++bucket.won_count;
  if (outcome == Outcome::kLost) ++bucket.lost_count;
  if (outcome != Outcome::kOpen) return;
  ++bucket.open_count;
  bucket.open_micros = AddClamped(bucket.open_micros, micros);
}

// A group while it is counted.
struct Tally {
  VelocityGroup group;
  std::vector<stats::LifeSpan> spans;

  Tally() {
    group.by_pipeline_age = EmptyBuckets();
    group.by_clock_age = EmptyBuckets();
  }
  void Add(const DealTable& table, const Deal& deal, DayNumber watched_from) {
    const bool open = deal.outcome == Outcome::kOpen;
    const DayNumber last = open ? table.today : deal.closed_day;
    const DayNumber watched = std::max(deal.qualified_day, watched_from);
    if (watched > last) return;  // it closed before the watch began
    ++group.count;
    stats::LifeSpan span{deal.qualified_day, watched, last, -1};
    if (!open) span.cause = deal.outcome == Outcome::kWon ? kWonCause : kLostCause;
    spans.push_back(span);
    const int64_t micros = deal.amount_micros.value_or(0);
    Count(watched - deal.qualified_day, last - deal.qualified_day, deal.outcome, micros,
          &group.by_pipeline_age);
    Count(watched - deal.clock_day, last - deal.clock_day, deal.outcome, micros,
          &group.by_clock_age);
  }
  VelocityGroup Finish() {
    const Survival survival(spans, kCloseCauses);
    group.median_days = survival.QuantileOfLeaving(0.5);
    group.p90_days = survival.QuantileOfLeaving(0.9);
    group.won = survival.ShareOf(kWonCause);
    return std::move(group);
  }
};

template <class AnyDeal>
const std::string& KeyOf(const AnyDeal& deal, VelocityGrouping grouping) {
  return grouping == VelocityGrouping::kOwner ? deal.owner_seller_id : deal.segment;
}

}  // namespace

std::vector<VelocityGroup> MeasureVelocity(const DealTable& table, DayNumber watched_from,
                                           const Selection& selection, VelocityGrouping grouping) {
  Tally all;
  all.group.all = true;
  std::map<std::string, Tally> tallies;
  const auto each = [&](const auto& deal, const auto& add) {
    if (!selection.Holds(deal.owner_seller_id, deal.segment)) return;
    add(&all);
    if (grouping == VelocityGrouping::kNone) return;
    Tally& tally = tallies[KeyOf(deal, grouping)];
    tally.group.key = KeyOf(deal, grouping);
    add(&tally);
  };
  for (const Deal& deal : table.deals) {
    each(deal, [&](Tally* tally) { tally->Add(table, deal, watched_from); });
  }
  // At Stage 0 only the velocity clock runs.
  for (const StageZeroDeal& deal : table.stage_zero) {
    each(deal, [&](Tally* tally) {
      Count(std::max(deal.clock_day, watched_from) - deal.clock_day, table.today - deal.clock_day,
            Outcome::kOpen, deal.amount_micros.value_or(0), &tally->group.by_clock_age);
    });
  }
  std::vector<VelocityGroup> groups;
  groups.push_back(all.Finish());
  for (auto& [key, tally] : tallies) groups.push_back(tally.Finish());
  return groups;
}

std::vector<StageVelocity> MeasureStages(const std::vector<StageVisit>& visits,
                                         DayNumber watched_from) {
  std::map<std::string, std::pair<StageVelocity, std::vector<stats::LifeSpan>>> stages;
  for (const StageVisit& visit : visits) {
    const DayNumber watched = std::max(visit.enter_day, watched_from);
    if (watched > visit.last_day) continue;
    auto& [stage, spans] = stages[visit.stage_id];
    ++stage.visit_count;
    stage.open_count += visit.next == StageVisit::Next::kStill;
    spans.push_back({visit.enter_day, watched, visit.last_day, static_cast<int8_t>(visit.next)});
  }
  std::vector<StageVelocity> result;
  for (auto& [id, entry] : stages) {
    auto& [stage, spans] = entry;
    const Survival survival(spans, kStageCauses);
    stage.stage_id = id;
    stage.forward = survival.ShareOf(static_cast<int>(StageVisit::Next::kForward));
    stage.lost = survival.ShareOf(static_cast<int>(StageVisit::Next::kLost));
    stage.back = survival.ShareOf(static_cast<int>(StageVisit::Next::kBack));
    stage.median_days = survival.QuantileOfLeaving(0.5);
    stage.p90_days = survival.QuantileOfLeaving(0.9);
    result.push_back(std::move(stage));
  }
  return result;
}

std::vector<QuarterVelocity> MeasureQuarters(const DealTable& table, const Selection& selection) {
  const FiscalPeriod running = table.calendar.PeriodOf(DayAt(table.today), PeriodUnit::kQuarter);
  std::vector<QuarterVelocity> quarters;
  for (int back = kVelocityQuarters; back >= 0; --back) {
    QuarterVelocity& quarter = quarters.emplace_back();
    quarter.quarter = table.calendar.Shift(running, -back);
    const DayRange days = table.calendar.DaysOf(quarter.quarter);
    std::vector<int32_t> cycle;
    for (const Deal& deal : table.deals) {
      if (!selection.Holds(deal)) continue;
      quarter.created_count += days.contains(DayAt(deal.qualified_day));
      if (deal.outcome != Outcome::kWon || !days.contains(DayAt(deal.closed_day))) continue;
      ++quarter.won_count;
      quarter.won_micros = AddClamped(quarter.won_micros, deal.amount_micros.value_or(0));
      quarter.priced_count += deal.amount_micros.value_or(0) > 0;
      cycle.push_back(deal.closed_day - deal.qualified_day);
    }
    std::sort(cycle.begin(), cycle.end());
    if (!cycle.empty()) quarter.median_cycle_days = QuantileOf(cycle, 0.5);
  }
  return quarters;
}

QuarterTrends FindTrends(const DealTable& table, const std::vector<QuarterVelocity>& quarters,
                         DayNumber watched_from) {
  DayNumber first = table.today;
  for (const Deal& deal : table.deals) first = std::min(first, deal.qualified_day);
  std::vector<std::optional<double>> created, won, amount, cycle;
  for (size_t i = 0; i + 1 < quarters.size(); ++i) {  // the last one is running
    const QuarterVelocity& quarter = quarters[i];
    const DayNumber start = NumberOf(table.calendar.DaysOf(quarter.quarter).start);
    // Before the first deal nothing was recorded, and a quarter that began then is no whole one.
    const bool recorded = start >= first && start >= watched_from;
    const auto value = [&](bool known, double number) {
      return recorded && known && number > 0 ? std::optional<double>(number) : std::nullopt;
    };
    created.push_back(value(true, static_cast<double>(quarter.created_count)));
    won.push_back(value(true, static_cast<double>(quarter.won_count)));
    amount.push_back(value(quarter.priced_count > 0,
                           static_cast<double>(quarter.won_micros) /
                               static_cast<double>(std::max<int64_t>(1, quarter.priced_count))));
    cycle.push_back(
        value(quarter.median_cycle_days.has_value(), quarter.median_cycle_days.value_or(0)));
  }
  const auto count = [](const std::vector<std::optional<double>>& values) {
    return static_cast<int>(std::count_if(values.begin(), values.end(),
                                          [](const auto& value) { return value.has_value(); }));
  };
  QuarterTrends trends;
  trends.created = FindTrend(created);
  trends.won = FindTrend(won);
  trends.amount = FindTrend(amount);
  trends.cycle = FindTrend(cycle);
  trends.created_values = count(created);
  trends.won_values = count(won);
  trends.amount_values = count(amount);
  trends.cycle_values = count(cycle);
  return trends;
}

}  // namespace gtm::forecasting::domain
