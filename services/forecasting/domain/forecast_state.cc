#include "services/forecasting/domain/forecast_state.h"

#include <algorithm>
#include <functional>
#include <map>

#include "services/forecasting/domain/joint_draws.h"
#include "services/forecasting/domain/period_parts.h"

namespace gtm::forecasting::domain {

struct ForecastState::Kept {
  PeriodForecast forecast;
  std::vector<OpenDeal> deals;
  std::map<std::string, uint32_t, std::less<>> index_of;
  DrawFactors factors;
  std::array<float, 256> ratio_noise{};

  DealChanges ChangesOf(std::span<const DealChange> changes) const {
    DealChanges result;
    for (const DealChange& change : changes) {
      if (change.before) {
        const OpenDeal& deal = deals[*change.before];
        result.gone.push_back({deal.amount_micros, deal.chances});
      }
      if (change.after) {
        result.added.push_back({std::max(0.0, change.after->amount_micros), change.after->chances});
      }
    }
    return result;
  }
};

ForecastState::ForecastState(const DealTable& table, const Model& model, const DayRange& days,
                             const Selection& selection) {
  auto kept = std::make_unique<Kept>();
  kept->forecast = ForecastPeriod(table, model, days, selection, Detail::kChangeable);
  const PeriodParts parts = GatherParts(table, model, days, selection);
  kept->factors = MakeFactors(model, parts.horizon_days);
  kept->ratio_noise = model.amounts.ratio_noise;
  if (!parts.is_over) {
    for (const PeriodParts::Open& open : parts.open) {
      const std::string& id = table.deals[open.deal].id;
      kept->index_of.emplace(id, static_cast<uint32_t>(kept->deals.size()));
      kept->deals.push_back({id, open.amount_micros, parts.classes[open.class_index]});
    }
  }
  kept_ = std::move(kept);
}

ForecastState::~ForecastState() = default;
ForecastState::ForecastState(ForecastState&&) noexcept = default;
ForecastState& ForecastState::operator=(ForecastState&&) noexcept = default;

const PeriodForecast& ForecastState::forecast() const { return kept_->forecast; }
std::span<const OpenDeal> ForecastState::deals() const { return kept_->deals; }

std::optional<uint32_t> ForecastState::Find(std::string_view id) const {
  const auto it = kept_->index_of.find(id);
  if (it == kept_->index_of.end()) return std::nullopt;
  return it->second;
}

ChangedForecast ForecastState::With(std::span<const DealChange> changes) const {
  const PeriodForecast& before = kept_->forecast;
  ChangedForecast result;
  result.mean_micros = before.mean_micros();
  result.bookings = before.bookings;
  // Nothing is left to happen, whatever changes.
  if (!before.distribution) return result;
  result.bookings =
      before.distribution->With(kept_->ChangesOf(changes)).Summarize(before.won_micros);
  result.draw_differences.assign(kDrawCount, 0);
  const auto add = [&](const OpenDeal& deal, int sign) {
    const double mean = NormalMean(deal.chances) * std::max(0.0, deal.amount_micros);
    result.mean_micros = AddClamped(result.mean_micros, sign * RoundClamped(mean));
    AddDealDraws(deal.id, std::max(0.0, deal.amount_micros), deal.chances, kept_->factors,
                 kept_->ratio_noise, sign, &result.draw_differences);
  };
  for (const DealChange& change : changes) {
    if (change.before) add(kept_->deals[*change.before], -1);
    if (change.after) add(*change.after, 1);
  }
  return result;
}

double ForecastState::ReachProbabilityWith(std::span<const DealChange> changes,
                                           int64_t target_micros) const {
  const PeriodForecast& before = kept_->forecast;
  if (before.won_micros >= target_micros) return 1;
  if (!before.distribution) return 0;
  return before.distribution->With(kept_->ChangesOf(changes))
      .ChanceToReach(static_cast<double>(target_micros) - static_cast<double>(before.won_micros));
}

}  // namespace gtm::forecasting::domain
