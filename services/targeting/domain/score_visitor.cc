#include "services/targeting/domain/score_visitor.h"

#include <algorithm>

#include "services/targeting/domain/best_page.h"
#include "services/targeting/domain/values_text.h"

namespace gtm::targeting::domain {
namespace {

using criteria::ScoreRange;

// Nobody knows who it is, so it could be the most urgent of all.
constexpr ScoreRange kUnknownUrgency{0, 0, criteria::kFullScoreMicropoints, 0};

// The account that a visitor is linked to, where it is recorded.
std::optional<book::AccountRow> AccountOf(const book::BookView& view, book::VisitorRow row) {
  const auto link = view.link_of(row);
  return link == nullptr ? std::nullopt : view.FindAccount(link->account_id());
}

int64_t EngagementOf(const AccountScore& score) {
  return score.engagement ? score.engagement->micropoints : 0;
}

struct Candidate {
  std::string_view id;
  RankedVisitor visitor;
};
bool Before(int64_t engagement_a, std::string_view id_a, int64_t engagement_b,
            std::string_view id_b) {
  return engagement_a != engagement_b ? engagement_a > engagement_b : id_a < id_b;
}
bool Precedes(const Candidate& a, const Candidate& b) {
  return Before(EngagementOf(a.visitor.score), a.id, EngagementOf(b.visitor.score), b.id);
}

}  // namespace

VisitorScorer::VisitorScorer(const Definition& definition, const book::BookView& view,
                             absl::Time as_of, std::optional<book::VisitorRow> only)
    : definition_(definition),
      context_{view, as_of, view.settings().calendar.DayOf(as_of)},
      meter_(definition.spec().engagement_rule, as_of),
      accounts_(definition, view, as_of, only ? AccountOf(view, *only) : std::nullopt) {}

bool VisitorScorer::Exists(book::VisitorRow row) const {
  const auto events = context_.view.engagements_of(row);
  return !events.empty() && events.front().time() <= context_.as_of;
}

const VisitorScorer::Reading& VisitorScorer::Read(book::VisitorRow row) {
  if (read_ == row) return reading_;
  read_ = row;
  const book::BookView& view = context_.view;
  Reading& reading = reading_;
  reading.account = AccountOf(view, row);
  const auto link = view.link_of(row);
  reading.contact_id = link == nullptr ? "" : link->contact_id();
  reading.measure = meter_.Measure(view.engagements_of(row));
  // A visitor is one person, whoever it is.
  if (reading.measure.touch_count > 0) reading.measure.active_contact_count = 1;
  reading.measure.has_unnamed_touches = false;
  const book::AccountFacts account =
      reading.account ? view.account(*reading.account) : book::AccountFacts();
  const book::AccountRow account_row = reading.account.value_or(book::AccountRow{book::kNoRow});
  const auto read = [&](const std::vector<AttributeRef>& refs) {
    std::vector<criteria::Value> values(refs.size());
    for (size_t i = 0; i < refs.size(); ++i) {
      // Of an account that nobody knows everything is missing, also what could be counted.
      if (!reading.account && !ReadsEngagement(refs[i])) continue;
      values[i] = ReadAccount(refs[i], context_, account_row, account, reading.measure);
    }
    return values;
  };
  reading.fit_values.clear();
  if (!reading.account) reading.fit_values = read(definition_.fit_attributes());
  reading.engagement_values = read(definition_.engagement_attributes());
  return reading;
}

VisitorFacts VisitorScorer::Facts(book::VisitorRow row) {
  const Reading& reading = Read(row);
  VisitorFacts facts{reading.account, reading.contact_id, reading.measure.touch_count, {}};
  for (const book::EngagementEvent& event : context_.view.engagements_of(row)) {
    if (event.time() > context_.as_of) break;
    facts.last_touch = event.time();
  }
  return facts;
}

std::optional<ScoreRange> VisitorScorer::UrgencyOf(const AccountScore* account) const {
  if (!definition_.scores_urgency()) return std::nullopt;
  return account != nullptr ? account->urgency : kUnknownUrgency;
}

AccountScore VisitorScorer::Score(book::VisitorRow row) {
  const Reading& reading = Read(row);
  std::optional<ScoreRange> engagement;
  if (definition_.engagement() != nullptr) {
    engagement = definition_.engagement()->Evaluate(reading.engagement_values);
  }
  if (reading.account) {
    const AccountScore account = accounts_.Score(*reading.account);
    return JudgeAccount(definition_, account.fit, engagement, UrgencyOf(&account));
  }
  return JudgeAccount(definition_, definition_.fit().Evaluate(reading.fit_values), engagement,
                      UrgencyOf(nullptr));
}

ExplainedAccountScore VisitorScorer::Explain(book::VisitorRow row) {
  const Reading& reading = Read(row);
  ExplainedAccountScore out;
  if (reading.account) {
    out = accounts_.Explain(*reading.account);
  } else {
    out.fit = definition_.fit().Explain(reading.fit_values);
  }
  out.engagement.reset();
  if (definition_.engagement() != nullptr) {
    out.engagement = definition_.engagement()->Explain(reading.engagement_values);
  }
  out.score = Score(row);
  out.priority = ExplainPriority(definition_, out.score);
  if (reading.account || out.score.verdict != Verdict::kUndecided) return out;
  for (size_t i = 0; i < out.fit.parts.size(); ++i) {
    const uint32_t outcome = out.fit.parts[i].known ? 0 : criteria::kMissingOutcome;
    if (LeavesRoom(definition_, i, outcome)) {
      out.deciding_criterion_ids.push_back(out.fit.parts[i].criterion_id);
    }
  }
  return out;
}

void VisitorScorer::AppendInputs(book::VisitorRow row, std::string* out) {
  const Reading& reading = Read(row);
  AppendText(context_.view.visitor_id(row), out);
  AppendText(reading.contact_id, out);
  AppendValues(reading.engagement_values, out);
  if (reading.account) {
    accounts_.AppendInputs(*reading.account, out);
  } else {
    AppendValues(reading.fit_values, out);
  }
}

Result<VisitorPage> RankVisitors(const Definition& definition, const book::BookView& view,
                                 absl::Time as_of, const VisitorFilter& filter,
                                 const std::optional<VisitorPosition>& after, size_t page_size,
                                 const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  VisitorScorer scorer(definition, view, as_of);
  VisitorPage page;
  BestPage<Candidate, Precedes> best(page_size);
  for (uint32_t i = 0; i < view.visitor_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::VisitorRow>(i);
    if (!scorer.Exists(row)) continue;
    const bool linked = AccountOf(view, row).has_value();
    ++(linked ? page.linked_count : page.unknown_count);
    if (filter.standing == VisitorStanding::kUnknown && linked) continue;
    if (filter.standing == VisitorStanding::kLinked && !linked) continue;
    Candidate candidate{view.visitor_id(row), {row, scorer.Score(row)}};
    const int64_t engagement = EngagementOf(candidate.visitor.score);
    if (engagement < filter.min_engagement_micropoints) continue;
    ++page.total_count;
    if (after &&
        !Before(after->engagement_micropoints, after->visitor_id, engagement, candidate.id)) {
      continue;
    }
    best.Add(candidate);
  }
  for (const Candidate& candidate : best.Take(&page.more)) {
    page.visitors.push_back(candidate.visitor);
  }
  return page;
}

}  // namespace gtm::targeting::domain
