#include "services/targeting/domain/learn_definition.h"

#include <algorithm>
#include <cmath>

#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {
namespace {

constexpr int32_t kTargetFitDefault = 50;

// Points of accounts just before cases of theirs began.
struct CasePoints {
  std::vector<double> priority;  // by row of the cases
  std::vector<double> fit;
};

CasePoints PointsOf(const Definition& definition, const book::BookView& view,
                    const LearningCases& cases) {
  CasePoints points;
  std::shared_ptr<const TriggerIndex> triggers;
  for (size_t row = 0; row < cases.accounts.size(); ++row) {
    AccountScorer scorer(definition, view, cases.KnownTime(row));
    scorer.ShareTriggers(triggers);
    const AccountScore score = scorer.Score(cases.accounts[row]);
    const auto in_points = [](int64_t micropoints) {
      return static_cast<double>(micropoints) / criteria::kMicropointsPerPoint;
    };
    points.priority.push_back(in_points(score.priority.micropoints));
    points.fit.push_back(in_points(score.fit.micropoints));
    triggers = scorer.triggers();
  }
  return points;
}

template <class T>
std::vector<T> Pick(const std::vector<T>& values, const std::vector<uint32_t>& rows) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const uint32_t row : rows) picked.push_back(values[row]);
  return picked;
}

// Chances of points by what such points had among the cases learned from.
stats::LogitScale CurveOf(const std::vector<double>& points, const LearnedTarget& target) {
  return stats::FitLogitScale(Pick(points, target.learned_from.rows),
                              Pick(target.cases.table.won, target.learned_from.rows));
}

// What the points would have told of the cases held back.
std::vector<Told> TellBy(const std::vector<double>& points, const stats::LogitScale& curve,
                         const LearnedTarget& target) {
  const std::vector<uint8_t>& won = target.cases.table.won;
  std::vector<Told> told;
  for (const uint32_t row : target.held_back.rows) {
    told.push_back({curve.Chance(points[row]), won[row], 0});
  }
  return told;
}

// Splits the cases by time; see the head of the header.
void SplitCases(double held_back_share, LearnedTarget* target) {
  const LearningCases& cases = target->cases;
  const size_t count = cases.start_times.size();
  if (count == 0) return;
  auto cut = static_cast<size_t>(std::floor(static_cast<double>(count) * (1 - held_back_share)));
  cut = std::min(cut, count - 1);
  while (cut > 0 && cases.start_times[cut - 1] == cases.start_times[cut]) --cut;
  const int32_t cut_day = cases.table.start_day[cut];
  const auto add = [&](size_t row, CaseRange* range) {
    range->rows.push_back(static_cast<uint32_t>(row));
    range->won_count += cases.table.won[row];
  };
  for (size_t row = 0; row < cut; ++row) {
    if (cases.table.outcome_day[row] < cut_day) add(row, &target->learned_from);
  }
  for (size_t row = cut; row < count; ++row) add(row, &target->held_back);
}

// Fit from which the chance to win is that of all cases, so that a target is one that is
// more likely to be won than most.
int32_t TargetFit(const std::vector<double>& fit, const LearnedTarget& target) {
  const std::vector<double> points = Pick(fit, target.learned_from.rows);
  const std::vector<uint8_t> won = Pick(target.cases.table.won, target.learned_from.rows);
  const stats::LogitScale curve = stats::FitLogitScale(points, won);
  const auto count = static_cast<double>(won.size());
  const auto wins = static_cast<double>(target.learned_from.won_count);
  if (curve.factor <= 0) return kTargetFitDefault;
  const double even = (std::log(wins / (count - wins)) - curve.shift) / curve.factor;
  return static_cast<int32_t>(std::clamp(std::ceil(even), 1.0, 100.0));
}

bool HasEach(const CaseRange& range, int each_min) {
  const auto count = static_cast<int64_t>(range.rows.size());
  return range.won_count >= each_min && count - range.won_count >= each_min;
}

void Judge(const book::BookView& view, const LearnTargetOptions& options, LearnedTarget* target) {
  const double base = static_cast<double>(target->learned_from.won_count) /
                      static_cast<double>(target->learned_from.rows.size());
  const std::vector<double> bases(target->held_back.rows.size(), base);
  std::vector<Told> told(bases.size());
  if (target->definition.spec.account_criteria.empty()) {
    // Nothing was learned: everyone has the same chance.
    for (size_t i = 0; i < told.size(); ++i) {
      told[i] = {base, target->cases.table.won[target->held_back.rows[i]], 0};
    }
  } else {
    const Definition learned =
        Definition::Compile(target->definition.spec, "proposed_definition").value();
    const CasePoints points = PointsOf(learned, view, target->cases);
    target->definition.spec.target_min_fit_points = TargetFit(points.fit, *target);
    const stats::LogitScale curve = CurveOfCard(target->selection.card, target->cases.table,
                                                target->learned_from.rows, points.priority);
    told = TellBy(points.priority, curve, *target);
    target->curve = stats::FitLogitScale(Pick(points.priority, target->held_back.rows),
                                         Pick(target->cases.table.won, target->held_back.rows));
  }
  target->skill = MeasureSkill(told, bases);
  if (options.agreed == nullptr) return;
  const CasePoints points = PointsOf(*options.agreed, view, target->cases);
  const std::vector<Told> by_priority =
      TellBy(points.priority, CurveOf(points.priority, *target), *target);
  const std::vector<Told> by_fit = TellBy(points.fit, CurveOf(points.fit, *target), *target);
  target->agreed = {MeasureSkill(by_priority, bases), MeasureSkill(by_fit, bases),
                    CompareSkill(told, by_priority)};
}

}  // namespace

// Without the columns of refused attributes.
void LeaveOutLeaks(bool keep, LearnedTarget* target) {
  target->leaks = FindAttributeLeaks(target->cases, target->learned_from.rows);
  LearningCases& cases = target->cases;
  for (AttributeLeak& leak : target->leaks) {
    leak.refused = leak.refused && !keep;
    if (!leak.refused) continue;
    for (size_t c = cases.attributes.size(); c-- > 0;) {
      if (cases.attributes[c].attribute != leak.attribute) continue;
      const auto at = static_cast<ptrdiff_t>(c);
      cases.attributes.erase(cases.attributes.begin() + at);
      cases.table.columns.erase(cases.table.columns.begin() + at);
      cases.open_blanks.blank.erase(cases.open_blanks.blank.begin() + at);
    }
  }
}

LearnedTarget LearnTarget(const book::BookView& view, const LearnTargetOptions& options) {
  LearnedTarget target;
  const EngagementRule rule =
      options.agreed != nullptr ? options.agreed->spec().engagement_rule : EngagementRule();
  target.cases = ReadCases(view, {options.as_of, rule, options.excluded_attributes});
  for (size_t c = 0; c < target.cases.attributes.size(); ++c) {
    const auto trend = options.trends.find(target.cases.attributes[c].attribute);
    if (trend != options.trends.end()) target.cases.table.columns[c].trend = trend->second;
  }
  SplitCases(options.held_back_share, &target);
  if (!HasEach(target.learned_from, kLearnEachMin) || !HasEach(target.held_back, kJudgeEachMin)) {
    return target;
  }
  LeaveOutLeaks(options.keep_leaky_attributes, &target);
  const absl::CivilDay today = view.settings().calendar.DayOf(options.as_of);
  target.rate_change =
      FindRateChange(target.cases.table, static_cast<int32_t>(today - absl::CivilDay(1970, 1, 1)));
  target.selection = SelectScorecard(target.cases.table, target.learned_from.rows,
                                     {.seed = options.seed, .may_have_pairs = true});
  target.definition = DefinitionOf(target.selection.card, target.cases, rule);
  target.definition.spec.target_min_fit_points = kTargetFitDefault;  // until it is judged
  Judge(view, options, &target);
  const bool signal = !target.definition.spec.account_criteria.empty() && HasSignal(*target.skill);
  target.verdict = signal ? LearnTargetVerdict::kLearned : LearnTargetVerdict::kNoSignal;
  if (!signal) target.curve.reset();
  return target;
}

}  // namespace gtm::targeting::domain
