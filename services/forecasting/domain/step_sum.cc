#include "services/forecasting/domain/step_sum.h"

#include <algorithm>

namespace gtm::forecasting::domain {
namespace {

// Sums of the same amounts in another order differ by rounding.
constexpr double kSameMicros = 0.25;
// What rounding may take from a sum of chances.
constexpr double kEqualChance = 1e-12;

struct Sum {
  double micros = 0;
  double chance = 0;
};

// By rising sum, equal ones once.
std::vector<Sum> Merged(std::vector<Sum> sums) {
  std::sort(sums.begin(), sums.end(),
            [](const Sum& a, const Sum& b) { return a.micros < b.micros; });
  std::vector<Sum> merged;
  for (const Sum& sum : sums) {
    if (!merged.empty() && sum.micros - merged.back().micros < kSameMicros) {
      merged.back().chance += sum.chance;
    } else {
      merged.push_back(sum);
    }
  }
  return merged;
}

std::vector<Sum> SumsAt(const std::vector<StepDeal>& deals, const std::vector<Atom>& ratios,
                        size_t node) {
  std::vector<Sum> sums = {{0, 1}};
  for (const StepDeal& deal : deals) {
    const double chance = deal.chances[node];
    std::vector<Sum> next;
    next.reserve(sums.size() * (ratios.size() + 1));
    for (const Sum& sum : sums) {
      next.push_back({sum.micros, sum.chance * (1 - chance)});
      for (const Atom& ratio : ratios) {
        next.push_back(
            {sum.micros + deal.amount * ratio.value, sum.chance * chance * ratio.weight});
      }
    }
    sums = Merged(std::move(next));
  }
  return sums;
}

}  // namespace

bool StepSum::Fits(size_t deal_count, size_t ratio_count) {
  size_t sums = 1;
  for (size_t i = 0; i < deal_count; ++i) {
    sums *= ratio_count + 1;
    if (sums > kSumsMax) return false;
  }
  return true;
}

StepSum::StepSum(const std::vector<StepDeal>& deals, const std::vector<Atom>& ratios,
                 const std::vector<Atom>& nodes) {
  std::vector<Sum> all;
  for (size_t node = 0; node < nodes.size(); ++node) {
    for (const Sum& sum : SumsAt(deals, ratios, node)) {
      all.push_back({sum.micros, sum.chance * nodes[node].weight});
    }
  }
  sums_.clear();
  up_to_.clear();
  double up_to = 0;
  for (const Sum& sum : Merged(std::move(all))) {
    sums_.push_back(sum.micros);
    up_to_.push_back(up_to = std::min(1.0, up_to + sum.chance));
  }
  up_to_.back() = 1;
}

double StepSum::ChanceUpTo(double x) const {
  const auto behind = std::upper_bound(sums_.begin(), sums_.end(), x);
  return behind == sums_.begin() ? 0 : up_to_[static_cast<size_t>(behind - sums_.begin()) - 1];
}

double StepSum::Quantile(double p) const {
  const auto at = std::lower_bound(up_to_.begin(), up_to_.end() - 1, p - kEqualChance);
  return sums_[static_cast<size_t>(at - up_to_.begin())];
}

}  // namespace gtm::forecasting::domain
