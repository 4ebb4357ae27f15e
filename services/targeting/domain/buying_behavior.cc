#include "services/targeting/domain/buying_behavior.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::Engagement;

constexpr int64_t kDaySeconds = 24 * 60 * 60;

bool IsConversation(const book::EngagementEvent& event) {
  switch (event.type) {
    case Engagement::TYPE_CALL:
    case Engagement::TYPE_MEETING:
    case Engagement::TYPE_CHAT:
    case Engagement::TYPE_NEGOTIATION:
    case Engagement::TYPE_SPONSOR_TOUCH:
      return IsBuyerTouch(event);
    default:
      return false;
  }
}

bool IsOfVisit(const book::EngagementEvent& event) {
  switch (event.type) {
    case Engagement::TYPE_WEB_VISIT:
    case Engagement::TYPE_CONTENT_READ:
    case Engagement::TYPE_VIDEO_WATCH:
    case Engagement::TYPE_AD_CLICK:
    case Engagement::TYPE_FORM:
    case Engagement::TYPE_ENABLEMENT_TOOL:
      return IsBuyerTouch(event);
    default:
      return false;
  }
}

// ---- Alone or with us

// The way begins after `before_s`, the purchase before.
void AddPurchase(std::span<const book::EngagementEvent> events, int64_t before_s, int64_t won_s,
                 SelfDirectedBuying* out) {
  std::optional<int64_t> begin, talk;
  int64_t acts = 0, acts_alone = 0;
  for (const book::EngagementEvent& event :
       TouchesIn(events, {std::max(before_s + 1, won_s - kWayDaysMax * kDaySeconds), won_s + 1})) {
    if (!IsBuyerTouch(event)) continue;
    if (!begin) begin = event.time_s;
    if (!talk && IsConversation(event)) talk = event.time_s;
    acts += event.count;
    if (!talk) acts_alone += event.count;
  }
  if (!begin) {
    ++out->untouched_purchases;
    return;
  }
  const int64_t way = won_s - *begin;
  double time_share = 1;
  if (talk) {
    time_share = way == 0 ? 0 : static_cast<double>(*talk - *begin) / static_cast<double>(way);
  }
  out->time_shares.push_back(time_share);
  out->act_shares.push_back(static_cast<double>(acts_alone) / static_cast<double>(acts));
  out->mostly_alone.Add(time_share > kMostlyAlone);
  out->without_conversation.Add(!talk);
}

// ---- With and without enablement

// The revenue of each account as recorded and effective at as_of.
class Revenue {
 public:
  Revenue(const book::BookView& view, absl::Time as_of) {
    const FiscalCalendar& calendar = view.settings().calendar;
    for (const auto& movement : view.subscription_movements()) {
      const auto& date = movement->effective_date();
      const absl::Time time =
          calendar.StartOf(absl::CivilDay(date.year(), date.month(), date.day()));
      if (time > as_of) continue;
      const bool ends = movement->type() == crm::v1::SubscriptionMovement::TYPE_CHURN;
      by_account_[movement->account_id()].push_back({absl::ToUnixSeconds(time), ends});
    }
    for (auto& [account, movements] : by_account_) {
      std::stable_sort(movements.begin(), movements.end(),
                       [](const Movement& a, const Movement& b) { return a.time_s < b.time_s; });
    }
  }
  bool is_recorded() const { return !by_account_.empty(); }
  // False where a subscription ended within kKeptDays after the win. Nothing where none ran in
  // these days: it is not known.
  std::optional<bool> StayedAfter(std::string_view account_id, int64_t won_s) const {
    const auto found = by_account_.find(account_id);
    if (found == by_account_.end()) return std::nullopt;
    bool runs = false;
    for (const Movement& movement : found->second) {
      if (movement.time_s > won_s + kKeptDays * kDaySeconds) break;
      if (movement.ends && movement.time_s > won_s) return false;
      runs = !movement.ends;
    }
    return runs ? std::optional(true) : std::nullopt;
  }

 private:
  struct Movement {
    int64_t time_s;
    bool ends;
  };
  std::map<std::string, std::vector<Movement>, std::less<>> by_account_;
};

class EnablementCounter {
 public:
  EnablementCounter(const book::BookView& view, const ContentIds& contents, absl::Time as_of,
                    EnablementEffect* out)
      : view_(view), contents_(contents), as_of_(as_of), revenue_(view, as_of), out_(*out) {
    if (revenue_.is_recorded()) out_.kept.emplace();
  }

  void Add(const book::OpportunityFacts& deal, std::span<const book::EngagementEvent> events,
           absl::Time qualified, std::optional<absl::Time> won) {
    // It went from Stage 0 straight to won: its like that were lost never qualified.
    if (won == qualified) return;
    if (!won && !book::LostTime(deal, as_of_)) {
      ++out_.open_deals;
      return;
    }
    const int64_t qualified_s = absl::ToUnixSeconds(qualified);
    const bool used = UsedBefore(events, qualified_s);
    (used ? out_.won.with : out_.won.without).Add(won.has_value());
    if (!won || !out_.kept || *won > as_of_ - absl::Hours(24) * kKeptDays) return;
    const auto stayed = revenue_.StayedAfter(deal.account_id, absl::ToUnixSeconds(*won));
    if (stayed) (used ? out_.kept->with : out_.kept->without).Add(*stayed);
  }

 private:
  bool UsedBefore(std::span<const book::EngagementEvent> events, int64_t qualified_s) const {
    const auto before =
        TouchesIn(events, {qualified_s - kEnablementDays * kDaySeconds, qualified_s});
    return std::any_of(before.begin(), before.end(), [&](const book::EngagementEvent& event) {
      if (!IsBuyerTouch(event)) return false;
      return event.type == Engagement::TYPE_ENABLEMENT_TOOL ||
             (!contents_.empty() && contents_.contains(view_.text(view_.details(event).content)));
    });
  }

  const book::BookView& view_;
  const ContentIds& contents_;
  const absl::Time as_of_;
  const Revenue revenue_;
  EnablementEffect& out_;
};

// ---- Who leaves at once

// The first visit ever of somebody, told of acts in any order.
class FirstVisit {
 public:
  void See(const book::EngagementEvent& event) {
    const int64_t time_s = event.time_s;
    if (!first_s_ || time_s < *first_s_) {
      if (first_s_) second_s_ = *first_s_;
      first_s_ = time_s;
      first_count_ = event.count;
    } else if (!second_s_ || time_s < *second_s_) {
      second_s_ = time_s;
    }
  }
  // Nothing where they did not come first in the span.
  std::optional<bool> BouncedIn(const TimeSpan& span) const {
    if (!first_s_ || !span.contains(*first_s_)) return std::nullopt;
    return first_count_ == 1 && (!second_s_ || *second_s_ - *first_s_ > kVisitGapMinutes * 60);
  }

 private:
  std::optional<int64_t> first_s_, second_s_;
  int first_count_ = 0;
};

class BounceCounter {
 public:
  BounceCounter(const Audience& audience, const book::BookView& view, const TimeSpan& span,
                Bounces* out)
      : audience_(audience), view_(view), span_(span), out_(*out) {}

  // Acts of an account: its people's, and those of visitors who turned out to be one of them.
  void SeePeople(std::span<const book::EngagementEvent> events) {
    for (const book::EngagementEvent& event : events) {
      if (event.time_s >= span_.end_s) break;  // events come by rising time
      if (IsOfVisit(event) && IsPerson(event.contact)) people_[event.contact].See(event);
    }
  }

  // A visitor whom nobody knows as a person.
  void AddVisitor(book::VisitorRow row) {
    const auto link = view_.link_of(row);
    book::AccountRow account{book::kNoRow};
    if (link != nullptr) account = view_.FindAccount(link->account_id()).value_or(account);
    const bool has_account = book::IsRow(account) && view_.is_live(account);
    if (has_account) {
      const auto person = view_.FindContact(link->contact_id());
      if (person && view_.is_live(*person)) return;  // seen among the people
    }
    FirstVisit first;
    for (const book::EngagementEvent& event : view_.engagements_of(row)) {
      if (event.time_s >= span_.end_s) break;
      const bool is_of_person = has_account && IsPerson(event.contact);
      if (IsOfVisit(event) && !is_of_person) first.See(event);
    }
    Add(first, has_account ? RateOf(account) : &out_.unknown);
  }

  // Once all are seen.
  void AddPeople() const {
    for (const auto& [contact, first] : people_) {
      const book::AccountRow account = view_.contact(contact).account;
      const bool has_account = book::IsRow(account) && view_.is_live(account);
      Add(first, has_account ? RateOf(account) : &out_.unknown);
    }
  }

 private:
  bool IsPerson(book::ContactRow contact) const {
    return book::IsRow(contact) && view_.is_live(contact);
  }
  void Add(const FirstVisit& first, Rate* rate) const {
    const auto bounced = first.BouncedIn(span_);
    if (bounced) rate->Add(*bounced);
  }
  Rate* RateOf(book::AccountRow account) const {
    switch (audience_.verdict(account)) {
      case Verdict::kTarget:
        return &out_.targets;
      case Verdict::kNotTarget:
        return &out_.others;
      default:
        return &out_.undecided;
    }
  }

  const Audience& audience_;
  const book::BookView& view_;
  const TimeSpan& span_;
  Bounces& out_;
  absl::flat_hash_map<book::ContactRow, FirstVisit> people_;
};

}  // namespace

Result<BuyingBehavior> MeasureBuying(const Audience& audience, const book::BookView& view,
                                     const TimeSpan& span, const ContentIds& enablement,
                                     const CheckAlive& check_alive) {
  BuyingBehavior out;
  const absl::Time as_of = audience.as_of;
  EnablementCounter deals(view, enablement, as_of, &out.enablement);
  BounceCounter bounces(audience, view, span, &out.bounces);
  std::vector<int64_t> wins;
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto account = static_cast<book::AccountRow>(i);
    if (!view.is_live(account)) continue;
    const auto events = view.engagements_of(account);
    wins.clear();
    for (const book::OpportunityRow row : view.opportunities_of(account)) {
      const book::OpportunityFacts deal = view.opportunity(row);
      const auto won = book::WonTime(deal, as_of);
      if (won) wins.push_back(absl::ToUnixSeconds(*won));
      const auto qualified = book::QualifiedTime(deal, as_of);
      if (qualified && span.contains(absl::ToUnixSeconds(*qualified))) {
        deals.Add(deal, events, *qualified, won);
      }
    }
    std::sort(wins.begin(), wins.end());
    for (size_t w = 0; w < wins.size(); ++w) {
      if (!span.contains(wins[w])) continue;
      const auto same = std::lower_bound(wins.begin(), wins.end(), wins[w]);
      AddPurchase(events, same == wins.begin() ? 0 : *(same - 1), wins[w], &out.self_directed);
    }
    bounces.SeePeople(events);
  }
  bounces.AddPeople();
  for (uint32_t i = 0; i < view.visitor_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    bounces.AddVisitor(static_cast<book::VisitorRow>(i));
  }
  std::sort(out.self_directed.time_shares.begin(), out.self_directed.time_shares.end());
  std::sort(out.self_directed.act_shares.begin(), out.self_directed.act_shares.end());
  return out;
}

}  // namespace gtm::targeting::domain
