#pragma once
// Comparing the rates of two arms while their data come in, looking as often as one likes
// (TG-27).
//
// The mixture sequential probability ratio test of Johari, Pekelis and Walsh (2017, "Always
// valid inference"), after Robbins (1970): with the difference d of the rates, its variance v
// and a normal mixture of variance t^2 over what the difference may be,
//   L = sqrt(v / (v + t^2)) exp(t^2 d^2 / (2 v (v + t^2))).
// The chance that L ever reaches 1 / alpha is at most alpha where the rates do not differ,
// however often one looks; hence 1 / max L is a p-value at every look, and
//   d +- sqrt(2 v (v + t^2) / t^2 * log(sqrt((v + t^2) / v) / alpha))
// a confidence sequence: it covers the true difference at all looks at once (Howard, Ramdas,
// McAuliffe and Sekhon 2021). It is exact for normal means and holds for rates once each arm
// has enough cases of both outcomes; before kArmMin cases and kOutcomesMin of either outcome
// no look counts. v comes from rates with two successes and two failures added (Agresti and
// Coull 1998), so that an arm without successes is not taken as sure. t is the difference
// that is worth detecting.

#include <cstdint>
#include <optional>

#include "common/stats/intervals.h"
#include "services/targeting/domain/compare.h"

namespace gtm::targeting::domain {

inline constexpr int64_t kArmMin = 30;
inline constexpr int64_t kOutcomesMin = 5;

struct SequentialOptions {
  double alpha = 0.05;             // chance of ever telling a difference that is none
  double worth_difference = 0.05;  // between the rates, 0 to 1
};

// Numbers as in gtm.targeting.v1.ArmComparison.Verdict, as far as they go.
enum class SequentialVerdict { kKeepGoing = 1, kDiffers = 2, kNoWorthwhileDifference = 3 };

// Half the width of the confidence sequence where the estimate has this variance > 0.
double SequenceHalfWidth(double variance, const SequentialOptions& options);
// Variance of the difference of two rates, as above.
double DifferenceVariance(const Rate& a, const Rate& b);

// Follows two arms case by case. The first look at which L reaches 1 / alpha decides that they
// differ; the first at which the sequence lies within +- worth_difference, that they differ by
// nothing worth it. What is decided stays so.
class SequentialComparison {
 public:
  explicit SequentialComparison(const SequentialOptions& options) : options_(options) {}

  // The next case, in order of time; `arm` 0 is the control, 1 the other.
  void Add(int arm, bool success);

  SequentialVerdict verdict() const { return verdict_; }
  // Cases of both arms at the look that decided. Absent while it goes on.
  std::optional<int64_t> decided_at() const { return decided_at_; }
  const Rate& control() const { return rates_[0]; }
  const Rate& other() const { return rates_[1]; }
  // 1 / max L, at most 1.
  double p_value() const { return p_value_; }
  // other - control with the sequence of the last look, within [-1, 1]. All of it while an arm
  // has no case.
  double difference() const;
  stats::Interval interval() const;
  // More cases that each arm needs until it is decided, where the rates stay as they are:
  // until the half-width is the greater of |d| (a difference is told) and worth - |d| (none is
  // worth it). 0 once decided; absent without a case in each arm, and beyond 1e9.
  std::optional<int64_t> remaining_per_arm() const;

 private:
  bool counts() const;
  void Look();

  const SequentialOptions options_;
  Rate rates_[2];
  double p_value_ = 1;
  SequentialVerdict verdict_ = SequentialVerdict::kKeepGoing;
  std::optional<int64_t> decided_at_;
};

}  // namespace gtm::targeting::domain
