#pragma once
// A target definition, checked once and compiled for scoring (TG-01 to TG-10).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/criteria/criteria.h"
#include "services/targeting/domain/attributes.h"
#include "services/targeting/domain/triggers.h"

namespace gtm::targeting::domain {

inline constexpr int kTouchTypeCount = 64;   // gtm.crm.v1.Engagement.Type is below
inline constexpr int kBuyingRoleCount = 16;  // gtm.crm.v1.BuyingRole is below
inline constexpr int kHalfLifeDaysDefault = 14;
inline constexpr int kActiveWindowDaysDefault = 90;
inline constexpr int kFitPriorityWeightDefault = 60;
inline constexpr int kEngagementPriorityWeightDefault = 40;

// How touches become engagement (TG-08).
struct EngagementRule {
  int half_life_days = kHalfLifeDaysDefault;
  int active_window_days = kActiveWindowDaysDefault;
  // Points of a touch on its day, by type; 1 unless said otherwise.
  std::array<int32_t, kTouchTypeCount> touch_points = [] {
    std::array<int32_t, kTouchTypeCount> points;
    points.fill(1);
    return points;
  }();
  int64_t person_day_points_max = 0;  // 0: no cap
  friend bool operator==(const EngagementRule&, const EngagementRule&) = default;
};

// What a definition says, as values. The fields mean what gtm.targeting.v1 says.
struct DefinitionSpec {
  std::string id;
  int32_t version_number = 0;
  std::vector<criteria::Criterion> account_criteria;
  std::vector<criteria::Criterion> person_criteria;
  std::vector<criteria::Criterion> engagement_criteria;
  EngagementRule engagement_rule;
  // Factor on a person's fit by buying role, in basis points (TG-10).
  std::array<int32_t, kBuyingRoleCount> role_factor_bps = [] {
    std::array<int32_t, kBuyingRoleCount> factors;
    factors.fill(criteria::kFullShareBps);
    return factors;
  }();
  int32_t fit_priority_weight = 0;
  int32_t engagement_priority_weight = 0;
  int32_t urgency_priority_weight = 0;  // 0: urgency is not scored
  UrgencyRules urgency_rules;
  std::vector<std::string> rubric_questions;  // of a hand-over (TG-16)
  int32_t target_min_fit_points = 0;
  int32_t prospect_min_engagement_points = 0;
};

// Everything that is wrong with a definition, paths under `field` ("definition"). A draft
// may lack its account criteria; a complete definition may not.
std::vector<FieldViolation> CheckDefinition(const DefinitionSpec& spec, bool complete,
                                            std::string_view field);

// A compiled definition. Immutable, thread-safe.
class Definition {
 public:
  // Error: INVALID_FIELDS with all that CheckDefinition finds in a complete one.
  static Result<Definition> Compile(DefinitionSpec spec, std::string_view field);

  const DefinitionSpec& spec() const { return spec_; }
  const criteria::Evaluator& fit() const { return *fit_; }
  // Null where the definition has no such criteria.
  const criteria::Evaluator* person() const { return person_ ? &*person_ : nullptr; }
  const criteria::Evaluator* engagement() const { return engagement_ ? &*engagement_ : nullptr; }
  // What the inputs of the criteria read, in their order (see criteria.h).
  const std::vector<AttributeRef>& fit_attributes() const { return fit_attributes_; }
  const std::vector<AttributeRef>& person_attributes() const { return person_attributes_; }
  const std::vector<AttributeRef>& engagement_attributes() const { return engagement_attributes_; }
  // The account's touches must be measured in order to score it.
  bool reads_engagement() const { return reads_engagement_; }
  int64_t target_min_micropoints() const {
    return spec_.target_min_fit_points * criteria::kMicropointsPerPoint;
  }
  int64_t prospect_min_micropoints() const {
    return spec_.prospect_min_engagement_points * criteria::kMicropointsPerPoint;
  }
  bool scores_urgency() const { return spec_.urgency_priority_weight > 0; }
  // What fit, engagement and urgency add to the priority at most; together 100,000,000. 0 for
  // what is not scored.
  int64_t fit_priority_max() const {
    return criteria::kFullScoreMicropoints - engagement_priority_max_ - urgency_priority_max_;
  }
  int64_t engagement_priority_max() const { return engagement_priority_max_; }
  int64_t urgency_priority_max() const { return urgency_priority_max_; }

 private:
  Definition() = default;
  DefinitionSpec spec_;
  std::optional<criteria::Evaluator> fit_;
  std::optional<criteria::Evaluator> person_;
  std::optional<criteria::Evaluator> engagement_;
  std::vector<AttributeRef> fit_attributes_;
  std::vector<AttributeRef> person_attributes_;
  std::vector<AttributeRef> engagement_attributes_;
  int64_t engagement_priority_max_ = 0;
  int64_t urgency_priority_max_ = 0;
  bool reads_engagement_ = false;
};

}  // namespace gtm::targeting::domain
