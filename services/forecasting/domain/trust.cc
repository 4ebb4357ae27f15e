#include "services/forecasting/domain/trust.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "fmt/format.h"

namespace gtm::forecasting::domain {
namespace {

// What counts as a sign, and what it leaves of the trust. Rules of thumb, not learned:
// gaming is not labeled in anybody's records.
constexpr int kOurTouchesMin = 5;
constexpr double kNoResponseWeight = 0.5;
constexpr int kSilentPeopleMin = 3;
constexpr double kSilentShareMin = 0.75;
constexpr double kSilentWeight = 0.8;
constexpr int kPushesFree = 2;
constexpr double kPushWeight = 0.9;  // for each push beyond
constexpr double kPushWeightMin = 0.6;
constexpr int kLastMinuteDays = 3;
constexpr int kLastMinutePushesMin = 2;
constexpr double kLastMinuteWeight = 0.85;
constexpr int kStagesOfDayMin = 3;
constexpr double kStagesSkippedWeight = 0.8;
constexpr double kStagesOfDayWeight = 0.7;
constexpr int kLateCreatedDays = 3;
constexpr double kLateCreatedWeight = 0.7;
constexpr int kInflatedDays = 7;
constexpr double kInflatedRatio = 1.5;
constexpr double kInflatedWeight = 0.7;

using Doubts = std::vector<Doubt>;

void DoubtTouches(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal,
                  Doubts* doubts) {
  int64_t ours = 0, buyers = 0;
  std::map<RowNumber, bool> people;  // whether they ever acted
  for (const DealTouch* touch : TouchesOf(table, facts, deal)) {
    const bool is_buyer = IsBuyerTouch(*touch);
    ++(is_buyer ? buyers : ours);
    if (touch->contact != kNoOne) people[touch->contact] |= is_buyer;
  }
  if (ours >= kOurTouchesMin && buyers == 0) {
    doubts->push_back({DoubtType::kNoBuyerResponse, kNoResponseWeight,
                       fmt::format("{} touches of ours and not one of the buyer", ours)});
    return;  // that nobody acted is said
  }
  const auto touched = static_cast<int64_t>(people.size());
  const int64_t silent =
      std::count_if(people.begin(), people.end(), [](const auto& one) { return !one.second; });
  if (silent >= kSilentPeopleMin &&
      static_cast<double>(silent) >= kSilentShareMin * static_cast<double>(touched)) {
    doubts->push_back(
        {DoubtType::kSilentRecipients, kSilentWeight,
         fmt::format("{} of {} people touched never acted themselves", silent, touched)});
  }
}

void DoubtCloseDates(const DealFacts& deal, Doubts* doubts) {
  const int pushes = CountPushes(deal);
  if (pushes > kPushesFree) {
    doubts->push_back({DoubtType::kCloseDatePushed,
                       std::max(kPushWeightMin, std::pow(kPushWeight, pushes - kPushesFree)),
                       fmt::format("the close date was pushed {} times", pushes)});
  }
  int last_minute = 0;
  for (size_t i = 1; i < deal.close_dates.size(); ++i) {
    const auto& before = deal.close_dates[i - 1];
    const auto& after = deal.close_dates[i];
    const int days = std::abs(before.close_day - after.set_day);
    last_minute += after.close_day > before.close_day && days <= kLastMinuteDays;
  }
  if (last_minute >= kLastMinutePushesMin) {
    doubts->push_back(
        {DoubtType::kLastMinutePush, kLastMinuteWeight,
         fmt::format("{} pushes came within {} days of the date", last_minute, kLastMinuteDays)});
  }
}

void DoubtStages(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal,
                 Doubts* doubts) {
  int skipped = 0;
  std::map<DayNumber, int> entries;
  for (size_t i = 0; i < deal.stages.size(); ++i) {
    if (deal.stages[i].in_pipeline) ++entries[deal.stages[i].day];
    if (i == 0 || !deal.stages[i].in_pipeline) continue;
    skipped = std::max(skipped, deal.stages[i].number - deal.stages[i - 1].number - 1);
  }
  if (skipped > 0 && facts.stage_count >= 3) {
    doubts->push_back({DoubtType::kStagesSkipped, kStagesSkippedWeight,
                       fmt::format("{} {} skipped in one step", skipped,
                                   skipped == 1 ? "stage was" : "stages were")});
  }
  int most = 0;
  for (const auto& [day, count] : entries) most = std::max(most, count);
  if (most >= kStagesOfDayMin) {
    doubts->push_back({DoubtType::kStagesInOneDay, kStagesOfDayWeight,
                       fmt::format("{} stages were entered on one day", most)});
  }
  const DayNumber created = NumberOf(table.calendar.DayOf(deal.clock_time));
  const DayNumber reached = table.deals[deal.deal].stage_day;
  const bool is_last = deal.in_contract || deal.stage_number == facts.stage_count;
  if (facts.stage_count >= 3 && is_last && reached - created <= kLateCreatedDays) {
    doubts->push_back(
        {DoubtType::kLateCreated, kLateCreatedWeight,
         fmt::format("it was in its last stage {} days after it was created", reached - created)});
  }
}

void DoubtAmount(const DealTable& table, const DealFacts& deal, Doubts* doubts) {
  if (deal.amounts.size() < 2) return;
  const absl::Time begin = table.as_of - absl::Hours(24 * kInflatedDays);
  int64_t before = 0;
  for (const AmountStep& step : deal.amounts) {
    if (step.time < begin) before = step.micros;
  }
  const double ratio =
      before > 0 ? static_cast<double>(deal.amounts.back().micros) / static_cast<double>(before)
                 : 0;
  if (ratio < kInflatedRatio) return;
  doubts->push_back(
      {DoubtType::kAmountInflated, kInflatedWeight,
       fmt::format("the amount grew {:.1f} times within the last {} days", ratio, kInflatedDays)});
}

}  // namespace

int CountPushes(const DealFacts& deal) {
  int pushes = 0;
  for (size_t i = 1; i < deal.close_dates.size(); ++i) {
    pushes += deal.close_dates[i].close_day > deal.close_dates[i - 1].close_day;
  }
  return pushes;
}

Trust JudgeTrust(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal) {
  Trust trust;
  DoubtTouches(table, facts, deal, &trust.doubts);
  DoubtCloseDates(deal, &trust.doubts);
  DoubtStages(table, facts, deal, &trust.doubts);
  DoubtAmount(table, deal, &trust.doubts);
  for (const Doubt& doubt : trust.doubts) trust.weight *= doubt.weight;
  return trust;
}

}  // namespace gtm::forecasting::domain
