#include "services/forecasting/domain/close_rates.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/stats/life_table.h"

namespace gtm::forecasting::domain {
namespace {

using stats::LifeSpan;
using stats::LifeTable;

// What is believed before any history: one deal, watched for 90 days, won with 30 %.
constexpr double kPriorDays = 90;
constexpr double kPriorWins = 0.3;
constexpr double kPriorLosses = 0.7;
// Events that each age bin borrows from the average of all ages.
constexpr double kBinPriorEvents = 1;
constexpr double kTailPriorEvents = 0.2;
// Events of an age bin, and bins at most.
constexpr int kBinEventsMin = 12;
constexpr int kBinCountMax = 24;
// A bin whose end is this many times as old as its begin is split.
constexpr double kBinRatioMax = 1.6;
// Segments that are told apart, by closed deals, and how many of these they need.
constexpr int kSegmentsMax = 12;
constexpr int kSegmentClosesMin = 8;
// Rounds in which rates by age, position, segment and size find each other.
constexpr int kFitRounds = 5;
// How fast the mix of new deals is forgotten, days.
constexpr double kMixHalfLifeDays = 180;
// Spread of position factors over companies, and of one position over quarters
// (variances of logarithms).
constexpr double kPositionVariance = 0.08;
constexpr double kQuarterVariance = 0.02;
// The common shock before history: 15 %, worth four periods of evidence.
constexpr double kShockPrior = 0.15;
constexpr double kShockPriorPeriods = 4;
// Half-life of the weight of the past, in days, and how far back it is read.
constexpr double kHalfLifeDays = 365;
constexpr int32_t kHistoryDaysMax = 3 * 366;
// Chance under which "no deal closed before" is taken for missing history.
constexpr double kTruncationEvidence = 6.9;  // -log(0.001)

// The level of wins before history: 1, worth one win; and its widest spread.
constexpr double kLevelPriorShape = 1;
constexpr double kSpreadMax = 1;
constexpr int kWeekDays = 7;

constexpr int kWonCause = 0;
constexpr int kLostCause = 1;

struct Calendar {
  std::vector<stats::CalendarSegment> segments;
  std::vector<int32_t> quarter;  // of each segment, counted from the first
};

Calendar MakeSegments(const History& history, DayNumber first) {
  Calendar calendar;
  FiscalPeriod quarter = history.calendar().PeriodOf(DayAt(first), PeriodUnit::kQuarter);
  for (int32_t number = 0;; ++number, quarter = history.calendar().Shift(quarter, 1)) {
    const DayRange days = history.calendar().DaysOf(quarter);
    const DayNumber start = NumberOf(days.start);
    if (start > history.today()) return calendar;
    for (int position = 0; position < kPositionCount; ++position) {
      // The first day whose position is this one: day * 6 / length >= position.
      const int offset = (position * days.day_count() + kPositionCount - 1) / kPositionCount;
      const double age = std::max<double>(0, history.today() - (start + offset));
      calendar.segments.push_back({start + offset, position, std::exp2(-age / kHalfLifeDays)});
      calendar.quarter.push_back(number);
    }
  }
}

// The groups that deals are counted in: a segment and a size band each.
class Groups {
 public:
  // Segments by closed deals, the largest first; the others share the group of no name.
  Groups(const History& history, DayNumber oldest, RiskEffects* effects);
  int count() const { return segment_count_ * kBandSlots; }
  int segment_count() const { return segment_count_; }
  int SegmentOf(int group) const { return group / kBandSlots; }
  int BandOf(int group) const { return group % kBandSlots - 1; }  // -1: amount unknown
  int Of(const HistoryRow& row) const {
    return slot_[row.segment] * kBandSlots + effects_.BandOf(row.expected_micros) + 1;
  }
  // Index into History::segments; -1 for the group of no name.
  int NameOf(int segment) const { return names_[static_cast<size_t>(segment)]; }

 private:
  static constexpr int kBandSlots = kSizeBandCount + 1;
  const RiskEffects& effects_;
  int segment_count_ = 1;
  std::vector<int> slot_;          // by History segment
  std::vector<int> names_ = {-1};  // by own segment
};

Groups::Groups(const History& history, DayNumber oldest, RiskEffects* effects)
    : effects_(*effects), slot_(std::max<size_t>(1, history.segments().size()), 0) {
  std::vector<double> amounts;
  std::vector<std::pair<int, int>> closes(slot_.size());  // count, segment
  for (size_t i = 0; i < closes.size(); ++i) closes[i] = {0, static_cast<int>(i)};
  for (const HistoryRow& row : history.rows()) {
    if (history.is_open(row) || row.closed_day < oldest) continue;
    ++closes[row.segment].first;
    if (row.expected_micros > 0) amounts.push_back(row.expected_micros);
  }
  for (size_t i = 0; i < effects->size_edges.size() && !amounts.empty(); ++i) {
    const auto at =
        amounts.begin() + static_cast<std::ptrdiff_t>(amounts.size() * (i + 1) / kSizeBandCount);
    std::nth_element(amounts.begin(), at, amounts.end());
    effects->size_edges[i] = *at;
  }
  std::sort(closes.begin(), closes.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (const auto& [count, segment] : closes) {
    if (count < kSegmentClosesMin || segment_count_ > kSegmentsMax) break;
    slot_[static_cast<size_t>(segment)] = segment_count_++;
    names_.push_back(segment);
  }
}

// Exposure and events by group, age bin and position.
struct Lives {
  std::vector<LifeTable> of;  // by group
  int bin_count = 0;
  bool is_empty(size_t group) const { return of[group].age_edges.empty(); }
};

Lives CountGroups(const History& history, const Groups& groups, DayNumber from,
                  const std::vector<int32_t>& edges, const Calendar& calendar) {
  std::vector<std::vector<LifeSpan>> spans(static_cast<size_t>(groups.count()));
  for (const HistoryRow& row : history.rows()) {
    LifeSpan span;
    span.birth_day = row.qualified_day;
    span.first_day = std::max(row.qualified_day, from);
    span.last_day = std::min(row.closed_day, history.today());
    if (!history.is_open(row)) span.cause = row.won ? kWonCause : kLostCause;
    if (span.first_day > span.last_day) continue;
    spans[static_cast<size_t>(groups.Of(row))].push_back(span);
  }
  Lives lives;
  lives.bin_count = static_cast<int>(edges.size());
  lives.of.resize(spans.size());
  for (size_t g = 0; g < spans.size(); ++g) {
    if (spans[g].empty()) continue;
    lives.of[g] = stats::CountLives(spans[g], edges, calendar.segments, kPositionCount, 2);
  }
  return lives;
}

// One cause's rates: by age, times factors by position, segment and size.
struct CauseFit {
  int cause = 0;
  double prior_events = 0;
  std::vector<double> rate;  // by age bin
  std::array<double, kPositionCount> position{};
  std::vector<double> segment;  // by segment of Groups, from 1
  std::array<double, kSizeBandCount> size{};

  double FactorOf(const Groups& groups, size_t group) const {
    const int named = groups.SegmentOf(static_cast<int>(group)) - 1;
    const int band = groups.BandOf(static_cast<int>(group));
    return (named < 0 ? 1 : segment[static_cast<size_t>(named)]) *
           (band < 0 ? 1 : size[static_cast<size_t>(band)]);
  }
};

void FitAges(const Lives& lives, const Groups& groups, CauseFit* fit) {
  const auto bins = static_cast<size_t>(lives.bin_count);
  std::vector<double> events(bins, 0), days(bins, 0);
  double all_events = fit->prior_events, all_days = kPriorDays;
  for (size_t g = 0; g < lives.of.size(); ++g) {
    if (lives.is_empty(g)) continue;
    const double factor = fit->FactorOf(groups, g);
    for (size_t k = 0; k < bins; ++k) {
      for (size_t j = 0; j < kPositionCount; ++j) {
        const size_t cell = k * kPositionCount + j;
        events[k] += lives.of[g].events[static_cast<size_t>(fit->cause)][cell];
        days[k] += lives.of[g].exposure[cell] * fit->position[j] * factor;
      }
    }
  }
  for (size_t k = 0; k < bins; ++k) {
    all_events += events[k];
    all_days += days[k];
  }
  const double average = all_events / all_days;
  // Each bin leans on its neighbors, and these a little on the average of all ages.
  for (size_t k = 0; k < bins; ++k) {
    double near_events = 1, near_days = 1 / average;
    const size_t first = k < 2 ? 0 : k - 2;
    for (size_t i = first; i < std::min(bins, k + 3); ++i) {
      near_events += events[i];
      near_days += days[i];
    }
    const double prior = k + 1 == bins && bins > 1 ? kTailPriorEvents : kBinPriorEvents;
    fit->rate[k] = (events[k] + prior) / (days[k] + prior * near_days / near_events);
  }
}

// Events of the cause that happened and that the fit expects, by group and position.
struct Checked {
  std::vector<std::array<double, kPositionCount>> observed, expected;  // [group][position]
};

Checked Check(const Lives& lives, const Groups& groups, const CauseFit& fit) {
  Checked checked;
  checked.observed.resize(lives.of.size());
  checked.expected.resize(lives.of.size());
  for (size_t g = 0; g < lives.of.size(); ++g) {
    if (lives.is_empty(g)) continue;
    const double factor = fit.FactorOf(groups, g);
    for (size_t j = 0; j < kPositionCount; ++j) {
      double observed = 0, expected = 0;
      for (size_t k = 0; k < fit.rate.size(); ++k) {
        const size_t cell = k * kPositionCount + j;
        observed += lives.of[g].events[static_cast<size_t>(fit.cause)][cell];
        expected += lives.of[g].exposure[cell] * fit.rate[k];
      }
      checked.observed[g][j] = observed;
      checked.expected[g][j] = expected * fit.position[j] * factor;
    }
  }
  return checked;
}

// Position factors, each shrunken toward 1 by how little is known: few events, or few
// quarters that had this position.
void FitPositions(const Checked& checked, const std::array<int, kPositionCount>& quarters,
                  std::array<double, kPositionCount>* factor) {
  double weight_sum = 0, log_sum = 0;
  for (size_t j = 0; j < kPositionCount; ++j) {
    double observed = 0, expected = 0;
    for (size_t g = 0; g < checked.observed.size(); ++g) {
      observed += checked.observed[g][j];
      expected += checked.expected[g][j];
    }
    expected /= (*factor)[j];
    const double noise = kQuarterVariance / std::max(1, quarters[j]) + 1 / (expected + 0.5);
    const double keep = quarters[j] == 0 ? 0 : kPositionVariance / (kPositionVariance + noise);
    (*factor)[j] = std::exp(keep * std::log((observed + 0.5) / (expected + 0.5)));
    weight_sum += expected;
    log_sum += expected * std::log((*factor)[j]);
  }
  // The age rates carry the level: factors average to 1 where the deals were.
  const double center = weight_sum > 0 ? std::exp(log_sum / weight_sum) : 1;
  for (double& f : *factor) f /= center;
}

// Factors of the levels of one kind (segments or sizes): `level_of` tells a group's level,
// -1 for none.
template <class LevelOf, class Factors>
void FitLevels(const Checked& checked, LevelOf level_of, Factors* factors) {
  std::vector<double> observed(factors->size(), 0), expected(factors->size(), 0);
  for (size_t g = 0; g < checked.observed.size(); ++g) {
    const int level = level_of(static_cast<int>(g));
    if (level < 0) continue;
    for (size_t j = 0; j < kPositionCount; ++j) {
      observed[static_cast<size_t>(level)] += checked.observed[g][j];
      expected[static_cast<size_t>(level)] += checked.expected[g][j];
    }
  }
  for (size_t i = 0; i < factors->size(); ++i) expected[i] /= (*factors)[i];
  const std::vector<double> fitted = ShrunkenFactors(observed, expected);
  // To whole steps: chances are computed by step, and the age rates then fit them.
  for (size_t i = 0; i < factors->size(); ++i) {
    (*factors)[i] = std::exp(StepOf(std::log(fitted[i])) * kRiskStep);
  }
}

CauseFit FitCause(int cause, double prior_events, const Lives& lives, const Groups& groups,
                  const std::array<int, kPositionCount>& quarters) {
  CauseFit fit{.cause = cause, .prior_events = prior_events};
  fit.rate.resize(static_cast<size_t>(lives.bin_count));
  fit.position.fill(1);
  fit.segment.assign(static_cast<size_t>(groups.segment_count()) - 1, 1);
  fit.size.fill(1);
  FitAges(lives, groups, &fit);
  for (int round = 0; round < kFitRounds; ++round) {
    FitPositions(Check(lives, groups, fit), quarters, &fit.position);
    FitLevels(
        Check(lives, groups, fit), [&](int g) { return groups.SegmentOf(g) - 1; }, &fit.segment);
    FitLevels(
        Check(lives, groups, fit), [&](int g) { return groups.BandOf(g); }, &fit.size);
    FitAges(lives, groups, &fit);
  }
  return fit;
}

// Quarters that had exposure in each position.
std::array<int, kPositionCount> QuartersSeen(const Calendar& calendar, DayNumber from,
                                             DayNumber today) {
  std::array<int, kPositionCount> seen{};
  for (size_t i = 0; i < calendar.segments.size(); ++i) {
    const DayNumber end =
        i + 1 < calendar.segments.size() ? calendar.segments[i + 1].first_day : today + 1;
    if (end > from && calendar.segments[i].first_day <= today) {
      ++seen[static_cast<size_t>(calendar.segments[i].position)];
    }
  }
  return seen;
}

// Wins that the rates expect week by week, up to today, and those that happened.
struct WeeklyWins {
  std::vector<double> expected;
  std::vector<double> observed;
};

WeeklyWins CheckWeeks(const History& history, const Groups& groups, const CauseFit& won,
                      const std::vector<int32_t>& edges, DayNumber from) {
  WeeklyWins weeks;
  DayNumber first = history.today();
  for (const HistoryRow& row : history.rows()) {
    const DayNumber start = std::max(row.qualified_day, from);
    if (start <= row.closed_day) first = std::min(first, start);
  }
  const auto day_count = static_cast<size_t>(history.today() - first) + 1;
  // The rate at every age, so that a deal's days add up in one sweep; constant in the
  // last, open bin.
  const auto age_end = static_cast<size_t>(edges.back());
  std::vector<float> rate_at(age_end + 1);
  for (size_t age = 0, bin = 0; age <= age_end; ++age) {
    while (bin + 1 < edges.size() && static_cast<int32_t>(age) >= edges[bin + 1]) ++bin;
    rate_at[age] = static_cast<float>(won.rate[bin]);
  }
  std::vector<float> expected(day_count, 0), observed(day_count, 0);
  for (const HistoryRow& row : history.rows()) {
    const DayNumber start = std::max(row.qualified_day, from);
    const DayNumber last = std::min(row.closed_day, history.today());
    if (start > last) continue;
    const auto factor =
        static_cast<float>(won.FactorOf(groups, static_cast<size_t>(groups.Of(row))));
    const auto begin = static_cast<size_t>(start - first), end = static_cast<size_t>(last - first);
    const size_t age = static_cast<size_t>(start - row.qualified_day);
    for (size_t d = begin; d <= end; ++d) {
      expected[d] += factor * rate_at[std::min(age + d - begin, age_end)];
    }
    if (!history.is_open(row)) {
      // The day of closing counts as half a day at risk.
      const size_t age_last = static_cast<size_t>(last - row.qualified_day);
      expected[end] -= factor * rate_at[std::min(age_last, age_end)] / 2;
      observed[end] += row.won ? 1 : 0;
    }
  }
  const PositionIndex positions(history.calendar(), first, history.today());
  const size_t week_count = (day_count + kWeekDays - 1) / kWeekDays;
  weeks.expected.assign(week_count, 0);
  weeks.observed.assign(week_count, 0);
  for (size_t d = 0; d < day_count; ++d) {
    const size_t week = week_count - 1 - (day_count - 1 - d) / kWeekDays;
    const auto position = static_cast<size_t>(positions.at(first + static_cast<DayNumber>(d)));
    weeks.expected[week] += expected[d] * won.position[position];
    weeks.observed[week] += observed[d];
  }
  return weeks;
}

// What half-quarters differ by beyond chance, shrunken toward the prior.
double LearnShock(const WeeklyWins& weeks) {
  double excess = 0, periods = 0;
  for (size_t i = 0; i + 6 <= weeks.expected.size(); i += 6) {
    double expected = 0, observed = 0;
    for (size_t j = i; j < i + 6; ++j) {
      expected += weeks.expected[j];
      observed += weeks.observed[j];
    }
    if (expected < 5) continue;
    const double ratio = observed / expected - 1;
    excess += ratio * ratio - 1 / expected;
    periods += 1;
  }
  const double variance = (kShockPrior * kShockPrior * kShockPriorPeriods + std::max(0.0, excess)) /
                          (kShockPriorPeriods + periods);
  return std::sqrt(variance);
}

}  // namespace

int PositionOf(const FiscalCalendar& calendar, absl::CivilDay day) {
  const DayRange days = calendar.DaysOf(calendar.PeriodOf(day, PeriodUnit::kQuarter));
  return static_cast<int>((day - days.start) * kPositionCount / days.day_count());
}

PositionIndex::PositionIndex(const FiscalCalendar& calendar, DayNumber first, DayNumber last)
    : first_(first) {
  DayNumber day = first;
  while (day <= last) {
    const DayRange days = calendar.DaysOf(calendar.PeriodOf(DayAt(day), PeriodUnit::kQuarter));
    const DayNumber start = NumberOf(days.start), end = NumberOf(days.end);
    for (; day < end && day <= last; ++day) {
      positions_.push_back(static_cast<int8_t>((day - start) * kPositionCount / days.day_count()));
    }
  }
}

double CloseRates::SpreadOver(double days) const {
  return std::min(kSpreadMax, std::hypot(shock, level.SpreadOver(days / kWeekDays)));
}

RiskClass CloseRates::ClassOf(const DealTable& table, const Deal& deal) const {
  const auto segment = effects.OfSegment(deal.segment);
  const auto size = effects.OfSize(static_cast<double>(deal.amount_micros.value_or(0)));
  return {table.age_days(deal), StepOf(segment.won + size.won), StepOf(segment.lost + size.lost)};
}

int CloseRates::BinOf(int32_t age) const {
  const auto it = std::upper_bound(age_edges.begin(), age_edges.end(), age);
  return it == age_edges.begin() ? 0 : static_cast<int>(it - age_edges.begin()) - 1;
}

namespace {

// Wide bins in two, so that rates may fall within them.
std::vector<int32_t> SplitWide(const std::vector<int32_t>& edges) {
  std::vector<int32_t> split;
  for (size_t i = 0; i < edges.size(); ++i) {
    split.push_back(edges[i]);
    if (i + 1 == edges.size()) break;
    const double low = edges[i] + 10.0, high = edges[i + 1] + 10.0;
    if (high / low < kBinRatioMax) continue;
    const auto middle = static_cast<int32_t>(std::lround(std::sqrt(low * high))) - 10;
    if (middle > edges[i] && middle < edges[i + 1]) split.push_back(middle);
  }
  return split;
}

// Whether closes that must have happened before the first one are missing.
bool IsTruncated(const History& history, const CloseRates& rates, DayNumber oldest,
                 DayNumber first_close) {
  double expected = 0;
  for (const HistoryRow& row : history.rows()) {
    for (DayNumber day = std::max(row.qualified_day, oldest); day < first_close; ++day) {
      const auto bin = static_cast<size_t>(rates.BinOf(day - row.qualified_day));
      expected += rates.won_rate[bin] + rates.lost_rate[bin];
      if (expected > kTruncationEvidence) return true;
    }
  }
  return false;
}

void KeepEffects(const History& history, const Groups& groups, const CauseFit& won,
                 const CauseFit& lost, RiskEffects* effects) {
  for (int s = 1; s < groups.segment_count(); ++s) {
    const auto at = static_cast<size_t>(s) - 1;
    const RiskEffects::Effect effect = {std::log(won.segment[at]), std::log(lost.segment[at])};
    if (effect.won == 0 && effect.lost == 0) continue;
    effects->segments.emplace_back(history.segments()[static_cast<size_t>(groups.NameOf(s))],
                                   effect);
  }
  std::sort(effects->segments.begin(), effects->segments.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < kSizeBandCount; ++i) {
    effects->sizes[i] = {std::log(won.size[i]), std::log(lost.size[i])};
  }
}

// The classes of new deals, as those of late.
std::vector<CloseRates::Share> ArrivingMix(const History& history, const CloseRates& rates) {
  if (rates.effects.is_none()) return {{{}, 1}};
  const std::vector<RiskEffects::Effect> segments = rates.effects.OfAll(history.segments());
  std::map<RiskClass, double> weights;
  double total = 0;
  for (const HistoryRow& row : history.rows()) {
    const double weight = std::exp2(-history.age_days(row) / kMixHalfLifeDays);
    weights[rates.effects.ClassOf(0, segments[row.segment], row)] += weight;
    total += weight;
  }
  if (total <= 0) return {{{}, 1}};
  std::vector<CloseRates::Share> mix;
  for (const auto& [risk, weight] : weights) mix.push_back({risk, weight / total});
  return mix;
}

}  // namespace

CloseRates LearnCloseRates(const History& history, const KnownGaps& gaps) {
  CloseRates rates;
  const DayNumber today = history.today(), oldest = today - kHistoryDaysMax;
  DayNumber first_close = today, first_day = today;
  std::vector<int32_t> ages;
  for (const HistoryRow& row : history.rows()) {
    first_day = std::min(first_day, std::max(row.qualified_day, oldest));
    if (history.is_open(row) || row.closed_day < oldest) continue;
    first_close = std::min(first_close, row.closed_day);
    ages.push_back(row.closed_day - row.qualified_day);
    rates.oldest_closed_age = std::max(rates.oldest_closed_age, ages.back());
    ++(row.won ? rates.won_count : rates.lost_count);
  }
  const Calendar calendar = MakeSegments(history, first_day);
  rates.age_edges = SplitWide(stats::EdgesByEvents(ages, kBinEventsMin, kBinCountMax));
  const Groups groups(history, oldest, &rates.effects);
  CauseFit won, lost;
  const auto fit = [&](DayNumber from) {
    const Lives lives = CountGroups(history, groups, from, rates.age_edges, calendar);
    const auto quarters = QuartersSeen(calendar, from, today);
    won = FitCause(kWonCause, kPriorWins, lives, groups, quarters);
    lost = FitCause(kLostCause, kPriorLosses, lives, groups, quarters);
    rates.won_rate = won.rate;
    rates.lost_rate = lost.rate;
    rates.won_factor = won.position;
    rates.lost_factor = lost.position;
  };
  // First as if the history began with the first close. If many closes are then expected
  // before it, they are missing: the history is left-truncated.
  DayNumber from = oldest;
  if (gaps.known) {
    rates.truncated_before = gaps.truncated_before;
    if (gaps.truncated_before > 0) from = gaps.truncated_before + 1;
    fit(from);
  } else {
    if (ages.size() >= 20) {
      fit(first_close + 1);
      if (IsTruncated(history, rates, oldest, first_close)) {
        rates.truncated_before = first_close;
        from = first_close + 1;
      }
    }
    if (from == oldest) fit(from);
  }
  KeepEffects(history, groups, won, lost, &rates.effects);
  rates.arriving = ArrivingMix(history, rates);
  const WeeklyWins weeks = CheckWeeks(history, groups, won, rates.age_edges, from);
  rates.shock = LearnShock(weeks);
  rates.level = stats::FollowLevel(weeks.observed, weeks.expected, 1, kLevelPriorShape);
  for (double& rate : rates.won_rate) rate *= rates.level.mean;
  return rates;
}

CloseRates LearnCloseRates(const DealTable& table) { return LearnCloseRates(History(table)); }

}  // namespace gtm::forecasting::domain
