#include "services/forecasting/domain/read_touches.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

// A symbol of a content or campaign, or a type.
struct ItemKey {
  ItemKind kind = ItemKind::kEngagementType;
  uint32_t value = 0;
  friend auto operator<=>(const ItemKey&, const ItemKey&) = default;
};
// How a deal was first touched.
struct FirstTouch {
  int32_t age_days = 0;  // since pipeline entry
  uint8_t type = 0;
};
using Touches = std::map<ItemKey, FirstTouch>;

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

Touches TouchesOf(const book::BookView& view, const DealTable& table, const Deal& deal,
                  book::OpportunityRow row) {
  Touches touches;
  const book::AccountRow account = view.opportunity(row).account;
  if (!book::IsRow(account)) return touches;
  for (const book::EngagementEvent& event : view.engagements_of(account)) {
    if (event.time() > table.as_of) break;
    const DayNumber day = NumberOf(table.calendar.DayOf(event.time()));
    // On the day of closing nobody can say which came first.
    if (day >= deal.closed_day) break;
    if (day < deal.qualified_day - kTouchDaysBefore) continue;
    if (book::IsRow(event.opportunity) && event.opportunity != row) continue;
    const FirstTouch touch = {std::max(0, day - deal.qualified_day), event.type};
    const auto add = [&](ItemKind kind, uint32_t value) {
      touches.try_emplace({kind, value}, touch);
    };
    if (event.type != 0) add(ItemKind::kEngagementType, event.type);
    const book::TouchDetails details = view.details(event);
    if (details.campaign != book::kNoRow) add(ItemKind::kCampaign, details.campaign);
    if (details.content != book::kNoRow) add(ItemKind::kContent, details.content);
  }
  return touches;
}

// Whom a key touched, and how.
struct Reach {
  std::set<uint32_t> accounts;
  std::array<int64_t, 256> types{};  // deals by the type of their first touch
};

// Keys that touch most accounts, by falling count, to positions.
std::map<ItemKey, uint32_t> ChooseItems(const book::BookView& view,
                                        const std::vector<Touches>& touches,
                                        ComparedDeals* compared) {
  std::map<ItemKey, Reach> reaches;
  for (size_t i = 0; i < touches.size(); ++i) {
    for (const auto& [key, touch] : touches[i]) {
      Reach& reach = reaches[key];
      reach.accounts.insert(compared->deals[i].account);
      ++reach.types[touch.type];
    }
  }
  // Symbols differ from Book to Book: ids order.
  std::vector<std::tuple<int64_t, ItemKind, std::string, ItemKey>> order;
  for (const auto& [key, reach] : reaches) {
    const bool is_type = key.kind == ItemKind::kEngagementType;
    order.emplace_back(-static_cast<int64_t>(reach.accounts.size()), key.kind,
                       is_type ? "" : std::string(view.text(key.value)), key);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tuple(std::get<0>(a), std::get<1>(a), std::string_view(std::get<2>(a)),
                      std::get<1>(a) == ItemKind::kEngagementType ? std::get<3>(a).value : 0) <
           std::tuple(std::get<0>(b), std::get<1>(b), std::string_view(std::get<2>(b)),
                      std::get<1>(b) == ItemKind::kEngagementType ? std::get<3>(b).value : 0);
  });
  if (order.size() > kContentItemsMax) {
    compared->left_out_count = static_cast<int64_t>(order.size() - kContentItemsMax);
    order.resize(kContentItemsMax);
  }
  std::map<ItemKey, uint32_t> positions;
  for (const auto& [count, kind, id, key] : order) {
    positions[key] = static_cast<uint32_t>(compared->items.size());
    uint8_t type = 0;
    if (kind == ItemKind::kEngagementType) type = static_cast<uint8_t>(key.value);
    if (kind == ItemKind::kContent) {
      const auto& types = reaches.at(key).types;
      type = static_cast<uint8_t>(std::max_element(types.begin(), types.end()) - types.begin());
    }
    compared->items.push_back({kind, id, type});
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
  std::vector<Touches> touches;
  std::map<std::string_view, uint32_t> accounts;
  uint32_t account_count = 0;
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
    const std::string_view account = view.opportunity(*row).account_id;
    const auto [known, is_new] = accounts.try_emplace(account, account_count);
    item.account = account.empty() || is_new ? account_count++ : known->second;
    item.close_age_days = deal.closed_day - deal.qualified_day;
    item.won = deal.outcome == Outcome::kWon;
    if (item.won) item.amount = static_cast<double>(deal.amount_micros.value_or(0)) / 1e6;
    touches.push_back(TouchesOf(view, table, deal, *row));
  }
  compared.account_count = account_count;
  const auto positions = ChooseItems(view, touches, &compared);
  for (size_t i = 0; i < touches.size(); ++i) {
    compared.touched_count += !touches[i].empty();
    for (const auto& [key, touch] : touches[i]) {
      const auto found = positions.find(key);
      if (found != positions.end())
        compared.deals[i].touches.push_back({found->second, touch.age_days});
    }
  }
  return compared;
}

}  // namespace gtm::forecasting::domain
