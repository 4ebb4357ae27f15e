#include "services/targeting/domain/definition.h"

#include <algorithm>
#include <iterator>

#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using criteria::Criterion;
using criteria::Evaluator;

void Append(std::vector<FieldViolation> more, std::vector<FieldViolation>* violations) {
  std::move(more.begin(), more.end(), std::back_inserter(*violations));
}

void Check(const std::vector<Criterion>& criteria, std::span<const criteria::Attribute> attributes,
           bool required, const std::string& field, std::vector<FieldViolation>* violations) {
  if (criteria.empty() && !required) return;
  Append(criteria::Validate(criteria, field), violations);
  Append(criteria::CheckAttributes(criteria, attributes, field), violations);
}

void CheckRange(int64_t value, int64_t min, int64_t max, const std::string& field,
                std::vector<FieldViolation>* violations) {
  if (value < min || value > max) {
    violations->push_back(
        {field, fmt::format("{} is out of range; use {} to {}", value, min, max)});
  }
}

void CheckNumbers(const DefinitionSpec& spec, const std::string& at,
                  std::vector<FieldViolation>* out) {
  const EngagementRule& rule = spec.engagement_rule;
  CheckRange(rule.half_life_days, 1, 3'650, at + ".engagement_rule.half_life_days", out);
  CheckRange(rule.active_window_days, 1, 3'650, at + ".engagement_rule.active_window_days", out);
  CheckRange(rule.person_day_points_max, 0, 100'000, at + ".engagement_rule.person_day_points_max",
             out);
  CheckRange(spec.fit_priority_weight, 0, 1'000, at + ".fit_priority_weight", out);
  CheckRange(spec.engagement_priority_weight, 0, 1'000, at + ".engagement_priority_weight", out);
  CheckRange(spec.urgency_priority_weight, 0, 1'000, at + ".urgency_priority_weight", out);
  CheckRange(spec.target_min_fit_points, 0, 100, at + ".target_min_fit_points", out);
  CheckRange(spec.prospect_min_engagement_points, 0, 100, at + ".prospect_min_engagement_points",
             out);
  for (const int32_t points : rule.touch_points) {
    CheckRange(points, 0, 1'000, at + ".engagement_rule.touch_points", out);
  }
  for (const int32_t factor : spec.role_factor_bps) {
    CheckRange(factor, 0, criteria::kFullShareBps, at + ".buying_role_weights", out);
  }
}

std::vector<AttributeRef> Resolve(const std::vector<Criterion>& criteria) {
  std::vector<AttributeRef> refs;
  for (const std::string_view input : criteria::InputsOf(criteria)) {
    refs.push_back(ResolveAttribute(input));
  }
  return refs;
}

struct PriorityMax {
  int64_t engagement = 0;
  int64_t urgency = 0;
};
// What is scored shares the priority by weight. The fit's share is rounded down, then that of
// engagement, and urgency has what is left; without urgency engagement has.
PriorityMax SharePriority(const DefinitionSpec& spec) {
  const bool scores_engagement = !spec.engagement_criteria.empty();
  int64_t fit = spec.fit_priority_weight;
  int64_t engagement = spec.engagement_priority_weight;
  const int64_t urgency = spec.urgency_priority_weight;
  if (fit == 0 && engagement == 0 && urgency == 0) {
    fit = kFitPriorityWeightDefault;
    engagement = kEngagementPriorityWeightDefault;
  }
  if (!scores_engagement) engagement = 0;
  const int64_t sum = fit + engagement + urgency;
  // All weight is on engagement, which is not scored.
  if (sum == 0) return {};
  constexpr int64_t kFull = criteria::kFullScoreMicropoints;
  const int64_t rest = kFull - kFull * fit / sum;
  if (urgency == 0) return {scores_engagement ? rest : 0, 0};
  const int64_t share = kFull * engagement / sum;
  return {share, rest - share};
}

}  // namespace

std::vector<FieldViolation> CheckDefinition(const DefinitionSpec& spec, bool complete,
                                            std::string_view field) {
  const std::string at(field);
  std::vector<FieldViolation> violations;
  Check(spec.account_criteria, AccountAttributes(), complete, at + ".account_criteria",
        &violations);
  Check(spec.person_criteria, ContactAttributes(), false, at + ".person_criteria", &violations);
  Check(spec.engagement_criteria, AccountAttributes(), false, at + ".engagement_criteria",
        &violations);
  CheckNumbers(spec, at, &violations);
  return violations;
}

Result<Definition> Definition::Compile(DefinitionSpec spec, std::string_view field) {
  const std::string at(field);
  if (auto violations = CheckDefinition(spec, true, field); !violations.empty()) {
    return InvalidFields(std::move(violations));
  }
  Definition definition;
  GTM_ASSIGN_OR_RETURN(definition.fit_, Evaluator::Compile(spec.account_criteria, at));
  definition.fit_attributes_ = Resolve(spec.account_criteria);
  if (!spec.person_criteria.empty()) {
    GTM_ASSIGN_OR_RETURN(definition.person_, Evaluator::Compile(spec.person_criteria, at));
    definition.person_attributes_ = Resolve(spec.person_criteria);
  }
  if (!spec.engagement_criteria.empty()) {
    GTM_ASSIGN_OR_RETURN(definition.engagement_, Evaluator::Compile(spec.engagement_criteria, at));
    definition.engagement_attributes_ = Resolve(spec.engagement_criteria);
  }
  const PriorityMax max = SharePriority(spec);
  definition.engagement_priority_max_ = max.engagement;
  definition.urgency_priority_max_ = max.urgency;
  const auto reads = [](const std::vector<AttributeRef>& refs) {
    return std::any_of(refs.begin(), refs.end(), ReadsEngagement);
  };
  definition.reads_engagement_ =
      reads(definition.fit_attributes_) || reads(definition.engagement_attributes_);
  definition.spec_ = std::move(spec);
  return definition;
}

}  // namespace gtm::targeting::domain
