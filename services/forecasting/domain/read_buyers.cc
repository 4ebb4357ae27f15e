#include "services/forecasting/domain/read_buyers.h"

#include <algorithm>

#include "gtm/crm/v1/discovery.pb.h"
#include "services/forecasting/domain/touch.h"

namespace gtm::forecasting::domain {
namespace {

using book::EngagementEvent;
using crm::v1::TriggerEvent;

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

bool IsBuyerAct(const EngagementEvent& event) {
  return event.type < kTouchTypeCount && event.direction <= 3 &&
         IsBuyerTouch(static_cast<TouchType>(event.type),
                      static_cast<TouchDirection>(event.direction));
}

}  // namespace

absl::Time OccurTimeOf(const TriggerEvent& trigger) { return TimeOf(trigger.occur_time()); }

std::optional<absl::Time> ActTimeOf(const TriggerEvent& trigger) {
  switch (trigger.phase()) {
    case TriggerEvent::PHASE_ANNOUNCED:
    case TriggerEvent::PHASE_CLOSED:
      return {};
    case TriggerEvent::PHASE_SETTLED:
      if (trigger.has_phase_time()) return TimeOf(trigger.phase_time());
      [[fallthrough]];
    default:
      return OccurTimeOf(trigger);
  }
}

BuyerReader::BuyerReader(const book::BookView& view, const DealTable& table)
    : view_(view), table_(table) {
  FindRecordedFrom();
  if (from_.acts != kNotRecorded) ReadTriggers();
}

void BuyerReader::FindRecordedFrom() {
  absl::Time acts = absl::InfiniteFuture(), shares = absl::InfiniteFuture();
  for (uint32_t row = 0; row < view_.account_row_count(); ++row) {
    for (const EngagementEvent& event : view_.engagements_of(book::AccountRow{row})) {
      const absl::Time time = event.time();
      if (time > table_.as_of || (time >= acts && time >= shares)) break;
      if (!IsBuyerAct(event)) continue;
      acts = std::min(acts, time);
      if (static_cast<TouchType>(event.type) == TouchType::kInternalShare) {
        shares = std::min(shares, time);
      }
    }
  }
  if (acts != absl::InfiniteFuture()) from_.acts = DayOf(acts);
  if (shares != absl::InfiniteFuture()) from_.shares = DayOf(shares);
}

void BuyerReader::ReadTriggers() {
  for (const auto& trigger : view_.trigger_events()) {
    if (OccurTimeOf(*trigger) > table_.as_of) continue;
    from_.triggers = std::min(from_.triggers, DayOf(OccurTimeOf(*trigger)));
    const std::optional<absl::Time> time = ActTimeOf(*trigger);
    if (!time || *time > table_.as_of) continue;
    if (const auto row = view_.FindAccount(trigger->account_id())) {
      AccountOf(*row).trigger_days.push_back(DayOf(*time));
    }
  }
  for (auto& [row, account] : accounts_) {
    std::sort(account.trigger_days.begin(), account.trigger_days.end());
  }
}

BuyerReader::Account& BuyerReader::AccountOf(book::AccountRow row) {
  const auto [it, is_new] = accounts_.try_emplace(static_cast<uint32_t>(row));
  Account& account = it->second;
  if (!is_new) return account;
  for (const EngagementEvent& event : view_.engagements_of(row)) {
    if (event.time() > table_.as_of) break;
    if (!IsBuyerAct(event)) continue;
    const DayNumber day = DayOf(event.time());
    if (account.days.empty() || account.days.back() != day) account.days.push_back(day);
  }
  return account;
}

DayNumber BuyerReader::ContractDayOf(const book::OpportunityFacts& facts) const {
  for (const book::StageChange& change : facts.stage_changes) {
    if (change.time > table_.as_of) break;
    if (change.role == book::StageRole::kContract) return DayOf(change.time);
  }
  return kNotRecorded;
}

std::vector<EngagementChange> BuyerReader::Follow(const book::OpportunityFacts& facts,
                                                  book::OpportunityRow row, const Deal& deal) {
  if (from_.acts == kNotRecorded) return {};
  // Acts of the day of closing may have come after it.
  const DayNumber last = deal.outcome == Outcome::kOpen ? table_.today : deal.closed_day - 1;
  BuyerTimeline buyer;
  std::vector<BuyerAct> acts;
  if (book::IsRow(facts.account)) {
    const Account& account = AccountOf(facts.account);
    buyer.account_days = account.days;
    buyer.trigger_days = account.trigger_days;
    const auto events = view_.engagements_of(facts.account);
    auto it = std::lower_bound(
        events.begin(), events.end(), facts.stage_changes.front().time,
        [](const EngagementEvent& event, absl::Time time) { return event.time() < time; });
    for (; it != events.end() && it->time() <= table_.as_of; ++it) {
      const DayNumber day = DayOf(it->time());
      if (day > last) break;
      if (!IsBuyerAct(*it) || (book::IsRow(it->opportunity) && it->opportunity != row)) continue;
      acts.push_back({day, static_cast<RowNumber>(it->contact), static_cast<TouchType>(it->type)});
    }
  }
  buyer.acts = acts;
  buyer.contract_day = ContractDayOf(facts);
  return FollowEngagement(buyer, deal.qualified_day, last, from_);
}

}  // namespace gtm::forecasting::domain
