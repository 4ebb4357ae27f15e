#pragma once
// What deals are worth when they are won.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// A past deal that lends its amount, owner and segment to one that does not exist yet.
struct Donor {
  uint32_t deal = 0;  // index into DealTable::deals
  int64_t amount_micros = 0;
  double weight = 0;  // sums to 1 over all donors
};

struct Amounts {
  std::vector<Donor> donors;  // by deal; never empty where any amount is known
  // Of the donors, weighted.
  double mean_micros = 0;
  double level_uncertainty = 1;  // standard deviation of the logarithm of the mean
  double smoothing = 0;          // the same of a donor's amount around itself
  // Realized over expected amount of a won deal: mean, uncertainty of the mean, and 256
  // equally likely values around it, of mean 1.
  double ratio_mean = 1;
  double ratio_uncertainty = 0.25;
  int64_t ratio_count = 0;
  std::array<float, 256> ratio_noise{};

  // By segment, where it differs: factor on ratio_mean, and on mean_micros.
  struct SegmentAmounts {
    std::string segment;
    double ratio_factor = 1;
    double mean_factor = 1;
  };
  std::vector<SegmentAmounts> segments;  // by name

  // Mean of what an open deal brings if it is won, in micros: its expected amount (that
  // of past deals where it has none) times the realized ratio of deals like it.
  double IfWon(const Deal& deal) const;
  // The same, of an expected amount (-1: unknown) in a segment.
  double IfWon(double expected_micros, std::string_view segment) const;
};

// Learns from a history only. Deals with amounts 0 or unknown lend nothing.
Amounts LearnAmounts(const History& history);

}  // namespace gtm::forecasting::domain
