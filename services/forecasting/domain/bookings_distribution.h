#pragma once
// The distribution of what a period still brings, computed and not drawn. Given the common
// factor on wins (z), open deals are independent and new wins are a compound Poisson number
// whose rate is itself uncertain (Gamma); the realized ratio and the level of new amounts are
// lognormal factors. All factors are integrated out. Few deals whose amounts nothing spreads,
// without new ones, are told exactly, step by step (StepSum).

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "services/forecasting/domain/atoms.h"
#include "services/forecasting/domain/inversion.h"
#include "services/forecasting/domain/open_sum.h"
#include "services/forecasting/domain/step_sum.h"

namespace gtm::forecasting::domain {

struct BookingsInput {
  std::vector<OpenClass> open;
  std::vector<Atom> ratios;       // realized over mean amount of one won deal; mean 1; empty: 1
  double ratio_spread = 0;        // of the factor on all open amounts, of its logarithm
  NodeValues new_wins{};          // expected number of new wins, given z
  std::vector<Atom> new_amounts;  // of one new win; weights sum to 1
  double new_amount_spread = 0;   // of the factor on all new amounts, of its logarithm
  double new_count_shape = 0;     // Gamma shape of the factor on the number; 0: no factor
};

// Quantiles and spread.
struct DrawSummary {
  int64_t p05 = 0, p10 = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0;
  int64_t standard_deviation = 0;
};

// One deal of the sum.
struct DealInSum {
  double amount = 0;  // mean of what it brings if it is won
  NodeValues chances{};
};
struct DealChanges {
  std::vector<DealInSum> gone;  // must be in the sum
  std::vector<DealInSum> added;
};

// Thread-safe once built. Amounts in micros.
class BookingsDistribution {
 public:
  // With `keeps`, the transform is kept, so that `With` can be asked.
  explicit BookingsDistribution(BookingsInput input, bool keeps = false);
  ~BookingsDistribution();
  BookingsDistribution(BookingsDistribution&&) noexcept;
  BookingsDistribution& operator=(BookingsDistribution&&) noexcept;

  double mean() const;
  double standard_deviation() const;
  // P(amount <= x).
  double ChanceUpTo(double x) const;
  // The smallest x with P(amount <= x) >= p, 0 < p < 1.
  double Quantile(double p) const;
  // Of base + amount; every number clamped to int64.
  DrawSummary Summarize(int64_t base) const;
  // Strictly between 0 and 1.
  double ChanceToReach(double amount) const;

  // With some deals changed: each costs far less than the whole. Needs `keeps`, and may not
  // be asked of an answer of its own.
  BookingsDistribution With(DealChanges changes) const;

 private:
  struct Parts;
  struct Totals {
    double mean = 0;
    double variance = 0;
    double nothing = 1;  // chance of exactly 0
  };
  BookingsDistribution() = default;

  std::shared_ptr<const Parts> parts_;
  DealChanges changes_;  // against the parts
  Totals totals_;
  Inversion inversion_;
  std::optional<StepSum> steps_;  // instead of the inversion
};

}  // namespace gtm::forecasting::domain
