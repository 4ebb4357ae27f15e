#pragma once
// Tests only: what the data-set tests judge cards by. LearnTargetDefinition fits and chooses
// its card by the same SelectScorecard, judges it by one cut in time (learn_definition.h), and
// gives its verdict by the same HasSignal.
//
// What won and lost cases teach, and whether it holds on cases held back (SP-07, C27).
//
// Where time is known, cases are held back in order of time: the first 40 % only teach, the
// rest comes in four blocks, and each block is told by cards that saw no case whose outcome
// was not known when the block began. Else in ten folds (equal cases together). Everything
// that is chosen, is chosen inside what teaches. The proposed card learns from all cases.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/targeting/domain/learned_definition.h"
#include "services/targeting/domain/scorecard_leaks.h"
#include "services/targeting/domain/scorecard_select.h"
#include "services/targeting/domain/scorecard_skill.h"

namespace gtm::targeting::domain {

enum class LearnVerdict : uint8_t { kLearned = 1, kNoSignal = 2, kNotEnoughData = 3 };

// Fewer won or lost cases than this teach nothing that would hold.
inline constexpr int64_t kLearnOutcomesMin = 50;
struct LearnOptions {
  uint64_t seed = 1;
  // What the agreed definition gives each row, any scale; empty where none is agreed.
  std::vector<double> agreed_scores;
  OpenBlanks open_blanks;
  // Columns to keep although they look leaky, by position; as long as the columns, or empty.
  std::vector<uint8_t> is_vouched;
};

struct Learned {
  LearnVerdict verdict = LearnVerdict::kNotEnoughData;
  bool by_time = false;
  int64_t won_count = 0, lost_count = 0;
  std::vector<ColumnLeak> leaks;
  // On the cases held back; the draft is the definition as people would sign it.
  Skill card, draft;
  std::optional<Skill> agreed;
  std::optional<SkillDifference> draft_against_agreed;
  // From all cases, without refused columns; empty without a verdict of kLearned.
  std::optional<Selection> selection;
  LearnedDefinition definition;
};

// A table as cases of attributes that are named as its columns.
LearningCases CasesOf(const LearnTable& table);
// Points that a definition without engagement gives every row, as any account is scored: gaps
// and roundings included.
std::vector<double> PointsOf(const LearnedDefinition& definition, const LearnTable& table);

Learned LearnScorecard(LearnTable table, const LearnOptions& options = {});

}  // namespace gtm::targeting::domain
