#pragma once
// How well an account fits, how engaged it is, how urgent it is to act (TG-04 to TG-09).
//
// fit and engagement are weighted criteria (common/criteria). The priority has two parts:
//   part("fit")        = fit_priority_max        * fit        / 100,000,000
//   part("engagement") = engagement_priority_max * engagement / 100,000,000
// each rounded half to even, so the parts sum to the priority bit for bit, and the ends
// of its range come from the ends of theirs. Example: weights 60 and 40, fit 80 points,
// engagement 50 points: 48 + 20 = 68 points.
//
// Verdict: a target where even the lowest fit that full data could give reaches the
// threshold; no target where even the highest does not; else undecided.

#include <optional>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/definition.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.TargetVerdict.
enum class Verdict : uint8_t { kTarget = 1, kNotTarget = 2, kUndecided = 3 };

struct AccountScore {
  criteria::ScoreRange fit;
  std::optional<criteria::ScoreRange> engagement;  // absent where not scored
  criteria::ScoreRange priority;
  Verdict verdict = Verdict::kUndecided;
  bool prospect = false;
  friend bool operator==(const AccountScore&, const AccountScore&) = default;
};

struct ExplainedAccountScore {
  AccountScore score;
  criteria::ExplainedScore fit;
  std::optional<criteria::ExplainedScore> engagement;
  criteria::ExplainedScore priority;
  // Missing account criteria that leave room, where the verdict is undecided.
  std::vector<std::string> deciding_criterion_ids;
};

// Scores accounts of one view under one definition at one instant. Keeps scratch memory:
// scoring allocates nothing for an account, explaining does. Not thread-safe; several
// can share a view and a definition, which must outlive it.
class AccountScorer {
 public:
  AccountScorer(const Definition& definition, const book::BookView& view, absl::Time as_of);
  // `row` is live.
  AccountScore Score(book::AccountRow row);
  ExplainedAccountScore Explain(book::AccountRow row);
  // Every value that Score reads, in a canonical form, for hashing.
  std::string Inputs(book::AccountRow row);

 private:
  void Read(book::AccountRow row);
  AccountScore Judge(const criteria::ScoreRange& fit,
                     const std::optional<criteria::ScoreRange>& engagement) const;

  const Definition& definition_;
  ReadContext context_;
  EngagementMeter meter_;
  std::optional<book::AccountRow> read_;  // whose values are held
  std::vector<criteria::Value> fit_values_;
  std::vector<criteria::Value> engagement_values_;
};

// Numbers that both kinds of score share: fit and engagement by their weights.
criteria::ScoreRange Prioritize(const Definition& definition, const criteria::ScoreRange& fit,
                                const std::optional<criteria::ScoreRange>& engagement);

}  // namespace gtm::targeting::domain
