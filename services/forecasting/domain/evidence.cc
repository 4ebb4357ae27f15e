#include "services/forecasting/domain/evidence.h"

#include <algorithm>

#include "common/core/sha256.h"

namespace gtm::forecasting::domain {
namespace {

constexpr EvidenceKind kActivities[] = {EvidenceKind::kCalls,         EvidenceKind::kEmails,
                                        EvidenceKind::kMessages,      EvidenceKind::kWebVisits,
                                        EvidenceKind::kContentReads,  EvidenceKind::kVideoWatches,
                                        EvidenceKind::kInternalShares};
constexpr EvidenceKind kSteps[] = {EvidenceKind::kNegotiation, EvidenceKind::kLegalReview,
                                   EvidenceKind::kSecurityReview};

// The question behind a kind, for those that have one.
struct Asked {
  EvidenceKind kind;
  DealQuestion question;
};
constexpr Asked kAsked[] = {{EvidenceKind::kStatesValue, DealQuestion::kStatesValue},
                            {EvidenceKind::kBudget, DealQuestion::kBudget},
                            {EvidenceKind::kAuthority, DealQuestion::kAuthority},
                            {EvidenceKind::kConfidence, DealQuestion::kConfidence},
                            {EvidenceKind::kConsensus, DealQuestion::kConsensus}};

// Looks at one deal.
class Finder {
 public:
  Finder(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal)
      : table_(table), facts_(facts), deal_(deal), touches_(TouchesOf(table, facts, deal)) {
    for (int kind = 1; kind <= kEvidenceKindCount; ++kind) {
      evidence_.items.push_back({static_cast<EvidenceKind>(kind)});
    }
  }

  DealEvidence Find() {
    CountTouches();
    FindContacts();
    FindRoles();
    FindAnswers();
    FindRest();
    FindChannels();
    int known = 0;
    for (const EvidenceItem& item : evidence_.items) {
      known += item.state != EvidenceState::kNotRecorded;
    }
    evidence_.completeness = static_cast<double>(known) / kEvidenceKindCount;
    return std::move(evidence_);
  }

 private:
  EvidenceItem& Item(EvidenceKind kind) { return evidence_.items[static_cast<size_t>(kind) - 1]; }
  DayNumber DayOf(absl::Time time) const { return NumberOf(table_.calendar.DayOf(time)); }
  bool has_account() const { return deal_.account >= 0; }

  void Set(EvidenceKind kind, bool is_known, bool is_found) {
    Item(kind).state = !is_known  ? EvidenceState::kNotRecorded
                       : is_found ? EvidenceState::kFound
                                  : EvidenceState::kMissing;
  }

  void CountTouches() {
    std::array<EvidenceItem*, kTouchTypeCount> by_type{};
    for (const EvidenceKind kind : kActivities) {
      by_type[static_cast<size_t>(TouchTypeOf(kind))] = &Item(kind);
    }
    for (const EvidenceKind kind : kSteps) {
      by_type[static_cast<size_t>(TouchTypeOf(kind))] = &Item(kind);
    }
    for (const DealTouch* touch : touches_) {
      if (!IsBuyerTouch(*touch)) {
        ++evidence_.our_touch_count;
        continue;
      }
      ++evidence_.buyer_touch_count;
      evidence_.last_buyer_day = DayOf(touch->time);
      EvidenceItem* item = by_type[static_cast<size_t>(touch->type)];
      if (item == nullptr) continue;
      ++item->count;
      item->last_day = DayOf(touch->time);
    }
    for (size_t type = 0; type < by_type.size(); ++type) {
      if (by_type[type] == nullptr) continue;
      const bool is_known = has_account() && facts_.touch_counts[type] > 0;
      Set(by_type[type]->kind, is_known, by_type[type]->count > 0);
    }
  }

  void FindContacts() {
    std::map<RowNumber, EngagedContact> people;
    for (const DealTouch* touch : touches_) {
      if (!IsBuyerTouch(*touch) || touch->contact == kNoOne) continue;
      EngagedContact& person = people[touch->contact];
      if (person.touch_count == 0) person.first_time = touch->time;
      person.contact = touch->contact;
      person.last_time = touch->time;
      ++person.touch_count;
      person.share_count += touch->type == TouchType::kInternalShare;
    }
    for (auto& [contact, person] : people) {
      for (const GroupMember& member : deal_.group) {
        if (member.contact == contact) person.role = member.role;
      }
      evidence_.contacts.push_back(person);
    }
    // Rows are numbered as they arrived: equal counts go by id.
    std::sort(evidence_.contacts.begin(), evidence_.contacts.end(),
              [this](const auto& a, const auto& b) {
                return a.touch_count != b.touch_count
                           ? a.touch_count > b.touch_count
                           : facts_.contact_ids.at(a.contact) < facts_.contact_ids.at(b.contact);
              });
    EvidenceItem& item = Item(EvidenceKind::kSeveralContacts);
    item.count = static_cast<int64_t>(evidence_.contacts.size());
    Set(item.kind, has_account() && facts_.named_touch_count > 0, item.count >= 2);
  }

  const EngagedContact* EngagementOf(RowNumber contact) const {
    for (const EngagedContact& person : evidence_.contacts) {
      if (person.contact == contact) return &person;
    }
    return nullptr;
  }

  bool SellsInside(const EngagedContact& person) const {
    if (person.share_count > 0) return true;
    int brought = 0;
    for (const EngagedContact& other : evidence_.contacts) {
      brought += other.first_time > person.first_time;
    }
    return brought >= kBroughtContactsMin;
  }

  void FindRoles() {
    const bool can_judge = facts_.named_touch_count > 0 && has_account();
    bool has_coach = false, has_champion = false, is_proven = false, buyer_engaged = false;
    for (const GroupMember& member : deal_.group) {
      const EngagedContact* person = EngagementOf(member.contact);
      const auto role = static_cast<Role>(member.role);
      has_coach |= role == Role::kCoach;
      if (role == Role::kChampion) {
        has_champion = true;
        is_proven |= person != nullptr && SellsInside(*person);
      }
      if (role == Role::kEconomicBuyer || role == Role::kDecisionMaker) {
        evidence_.economic_buyer_named = true;
        buyer_engaged |= person != nullptr;
      }
    }
    evidence_.champion = has_champion && !can_judge ? ChampionVerdict::kUnknown
                         : is_proven                ? ChampionVerdict::kProven
                         : has_champion             ? ChampionVerdict::kUnproven
                         : has_coach                ? ChampionVerdict::kCoach
                         : facts_.group_count == 0  ? ChampionVerdict::kUnknown
                                                    : ChampionVerdict::kNone;
    Set(EvidenceKind::kChampion, evidence_.champion != ChampionVerdict::kUnknown, is_proven);
    Set(EvidenceKind::kEconomicBuyer,
        facts_.group_count > 0 && (can_judge || !evidence_.economic_buyer_named), buyer_engaged);
  }

  void FindAnswers() {
    for (const auto& [kind, question] : kAsked) {
      const std::optional<bool>& answer = deal_.answers[static_cast<size_t>(question)];
      if (!answer) continue;  // not asked
      Item(kind).state = *answer ? EvidenceState::kFound : EvidenceState::kDenied;
    }
    // Urgency: the answer, a trigger event, or the buyer's own words.
    const auto& urgent = deal_.answers[static_cast<size_t>(DealQuestion::kUrgentNeed)];
    const bool triggered = deal_.trigger_day && table_.today - *deal_.trigger_day <= kTriggerDays;
    EvidenceItem& item = Item(EvidenceKind::kUrgency);
    if (triggered) item.last_day = deal_.trigger_day;
    if (urgent.value_or(false) || triggered || deal_.urgency_told) {
      item.state = EvidenceState::kFound;
    } else if (urgent) {
      item.state = EvidenceState::kDenied;
    } else {
      const bool is_known =
          facts_.trigger_count > 0 || facts_.summary_count > 0 ||
          facts_.answer_counts[static_cast<size_t>(DealQuestion::kUrgentNeed)] > 0;
      Set(item.kind, is_known, false);
    }
  }

  void FindRest() {
    EvidenceItem& step = Item(EvidenceKind::kNextStep);
    step.last_day = deal_.summary_day;
    Set(step.kind, facts_.summary_count > 0,
        deal_.summary_day && deal_.summary_has_next_step &&
            table_.today - *deal_.summary_day <= kNextStepDays);
    Set(EvidenceKind::kAmount, true, table_.deals[deal_.deal].amount_micros.has_value());
    Set(EvidenceKind::kCloseDate, facts_.close_date_count > 0,
        table_.deals[deal_.deal].expected_close_day.has_value());
  }

  void FindChannels() {
    std::array<bool, kTouchTypeCount> seen{};
    if (has_account()) {
      for (const DealTouch& touch : facts_.accounts[static_cast<size_t>(deal_.account)].touches) {
        seen[static_cast<size_t>(touch.type)] = true;
      }
    }
    for (size_t type = 1; type < kTouchTypeCount; ++type) {
      evidence_.channels_recorded += facts_.touch_counts[type] > 0;
      evidence_.channels_seen += seen[type];
    }
  }

  const DealTable& table_;
  const PipelineFacts& facts_;
  const DealFacts& deal_;
  const std::vector<const DealTouch*> touches_;
  DealEvidence evidence_;
};

}  // namespace

TouchType TouchTypeOf(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::kNegotiation:
      return TouchType::kNegotiation;
    case EvidenceKind::kLegalReview:
      return TouchType::kLegalReview;
    case EvidenceKind::kSecurityReview:
      return TouchType::kSecurityReview;
    default:
      // The seven activities have the numbers of their types.
      return kind <= EvidenceKind::kInternalShares ? static_cast<TouchType>(kind)
                                                   : TouchType::kUnspecified;
  }
}

std::vector<const DealTouch*> TouchesOf(const DealTable& table, const PipelineFacts& facts,
                                        const DealFacts& deal) {
  std::vector<const DealTouch*> touches;
  if (deal.account < 0) return touches;
  const absl::Time begin = std::max(deal.clock_time, table.as_of - absl::Hours(24 * kEvidenceDays));
  for (const DealTouch& touch : facts.accounts[static_cast<size_t>(deal.account)].touches) {
    const bool is_own = touch.opportunity == deal.row;
    if (touch.time < begin || (touch.opportunity != kNoOne && !is_own)) continue;
    touches.push_back(&touch);
  }
  return touches;
}

DealEvidence FindEvidence(const DealTable& table, const PipelineFacts& facts,
                          const DealFacts& deal) {
  return Finder(table, facts, deal).Find();
}

namespace {

void HashDeal(const PipelineFacts& facts, const DealFacts& deal, Sha256* hash) {
  const auto id_of = [&](RowNumber contact) {
    const auto found = facts.contact_ids.find(contact);
    return found != facts.contact_ids.end() ? std::string_view(found->second) : std::string_view();
  };
  hash->UpdateText(deal.account_id).UpdateText(deal.display_name).UpdateText(deal.stage_name);
  hash->Update(deal.in_contract).Update(deal.stage_number);
  hash->Update(absl::ToUnixMicros(deal.clock_time))
      .Update(static_cast<int64_t>(deal.stages.size()));
  for (const StageStep& step : deal.stages) {
    hash->Update(absl::ToUnixMicros(step.time)).Update(step.number).Update(step.in_pipeline);
  }
  hash->Update(deal.record_lag.value_or(-1));
  hash->Update(static_cast<int64_t>(deal.amounts.size()));
  for (const AmountStep& step : deal.amounts) {
    hash->Update(absl::ToUnixMicros(step.time)).Update(step.micros);
  }
  hash->Update(static_cast<int64_t>(deal.close_dates.size()));
  for (const CloseDateStep& step : deal.close_dates) {
    hash->Update(step.set_day).Update(step.close_day);
  }
  hash->Update(static_cast<int64_t>(deal.group.size()));
  for (const GroupMember& member : deal.group) {
    hash->UpdateText(id_of(member.contact)).Update(member.role);
  }
  for (const auto& answer : deal.answers) hash->Update(answer ? int64_t{*answer} : int64_t{-1});
  hash->Update(deal.summary_day.value_or(INT32_MIN)).Update(deal.summary_has_next_step);
  hash->Update(deal.urgency_told).Update(deal.trigger_day.value_or(INT32_MIN));
  if (deal.account < 0) return;
  const BuyerAccount& account = facts.accounts[static_cast<size_t>(deal.account)];
  hash->Update(account.weeks.known_weeks).Update(static_cast<int64_t>(account.touches.size()));
  for (const DealTouch& touch : account.touches) {
    hash->Update(absl::ToUnixMicros(touch.time)).Update(static_cast<int64_t>(touch.type));
    hash->Update(static_cast<int64_t>(touch.direction)).UpdateText(id_of(touch.contact));
    hash->Update(touch.opportunity == kNoOne ? 0 : touch.opportunity == deal.row ? 1 : 2);
  }
}

}  // namespace

std::string HashOf(const PipelineFacts& facts) {
  Sha256 hash;
  hash.UpdateText("gtm.forecasting.evidence.2").Update(static_cast<int64_t>(facts.deals.size()));
  for (const DealFacts& deal : facts.deals) HashDeal(facts, deal, &hash);
  for (const int32_t count : facts.trend_baseline.tenant_touches) hash.Update(count);
  hash.Update(static_cast<int64_t>(facts.trend_baseline.shape * 1e6));
  hash.Update(facts.stage_count).Update(facts.contract_number);
  hash.Update(facts.group_size_min).Update(facts.group_size_max);
  for (const int64_t count : facts.touch_counts) hash.Update(count);
  hash.Update(facts.named_touch_count).Update(facts.summary_count).Update(facts.trigger_count);
  for (const auto& [stage, days] : facts.won_stage_days) {
    hash.UpdateText(stage).Update(static_cast<int64_t>(days.size()));
    for (const int32_t day : days) hash.Update(day);
  }
  hash.Update(static_cast<int64_t>(facts.losses.size()));
  for (const LossReason& loss : facts.losses) hash.UpdateText(loss.reason);
  for (const auto* days :
       {&facts.closed_record_lags, &facts.won_cycle_days, &facts.won_last_stage_days}) {
    hash.Update(static_cast<int64_t>(days->size()));
    for (const int32_t day : *days) hash.Update(day);
  }
  hash.Update(static_cast<int64_t>(facts.recent_wins.size()));
  for (const WinFacts& win : facts.recent_wins) {
    hash.Update(win.deal).UpdateText(win.display_name).Update(win.record_lag.value_or(-1));
  }
  return hash.HexDigest();
}

}  // namespace gtm::forecasting::domain
