#include "services/forecasting/domain/read_evidence.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "gtm/crm/v1/discovery.pb.h"
#include "services/forecasting/domain/read_buyers.h"

namespace gtm::forecasting::domain {
namespace {

using book::OpportunityFacts;
using book::StageRole;

bool InPipeline(StageRole role) { return role == StageRole::kOpen || role == StageRole::kContract; }

template <class Row>
RowNumber NumberOfRow(Row row) {
  return static_cast<RowNumber>(row);
}

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

DealTouch TouchOf(const book::EngagementEvent& event) {
  DealTouch touch;
  touch.time = event.time();
  touch.type =
      event.type < kTouchTypeCount ? static_cast<TouchType>(event.type) : TouchType::kUnspecified;
  touch.direction = event.direction <= 3 ? static_cast<TouchDirection>(event.direction)
                                         : TouchDirection::kUnknown;
  touch.contact = NumberOfRow(event.contact);
  touch.opportunity = NumberOfRow(event.opportunity);
  return touch;
}

class Reader {
 public:
  Reader(const book::BookView& view, const DealTable& table)
      : view_(view), table_(table), lags_(view, table.as_of) {}

  PipelineFacts Read() {
    NumberStages();
    facts_.closed_record_lags = lags_.closed();
    for (uint32_t i = 0; i < table_.deals.size(); ++i) {
      const auto row = view_.FindOpportunity(table_.deals[i].id);
      if (!row) continue;
      if (table_.deals[i].outcome == Outcome::kOpen) {
        AddOpen(i, *row);
      } else {
        AddClosed(i, *row);
      }
    }
    for (auto& [stage, days] : facts_.won_stage_days) std::sort(days.begin(), days.end());
    std::sort(facts_.won_cycle_days.begin(), facts_.won_cycle_days.end());
    std::sort(facts_.won_last_stage_days.begin(), facts_.won_last_stage_days.end());
    ReadTouches();
    ReadSummaries();
    ReadTriggers();
    return std::move(facts_);
  }

 private:
  DayNumber DayOf(absl::Time time) const { return NumberOf(table_.calendar.DayOf(time)); }

  void NumberStages() {
    std::vector<const book::Settings::Stage*> stages;
    for (const auto& stage : view_.settings().stages) {
      if (InPipeline(stage.role)) stages.push_back(&stage);
      if (!stage.display_name.empty()) stage_names_[stage.id] = stage.display_name;
    }
    std::stable_sort(stages.begin(), stages.end(),
                     [](const auto* a, const auto* b) { return a->position < b->position; });
    for (const auto* stage : stages) {
      stage_numbers_[stage->id] = ++facts_.stage_count;
      if (stage->role == StageRole::kContract && facts_.contract_number == 0) {
        facts_.contract_number = facts_.stage_count;
      }
    }
    facts_.group_size_min = view_.settings().buying_group_size_min;
    facts_.group_size_max = view_.settings().buying_group_size_max;
  }

  // The account's place in facts_.accounts; touches are read later.
  int AccountOf(book::AccountRow row) {
    if (!book::IsRow(row)) return -1;
    const auto [it, is_new] = accounts_.try_emplace(NumberOfRow(row), facts_.accounts.size());
    if (is_new) {
      BuyerAccount account;
      account.id = std::string(view_.account(row).id);
      facts_.accounts.push_back(std::move(account));
    }
    return static_cast<int>(it->second);
  }

  void AddOpen(uint32_t index, book::OpportunityRow row) {
    const OpportunityFacts opportunity = view_.opportunity(row);
    DealFacts deal;
    deal.deal = index;
    deal.row = NumberOfRow(row);
    deal.account = AccountOf(opportunity.account);
    deal.account_id = std::string(opportunity.account_id);
    deal.display_name = std::string(opportunity.display_name);
    const std::string& stage_id = table_.deals[index].stage_id;
    const auto number = stage_numbers_.find(stage_id);
    if (number != stage_numbers_.end()) deal.stage_number = number->second;
    const auto name = stage_names_.find(stage_id);
    deal.stage_name = name != stage_names_.end() ? name->second : stage_id;
    deal.in_contract = book::StageAt(opportunity, table_.as_of)->role == StageRole::kContract;
    deal.clock_time = opportunity.stage_changes.front().time;
    deal.record_lag = lags_.Of(row);
    AddHistories(opportunity, &deal);
    AddGroup(opportunity, &deal);
    deal.answers = {opportunity.has_budget,      opportunity.has_authority,
                    opportunity.has_confidence,  opportunity.has_consensus,
                    opportunity.has_urgent_need, opportunity.buyer_states_value};
    for (size_t i = 0; i < kQuestionCount; ++i) {
      facts_.answer_counts[i] += deal.answers[i].has_value();
    }
    facts_.close_date_count += !deal.close_dates.empty();
    facts_.group_count += !deal.group.empty();
    deals_by_id_[opportunity.id] = facts_.deals.size();
    facts_.deals.push_back(std::move(deal));
  }

  void AddHistories(const OpportunityFacts& opportunity, DealFacts* deal) const {
    for (const auto& change : opportunity.stage_changes) {
      if (change.time > table_.as_of) break;
      // A stage that the settings do not know is taken to be where the deal was.
      const auto number = stage_numbers_.find(std::string(change.stage_id));
      const int before = deal->stages.empty() ? 0 : deal->stages.back().number;
      deal->stages.push_back({change.time, DayOf(change.time),
                              number != stage_numbers_.end() ? number->second
                              : InPipeline(change.role)      ? before
                                                             : 0,
                              InPipeline(change.role)});
    }
    for (const auto& change : opportunity.amount_changes) {
      if (change.time > table_.as_of) break;
      deal->amounts.push_back({change.time, change.amount.micros});
    }
    for (const auto& change : opportunity.close_date_changes) {
      if (change.time > table_.as_of) break;
      deal->close_dates.push_back({DayOf(change.time), NumberOf(change.day)});
    }
  }

  void AddGroup(const OpportunityFacts& opportunity, DealFacts* deal) {
    for (const auto& member : opportunity.buying_group) {
      if (member.since > table_.as_of) continue;
      GroupMember known;
      known.contact = NumberOfRow(member.contact);
      known.role = member.role;
      // A part that is known of the person holds for every deal.
      if (known.role == 0 && book::IsRow(member.contact)) {
        known.role = view_.contact(member.contact).buying_role;
      }
      Name(member.contact);
      deal->group.push_back(known);
    }
  }

  void Name(book::ContactRow contact) {
    if (!book::IsRow(contact)) return;
    const auto [it, is_new] = facts_.contact_ids.try_emplace(NumberOfRow(contact));
    if (is_new) it->second = std::string(view_.contact(contact).id);
  }

  void AddClosed(uint32_t index, book::OpportunityRow row) {
    const OpportunityFacts opportunity = view_.opportunity(row);
    const Deal& deal = table_.deals[index];
    if (deal.outcome == Outcome::kLost) {
      if (table_.today - deal.closed_day <= kLossDays) {
        facts_.losses.push_back(
            {std::string(opportunity.loss_reason), deal.owner_seller_id, deal.segment});
      }
      return;
    }
    AddWin(index, row, opportunity);
    for (size_t i = 0; i + 1 < opportunity.stage_changes.size(); ++i) {
      const auto& change = opportunity.stage_changes[i];
      const auto& next = opportunity.stage_changes[i + 1];
      if (next.time > table_.as_of) break;
      if (!InPipeline(change.role)) continue;
      facts_.won_stage_days[std::string(change.stage_id)].push_back(DayOf(next.time) -
                                                                    DayOf(change.time));
    }
  }

  void AddWin(uint32_t index, book::OpportunityRow row, const OpportunityFacts& opportunity) {
    const Deal& deal = table_.deals[index];
    facts_.won_cycle_days.push_back(deal.closed_day - deal.clock_day);
    for (const auto& change : opportunity.stage_changes) {
      if (change.time > table_.as_of) break;
      const auto number = stage_numbers_.find(std::string(change.stage_id));
      const bool is_last = change.role == StageRole::kContract ||
                           (number != stage_numbers_.end() && number->second == facts_.stage_count);
      if (!is_last) continue;
      facts_.won_last_stage_days.push_back(DayOf(change.time) - deal.clock_day);
      break;
    }
    if (table_.today - deal.closed_day > kRecentWinDays) return;
    facts_.recent_wins.push_back({index, std::string(opportunity.display_name), lags_.Of(row)});
  }

  // Every account is looked through: what the tenant records at all, and how its weeks
  // went, is known from all of them.
  void ReadTouches() {
    std::vector<AccountWeeks> weeks_of_all;
    for (uint32_t row = 0; row < view_.account_row_count(); ++row) {
      const auto events = view_.engagements_of(book::AccountRow{row});
      const auto found = accounts_.find(row);
      AccountWeeks weeks;
      absl::Time first = absl::InfiniteFuture();
      for (const book::EngagementEvent& event : events) {
        const DealTouch touch = TouchOf(event);
        if (touch.time > table_.as_of) break;
        ++facts_.touch_count;
        ++facts_.touch_counts[static_cast<size_t>(touch.type)];
        facts_.named_touch_count += touch.contact != kNoOne;
        if (found != accounts_.end()) {
          facts_.accounts[found->second].touches.push_back(touch);
          Name(event.contact);
        }
        if (!IsBuyerTouch(touch)) continue;
        first = std::min(first, touch.time);
        const int64_t ago = (table_.as_of - touch.time) / absl::Hours(7 * 24);
        if (ago < kTrendWeeks) ++weeks.touches[static_cast<size_t>(kTrendWeeks - 1 - ago)];
      }
      if (first == absl::InfiniteFuture()) continue;
      weeks.known_weeks = static_cast<int>(
          std::min<int64_t>(kTrendWeeks, (table_.as_of - first) / absl::Hours(7 * 24)));
      weeks_of_all.push_back(weeks);
      if (found != accounts_.end()) facts_.accounts[found->second].weeks = weeks;
    }
    // Sums of fractions depend on their order, and rows on the order of arrival.
    std::sort(weeks_of_all.begin(), weeks_of_all.end(), [](const auto& a, const auto& b) {
      return std::tie(a.known_weeks, a.touches) < std::tie(b.known_weeks, b.touches);
    });
    facts_.trend_baseline = LearnTrendBaseline(weeks_of_all);
  }

  // The open deals that a summary or trigger of (account, deal) is about.
  template <class Visit>
  void EachDeal(const std::string& account_id, const std::string& opportunity_id, Visit visit) {
    if (!opportunity_id.empty()) {
      const auto found = deals_by_id_.find(opportunity_id);
      if (found != deals_by_id_.end()) visit(facts_.deals[found->second]);
      return;
    }
    if (account_id.empty()) return;
    if (deals_by_account_.empty()) {
      for (size_t i = 0; i < facts_.deals.size(); ++i) {
        deals_by_account_.emplace(facts_.deals[i].account_id, i);
      }
    }
    const auto [begin, end] = deals_by_account_.equal_range(account_id);
    for (auto it = begin; it != end; ++it) visit(facts_.deals[it->second]);
  }

  void ReadSummaries() {
    for (const auto& summary : view_.call_summaries()) {
      const absl::Time time = TimeOf(summary->occur_time());
      if (time > table_.as_of) continue;
      ++facts_.summary_count;
      const DayNumber day = DayOf(time);
      EachDeal(summary->account_id(), summary->opportunity_id(), [&](DealFacts& deal) {
        if (time < deal.clock_time) return;
        deal.urgency_told |= !summary->urgency().empty();
        if (deal.summary_day && *deal.summary_day > day) return;
        // Two of a day: a next step in either is one.
        const bool same_day = deal.summary_day == day;
        deal.summary_has_next_step =
            (same_day && deal.summary_has_next_step) || summary->next_steps_size() > 0;
        deal.summary_day = day;
      });
    }
  }

  void ReadTriggers() {
    for (const auto& trigger : view_.trigger_events()) {
      if (OccurTimeOf(*trigger) > table_.as_of) continue;
      ++facts_.trigger_count;
      const std::optional<absl::Time> time = ActTimeOf(*trigger);
      if (!time || *time > table_.as_of) continue;
      const DayNumber day = DayOf(*time);
      EachDeal(trigger->account_id(), "", [&](DealFacts& deal) {
        if (!deal.trigger_day || *deal.trigger_day < day) deal.trigger_day = day;
      });
    }
  }

  const book::BookView& view_;
  const DealTable& table_;
  const RecordLags lags_;
  PipelineFacts facts_;
  std::map<std::string, int> stage_numbers_;
  std::map<std::string, std::string> stage_names_;
  std::unordered_map<RowNumber, size_t> accounts_;
  std::unordered_map<std::string_view, size_t> deals_by_id_;
  std::multimap<std::string_view, size_t> deals_by_account_;
};

}  // namespace

PipelineFacts ReadEvidence(const book::BookView& view, const DealTable& table) {
  return Reader(view, table).Read();
}

}  // namespace gtm::forecasting::domain
