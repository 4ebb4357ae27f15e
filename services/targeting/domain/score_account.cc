#include "services/targeting/domain/score_account.h"

#include "fmt/format.h"
#include "services/targeting/domain/values_text.h"

namespace gtm::targeting::domain {
namespace {

using criteria::ExplainedScore;
using criteria::kFullScoreMicropoints;
using criteria::ScoreRange;

// max * points / 100,000,000, half to even. Both are at most 1e8: no overflow.
int64_t Scale(int64_t max, int64_t points) {
  const int64_t product = max * points;
  const int64_t quotient = product / kFullScoreMicropoints;
  const int64_t twice = 2 * (product % kFullScoreMicropoints);
  const bool up =
      twice > kFullScoreMicropoints || (twice == kFullScoreMicropoints && quotient % 2 == 1);
  return quotient + (up ? 1 : 0);
}

// Points with two decimals, as fmt rounds: "12.35" of 12,345,678 micropoints. Without floating
// point but for a tie, where the binary value decides.
std::string Points(int64_t micropoints) {
  constexpr int64_t kHundredth = criteria::kMicropointsPerPoint / 100;
  if (micropoints < 0 || micropoints % kHundredth == kHundredth / 2) {
    return fmt::format("{:.2f}", static_cast<double>(micropoints) / criteria::kMicropointsPerPoint);
  }
  const int64_t hundredths = (micropoints + kHundredth / 2) / kHundredth;
  std::string text = std::to_string(hundredths / 100);
  text += '.';
  text += static_cast<char>('0' + hundredths / 10 % 10);
  text += static_cast<char>('0' + hundredths % 10);
  return text;
}

criteria::Part PriorityPart(std::string id, int64_t max, const ScoreRange& range) {
  criteria::Part part;
  part.criterion_id = std::move(id);
  part.micropoints = Scale(max, range.micropoints);
  part.max_micropoints = max;
  part.known = range.known_weight_bps > 0;
  part.observed = Points(range.micropoints);
  part.matched = range.low_micropoints == range.high_micropoints
                     ? "all data known"
                     : Points(range.low_micropoints) + " to " + Points(range.high_micropoints) +
                           " with full data";
  return part;
}

}  // namespace

ExplainedScore ExplainPriority(const Definition& definition, const AccountScore& score) {
  ExplainedScore out{score.priority, {}};
  out.parts.push_back(PriorityPart("fit", definition.fit_priority_max(), score.fit));
  if (score.engagement) {
    out.parts.push_back(
        PriorityPart("engagement", definition.engagement_priority_max(), *score.engagement));
  }
  return out;
}

bool LeavesRoom(const Definition& definition, size_t criterion, uint32_t outcome) {
  const criteria::Evaluator& fit = definition.fit();
  return outcome == criteria::kMissingOutcome &&
         fit.least_micropoints(criterion) < fit.most_micropoints(criterion);
}

ScoreRange Prioritize(const Definition& definition, const ScoreRange& fit,
                      const std::optional<ScoreRange>& engagement) {
  if (!engagement) return fit;
  const int64_t fit_max = definition.fit_priority_max();
  const int64_t engagement_max = definition.engagement_priority_max();
  ScoreRange out;
  out.micropoints =
      Scale(fit_max, fit.micropoints) + Scale(engagement_max, engagement->micropoints);
  out.low_micropoints =
      Scale(fit_max, fit.low_micropoints) + Scale(engagement_max, engagement->low_micropoints);
  out.high_micropoints =
      Scale(fit_max, fit.high_micropoints) + Scale(engagement_max, engagement->high_micropoints);
  out.known_weight_bps = static_cast<int32_t>(
      (fit_max * fit.known_weight_bps + engagement_max * engagement->known_weight_bps) /
      kFullScoreMicropoints);
  return out;
}

Verdict VerdictOf(const Definition& definition, const ScoreRange& fit) {
  const int64_t threshold = definition.target_min_micropoints();
  if (fit.high_micropoints < threshold) return Verdict::kNotTarget;
  return fit.low_micropoints >= threshold ? Verdict::kTarget : Verdict::kUndecided;
}

bool IsProspect(const Definition& definition, Verdict verdict,
                const std::optional<ScoreRange>& engagement) {
  return verdict == Verdict::kTarget && engagement && engagement->micropoints > 0 &&
         engagement->micropoints >= definition.prospect_min_micropoints();
}

AccountScore JudgeAccount(const Definition& definition, const ScoreRange& fit,
                          const std::optional<ScoreRange>& engagement) {
  AccountScore score;
  score.fit = fit;
  score.engagement = engagement;
  score.priority = Prioritize(definition, fit, engagement);
  score.verdict = VerdictOf(definition, fit);
  score.prospect = IsProspect(definition, score.verdict, engagement);
  return score;
}

AccountScorer::AccountScorer(const Definition& definition, const book::BookView& view,
                             absl::Time as_of)
    : definition_(definition),
      context_{view, as_of, view.settings().calendar.DayOf(as_of)},
      meter_(definition.spec().engagement_rule, as_of),
      fit_values_(definition.fit_attributes().size()),
      engagement_values_(definition.engagement_attributes().size()),
      fit_outcomes_(fit_values_.size()),
      engagement_outcomes_(engagement_values_.size()) {}

void AccountScorer::Read(book::AccountRow row) {
  if (read_ == row) return;
  read_ = row;
  const book::AccountFacts account = context_.view.account(row);
  EngagementMeasure measure;
  if (definition_.reads_engagement()) measure = meter_.Measure(context_.view.engagements_of(row));
  const auto read = [&](const std::vector<AttributeRef>& refs, auto* out) {
    for (size_t i = 0; i < refs.size(); ++i) {
      (*out)[i] = ReadAccount(refs[i], context_, row, account, measure);
    }
  };
  read(definition_.fit_attributes(), &fit_values_);
  read(definition_.engagement_attributes(), &engagement_values_);
}

AccountScore AccountScorer::Score(book::AccountRow row) {
  Read(row);
  std::optional<ScoreRange> engagement;
  if (definition_.engagement() != nullptr) {
    engagement = definition_.engagement()->Evaluate(engagement_values_);
  }
  return JudgeAccount(definition_, definition_.fit().Evaluate(fit_values_), engagement);
}

WeighedAccount AccountScorer::Weigh(book::AccountRow row) {
  Read(row);
  std::optional<ScoreRange> engagement;
  if (definition_.engagement() != nullptr) {
    engagement = definition_.engagement()->Evaluate(engagement_values_, engagement_outcomes_);
  }
  const ScoreRange fit = definition_.fit().Evaluate(fit_values_, fit_outcomes_);
  return {JudgeAccount(definition_, fit, engagement), fit_values_, fit_outcomes_,
          engagement_values_, engagement_outcomes_};
}

ExplainedAccountScore AccountScorer::Explain(book::AccountRow row) {
  ExplainedAccountScore out;
  const WeighedAccount weighed = Weigh(row);
  out.score = weighed.score;
  out.fit = definition_.fit().Explain(fit_values_);
  if (definition_.engagement() != nullptr) {
    out.engagement = definition_.engagement()->Explain(engagement_values_);
  }
  out.priority = ExplainPriority(definition_, out.score);
  if (out.score.verdict == Verdict::kUndecided) {
    for (size_t i = 0; i < fit_outcomes_.size(); ++i) {
      if (LeavesRoom(definition_, i, fit_outcomes_[i])) {
        out.deciding_criterion_ids.push_back(out.fit.parts[i].criterion_id);
      }
    }
  }
  return out;
}

void AccountScorer::AppendInputs(book::AccountRow row, std::string* out) {
  Read(row);
  AppendText(context_.view.account(row).id, out);
  AppendValues(fit_values_, out);
  AppendValues(engagement_values_, out);
}

}  // namespace gtm::targeting::domain
