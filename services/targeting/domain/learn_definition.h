#pragma once
// Learns a target definition from won and lost opportunities, and judges it by the latest
// ones, beside the definition that people agreed on (C01, C02, C27).
//
// The cases are ordered by their start and cut once. Only cases whose outcome was known at
// the cut are learned from, and only those that began at or after it are judged by: what is
// told of skill is what a reader at the cut would have met. Nothing is chosen by the cases
// held back.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/stats/scale_logit.h"
#include "services/targeting/domain/learned_definition.h"
#include "services/targeting/domain/learning_cases.h"
#include "services/targeting/domain/learning_checks.h"
#include "services/targeting/domain/rate_change.h"
#include "services/targeting/domain/scorecard_select.h"
#include "services/targeting/domain/scorecard_skill.h"

namespace gtm::targeting::domain {

// Fewer won, or lost, cases are not learned from, or judged by.
inline constexpr int kLearnEachMin = 30;
inline constexpr int kJudgeEachMin = 15;

struct LearnTargetOptions {
  absl::Time as_of;
  double held_back_share = 0.3;  // of the cases, 0.1 to 0.5
  std::set<std::string, std::less<>> excluded_attributes;
  std::map<std::string, Trend, std::less<>> trends;  // by attribute
  bool keep_leaky_attributes = false;
  const Definition* agreed = nullptr;  // to compare with, or null
  uint64_t seed = 1;                   // of the folds by which the shrinkage is chosen
};

// Numbers as in gtm.targeting.v1.LearnTargetDefinitionResponse.Verdict.
enum class LearnTargetVerdict : uint8_t { kLearned = 1, kNoSignal = 2, kNotEnoughData = 3 };

struct CaseRange {
  std::vector<uint32_t> rows;  // of the cases
  int64_t won_count = 0;
};

// A definition judged by the cases held back.
struct JudgedDefinition {
  Skill priority;
  Skill fit;
  SkillDifference difference;  // of the learned priority, less this one's
};

struct LearnedTarget {
  LearnTargetVerdict verdict = LearnTargetVerdict::kNotEnoughData;
  LearningCases cases;
  CaseRange learned_from;
  CaseRange held_back;
  // From here on only with enough data. Columns of refused attributes are not in `cases`.
  std::vector<AttributeLeak> leaks;
  std::optional<RateChange> rate_change;
  Selection selection;  // the card
  LearnedDefinition definition;
  std::optional<Skill> skill;              // of the learned priority
  std::optional<JudgedDefinition> agreed;  // where there is one to compare with
  // Chance by points of the learned priority, from the cases held back. Only where learned.
  std::optional<stats::LogitScale> curve;
};

LearnedTarget LearnTarget(const book::BookView& view, const LearnTargetOptions& options);

}  // namespace gtm::targeting::domain
