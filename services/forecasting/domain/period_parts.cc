#include "services/forecasting/domain/period_parts.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gtm::forecasting::domain {
namespace {

// Donors, and nodes of what lies between them, where there are few.
constexpr size_t kSmoothedDonorsMax = 64;
constexpr int kSmoothingNodes = 8;

void GatherOpen(const DealTable& table, const Model& model, const WinChances& chances,
                const Selection& selection, PeriodParts* parts) {
  std::map<RiskClass, uint32_t> index_of;
  for (uint32_t i = 0; i < table.deals.size(); ++i) {
    const Deal& deal = table.deals[i];
    if (deal.outcome != Outcome::kOpen || !selection.Holds(deal)) continue;
    const auto [it, is_new] = index_of.emplace(model.close.ClassOf(table, deal),
                                               static_cast<uint32_t>(parts->classes.size()));
    if (is_new) parts->classes.push_back(chances.OfOpen(it->first));
    parts->open.push_back({i, it->second, std::max(0.0, model.amounts.IfWon(deal))});
  }
}

void GatherNew(const DealTable& table, const Model& model, const WinChances& chances,
               const Selection& selection, PeriodParts* parts) {
  if (chances.empty() || model.amounts.donors.empty()) return;
  parts->new_wins = chances.OfArrivals(model.arrivals);
  for (const Donor& donor : model.amounts.donors) {
    if (!selection.Holds(table.deals[donor.deal])) continue;
    parts->selected_weight += donor.weight;
    parts->selected_mean += donor.weight * static_cast<double>(donor.amount_micros);
  }
}

void AddNewInput(const PeriodParts& parts, const DealTable& table, const Model& model,
                 const Selection& selection, BookingsInput* input) {
  const Amounts& amounts = model.amounts;
  if (!(parts.selected_weight > 0)) return;
  for (const Donor& donor : amounts.donors) {
    if (!selection.Holds(table.deals[donor.deal])) continue;
    input->new_amounts.push_back(
        {static_cast<double>(donor.amount_micros), donor.weight / parts.selected_weight});
  }
  if (amounts.smoothing > 0) {
    input->new_amounts = SpreadOut(Condense(std::move(input->new_amounts), kSmoothedDonorsMax),
                                   amounts.smoothing, kSmoothingNodes);
  }
  for (size_t k = 0; k < kNodeCount; ++k) {
    input->new_wins[k] = parts.new_wins[k] * parts.selected_weight;
  }
  input->new_amount_spread = NewAmountSpread(model);
  input->new_count_shape = ArrivalShape(model, parts.horizon_days);
}

}  // namespace

PeriodParts GatherParts(const DealTable& table, const Model& model, const DayRange& days,
                        const Selection& selection) {
  PeriodParts parts;
  const WinChances chances(table, model.close, {NumberOf(days.start), NumberOf(days.end) - 1});
  parts.is_over = chances.empty();
  parts.remaining_days = chances.remaining_days();
  parts.horizon_days = std::max(1.0, static_cast<double>(NumberOf(days.end) - table.today));
  GatherOpen(table, model, chances, selection, &parts);
  GatherNew(table, model, chances, selection, &parts);
  return parts;
}

BookingsInput InputOf(const PeriodParts& parts, const DealTable& table, const Model& model,
                      const Selection& selection, bool with_open, bool with_new) {
  BookingsInput input;
  if (with_open) {
    for (const NodeValues& chances : parts.classes) input.open.push_back({chances, {}});
    for (const PeriodParts::Open& open : parts.open) {
      input.open[open.class_index].amounts.push_back(open.amount_micros);
    }
    for (const float ratio : model.amounts.ratio_noise) {
      input.ratios.push_back({ratio, 1.0 / static_cast<double>(model.amounts.ratio_noise.size())});
    }
    input.ratios = Condense(std::move(input.ratios), model.amounts.ratio_noise.size());
    input.ratio_spread = model.amounts.ratio_uncertainty;
  }
  if (with_new) AddNewInput(parts, table, model, selection, &input);
  return input;
}

double ArrivalShape(const Model& model, double days) {
  const double spread = model.arrivals.SpreadOver(days);
  return std::max(0.25, 1 / (spread * spread));
}

double NewAmountSpread(const Model& model) {
  return std::min(1.0, model.amounts.level_uncertainty);
}

}  // namespace gtm::forecasting::domain
