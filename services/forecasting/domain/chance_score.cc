#include "services/forecasting/domain/chance_score.h"

#include <algorithm>
#include <cmath>

namespace gtm::forecasting::domain {

ChanceScore& ChanceScore::operator+=(const ChanceScore& other) {
  for (size_t k = 0; k < bins.size(); ++k) {
    bins[k].deal_count += other.bins[k].deal_count;
    bins[k].won_count += other.bins[k].won_count;
    bins[k].chance_sum += other.bins[k].chance_sum;
  }
  square_sum += other.square_sum;
  return *this;
}

int64_t ChanceScore::deal_count() const {
  int64_t sum = 0;
  for (const Bin& bin : bins) sum += bin.deal_count;
  return sum;
}

int64_t ChanceScore::won_count() const {
  int64_t sum = 0;
  for (const Bin& bin : bins) sum += bin.won_count;
  return sum;
}

double ChanceScore::brier() const { return square_sum / static_cast<double>(deal_count()); }

double ChanceScore::base_brier() const {
  const double share = static_cast<double>(won_count()) / static_cast<double>(deal_count());
  return share * (1 - share);
}

double ChanceScore::calibration_error() const {
  double sum = 0;
  for (const Bin& bin : bins) sum += std::abs(bin.chance_sum - static_cast<double>(bin.won_count));
  return sum / static_cast<double>(deal_count());
}

ChanceScore ScoreChances(const DealTable& at_cut, const PeriodForecast& forecast,
                         const DealTable& after, const DayRange& days) {
  ChanceScore score;
  const DayNumber first = NumberOf(days.start), end = NumberOf(days.end);
  auto later = after.deals.begin();
  for (const DealChance& chance : forecast.chances) {
    const std::string& id = at_cut.deals[chance.deal].id;
    while (later != after.deals.end() && later->id < id) ++later;
    const bool won = later != after.deals.end() && later->id == id &&
                     later->outcome == Outcome::kWon && later->closed_day >= first &&
                     later->closed_day < end;
    const double told = std::clamp(chance.win_probability, 0.0, 1.0);
    auto& bin = score.bins[std::min(static_cast<size_t>(told * ChanceScore::kBinCount),
                                    score.bins.size() - 1)];
    ++bin.deal_count;
    bin.won_count += won;
    bin.chance_sum += told;
    const double distance = told - (won ? 1 : 0);
    score.square_sum += distance * distance;
  }
  return score;
}

}  // namespace gtm::forecasting::domain
