#include "services/targeting/domain/buying_behavior.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
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

void AddPurchase(std::span<const book::EngagementEvent> events, int64_t won_s,
                 SelfDirectedBuying* out) {
  std::optional<int64_t> begin, talk;
  int64_t acts = 0, acts_alone = 0;
  for (const book::EngagementEvent& event :
       TouchesIn(events, {won_s - kWayDaysMax * kDaySeconds, won_s + 1})) {
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
    time_share =
        way == 0 ? 0 : static_cast<double>(*talk - *begin) / static_cast<double>(way);
  }
  out->time_shares.push_back(time_share);
  out->act_shares.push_back(static_cast<double>(acts_alone) / static_cast<double>(acts));
  out->mostly_alone.Add(time_share > kMostlyAlone);
  out->without_conversation.Add(!talk);
}

// ---- With and without enablement

// When the subscriptions of each account ended, where any revenue of it is recorded.
class Endings {
 public:
  explicit Endings(const book::BookView& view) : calendar_(view.settings().calendar) {
    using Movement = crm::v1::SubscriptionMovement;
    for (const auto& movement : view.subscription_movements()) {
      std::vector<int64_t>& ends = by_account_[movement->account_id()];
      if (movement->type() != Movement::TYPE_CHURN) continue;
      const auto& date = movement->effective_date();
      ends.push_back(absl::ToUnixSeconds(
          calendar_.StartOf(absl::CivilDay(date.year(), date.month(), date.day()))));
    }
  }
  bool any() const { return !by_account_.empty(); }
  // Nothing where no revenue of the account is recorded.
  std::optional<bool> StayedAfter(std::string_view account_id, int64_t won_s) const {
    const auto found = by_account_.find(account_id);
    if (found == by_account_.end()) return std::nullopt;
    return std::none_of(found->second.begin(), found->second.end(), [&](int64_t end_s) {
      return end_s > won_s && end_s <= won_s + kKeptDays * kDaySeconds;
    });
  }

 private:
  const FiscalCalendar& calendar_;
  std::map<std::string, std::vector<int64_t>, std::less<>> by_account_;
};

class EnablementCounter {
 public:
  EnablementCounter(const book::BookView& view, const ContentIds& contents,
                    EnablementEffect* out)
      : view_(view), contents_(contents), endings_(view), out_(*out) {
    if (endings_.any()) out_.kept.emplace();
  }

  void Add(const book::OpportunityFacts& deal, std::span<const book::EngagementEvent> events,
           int64_t qualified_s, std::optional<absl::Time> won, bool is_closed, absl::Time as_of) {
    if (!is_closed) {
      ++out_.open_deals;
      return;
    }
    const bool used = UsedBefore(events, qualified_s);
    (used ? out_.won.with : out_.won.without).Add(won.has_value());
    if (!won || !out_.kept || *won > as_of - absl::Hours(24) * kKeptDays) return;
    const auto stayed = endings_.StayedAfter(deal.account_id, absl::ToUnixSeconds(*won));
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
  const Endings endings_;
  EnablementEffect& out_;
};

// ---- Who leaves at once

// The first visit ever of somebody, told of acts by rising time.
class FirstVisit {
 public:
  void See(const book::EngagementEvent& event) {
    if (!begin_s_) {
      begin_s_ = event.time_s;
      is_one_act_ = event.count == 1;
    } else if (!is_over_) {
      is_over_ = true;
      is_one_act_ &= event.time_s - *begin_s_ > kVisitGapMinutes * 60;
    }
  }
  // Nothing where they did not come first in the span.
  std::optional<bool> BouncedIn(const TimeSpan& span) const {
    if (!begin_s_ || !span.contains(*begin_s_)) return std::nullopt;
    return is_one_act_;
  }

 private:
  std::optional<int64_t> begin_s_;
  bool is_one_act_ = false;
  bool is_over_ = false;
};

class BounceCounter {
 public:
  BounceCounter(const Audience& audience, const book::BookView& view, const TimeSpan& span,
                Bounces* out)
      : audience_(audience), view_(view), span_(span), out_(*out) {
    for (const auto& link : view.visitor_links()) {
      const auto contact = view.FindContact(link->contact_id());
      if (contact) were_visitors_.insert(*contact);
    }
  }

  void AddPeople(book::AccountRow account, std::span<const book::EngagementEvent> events) {
    firsts_.clear();
    for (const book::EngagementEvent& event : events) {
      if (event.time_s >= span_.end_s) break;  // events come by rising time
      if (!IsOfVisit(event) || !book::IsRow(event.contact) || !view_.is_live(event.contact)) {
        continue;
      }
      if (!were_visitors_.contains(event.contact)) firsts_[event.contact].See(event);
    }
    for (const auto& [contact, first] : firsts_) Add(first, RateOf(account));
  }

  void AddVisitor(book::VisitorRow row) {
    FirstVisit first;
    for (const book::EngagementEvent& event : view_.engagements_of(row)) {
      if (event.time_s >= span_.end_s) break;
      if (IsOfVisit(event)) first.See(event);
    }
    const auto link = view_.link_of(row);
    const auto account = link == nullptr ? std::nullopt : view_.FindAccount(link->account_id());
    Add(first, account && view_.is_live(*account) ? RateOf(*account) : &out_.unknown);
  }

 private:
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
  absl::flat_hash_set<book::ContactRow> were_visitors_;
  absl::flat_hash_map<book::ContactRow, FirstVisit> firsts_;
};

}  // namespace

ContrastFinding Judge(const Rate& a, const Rate& b) {
  if (std::min(a.trials, b.trials) < kCompareCasesMin) return ContrastFinding::kNotEnoughData;
  const stats::Interval difference = NewcombeInterval(a, b);
  if (difference.low > 0) return ContrastFinding::kAbove;
  return difference.high < 0 ? ContrastFinding::kBelow : ContrastFinding::kNotShown;
}

Result<BuyingBehavior> MeasureBuying(const Audience& audience, const book::BookView& view,
                                     const TimeSpan& span, const ContentIds& enablement,
                                     const CheckAlive& check_alive) {
  BuyingBehavior out;
  EnablementCounter deals(view, enablement, &out.enablement);
  BounceCounter bounces(audience, view, span, &out.bounces);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto account = static_cast<book::AccountRow>(i);
    if (!view.is_live(account)) continue;
    const auto events = view.engagements_of(account);
    for (const book::OpportunityRow row : view.opportunities_of(account)) {
      const book::OpportunityFacts deal = view.opportunity(row);
      const auto won = book::WonTime(deal, audience.as_of);
      if (won && span.contains(absl::ToUnixSeconds(*won))) {
        AddPurchase(events, absl::ToUnixSeconds(*won), &out.self_directed);
      }
      const auto qualified = book::QualifiedTime(deal, audience.as_of);
      if (!qualified || !span.contains(absl::ToUnixSeconds(*qualified))) continue;
      const bool is_closed = won || book::LostTime(deal, audience.as_of);
      deals.Add(deal, events, absl::ToUnixSeconds(*qualified), won, is_closed, audience.as_of);
    }
    bounces.AddPeople(account, events);
  }
  for (uint32_t i = 0; i < view.visitor_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    bounces.AddVisitor(static_cast<book::VisitorRow>(i));
  }
  std::sort(out.self_directed.time_shares.begin(), out.self_directed.time_shares.end());
  std::sort(out.self_directed.act_shares.begin(), out.self_directed.act_shares.end());
  return out;
}

}  // namespace gtm::targeting::domain
