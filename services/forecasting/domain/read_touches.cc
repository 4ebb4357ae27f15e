#include "services/forecasting/domain/read_touches.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

// A campaign's symbol, or kNoRow and a type.
using ItemKey = std::pair<uint32_t, uint8_t>;

// When the record of engagements begins; nothing where there is none.
std::optional<absl::Time> FirstEngagement(const book::BookView& view) {
  std::optional<absl::Time> first;
  for (const book::AccountRow row : view.accounts_by_id()) {
    const auto events = view.engagements_of(row);
    if (events.empty()) continue;
    if (!first || events.front().time() < *first) first = events.front().time();
  }
  return first;
}

// First touch a key, in days since pipeline entry.
std::map<ItemKey, int32_t> TouchesOf(const book::BookView& view, const DealTable& table,
                                     const Deal& deal, book::OpportunityRow row) {
  std::map<ItemKey, int32_t> touches;
  const book::AccountRow account = view.opportunity(row).account;
  if (!book::IsRow(account)) return touches;
  for (const book::EngagementEvent& event : view.engagements_of(account)) {
    if (event.time() > table.as_of) break;
    const DayNumber day = NumberOf(table.calendar.DayOf(event.time()));
    // On the day of closing nobody can say which came first.
    if (day >= deal.closed_day) break;
    if (day < deal.qualified_day - kTouchDaysBefore) continue;
    if (book::IsRow(event.opportunity) && event.opportunity != row) continue;
    const int32_t age = std::max(0, day - deal.qualified_day);
    if (event.type != 0) touches.try_emplace({book::kNoRow, event.type}, age);
    const uint32_t campaign = view.details(event).campaign;
    if (campaign != book::kNoRow) touches.try_emplace({campaign, 0}, age);
  }
  return touches;
}

// Keys that touch most deals, by falling count, to positions.
std::map<ItemKey, uint32_t> ChooseItems(const book::BookView& view,
                                        const std::vector<std::map<ItemKey, int32_t>>& touches,
                                        std::vector<ContentItem>* items) {
  std::map<ItemKey, int64_t> counts;
  for (const auto& of_deal : touches) {
    for (const auto& [key, age] : of_deal) ++counts[key];
  }
  // Symbols differ from Book to Book: ids order.
  std::vector<std::tuple<int64_t, std::string, ItemKey>> order;
  for (const auto& [key, count] : counts) {
    order.emplace_back(-count, key.first == book::kNoRow ? "" : std::string(view.text(key.first)),
                       key);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tuple(std::get<0>(a), std::get<1>(a), std::get<2>(a).second) <
           std::tuple(std::get<0>(b), std::get<1>(b), std::get<2>(b).second);
  });
  if (order.size() > kContentItemsMax) order.resize(kContentItemsMax);
  std::map<ItemKey, uint32_t> positions;
  for (const auto& [count, id, key] : order) {
    positions[key] = static_cast<uint32_t>(items->size());
    items->push_back({key.first != book::kNoRow, id, key.second});
  }
  return positions;
}

}  // namespace

ComparedDeals ComparedDealsAt(const book::BookView& view, const DealTable& table,
                              const Selection& selection) {
  ComparedDeals compared;
  const auto first = FirstEngagement(view);
  if (!first) return compared;
  const DayNumber first_day = NumberOf(table.calendar.DayOf(*first));
  std::map<std::pair<std::string_view, int>, uint32_t> strata;
  std::vector<std::map<ItemKey, int32_t>> touches;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kOpen || !selection.Holds(deal)) continue;
    if (deal.qualified_day < first_day) continue;
    const auto row = view.FindOpportunity(deal.id);
    if (!row) continue;
    const FiscalPeriod quarter =
        table.calendar.PeriodOf(DayAt(deal.qualified_day), PeriodUnit::kQuarter);
    ComparedDeal& item = compared.deals.emplace_back();
    item.stratum = strata
                       .try_emplace({deal.segment, quarter.fiscal_year * 4 + quarter.index},
                                    static_cast<uint32_t>(strata.size()))
                       .first->second;
    item.close_age_days = deal.closed_day - deal.qualified_day;
    item.won = deal.outcome == Outcome::kWon;
    if (item.won) item.amount = static_cast<double>(deal.amount_micros.value_or(0)) / 1e6;
    touches.push_back(TouchesOf(view, table, deal, *row));
  }
  const auto positions = ChooseItems(view, touches, &compared.items);
  for (size_t i = 0; i < touches.size(); ++i) {
    compared.touched_count += !touches[i].empty();
    for (const auto& [key, age] : touches[i]) {
      const auto found = positions.find(key);
      if (found != positions.end()) compared.deals[i].touches.push_back({found->second, age});
    }
  }
  return compared;
}

}  // namespace gtm::forecasting::domain
