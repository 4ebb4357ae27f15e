#include "services/targeting/handler/score_bytes.h"

#include "common/core/proto_wire.h"
#include "gtm/targeting/v1/resources.pb.h"
#include "gtm/targeting/v1/service.pb.h"
#include "gtm/type/v1/criteria.pb.h"

namespace gtm::targeting::handler {
namespace {

using criteria::ScoreRange;
using type::v1::Score;
using type::v1::ScorePart;
using v1::AccountScore;

void AppendRange(const ScoreRange& range, std::string* out) {
  wire::AppendNumber(Score::kMicropointsFieldNumber, range.micropoints, out);
  wire::AppendNumber(Score::kLowMicropointsFieldNumber, range.low_micropoints, out);
  wire::AppendNumber(Score::kHighMicropointsFieldNumber, range.high_micropoints, out);
  wire::AppendNumber(Score::kKnownWeightBpsFieldNumber, range.known_weight_bps, out);
}

void AppendRange(int field, const ScoreRange& range, std::string* out) {
  const wire::Nested nested(field, out);
  AppendRange(range, out);
}

void AppendWhole(int field, const ScoreRange& range, std::span<const criteria::Part> parts,
                 std::string* out) {
  const wire::Nested nested(field, out);
  AppendRange(range, out);
  for (const criteria::Part& part : parts) {
    const wire::Nested message(Score::kPartsFieldNumber, out);
    wire::AppendText(ScorePart::kCriterionIdFieldNumber, part.criterion_id, out);
    wire::AppendNumber(ScorePart::kMicropointsFieldNumber, part.micropoints, out);
    wire::AppendNumber(ScorePart::kMaxMicropointsFieldNumber, part.max_micropoints, out);
    wire::AppendNumber(ScorePart::kKnownFieldNumber, part.known ? 1 : 0, out);
    wire::AppendText(ScorePart::kObservedFieldNumber, part.observed, out);
    wire::AppendText(ScorePart::kMatchedFieldNumber, part.matched, out);
  }
}

// What follows the scores themselves.
void AppendVerdict(const domain::AccountScore& score, std::string* out) {
  wire::AppendNumber(AccountScore::kVerdictFieldNumber, static_cast<int64_t>(score.verdict), out);
  wire::AppendNumber(AccountScore::kProspectFieldNumber, score.prospect ? 1 : 0, out);
}

}  // namespace

ScoreBytes::ScoreBytes(const domain::Definition& definition)
    : fit_(PartsOf(definition.fit())),
      engagement_(definition.engagement() == nullptr ? Parts()
                                                     : PartsOf(*definition.engagement())) {}

ScoreBytes::Parts ScoreBytes::PartsOf(const criteria::Evaluator& evaluator) {
  Parts parts(evaluator.criterion_count());
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t outcome_count = evaluator.outcome_count(i);
    for (size_t outcome = 0; outcome <= outcome_count; ++outcome) {
      const bool known = outcome < outcome_count;
      const uint32_t at = known ? static_cast<uint32_t>(outcome) : criteria::kMissingOutcome;
      PartBytes& part = parts[i].emplace_back();
      wire::AppendText(ScorePart::kCriterionIdFieldNumber, evaluator.criteria()[i].id,
                       &part.before);
      wire::AppendNumber(ScorePart::kMicropointsFieldNumber, evaluator.micropoints(i, at),
                         &part.before);
      wire::AppendNumber(ScorePart::kMaxMicropointsFieldNumber, evaluator.max_micropoints(i),
                         &part.before);
      wire::AppendNumber(ScorePart::kKnownFieldNumber, known ? 1 : 0, &part.before);
      if (known) {
        wire::AppendText(ScorePart::kMatchedFieldNumber, evaluator.matched(i, at), &part.behind);
      }
    }
  }
  return parts;
}

void ScoreBytes::AppendScore(int field, const criteria::Evaluator& evaluator, const Parts& parts,
                             const ScoreRange& range, std::span<const criteria::Value> values,
                             std::span<const uint32_t> outcomes, std::string* out) {
  const wire::Nested nested(field, out);
  AppendRange(range, out);
  std::string observed;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool known = outcomes[i] != criteria::kMissingOutcome;
    const PartBytes& part = known ? parts[i][outcomes[i]] : parts[i].back();
    observed.clear();
    if (known) evaluator.AppendObserved(i, outcomes[i], values, &observed);
    wire::AppendLength(Score::kPartsFieldNumber,
                       part.before.size() +
                           wire::TextSize(ScorePart::kObservedFieldNumber, observed.size()) +
                           part.behind.size(),
                       out);
    *out += part.before;
    wire::AppendText(ScorePart::kObservedFieldNumber, observed, out);
    *out += part.behind;
  }
}

void ScoreBytes::Append(int field, std::string_view account_id, const domain::AccountScore& score,
                        std::string* out) {
  const wire::Nested nested(field, out);
  wire::AppendText(AccountScore::kAccountIdFieldNumber, account_id, out);
  AppendRange(AccountScore::kFitFieldNumber, score.fit, out);
  if (score.engagement) AppendRange(AccountScore::kEngagementFieldNumber, *score.engagement, out);
  AppendRange(AccountScore::kPriorityFieldNumber, score.priority, out);
  AppendVerdict(score, out);
  if (score.urgency) AppendRange(AccountScore::kUrgencyFieldNumber, *score.urgency, out);
}

void ScoreBytes::AppendExplained(const domain::Definition& definition, int field,
                                 std::string_view account_id, const domain::WeighedAccount& account,
                                 std::string* out) const {
  const domain::AccountScore& score = account.score;
  const wire::Nested nested(field, out);
  wire::AppendText(AccountScore::kAccountIdFieldNumber, account_id, out);
  AppendScore(AccountScore::kFitFieldNumber, definition.fit(), fit_, score.fit, account.fit_values,
              account.fit_outcomes, out);
  if (score.engagement) {
    AppendScore(AccountScore::kEngagementFieldNumber, *definition.engagement(), engagement_,
                *score.engagement, account.engagement_values, account.engagement_outcomes, out);
  }
  const criteria::ExplainedScore priority = domain::ExplainPriority(definition, score);
  AppendWhole(AccountScore::kPriorityFieldNumber, priority.range, priority.parts, out);
  AppendVerdict(score, out);
  if (score.verdict == domain::Verdict::kUndecided) {
    for (size_t i = 0; i < account.fit_outcomes.size(); ++i) {
      if (!domain::LeavesRoom(definition, i, account.fit_outcomes[i])) continue;
      wire::AppendItem(AccountScore::kDecidingCriterionIdsFieldNumber,
                       definition.fit().criteria()[i].id, out);
    }
  }
  if (!score.urgency) return;
  AppendWhole(AccountScore::kUrgencyFieldNumber, *score.urgency, account.urgency_parts, out);
}

}  // namespace gtm::targeting::handler
