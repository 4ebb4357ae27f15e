#include "services/targeting/domain/meeting_yield.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace gtm::targeting::domain {
namespace {

constexpr uint8_t kMeeting = 8;  // gtm.crm.v1.Engagement.TYPE_MEETING
constexpr absl::Duration kDay = absl::Hours(24);

// An opportunity as meetings see it.
struct Span {
  std::string_view owner;
  absl::Time opened;
  absl::Time closed = absl::InfiniteFuture();
};

std::vector<Span> SpansOf(const book::BookView& view, book::AccountRow account, absl::Time as_of) {
  std::vector<Span> out;
  for (const book::OpportunityRow row : view.opportunities_of(account)) {
    const book::OpportunityFacts facts = view.opportunity(row);
    if (book::StageAt(facts, as_of) == nullptr) continue;
    Span span{facts.owner_seller_id, facts.stage_changes.front().time};
    if (const auto won = book::WonTime(facts, as_of)) span.closed = *won;
    if (const auto lost = book::LostTime(facts, as_of)) span.closed = *lost;
    out.push_back(span);
  }
  std::sort(out.begin(), out.end(), [](const Span& a, const Span& b) {
    return a.opened != b.opened ? a.opened < b.opened : a.owner < b.owner;
  });
  return out;
}

bool IsOpen(const std::vector<Span>& spans, absl::Time time) {
  return std::any_of(spans.begin(), spans.end(), [time](const Span& span) {
    return span.opened <= time && time < span.closed;
  });
}

// Counts the new meetings of one account.
class AccountCounter {
 public:
  AccountCounter(const book::BookView& view, const MeetingQuestion& question, MeetingCounts* out)
      : view_(view), question_(question), out_(out) {}

  void Count(book::AccountRow account) {
    meetings_.clear();
    std::optional<std::vector<Span>> spans;
    for (const book::EngagementEvent& event : view_.engagements_of(account)) {
      if (event.type != kMeeting) continue;
      const absl::CivilDay day = view_.settings().calendar.DayOf(event.time());
      if (event.time() > question_.as_of || !out_->days.contains(day)) continue;
      if (!spans) spans = SpansOf(view_, account, question_.as_of);
      if (!IsOpen(*spans, event.time())) AddMeeting(account, event, day);
    }
    for (const auto& [key, time] : meetings_) ++out_->sellers[key.first].meeting_count;
    if (!meetings_.empty()) CountOpportunities(*spans);
  }

 private:
  void AddMeeting(book::AccountRow account, const book::EngagementEvent& event,
                  absl::CivilDay day) {
    std::string_view seller = view_.text(view_.details(event).participant);
    if (seller.empty()) {
      seller = view_.account(account).owner_seller_id;
      ++(seller.empty() ? out_->unattributed_count : out_->owner_attributed_count);
      if (seller.empty()) return;
    }
    meetings_.try_emplace({std::string(seller), day}, event.time());
  }

  // Every opportunity comes of at most one meeting: the seller's last before it.
  void CountOpportunities(const std::vector<Span>& spans) {
    std::map<Key, int> yields;
    for (const Span& span : spans) {
      const Key* last = nullptr;
      for (const auto& [key, time] : meetings_) {
        const absl::Duration after = span.opened - time;
        const bool comes_of_it =
            after >= absl::ZeroDuration() && after <= kDay * question_.yield_days;
        if (key.first == span.owner && comes_of_it) last = &key;  // by rising day
      }
      // A meeting that opens two deals yields once: a rate is of meetings.
      if (last != nullptr && ++yields[*last] == 1) ++out_->sellers[last->first].opportunity_count;
    }
  }

  using Key = std::pair<std::string, absl::CivilDay>;
  const book::BookView& view_;
  const MeetingQuestion& question_;
  MeetingCounts* out_;
  std::map<Key, absl::Time> meetings_;  // first of the day
};

double Rate(const MeetingTally& tally) {
  return static_cast<double>(tally.opportunity_count) / static_cast<double>(tally.meeting_count);
}

// What the meetings beyond those of `out->compared` bring, and what to do about it.
void Compare(SellerYield* out) {
  const auto n = static_cast<double>(out->tally.meeting_count);
  const auto x = static_cast<double>(out->tally.opportunity_count);
  const double peers = out->compared_seller_count;
  const double peer_n = static_cast<double>(out->compared.meeting_count) / peers;
  const double peer_x = static_cast<double>(out->compared.opportunity_count) / peers;
  out->extra_meetings = n - peer_n;
  out->extra_opportunities = x - peer_x;
  out->marginal = out->extra_opportunities / out->extra_meetings;
  const stats::Interval own =
      stats::WilsonInterval(out->tally.opportunity_count, out->tally.meeting_count);
  const stats::Interval theirs =
      stats::WilsonInterval(out->compared.opportunity_count, out->compared.meeting_count);
  const double below = std::hypot(x - n * own.low, peer_n * theirs.high - peer_x);
  const double above = std::hypot(n * own.high - x, peer_x - peer_n * theirs.low);
  out->marginal_interval = {(out->extra_opportunities - below) / out->extra_meetings,
                            (out->extra_opportunities + above) / out->extra_meetings};
  const bool enough =
      out->tally.meeting_count >= kMeetingsMin && out->compared.meeting_count >= kMeetingsMin;
  if (!enough) return;
  const double peer_rate = Rate(out->compared);
  out->advice = out->marginal_interval.high < peer_rate ? MeetingAdvice::kDisqualifyEarlier
                                                        : MeetingAdvice::kKeep;
  if (out->advice != MeetingAdvice::kDisqualifyEarlier) return;
  const double needed = std::max(0.0, out->extra_opportunities) / peer_rate;
  out->avoidable_meeting_count =
      static_cast<int64_t>(std::max(0.0, std::floor(out->extra_meetings - needed)));
}

}  // namespace

Result<MeetingCounts> CountMeetings(const book::BookView& view, const MeetingQuestion& question,
                                    const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  MeetingCounts out;
  const absl::CivilDay today = view.settings().calendar.DayOf(question.as_of);
  out.days.end = today - question.yield_days;
  out.days.start = out.days.end - question.window_days;
  AccountCounter counter(view, question, &out);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (view.is_live(row)) counter.Count(row);
  }
  return out;
}

std::vector<SellerYield> MeetingCurve(const MeetingCounts& counts,
                                      const MeetingQuestion& question) {
  std::vector<SellerYield> curve;
  for (const auto& [id, tally] : counts.sellers) {
    SellerYield entry;
    entry.seller_id = id;
    entry.tally = tally;
    entry.week_meetings = static_cast<double>(tally.meeting_count) * 7 / question.window_days;
    entry.overloaded = entry.week_meetings > question.week_meetings_max;
    curve.push_back(std::move(entry));
  }
  std::stable_sort(curve.begin(), curve.end(), [](const SellerYield& a, const SellerYield& b) {
    return a.tally.meeting_count < b.tally.meeting_count;
  });
  MeetingTally before;
  int before_count = 0;
  size_t counted = 0;
  for (size_t i = 0; i < curve.size(); ++i) {
    // All with fewer meetings, not those with as many.
    for (; curve[counted].tally.meeting_count < curve[i].tally.meeting_count; ++counted) {
      before.meeting_count += curve[counted].tally.meeting_count;
      before.opportunity_count += curve[counted].tally.opportunity_count;
      ++before_count;
    }
    curve[i].compared = before;
    curve[i].compared_seller_count = before_count;
    if (before_count > 0) Compare(&curve[i]);
  }
  if (curve.size() > kMeetingSellersMax) curve.resize(kMeetingSellersMax);
  return curve;
}

}  // namespace gtm::targeting::domain
