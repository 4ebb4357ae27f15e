#pragma once
// How good the chances of single deals were: what was told of each open deal at a cut,
// against what became of it.

#include <array>
#include <cstdint>

#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// Sums over deals, so that scores of several cuts add up.
struct ChanceScore {
  static constexpr int kBinCount = 10;
  struct Bin {
    int64_t deal_count = 0;
    int64_t won_count = 0;
    double chance_sum = 0;
  };
  std::array<Bin, kBinCount> bins{};  // chances k / 10 up to (k + 1) / 10
  double square_sum = 0;              // of (chance - outcome)

  ChanceScore& operator+=(const ChanceScore& other);
  int64_t deal_count() const;
  int64_t won_count() const;
  // Mean squared distance (Brier), and that of telling each deal the share won. There must
  // be deals.
  double brier() const;
  double base_brier() const;
  // Mean distance of chance told and share won, over the bins, weighed by their deals.
  double calibration_error() const;
};

// `at_cut` is what `forecast` was made from; `after` tells what became of its deals in
// `days`. Both are by id.
ChanceScore ScoreChances(const DealTable& at_cut, const PeriodForecast& forecast,
                         const DealTable& after, const DayRange& days);

}  // namespace gtm::forecasting::domain
