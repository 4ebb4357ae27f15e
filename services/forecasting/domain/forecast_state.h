#pragma once
// A forecast that stays ready for "what if": with one open deal changed, added or gone,
// the new distribution costs a small part of a full answer, and every draw differs from
// the draw before by that deal alone (common random numbers).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {

// An open deal as the distribution sees it.
struct OpenDeal {
  std::string id;            // chooses its random stream: equal ids, equal luck
  double amount_micros = 0;  // mean of what it brings if it is won (Amounts::IfWon)
  NodeValues chances{};      // to be won in the period (WinChances::OfOpen)
};

// One deal that changes: `before` alone is lost or slips out of the period, `after` alone
// is added, both are a deal with another amount or other chances.
struct DealChange {
  std::optional<uint32_t> before;  // index into ForecastState::deals()
  std::optional<OpenDeal> after;
};

// What a change makes of the forecast.
struct ChangedForecast {
  int64_t mean_micros = 0;  // of the period's bookings, won so far included
  DrawSummary bookings;
  // After minus before, draw by draw; their mean is the change of the mean but for
  // sampling error. Sums over changes of different deals are those of all of them.
  std::vector<int64_t> draw_differences;
};

// Not thread-safe to build; any number of threads may ask `With`.
class ForecastState {
 public:
  // Costs a full answer.
  ForecastState(const DealTable& table, const Model& model, const DayRange& days,
                const Selection& selection);
  ~ForecastState();
  ForecastState(ForecastState&&) noexcept;
  ForecastState& operator=(ForecastState&&) noexcept;

  // The answer without any change, with its draws.
  const PeriodForecast& forecast() const;
  // Open deals of the selection, in table order; empty where nothing is left to happen.
  std::span<const OpenDeal> deals() const;
  // Index of a deal; nothing where it is not open or not selected.
  std::optional<uint32_t> Find(std::string_view id) const;

  // With changes of different deals, at most kChangesMax. Equal, up to rounding, to the full
  // answer about the changed deals under the same learned model.
  static constexpr size_t kChangesMax = 1'000;
  ChangedForecast With(std::span<const DealChange> changes) const;
  // Chance to reach a target after the changes; as ReachProbability.
  double ReachProbabilityWith(std::span<const DealChange> changes, int64_t target_micros) const;

 private:
  struct Kept;
  std::unique_ptr<const Kept> kept_;
};

}  // namespace gtm::forecasting::domain
