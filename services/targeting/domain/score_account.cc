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

// The shares of what is scored.
class PriorityRange {
 public:
  void Add(int64_t max, const std::optional<ScoreRange>& score) {
    if (!score) return;
    range_.micropoints += Scale(max, score->micropoints);
    range_.low_micropoints += Scale(max, score->low_micropoints);
    range_.high_micropoints += Scale(max, score->high_micropoints);
    known_ += max * score->known_weight_bps;
  }
  ScoreRange Take() {
    range_.known_weight_bps = static_cast<int32_t>(known_ / kFullScoreMicropoints);
    return range_;
  }

 private:
  ScoreRange range_;
  int64_t known_ = 0;
};

}  // namespace

ExplainedScore ExplainPriority(const Definition& definition, const AccountScore& score) {
  ExplainedScore out{score.priority, {}};
  out.parts.push_back(PriorityPart("fit", definition.fit_priority_max(), score.fit));
  if (score.engagement) {
    out.parts.push_back(
        PriorityPart("engagement", definition.engagement_priority_max(), *score.engagement));
  }
  if (score.urgency) {
    out.parts.push_back(PriorityPart("urgency", definition.urgency_priority_max(), *score.urgency));
  }
  return out;
}

bool LeavesRoom(const Definition& definition, size_t criterion, uint32_t outcome) {
  const criteria::Evaluator& fit = definition.fit();
  return outcome == criteria::kMissingOutcome &&
         fit.least_micropoints(criterion) < fit.most_micropoints(criterion);
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
                          const std::optional<ScoreRange>& engagement,
                          const std::optional<ScoreRange>& urgency) {
  AccountScore score;
  score.fit = fit;
  score.engagement = engagement;
  score.urgency = urgency;
  PriorityRange priority;
  priority.Add(definition.fit_priority_max(), fit);
  priority.Add(definition.engagement_priority_max(), engagement);
  priority.Add(definition.urgency_priority_max(), urgency);
  score.priority = priority.Take();
  score.verdict = VerdictOf(definition, fit);
  score.prospect = IsProspect(definition, score.verdict, engagement);
  return score;
}

AccountScorer::AccountScorer(const Definition& definition, const book::BookView& view,
                             absl::Time as_of, std::optional<book::AccountRow> only)
    : definition_(definition),
      context_{view, as_of, view.settings().calendar.DayOf(as_of)},
      meter_(definition.spec().engagement_rule, as_of),
      only_(only),
      fit_values_(definition.fit_attributes().size()),
      engagement_values_(definition.engagement_attributes().size()),
      fit_outcomes_(definition.fit().criterion_count()),
      engagement_outcomes_(
          definition.engagement() == nullptr ? 0 : definition.engagement()->criterion_count()) {}

void AccountScorer::ShareTriggers(std::shared_ptr<const TriggerIndex> triggers) {
  triggers_ = std::move(triggers);
}

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

void AccountScorer::ReadUrgency(book::AccountRow row) {
  if (!definition_.scores_urgency() || urgency_read_ == row) return;
  urgency_read_ = row;
  if (triggers_ == nullptr) triggers_ = std::make_shared<TriggerIndex>(context_.view, only_);
  const UrgencyReader reader(context_.view, definition_.spec().urgency_rules, triggers_);
  urgency_ = reader.Score(row, context_.as_of);
}

AccountScore AccountScorer::Judge(const ScoreRange& fit,
                                  const std::optional<ScoreRange>& engagement) const {
  std::optional<ScoreRange> urgency;
  if (definition_.scores_urgency()) urgency = urgency_.range;
  return JudgeAccount(definition_, fit, engagement, urgency);
}

ScoreRange AccountScorer::ScoreFit(book::AccountRow row) {
  Read(row);
  return definition_.fit().Evaluate(fit_values_);
}

AccountScore AccountScorer::Score(book::AccountRow row) {
  Read(row);
  ReadUrgency(row);
  std::optional<ScoreRange> engagement;
  if (definition_.engagement() != nullptr) {
    engagement = definition_.engagement()->Evaluate(engagement_values_);
  }
  return Judge(definition_.fit().Evaluate(fit_values_), engagement);
}

WeighedAccount AccountScorer::Weigh(book::AccountRow row) {
  Read(row);
  ReadUrgency(row);
  urgency_parts_ = TriggerParts(urgency_.triggers);
  std::optional<ScoreRange> engagement;
  if (definition_.engagement() != nullptr) {
    engagement = definition_.engagement()->Evaluate(engagement_values_, engagement_outcomes_);
  }
  const ScoreRange fit = definition_.fit().Evaluate(fit_values_, fit_outcomes_);
  return {Judge(fit, engagement), fit_values_,          fit_outcomes_,
          engagement_values_,     engagement_outcomes_, urgency_parts_};
}

ExplainedAccountScore AccountScorer::Explain(book::AccountRow row) {
  ExplainedAccountScore out;
  const WeighedAccount weighed = Weigh(row);
  out.score = weighed.score;
  out.fit = definition_.fit().Explain(fit_values_);
  if (definition_.engagement() != nullptr) {
    out.engagement = definition_.engagement()->Explain(engagement_values_);
  }
  if (out.score.urgency) out.urgency = criteria::ExplainedScore{urgency_.range, urgency_parts_};
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
  ReadUrgency(row);
  AppendText(context_.view.account(row).id, out);
  AppendValues(fit_values_, out);
  AppendValues(engagement_values_, out);
  if (!definition_.scores_urgency()) return;
  AppendNumber(urgency_.why_now_asked ? 1 : 0, out);
  AppendNumber(urgency_.triggers.size(), out);
  for (const TriggerAssessment& trigger : urgency_.triggers) {
    AppendText(trigger.event_id, out);
    AppendNumber(static_cast<uint64_t>(trigger.reason), out);
    AppendNumber(static_cast<uint64_t>(trigger.strength_micropoints), out);
  }
}

}  // namespace gtm::targeting::domain
