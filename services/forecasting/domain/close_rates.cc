#include "services/forecasting/domain/close_rates.h"

#include <algorithm>
#include <cmath>

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
// Events of an age bin, and bins at most.
constexpr int kBinEventsMin = 12;
constexpr int kBinCountMax = 24;
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

Calendar MakeSegments(const DealTable& table, DayNumber first) {
  Calendar calendar;
  FiscalPeriod quarter = table.calendar.PeriodOf(DayAt(first), PeriodUnit::kQuarter);
  for (int32_t number = 0;; ++number, quarter = table.calendar.Shift(quarter, 1)) {
    const DayRange days = table.calendar.DaysOf(quarter);
    const DayNumber start = NumberOf(days.start);
    if (start > table.today) return calendar;
    for (int position = 0; position < kPositionCount; ++position) {
      // The first day whose position is this one: day * 6 / length >= position.
      const int offset = (position * days.day_count() + kPositionCount - 1) / kPositionCount;
      const double age = std::max<double>(0, table.today - (start + offset));
      calendar.segments.push_back({start + offset, position, std::exp2(-age / kHalfLifeDays)});
      calendar.quarter.push_back(number);
    }
  }
}

std::vector<LifeSpan> SpansOf(const DealTable& table, DayNumber from) {
  std::vector<LifeSpan> spans;
  spans.reserve(table.deals.size());
  for (const Deal& deal : table.deals) {
    LifeSpan span;
    span.birth_day = deal.qualified_day;
    span.first_day = std::max(deal.qualified_day, from);
    span.last_day = table.today;
    if (deal.outcome != Outcome::kOpen) {
      span.last_day = deal.closed_day;
      span.cause = deal.outcome == Outcome::kWon ? kWonCause : kLostCause;
    }
    if (span.first_day <= span.last_day) spans.push_back(span);
  }
  return spans;
}

// Rates by age, given position factors.
std::vector<double> AgeRates(const LifeTable& lives, int cause,
                             const std::array<double, kPositionCount>& factor,
                             double prior_events) {
  const int bins = lives.bin_count();
  std::vector<double> events(static_cast<size_t>(bins), 0), days(static_cast<size_t>(bins), 0);
  double all_events = prior_events, all_days = kPriorDays;
  for (int k = 0; k < bins; ++k) {
    for (int j = 0; j < lives.position_count; ++j) {
      events[static_cast<size_t>(k)] += lives.events_at(cause, k, j);
      days[static_cast<size_t>(k)] += lives.exposure_at(k, j) * factor[static_cast<size_t>(j)];
    }
    all_events += events[static_cast<size_t>(k)];
    all_days += days[static_cast<size_t>(k)];
  }
  const double average = all_events / all_days;
  std::vector<double> rates;
  for (int k = 0; k < bins; ++k) {
    rates.push_back((events[static_cast<size_t>(k)] + kBinPriorEvents) /
                    (days[static_cast<size_t>(k)] + kBinPriorEvents / average));
  }
  return rates;
}

// Position factors, given rates by age, each shrunken toward 1 by how little is known:
// few events, or few quarters that had this position.
void FitPositions(const LifeTable& lives, int cause, const std::vector<double>& rates,
                  const std::array<int, kPositionCount>& quarters,
                  std::array<double, kPositionCount>* factor) {
  double weight_sum = 0, log_sum = 0;
  std::array<double, kPositionCount> exposure{};
  for (int j = 0; j < kPositionCount; ++j) {
    double observed = 0, expected = 0;
    for (int k = 0; k < lives.bin_count(); ++k) {
      observed += lives.events_at(cause, k, j);
      expected += lives.exposure_at(k, j) * rates[static_cast<size_t>(k)];
    }
    const size_t at = static_cast<size_t>(j);
    exposure[at] = expected;
    const double noise = kQuarterVariance / std::max(1, quarters[at]) + 1 / (expected + 0.5);
    const double keep = quarters[at] == 0 ? 0 : kPositionVariance / (kPositionVariance + noise);
    (*factor)[at] = std::exp(keep * std::log((observed + 0.5) / (expected + 0.5)));
    weight_sum += expected;
    log_sum += expected * std::log((*factor)[at]);
  }
  // The age rates carry the level: factors average to 1 where the deals were.
  const double center = weight_sum > 0 ? std::exp(log_sum / weight_sum) : 1;
  for (double& f : *factor) f /= center;
}

void FitRates(const LifeTable& lives, const std::array<int, kPositionCount>& quarters,
              CloseRates* rates) {
  rates->age_edges = lives.age_edges;
  rates->won_factor.fill(1);
  rates->lost_factor.fill(1);
  for (int round = 0; round < 6; ++round) {
    rates->won_rate = AgeRates(lives, kWonCause, rates->won_factor, kPriorWins);
    rates->lost_rate = AgeRates(lives, kLostCause, rates->lost_factor, kPriorLosses);
    if (round == 5) break;
    FitPositions(lives, kWonCause, rates->won_rate, quarters, &rates->won_factor);
    FitPositions(lives, kLostCause, rates->lost_rate, quarters, &rates->lost_factor);
  }
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

WeeklyWins CheckWeeks(const std::vector<LifeSpan>& spans, const DealTable& table,
                      const CloseRates& rates) {
  WeeklyWins weeks;
  DayNumber first = table.today;
  for (const LifeSpan& span : spans) first = std::min(first, span.first_day);
  const int32_t count = (table.today - first) / kWeekDays + 1;
  // A life table whose positions are the weeks themselves.
  std::vector<stats::CalendarSegment> each;
  for (int32_t i = 0; i < count; ++i) {
    each.push_back({table.today - (count - i) * kWeekDays + 1, i, 1});
  }
  const LifeTable lives = stats::CountLives(spans, rates.age_edges, each, count, 2);
  for (int32_t i = 0; i < count; ++i) {
    // The week's position is that of its middle.
    const int position =
        PositionOf(table.calendar, DayAt(each[static_cast<size_t>(i)].first_day + 3));
    double expected = 0, observed = 0;
    for (int k = 0; k < lives.bin_count(); ++k) {
      expected += lives.exposure_at(k, i) * rates.won_rate[static_cast<size_t>(k)] *
                  rates.won_factor[static_cast<size_t>(position)];
      observed += lives.events_at(kWonCause, k, i);
    }
    weeks.expected.push_back(expected);
    weeks.observed.push_back(observed);
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
  return {table.age_days(deal), 0, 0};
}

int CloseRates::BinOf(int32_t age) const {
  const auto it = std::upper_bound(age_edges.begin(), age_edges.end(), age);
  return it == age_edges.begin() ? 0 : static_cast<int>(it - age_edges.begin()) - 1;
}

CloseRates LearnCloseRates(const DealTable& table) {
  CloseRates rates;
  const DayNumber oldest = table.today - kHistoryDaysMax;
  DayNumber first_close = table.today, first_day = table.today;
  std::vector<int32_t> ages;
  for (const Deal& deal : table.deals) {
    first_day = std::min(first_day, std::max(deal.qualified_day, oldest));
    if (deal.outcome == Outcome::kOpen || deal.closed_day < oldest) continue;
    first_close = std::min(first_close, deal.closed_day);
    const int32_t age = deal.closed_day - deal.qualified_day;
    rates.oldest_closed_age = std::max(rates.oldest_closed_age, age);
    ages.push_back(age);
    ++(deal.outcome == Outcome::kWon ? rates.won_count : rates.lost_count);
  }
  const Calendar calendar = MakeSegments(table, first_day);
  const std::vector<int32_t> edges = stats::EdgesByEvents(ages, kBinEventsMin, kBinCountMax);
  const auto fit = [&](DayNumber from) {
    std::vector<LifeSpan> spans = SpansOf(table, from);
    const LifeTable lives = stats::CountLives(spans, edges, calendar.segments, kPositionCount, 2);
    FitRates(lives, QuartersSeen(calendar, from, table.today), &rates);
    return spans;
  };
  // First as if the history began with the first close. If many closes are then
  // expected before it, they are missing: the history is left-truncated.
  std::vector<LifeSpan> spans;
  bool truncated = false;
  if (ages.size() >= 20) {
    spans = fit(first_close + 1);
    double expected = 0;
    for (const Deal& deal : table.deals) {
      for (DayNumber day = std::max(deal.qualified_day, oldest); day < first_close; ++day) {
        const auto bin = static_cast<size_t>(rates.BinOf(day - deal.qualified_day));
        expected += rates.won_rate[bin] + rates.lost_rate[bin];
        if (expected > kTruncationEvidence) break;
      }
      if (expected > kTruncationEvidence) break;
    }
    truncated = expected > kTruncationEvidence;
  }
  if (truncated) {
    rates.truncated_before = first_close;
  } else {
    spans = fit(oldest);
  }
  const WeeklyWins weeks = CheckWeeks(spans, table, rates);
  rates.shock = LearnShock(weeks);
  rates.level = stats::FollowLevel(weeks.observed, weeks.expected, 1, kLevelPriorShape);
  for (double& rate : rates.won_rate) rate *= rates.level.mean;
  return rates;
}

}  // namespace gtm::forecasting::domain
