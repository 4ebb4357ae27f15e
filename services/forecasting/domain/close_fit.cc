#include "services/forecasting/domain/close_fit.h"

#include <algorithm>
#include <cmath>

namespace gtm::forecasting::domain {
namespace {

using stats::LifeSpan;

// The exposure that the belief before history (kPriorWins, kPriorLosses) is worth, days.
constexpr double kPriorDays = 90;
// Events that each age bin borrows from its neighbors; the one behind the oldest close,
// whose neighbors say too much of it, borrows few.
constexpr double kBinPriorEvents = 1;
constexpr double kTailPriorEvents = 0.2;
// Segments that are told apart, by closed deals, and how many of these they need.
constexpr int kSegmentsMax = 12;
constexpr int kSegmentClosesMin = 8;
// Rounds in which rates by age, position, segment and size find each other.
constexpr int kFitRounds = 5;
// Spread of position factors over companies, and of one position over quarters
// (variances of logarithms).
constexpr double kPositionVariance = 0.08;
constexpr double kQuarterVariance = 0.02;
// Half-life of the weight of the past, in days.
constexpr double kHalfLifeDays = 365;

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

}  // namespace

Calendar MakeSegments(const History& history, DayNumber first) {
  Calendar calendar;
  FiscalPeriod quarter = history.calendar().PeriodOf(DayAt(first), PeriodUnit::kQuarter);
  for (;; quarter = history.calendar().Shift(quarter, 1)) {
    const DayRange days = history.calendar().DaysOf(quarter);
    const DayNumber start = NumberOf(days.start);
    if (start > history.today()) return calendar;
    for (int position = 0; position < kPositionCount; ++position) {
      // The first day whose position is this one: day * 6 / length >= position.
      const int offset = (position * days.day_count() + kPositionCount - 1) / kPositionCount;
      const double age = std::max<double>(0, history.today() - (start + offset));
      calendar.push_back({start + offset, position, std::exp2(-age / kHalfLifeDays)});
    }
  }
}

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
    lives.of[g] = stats::CountLives(spans[g], edges, calendar, kPositionCount, 2);
  }
  return lives;
}

std::array<int, kPositionCount> QuartersSeen(const Calendar& calendar, DayNumber from,
                                             DayNumber today) {
  std::array<int, kPositionCount> seen{};
  for (size_t i = 0; i < calendar.size(); ++i) {
    const DayNumber end = i + 1 < calendar.size() ? calendar[i + 1].first_day : today + 1;
    if (end > from && calendar[i].first_day <= today) {
      ++seen[static_cast<size_t>(calendar[i].position)];
    }
  }
  return seen;
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

}  // namespace gtm::forecasting::domain
