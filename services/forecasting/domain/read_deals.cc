#include "services/forecasting/domain/read_deals.h"

#include <algorithm>
#include <set>

#include "services/forecasting/domain/read_buyers.h"
#include "services/forecasting/domain/record_lag.h"

namespace gtm::forecasting::domain {
namespace {

using book::OpportunityFacts;
using book::StageRole;

std::string_view SegmentOf(const book::BookView& view, const OpportunityFacts& facts) {
  if (!facts.segment.empty()) return facts.segment;
  return book::IsRow(facts.account) ? view.account(facts.account).segment : std::string_view();
}

std::optional<double> RatioOf(const OpportunityFacts& facts, absl::Time qualified, absl::Time won,
                              const Money& realized) {
  // Half-way is a fair moment to look at a deal: forecasts meet deals at every age.
  const book::AmountChange* expected = book::AmountAt(facts, qualified + (won - qualified) / 2);
  if (expected == nullptr || expected->amount.micros <= 0 || expected->time >= won) return {};
  if (expected->amount.currency != realized.currency) return {};
  return static_cast<double>(realized.micros) / static_cast<double>(expected->amount.micros);
}

Result<Deal> DealOf(const book::BookView& view, const OpportunityFacts& facts,
                    const DealTable& table, absl::Time qualified) {
  const FiscalCalendar& calendar = table.calendar;
  const auto number = [&](absl::Time time) { return NumberOf(calendar.DayOf(time)); };
  Deal deal;
  deal.id = std::string(facts.id);
  deal.owner_seller_id = std::string(facts.owner_seller_id);
  deal.segment = std::string(SegmentOf(view, facts));
  const book::StageChange& stage = *book::StageAt(facts, table.as_of);
  deal.stage_id = std::string(stage.stage_id);
  deal.stage_day = number(stage.time);
  deal.clock_day = number(facts.stage_changes.front().time);
  deal.qualified_day = number(qualified);
  absl::CivilDay rate_day = DayAt(table.today);
  const auto won = book::WonTime(facts, table.as_of);
  const auto lost = book::LostTime(facts, table.as_of);
  if (won || lost) {
    deal.outcome = won ? Outcome::kWon : Outcome::kLost;
    deal.closed_day = std::max(number(won ? *won : *lost), deal.qualified_day);
    rate_day = DayAt(deal.closed_day);
  }
  if (const auto* close = book::CloseDateAt(facts, table.as_of)) {
    deal.expected_close_day = NumberOf(close->day);
  }
  const book::AmountChange* amount = book::AmountAt(facts, table.as_of);
  if (amount == nullptr) return deal;
  const Result<Money> money = view.InReportingCurrency(amount->amount, rate_day);
  // What a lost deal would have brought is in no sum; it only tells how deals of its size
  // fare, which is not worth failing for want of a rate.
  if (!money.ok() && lost) return deal;
  if (!money.ok()) return money.error();
  deal.amount_micros = money->micros;
  if (won) deal.amount_ratio = RatioOf(facts, qualified, *won, amount->amount);
  return deal;
}

// Adds a deal to the counts of blanks.
void CountBlanks(const OpportunityFacts& facts, const Deal& deal, BlankCounts* counts) {
  const auto add = [&](FieldBlanks* blanks) {
    ++(deal.outcome == Outcome::kOpen  ? blanks->open
       : deal.outcome == Outcome::kWon ? blanks->won
                                       : blanks->lost);
  };
  add(&counts->all);
  const std::array<bool, kLeakFieldCount> blank = {
      facts.account_id.empty(), facts.owner_seller_id.empty(), deal.segment.empty(),
      facts.product.empty(), facts.source.empty()};
  for (size_t i = 0; i < blank.size(); ++i) {
    if (blank[i]) add(&counts->blank[i]);
  }
}

}  // namespace

Result<DealTable> DealsAt(const book::BookView& view, absl::Time as_of) {
  DealTable table;
  table.as_of = as_of;
  table.calendar = view.settings().calendar;
  table.currency = view.settings().reporting_currency;
  SetToday(&table);
  BlankCounts blanks;
  std::set<std::string_view> known_stages;
  for (const auto& stage : view.settings().stages) known_stages.insert(stage.id);
  BuyerReader buyers(view, table);
  const RecordLags lags(view, as_of);
  for (const book::OpportunityRow row : view.opportunities_by_id()) {
    const OpportunityFacts facts = view.opportunity(row);
    const book::StageChange* stage = book::StageAt(facts, as_of);
    if (stage == nullptr) continue;
    table.unknown_stage_count += !known_stages.contains(stage->stage_id);
    const auto qualified = book::QualifiedTime(facts, as_of);
    if (stage->role == StageRole::kStageZero) {
      StageZeroDeal deal;
      deal.owner_seller_id = std::string(facts.owner_seller_id);
      deal.segment = std::string(SegmentOf(view, facts));
      deal.stage_id = std::string(stage->stage_id);
      deal.clock_day = NumberOf(table.calendar.DayOf(facts.stage_changes.front().time));
      deal.stage_day = NumberOf(table.calendar.DayOf(stage->time));
      if (const auto* amount = book::AmountAt(facts, as_of)) {
        GTM_ASSIGN_OR_RETURN(const Money money,
                             view.InReportingCurrency(amount->amount, DayAt(table.today)));
        deal.amount_micros = money.micros;
      }
      table.stage_zero.push_back(std::move(deal));
      continue;
    }
    if (!qualified) continue;  // disqualified at Stage 0
    GTM_ASSIGN_OR_RETURN(Deal deal, DealOf(view, facts, table, *qualified));
    const RecordLag lag = lags.Of(row);
    if (deal.outcome == Outcome::kOpen && AgesFromRecord(lags.closed(), lag)) {
      deal.qualified_day = std::max(deal.qualified_day, deal.clock_day + *lag);
    }
    deal.engagement = buyers.Follow(facts, row, deal);
    CountBlanks(facts, deal, &blanks);
    table.deals.push_back(std::move(deal));
  }
  table.leaks = FindLeaks(blanks);
  return table;
}

Unchanged UnchangedAround(const book::BookView& view, absl::Time as_of) {
  Unchanged unchanged;
  const auto see = [&](absl::Time time) {
    if (time <= as_of) {
      unchanged.since = std::max(unchanged.since, time);
    } else {
      unchanged.until = std::min(unchanged.until, time);
    }
  };
  for (const book::OpportunityRow row : view.opportunities_by_id()) {
    const OpportunityFacts facts = view.opportunity(row);
    if (facts.first_recorded_time) see(*facts.first_recorded_time);
    for (const auto& change : facts.stage_changes) see(change.time);
    for (const auto& change : facts.amount_changes) see(change.time);
    for (const auto& change : facts.close_date_changes) see(change.time);
  }
  for (const book::AccountRow row : view.accounts_by_id()) {
    const auto events = view.engagements_of(row);
    const auto next = std::upper_bound(
        events.begin(), events.end(), as_of,
        [](absl::Time time, const book::EngagementEvent& event) { return time < event.time(); });
    if (next != events.end()) see(next->time());
    if (next != events.begin()) see(std::prev(next)->time());
  }
  for (const auto& trigger : view.trigger_events()) {
    see(OccurTimeOf(*trigger));
    if (const auto time = ActTimeOf(*trigger)) see(*time);
  }
  return unchanged;
}

}  // namespace gtm::forecasting::domain
