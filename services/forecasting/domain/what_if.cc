#include "services/forecasting/domain/what_if.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

constexpr int32_t kYearDays = 365;
// Wins expected of one draw of what hires bring, at most: many small ones are nearly
// Poisson.
constexpr double kSlotWinsMax = 0.2;

Window WindowOf(const DayRange& days) { return {NumberOf(days.start), NumberOf(days.end) - 1}; }

bool ChangesEverything(const Scenario& scenario) {
  return scenario.close_rate_factor != 1 || scenario.price_factor != 1 ||
         scenario.cycle_factor != 1;
}

void ScaleCloseRate(double factor, CloseRates* rates) {
  for (size_t bin = 0; bin < rates->won_rate.size(); ++bin) {
    double& won = rates->won_rate[bin];
    double& lost = rates->lost_rate[bin];
    const double all = won + lost;
    won = std::min(all, won * factor);
    lost = all - won;
  }
}

void ScaleCycle(double factor, CloseRates* rates) {
  for (size_t bin = 1; bin < rates->age_edges.size(); ++bin) {
    const auto edge = static_cast<int32_t>(std::lround(rates->age_edges[bin] * factor));
    rates->age_edges[bin] = std::max(rates->age_edges[bin - 1] + 1, edge);
  }
  for (double& rate : rates->won_rate) rate /= factor;
  for (double& rate : rates->lost_rate) rate /= factor;
}

int64_t Scaled(int64_t micros, double factor) {
  return RoundClamped(static_cast<double>(micros) * factor);
}

Model ChangedModel(const Scenario& scenario, Model model) {
  ScaleCloseRate(scenario.close_rate_factor, &model.close);
  if (scenario.cycle_factor != 1) ScaleCycle(scenario.cycle_factor, &model.close);
  for (Donor& donor : model.amounts.donors) {
    donor.amount_micros = Scaled(donor.amount_micros, scenario.price_factor);
  }
  model.amounts.mean_micros *= scenario.price_factor;
  return model;
}

DealTable ChangedTable(const Scenario& scenario, DealTable table) {
  for (Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kOpen || !deal.amount_micros) continue;
    deal.amount_micros = Scaled(*deal.amount_micros, scenario.price_factor);
  }
  return table;
}

// Chances of deals that go on from a later day, each day's computed once.
class LaterChances {
 public:
  LaterChances(const DealTable& table, const CloseRates& rates, const DayRange& days)
      : rates_(rates), window_(WindowOf(days)) {
    calendar_.calendar = table.calendar;
    today_ = table.today;
    today_left_ = table.today_left;
  }
  // Of a deal that stands still for so many days and then goes on as it was.
  NodeValues After(int32_t days, const RiskClass& risk) {
    return At(days, today_left_).OfOpen(risk);
  }
  // Of a deal that is created in the middle of a day, of the classes that arrived lately.
  NodeValues CreatedOn(DayNumber day) {
    const WinChances& chances = At(day - today_, 0.5);
    NodeValues sum{};
    for (const CloseRates::Share& arriving : rates_.arriving) {
      const NodeValues one = chances.OfOpen(arriving.risk);
      for (size_t k = 0; k < sum.size(); ++k) sum[k] += arriving.share * one[k];
    }
    return sum;
  }

 private:
  const WinChances& At(int32_t days, double left) {
    const auto found = chances_.find({days, left});
    if (found != chances_.end()) return found->second;
    DealTable later = calendar_;
    later.today = today_ + days;
    later.today_left = left;
    return chances_.emplace(std::pair(days, left), WinChances(later, rates_, window_))
        .first->second;
  }

  const CloseRates& rates_;
  const Window window_;
  DealTable calendar_;
  DayNumber today_ = 0;
  double today_left_ = 0;
  std::map<std::pair<int32_t, double>, WinChances> chances_;
};

int64_t ExpectedOf(const OpenDeal& deal) {
  return RoundClamped(NormalMean(deal.chances) * deal.amount_micros);
}

Error Refused(std::string field, std::string why) {
  return InvalidField("scenario." + std::move(field), std::move(why));
}

// Turns one scenario into changes of a state.
class Changer {
 public:
  Changer(const DealTable& table, const Model& model, const DayRange& days,
          const Selection& selection, const ForecastState& before, const ForecastState& now,
          WhatIfAnswer* answer)
      : table_(table),
        model_(model),
        days_(days),
        selection_(selection),
        before_(before),
        now_(now),
        later_(table, model.close, days),
        answer_(answer) {}

  Result<std::vector<DealChange>> Collect(const Scenario& scenario) {
    GTM_RETURN_IF_ERROR(CheckCount(scenario));
    for (size_t i = 0; i < scenario.lose.size(); ++i) {
      GTM_ASSIGN_OR_RETURN(const uint32_t deal,
                           Find(fmt::format("lost_opportunity_ids[{}]", i), scenario.lose[i]));
      Change(deal, std::nullopt);
    }
    if (scenario.lose_biggest) GTM_RETURN_IF_ERROR(LoseBiggest());
    for (size_t i = 0; i < scenario.slip.size(); ++i) {
      const Slip& slip = scenario.slip[i];
      GTM_ASSIGN_OR_RETURN(const uint32_t deal,
                           Find(fmt::format("slips[{}].opportunity_id", i), slip.id));
      ApplySlip(deal, slip);
    }
    for (size_t i = 0; i < scenario.win.size(); ++i) {
      GTM_ASSIGN_OR_RETURN(const uint32_t deal,
                           Find(fmt::format("won_opportunity_ids[{}]", i), scenario.win[i]));
      OpenDeal won = now_.deals()[deal];
      won.chances.fill(1);
      Change(deal, std::move(won));
    }
    for (size_t i = 0; i < scenario.add.size(); ++i) Add(i, scenario.add[i]);
    if (!scenario.hires.empty()) GTM_RETURN_IF_ERROR(AddHires(scenario.hires));
    return std::move(changes_);
  }

 private:
  static Status CheckCount(const Scenario& scenario) {
    auto count = static_cast<int64_t>(scenario.lose.size() + scenario.slip.size() +
                                      scenario.win.size() + scenario.lose_biggest);
    for (const AddedDeals& added : scenario.add) count += added.count;
    if (count <= WhatIf::kDealsMax) return {};
    return InvalidField("scenario", fmt::format("{} deals are named or added, at most {} are "
                                                "allowed; ask about fewer, larger ones",
                                                count, WhatIf::kDealsMax));
  }

  Result<uint32_t> Find(const std::string& field, const std::string& id) {
    const auto deal = now_.Find(id);
    if (!deal) {
      return Refused(field, fmt::format("\"{}\" is no open opportunity of the selection with "
                                        "something left to happen in the period",
                                        id));
    }
    if (!named_.insert(*deal).second) {
      return Refused(field, fmt::format("\"{}\" is named twice; a deal changes in one way", id));
    }
    return *deal;
  }

  void Change(uint32_t deal, std::optional<OpenDeal> after) {
    answer_->deals.push_back({now_.deals()[deal].id,
                              before_.forecast().chances[deal].expected_micros,
                              after ? ExpectedOf(*after) : 0});
    changes_.push_back({deal, std::move(after)});
  }

  Status LoseBiggest() {
    const std::vector<DealChance>& chances = before_.forecast().chances;
    std::optional<uint32_t> biggest;
    for (uint32_t i = 0; i < now_.deals().size(); ++i) {
      if (named_.contains(i)) continue;
      if (!biggest || chances[i].expected_micros > chances[*biggest].expected_micros) biggest = i;
    }
    if (!biggest) return Refused("lose_biggest", "no other deal is open");
    named_.insert(*biggest);
    Change(*biggest, std::nullopt);
    return {};
  }

  void ApplySlip(uint32_t deal, const Slip& slip) {
    if (!slip.days) return Change(deal, std::nullopt);
    OpenDeal after = now_.deals()[deal];
    const Deal& open = table_.deals[now_.forecast().chances[deal].deal];
    after.chances = later_.After(*slip.days, model_.close.ClassOf(table_, open));
    Change(deal, std::move(after));
  }

  void Add(size_t index, const AddedDeals& added) {
    Deal like;
    like.amount_micros = added.amount_micros;
    OpenDeal deal;
    deal.amount_micros = model_.amounts.IfWon(like);
    deal.chances = later_.After(0, RiskClass{.age = added.age_days});
    const int64_t each = ExpectedOf(deal);
    int64_t sum = 0;
    for (int32_t i = 0; i < added.count; ++i) {
      deal.id = fmt::format("what-if/add/{}/{}", index, i);
      sum = AddClamped(sum, each);
      changes_.push_back({std::nullopt, deal});
    }
    answer_->deals.push_back({"", 0, sum});
  }

  // What a seller creates, and how young a deal was ever won.
  Status LearnSellers(HireEffect* effect) const {
    std::set<std::string_view> owners;
    effect->first_cycle_days = INT32_MAX;
    for (const Deal& deal : table_.deals) {
      if (deal.qualified_day > table_.today - kYearDays && !deal.owner_seller_id.empty()) {
        owners.insert(deal.owner_seller_id);
      }
      if (deal.outcome == Outcome::kWon) {
        effect->first_cycle_days =
            std::min(effect->first_cycle_days, deal.closed_day - deal.qualified_day);
      }
    }
    if (effect->first_cycle_days == INT32_MAX) effect->first_cycle_days = 0;
    effect->seller_count = static_cast<int64_t>(owners.size());
    if (!selection_.is_everything()) {
      return Refused("hires",
                     "ask without a selection: deals of sellers to come have no owner and "
                     "no segment yet");
    }
    if (owners.empty()) {
      return Refused("hires",
                     "no deal of the last year has an owner: what a seller brings is not "
                     "known; add pipeline instead");
    }
    return {};
  }

  Status AddHires(const std::vector<Hire>& hires) {
    HireEffect effect;
    GTM_RETURN_IF_ERROR(LearnSellers(&effect));
    const DayNumber last = NumberOf(days_.end) - 1;
    effect.first_close_day = INT32_MAX;
    DayNumber first = last + 1;
    for (const Hire& hire : hires) first = std::min(first, hire.start_day);
    first = std::max(first, table_.today + 1);
    for (const Hire& hire : hires) {
      effect.first_close_day =
          std::min(effect.first_close_day,
                   std::max(hire.start_day, table_.today + 1) + effect.first_cycle_days);
    }
    const PositionIndex positions(table_.calendar, table_.today,
                                  std::max(last, table_.today + kYearDays));
    const auto sellers = static_cast<double>(effect.seller_count);
    for (DayNumber day = table_.today + 1; day <= table_.today + kYearDays; ++day) {
      effect.deals_a_year +=
          model_.arrivals.RateOn(positions.at(day), day - table_.today) / sellers;
    }
    // So many days share one draw that there are never too many.
    const int32_t step = std::max<int32_t>(1, (last - first + 1) / (WhatIf::kHireSlotsMax / 4) + 1);
    double mean = 0;
    for (DayNumber day = first; day <= last; day += step) {
      double created = 0;
      const DayNumber end = std::min(day + step, last + 1);
      for (DayNumber d = day; d < end; ++d) {
        const double each = model_.arrivals.RateOn(positions.at(d), d - table_.today) / sellers;
        for (const Hire& hire : hires) created += each * Working(hire, d);
      }
      effect.created_count += created;
      // Younger than any deal that was ever won, none is won.
      if (created <= 0 || last - (end - 1) < effect.first_cycle_days) continue;
      mean += AddSlots(day, created, later_.CreatedOn(day + (end - day) / 2), &effect);
    }
    effect.micros = RoundClamped(mean);
    answer_->hires = effect;
    return {};
  }

  // Sellers' worth of work on a day.
  static double Working(const Hire& hire, DayNumber day) {
    if (day < hire.start_day) return 0;
    const double ramped =
        hire.ramp_days == 0
            ? 1
            : std::min(1.0, (day - hire.start_day + 0.5) / static_cast<double>(hire.ramp_days));
    return hire.count * hire.productivity * ramped;
  }

  // Deals created on a day: enough draws that each stands for few wins. Returns what they bring.
  double AddSlots(DayNumber day, double created, const NodeValues& chances, HireEffect* effect) {
    const double most = created * *std::max_element(chances.begin(), chances.end());
    if (most <= 0) return 0;
    const auto slots = static_cast<int32_t>(std::clamp(std::ceil(most / kSlotWinsMax), 1.0, 4.0));
    OpenDeal slot;
    for (size_t node = 0; node < kNodeCount; ++node) {
      slot.chances[node] = std::min(1.0, created * chances[node] / slots);
    }
    // What exceeds certain wins is in their size.
    const double wins = created * NormalMean(chances);
    const double size = wins / (slots * NormalMean(slot.chances));
    slot.amount_micros = model_.amounts.mean_micros * size;
    for (int32_t i = 0; i < slots; ++i) {
      slot.id = fmt::format("what-if/hire/{}/{}", day, i);
      changes_.push_back({std::nullopt, slot});
    }
    effect->win_count += wins;
    return wins * model_.amounts.mean_micros;
  }

  const DealTable& table_;
  const Model& model_;
  const DayRange days_;
  const Selection& selection_;
  const ForecastState& before_;
  const ForecastState& now_;
  LaterChances later_;
  WhatIfAnswer* const answer_;
  std::set<uint32_t> named_;
  std::vector<DealChange> changes_;
};

// Draws of the whole period, but for what is won already.
std::vector<int64_t> TotalDraws(const PeriodForecast& forecast) {
  std::vector<int64_t> total = forecast.open_draws;
  for (size_t i = 0; i < total.size(); ++i) total[i] = AddClamped(total[i], forecast.new_draws[i]);
  return total;
}

}  // namespace

WhatIf::WhatIf(DealTable table, Model model, const DayRange& days, Selection selection,
               std::optional<int64_t> target_micros)
    : table_(std::move(table)),
      model_(std::move(model)),
      days_(days),
      selection_(std::move(selection)),
      target_micros_(target_micros),
      state_(table_, model_, days_, selection_) {}

std::optional<double> WhatIf::baseline_reach() const {
  if (!target_micros_) return std::nullopt;
  return ReachProbability(baseline(), *target_micros_);
}

Result<WhatIfAnswer> WhatIf::Ask(const Scenario& scenario) const {
  // Where everything changes, the world is computed anew with the same streams.
  std::optional<DealTable> table;
  std::optional<Model> model;
  std::optional<ForecastState> world;
  if (ChangesEverything(scenario)) {
    table = ChangedTable(scenario, table_);
    model = ChangedModel(scenario, model_);
    world.emplace(*table, *model, days_, selection_);
  }
  const ForecastState& now = world ? *world : state_;
  WhatIfAnswer answer;
  Changer changer(table ? *table : table_, model ? *model : model_, days_, selection_, state_, now,
                  &answer);
  GTM_ASSIGN_OR_RETURN(const std::vector<DealChange> changes, changer.Collect(scenario));
  const ChangedForecast changed = now.With(changes);
  answer.mean_micros = changed.mean_micros;
  answer.bookings = changed.bookings;
  if (target_micros_) answer.reach_probability = now.ReachProbabilityWith(changes, *target_micros_);
  answer.difference_mean_micros = AddClamped(answer.mean_micros, -baseline().mean_micros());
  std::vector<int64_t> difference = changed.draw_differences;
  if (world) {
    const std::vector<int64_t> before = TotalDraws(baseline()), after = TotalDraws(now.forecast());
    difference.resize(after.size());
    for (size_t i = 0; i < after.size(); ++i) {
      difference[i] = AddClamped(difference[i], AddClamped(after[i], -before[i]));
    }
  }
  answer.difference = Summarize(0, difference, {});
  answer.independent_deviation_micros =
      RoundClamped(std::hypot(static_cast<double>(baseline().bookings.standard_deviation),
                              static_cast<double>(answer.bookings.standard_deviation)));
  return answer;
}

}  // namespace gtm::forecasting::domain
