#pragma once
// How long until something happens, and what: survival curves with intervals, allowing for
// delayed entry and censoring.

#include <cstdint>
#include <optional>
#include <vector>

#include "common/stats/intervals.h"
#include "common/stats/life_table.h"

namespace gtm::forecasting::domain {

// Ages beyond this many days count as this many.
inline constexpr int32_t kSurvivalDaysMax = 3650;

// An age by which some share has left; `low` and `high` bound it. Absent: not reached within
// what was seen.
struct AgeQuantile {
  std::optional<double> value, low, high;
  int64_t event_count = 0;
};

// Kaplan and Meier's curve of leaving by any cause, with Greenwood's variance, and Aalen and
// Johansen's shares by cause. Ages in whole days; a thing that leaves on its first day has age 0.
class Survival {
 public:
  // Causes are 0 .. cause_count - 1.
  Survival(const std::vector<stats::LifeSpan>& spans, int cause_count);

  // First age at which the share that has left reaches p (0 < p < 1), with the ages at which
  // the pointwise interval of the share (complementary log-log) does.
  AgeQuantile QuantileOfLeaving(double p) const;
  // Share that left by a cause at the end of what was seen, with an interval: Wilson's for as
  // many trials as the variance (Marubini and Valsecchi) is worth. Absent of nothing seen.
  struct Share {
    double value = 0;
    stats::Interval interval;
    int64_t event_count = 0;
  };
  std::optional<Share> ShareOf(int cause) const;
  int64_t span_count() const { return span_count_; }
  int64_t event_count() const { return event_count_; }

 private:
  struct Step {
    int32_t age = 0;
    double at_risk = 0;
    double left = 0;             // by any cause
    std::vector<double> causes;  // of it
    double survival = 1;         // after it
    double greenwood = 0;        // sum of left / (at_risk (at_risk - left)) so far
  };
  std::vector<Step> steps_;  // ages at which something left, rising
  int cause_count_;
  int64_t span_count_ = 0;
  int64_t event_count_ = 0;
};

}  // namespace gtm::forecasting::domain
