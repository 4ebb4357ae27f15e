#pragma once
// What the engagement of a deal says about its being won or lost, beyond age, calendar,
// segment and size. Learned by landmarks (van Houwelingen, 2007): at every mark of the past
// (the days whose number is a multiple of kMarkDays) each open deal is put into its state, and what
// its state brought in the days after is set against what the rates expected of it. Nothing after a
// mark tells its state.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/forecasting/domain/engagement.h"
#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// What is known of engagement fades: days 1 to 14 after the state was seen, to 42, to 98.
// Later days are as if nothing had been known.
inline constexpr int kMarkDays = 7;
inline constexpr int kEngagementLagCount = 3;
inline constexpr std::array<int, kEngagementLagCount> kEngagementLagEnds = {14, 42, 98};

class EngagementEffects {
 public:
  // On the rates of winning and losing, in steps of kRiskStep.
  struct Steps {
    int8_t won = 0;
    int8_t lost = 0;
    friend auto operator<=>(const Steps&, const Steps&) = default;
  };

  // No effect at all.
  EngagementEffects() = default;
  bool is_none() const { return of_.empty(); }
  // Of an unknown state, none. lag < kEngagementLagCount.
  Steps Of(EngagementState state, int lag) const {
    return of_.empty() ? Steps{} : of_[state][static_cast<size_t>(lag)];
  }
  // What to tell deals apart by: one of the states that make the same difference; 0 where that
  // is none.
  EngagementState Canonical(EngagementState state) const {
    return of_.empty() ? EngagementState{0} : canonical_[state];
  }

 private:
  friend class EngagementLearner;
  using AllLags = std::array<Steps, kEngagementLagCount>;
  std::vector<AllLags> of_;  // by state; empty: no effect
  std::vector<EngagementState> canonical_;
};

// Collects wins and losses after marks, and what was expected of them.
class EngagementLearner {
 public:
  // One deal from the day `first` on. won[i] and lost[i] are the events expected of it on the
  // day first + i, for each day that it was open, that of closing included.
  void Add(std::span<const EngagementChange> changes, DayNumber first,
           const std::vector<double>& won, const std::vector<double>& lost,
           std::optional<Outcome> closed_as);
  // The effect of each feature is a factor; factors of the levels of a feature are shrunken
  // toward none by what they differ by beyond chance (ShrunkenFactors). Together they leave
  // the number of events expected as it was.
  EngagementEffects Learn() const;

 private:
  struct Counts {
    double observed = 0;
    double expected = 0;
  };
  using States = std::array<Counts, static_cast<size_t>(kEngagementStateCount)>;
  // Logarithms of factors, by state.
  static std::vector<double> LearnCause(const States& states);

  // [lag][cause]; apart, for it is large.
  std::vector<std::array<States, 2>> counts_ =
      std::vector<std::array<States, 2>>(kEngagementLagCount);
  std::vector<double> won_before_, lost_before_;  // kept for their memory
};

}  // namespace gtm::forecasting::domain
