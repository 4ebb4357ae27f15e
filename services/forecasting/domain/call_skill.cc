#include "services/forecasting/domain/call_skill.h"

#include <cmath>

namespace gtm::forecasting::domain {

CallJudgement JudgeCalls(const std::vector<CallOutcome>& outcomes) {
  CallJudgement result;
  result.period_count = static_cast<int>(outcomes.size());
  double actual = 0, absolute = 0, sum = 0;
  for (const CallOutcome& outcome : outcomes) {
    const double error =
        static_cast<double>(outcome.told_micros) - static_cast<double>(outcome.actual_micros);
    result.reached_count += outcome.actual_micros >= outcome.told_micros;
    actual += static_cast<double>(outcome.actual_micros);
    absolute += std::abs(error);
    sum += error;
  }
  if (actual <= 0) return result;
  const auto count = static_cast<double>(outcomes.size());
  const double scale = actual / count;
  result.absolute_error_share = absolute / actual;
  result.bias = sum / actual;
  if (outcomes.size() < 2) return result;
  double square = 0;
  for (const CallOutcome& outcome : outcomes) {
    const double error =
        (static_cast<double>(outcome.told_micros) - static_cast<double>(outcome.actual_micros)) /
        scale;
    square += (error - *result.bias) * (error - *result.bias);
  }
  const double half = stats::StudentQuantile((1 + stats::kConfidence) / 2, count - 1) *
                      std::sqrt(square / (count - 1) / count);
  result.bias_interval = stats::Interval{*result.bias - half, *result.bias + half};
  return result;
}

std::map<std::string, int64_t> WonByOwner(const DealTable& table, const DayRange& days) {
  std::map<std::string, int64_t> sums;
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kWon || !days.contains(DayAt(deal.closed_day))) continue;
    int64_t& sum = sums[deal.owner_seller_id];
    sum = AddClamped(sum, deal.amount_micros.value_or(0));
  }
  return sums;
}

std::map<std::string, int64_t> MeansByOwner(const DealTable& table, const Model& model,
                                            const PeriodForecast& forecast, const DayRange& days) {
  std::map<std::string, int64_t> means = WonByOwner(table, days);
  for (const DealChance& chance : forecast.chances) {
    int64_t& mean = means[table.deals[chance.deal].owner_seller_id];
    mean = AddClamped(mean, chance.expected_micros);
  }
  // Deals not created yet take their owner from their donor.
  std::map<std::string, double> lent;
  double all = 0;
  for (const Donor& donor : model.amounts.donors) {
    const double share = donor.weight * static_cast<double>(donor.amount_micros);
    lent[table.deals[donor.deal].owner_seller_id] += share;
    all += share;
  }
  if (all <= 0) return means;
  for (const auto& [owner, share] : lent) {
    int64_t& mean = means[owner];
    mean = AddClamped(mean,
                      RoundClamped(static_cast<double>(forecast.new_mean_micros) * (share / all)));
  }
  return means;
}

int64_t SumOver(const std::map<std::string, int64_t>& by_owner,
                const std::vector<std::string>& team) {
  int64_t sum = 0;
  for (const std::string& owner : team) {
    const auto found = by_owner.find(owner);
    if (found != by_owner.end()) sum = AddClamped(sum, found->second);
  }
  return sum;
}

}  // namespace gtm::forecasting::domain
