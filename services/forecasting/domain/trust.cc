#include "services/forecasting/domain/trust.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "fmt/format.h"
#include "services/forecasting/domain/stuck.h"

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
constexpr double kBackdatedWeight = 0.7;
constexpr double kDayOfCreationWeight = 0.6;

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

void DoubtRecordLag(const PipelineFacts& facts, RecordLag lag, bool is_closed, Trust* trust) {
  const LagJudgement judgement = JudgeLag(facts.closed_record_lags, lag, is_closed);
  if (judgement.verdict == LagVerdict::kNotEnoughData) {
    trust->unjudged.push_back(DoubtType::kBackdated);
  } else if (judgement.verdict == LagVerdict::kBackdated) {
    trust->doubts.push_back(
        {DoubtType::kBackdated, kBackdatedWeight,
         fmt::format("it was first recorded {} days after the day on which it is said to have "
                     "been created; {} of {} other closed deals were recorded as late",
                     *lag, judgement.as_late, judgement.others)});
  }
}

// `usual` rises: days of the tenant's won deals, the deal's own among them or not.
void DoubtQuickness(const std::vector<int32_t>& usual, bool holds_own, int32_t days,
                    const char* what, Trust* trust) {
  if (days > kDayOfCreationDays) return;
  const auto others = static_cast<int64_t>(usual.size()) - holds_own;
  const int64_t as_quick =
      std::upper_bound(usual.begin(), usual.end(), kDayOfCreationDays) - usual.begin() - holds_own;
  if (!CanBeRare(others)) {
    trust->unjudged.push_back(DoubtType::kWonOnDayOfCreation);
    return;
  }
  const int32_t median = usual[usual.size() / 2];
  if (median < kUsualDaysMin || !IsRare(as_quick, others)) return;
  trust->doubts.push_back(
      {DoubtType::kWonOnDayOfCreation, kDayOfCreationWeight,
       fmt::format("it was {} {}; {} of {} other won deals were as quick, and half took {} days "
                   "or more",
                   what, days <= 0 ? "on the day of its creation" : "a day after its creation",
                   as_quick, others, median)});
}

bool Has(const Trust& trust, DoubtType type) {
  return std::any_of(trust.doubts.begin(), trust.doubts.end(),
                     [&](const Doubt& doubt) { return doubt.type == type; });
}

void Weigh(Trust* trust) {
  for (const Doubt& doubt : trust->doubts) trust->weight *= doubt.weight;
}

void DoubtStages(const PipelineFacts& facts, const DealFacts& deal, Doubts* doubts) {
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
}

// Late in the process soon after creation: by a rule of thumb, or by what is usual.
void DoubtCreation(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal,
                   Trust* trust) {
  const Deal& row = table.deals[deal.deal];
  const int32_t days = row.stage_day - row.clock_day;
  const bool is_last = deal.in_contract || deal.stage_number == facts.stage_count;
  if (facts.stage_count < 3 || !is_last) return;
  Trust by_usual;
  DoubtQuickness(facts.won_last_stage_days, false, days, "in its last stage", &by_usual);
  if (!Has(by_usual, DoubtType::kWonOnDayOfCreation) && days <= kLateCreatedDays) {
    trust->doubts.push_back(
        {DoubtType::kLateCreated, kLateCreatedWeight,
         fmt::format("it was in its last stage {} days after it was created", days)});
  }
  const auto append = [](const auto& from, auto* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  append(by_usual.doubts, &trust->doubts);
  append(by_usual.unjudged, &trust->unjudged);
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
  DoubtStages(facts, deal, &trust.doubts);
  DoubtCreation(table, facts, deal, &trust);
  DoubtAmount(table, deal, &trust.doubts);
  DoubtRecordLag(facts, deal.record_lag, false, &trust);
  std::stable_sort(trust.doubts.begin(), trust.doubts.end(),
                   [](const Doubt& a, const Doubt& b) { return a.type < b.type; });
  std::sort(trust.unjudged.begin(), trust.unjudged.end());
  Weigh(&trust);
  return trust;
}

Trust JudgeWin(const DealTable& table, const PipelineFacts& facts, const WinFacts& win) {
  Trust trust;
  const Deal& deal = table.deals[win.deal];
  DoubtRecordLag(facts, win.record_lag, true, &trust);
  DoubtQuickness(facts.won_cycle_days, true, deal.closed_day - deal.clock_day, "won", &trust);
  Weigh(&trust);
  return trust;
}

}  // namespace gtm::forecasting::domain
