#include "services/forecasting/domain/content_correlation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

// Deals of one landmark and stratum, for one measure.
struct Moments {
  double count = 0;
  double sum = 0;
  double square = 0;

  void Add(double value) {
    count += 1;
    sum += value;
    square += value * value;
  }
  void Subtract(const Moments& other) {
    count -= other.count;
    sum -= other.sum;
    square -= other.square;
  }
};

// Touched less expected, over strata.
struct Score {
  double touched = 0, untouched = 0;
  int64_t accounts = 0;
  double common = 1;    // by which deals of one account are alike, at least 1
  double excess = 0;    // observed less expected
  double variance = 0;  // of it under random sampling
  double weight = 0;    // sum of n1 n0 / n
  double touched_mean = 0, untouched_mean = 0;  // times weight

  void Add(const Moments& mine, const Moments& all) {
    const double others = all.count - mine.count;
    if (mine.count < 1 || others < 1) return;
    const double w = mine.count * others / all.count;
    const double mean = all.sum / all.count;
    touched += mine.count;
    untouched += others;
    excess += mine.sum - mine.count * mean;
    const double spread = std::max(0.0, all.square - all.sum * mean);
    variance += w / (all.count - 1) * spread;
    weight += w;
    touched_mean += w * mine.sum / mine.count;
    untouched_mean += w * (all.sum - mine.sum) / others;
  }
};

using Cell = std::pair<int, uint32_t>;  // landmark, stratum

// What touched deals have in common by account: squares of sums over sums of squares.
class AccountSums {
 public:
  void Add(uint32_t account, double excess) {
    sums_[account] += excess;
    squares_ += excess * excess;
  }
  int64_t account_count() const { return static_cast<int64_t>(sums_.size()); }
  double Common() const {
    double by_account = 0;
    for (const auto& [account, sum] : sums_) by_account += sum * sum;
    return squares_ > 0 ? std::max(1.0, by_account / squares_) : 1;
  }

 private:
  std::map<uint32_t, double> sums_;
  double squares_ = 0;
};

// The first landmark at or after an age; kLandmarkCount behind the last.
int LandmarkOf(int32_t age) {
  int landmark = 0;
  while (landmark < kLandmarkCount && age > kLandmarks[landmark]) ++landmark;
  return landmark;
}

// What a measure says of a deal that is open at a landmark; nothing where it says nothing.
std::optional<double> ValueOf(const ComparedDeal& deal, int landmark, CorrelationMeasure measure) {
  const int32_t left = deal.close_age_days - kLandmarks[landmark];
  if (left <= 0) return std::nullopt;  // closed already
  switch (measure) {
    case CorrelationMeasure::kWinRate:
      return deal.won ? 1.0 : 0.0;
    case CorrelationMeasure::kCycle:
      return deal.won ? std::optional<double>(std::log(left)) : std::nullopt;
    case CorrelationMeasure::kPrice:
      break;
  }
  return deal.won && deal.amount > 0 ? std::optional<double>(std::log(deal.amount)) : std::nullopt;
}

// Deals that an item touched, with the landmark.
using Touched = std::vector<std::pair<const ComparedDeal*, int>>;

std::map<Cell, Moments> SumUp(const std::vector<ComparedDeal>& deals, CorrelationMeasure measure) {
  std::map<Cell, Moments> all;
  for (const ComparedDeal& deal : deals) {
    for (int landmark = 0; landmark < kLandmarkCount; ++landmark) {
      if (const auto value = ValueOf(deal, landmark, measure)) {
        all[{landmark, deal.stratum}].Add(*value);
      }
    }
  }
  return all;
}

Score ScoreOf(const Touched& touched, const std::map<Cell, Moments>& all,
              CorrelationMeasure measure) {
  std::map<Cell, Moments> mine, earlier;
  for (const auto& [deal, first] : touched) {
    for (int landmark = first; landmark < kLandmarkCount; ++landmark) {
      const auto value = ValueOf(*deal, landmark, measure);
      if (!value) continue;
      (landmark == first ? mine : earlier)[{landmark, deal->stratum}].Add(*value);
    }
  }
  Score score;
  std::map<Cell, double> expected;
  for (const auto& [cell, moments] : mine) {
    Moments at_risk = all.at(cell);
    // Touched before: neither touched now nor untouched.
    if (const auto found = earlier.find(cell); found != earlier.end()) {
      at_risk.Subtract(found->second);
    }
    score.Add(moments, at_risk);
    if (moments.count < at_risk.count) expected[cell] = at_risk.sum / at_risk.count;
  }
  AccountSums sums;
  for (const auto& [deal, first] : touched) {
    if (first >= kLandmarkCount) continue;
    const auto value = ValueOf(*deal, first, measure);
    const auto mean = expected.find({first, deal->stratum});
    if (value && mean != expected.end()) sums.Add(deal->account, *value - mean->second);
  }
  score.accounts = sums.account_count();
  score.common = sums.Common();
  return score;
}

Correlation Judge(const Score& score, CorrelationMeasure measure) {
  Correlation result;
  result.touched_count = std::llround(score.touched);
  result.untouched_count = std::llround(score.untouched);
  result.account_count = score.accounts;
  result.tested = result.account_count >= kCompareMin && result.untouched_count >= kCompareMin &&
                  score.variance > 1e-12;
  if (!result.tested) return result;
  const double value = score.excess / score.weight;
  const double deviation = std::sqrt(score.variance * score.common);
  const double half =
      stats::NormalQuantile((1 + stats::kConfidence) / 2) * deviation / score.weight;
  result.p_value = 2 * stats::NormalCdf(-std::abs(score.excess) / deviation);
  result.touched_value = score.touched_mean / score.weight;
  result.untouched_value = score.untouched_mean / score.weight;
  result.value = value;
  result.interval = {value - half, value + half};
  if (measure == CorrelationMeasure::kWinRate) {
    result.interval = {std::max(-1.0, result.interval.low), std::min(1.0, result.interval.high)};
    return result;
  }
  result.touched_value = std::exp(result.touched_value);
  result.untouched_value = std::exp(result.untouched_value);
  result.value = std::exp(value);
  result.interval = {std::exp(result.interval.low), std::exp(result.interval.high)};
  return result;
}

}  // namespace

std::vector<double> FalseDiscoveryRates(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(p_values[a], a) < std::pair(p_values[b], b);
  });
  std::vector<double> rates(p_values.size());
  double smallest = 1;
  for (size_t rank = order.size(); rank-- > 0;) {
    const double rate =
        p_values[order[rank]] * static_cast<double>(order.size()) / static_cast<double>(rank + 1);
    smallest = std::min(smallest, rate);
    rates[order[rank]] = smallest;
  }
  return rates;
}

std::vector<ItemCorrelation> CorrelateItems(const std::vector<ComparedDeal>& deals,
                                            uint32_t item_count) {
  std::vector<ItemCorrelation> items(item_count);
  std::vector<Touched> touched(item_count);
  for (const ComparedDeal& deal : deals) {
    for (const Touch& touch : deal.touches) {
      if (touch.age_days > deal.close_age_days) continue;  // after the outcome
      ++items[touch.item].deal_count;
      touched[touch.item].emplace_back(&deal, LandmarkOf(touch.age_days));
    }
  }
  for (uint32_t item = 0; item < item_count; ++item) {
    std::set<uint32_t> accounts;
    for (const auto& [deal, landmark] : touched[item]) accounts.insert(deal->account);
    items[item].account_count = static_cast<int64_t>(accounts.size());
  }
  std::vector<Correlation*> tested;
  std::vector<double> p_values;
  for (int m = 0; m < kCorrelationMeasures; ++m) {
    const auto measure = static_cast<CorrelationMeasure>(m + 1);
    const std::map<Cell, Moments> all = SumUp(deals, measure);
    for (uint32_t item = 0; item < item_count; ++item) {
      Correlation& correlation = items[item].by_measure[m];
      correlation = Judge(ScoreOf(touched[item], all, measure), measure);
      if (!correlation.tested) continue;
      tested.push_back(&correlation);
      p_values.push_back(correlation.p_value);
    }
  }
  const std::vector<double> rates = FalseDiscoveryRates(p_values);
  for (size_t i = 0; i < rates.size(); ++i) tested[i]->q_value = rates[i];
  return items;
}

}  // namespace gtm::forecasting::domain
