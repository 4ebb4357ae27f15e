#pragma once
// How well an account fits, how engaged it is, how urgent it is to act (TG-04 to TG-09).
//
// fit and engagement are weighted criteria (common/criteria), urgency is one part a trigger
// (urgency.h). The priority has a part for each that the definition scores:
//   part("fit")        = fit_priority_max        * fit        / 100,000,000
//   part("engagement") = engagement_priority_max * engagement / 100,000,000
//   part("urgency")    = urgency_priority_max    * urgency    / 100,000,000
// each rounded half to even, so the parts sum to the priority bit for bit, and the ends
// of its range come from the ends of theirs. Example: weights 60, 40 and 0, fit 80 points,
// engagement 50 points: 48 + 20 = 68 points.
//
// Verdict: a target where even the lowest fit that full data could give reaches the
// threshold; no target where even the highest does not; else undecided.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "common/book/book.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/urgency.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.TargetVerdict.
enum class Verdict : uint8_t { kTarget = 1, kNotTarget = 2, kUndecided = 3 };

struct AccountScore {
  criteria::ScoreRange fit;
  std::optional<criteria::ScoreRange> engagement;  // absent where not scored
  std::optional<criteria::ScoreRange> urgency;     // absent where not scored
  criteria::ScoreRange priority;
  Verdict verdict = Verdict::kUndecided;
  bool prospect = false;
  friend bool operator==(const AccountScore&, const AccountScore&) = default;
};

struct ExplainedAccountScore {
  AccountScore score;
  criteria::ExplainedScore fit;
  std::optional<criteria::ExplainedScore> engagement;
  std::optional<criteria::ExplainedScore> urgency;
  criteria::ExplainedScore priority;
  // Missing account criteria that leave room, where the verdict is undecided.
  std::vector<std::string> deciding_criterion_ids;
};

// A score and what an explanation of it is made of: the value of each criterion, and the
// outcome that it fell into.
struct WeighedAccount {
  AccountScore score;
  std::span<const criteria::Value> fit_values;
  std::span<const uint32_t> fit_outcomes;
  std::span<const criteria::Value> engagement_values;  // none where not scored
  std::span<const uint32_t> engagement_outcomes;
  std::span<const criteria::Part> urgency_parts;  // none where not scored
};

// Scores accounts of one view under one definition at one instant. Keeps scratch memory:
// scoring allocates nothing for an account, explaining does. Not thread-safe; several
// can share a view and a definition, which must outlive it.
class AccountScorer {
 public:
  // With `only`, no other row is ever asked for: urgency is found without a look at the
  // triggers of every account.
  AccountScorer(const Definition& definition, const book::BookView& view, absl::Time as_of,
                std::optional<book::AccountRow> only = std::nullopt);
  // Finds urgency with what another scorer, of a view with the same triggers, has read.
  // Null where the definition does not score urgency.
  void ShareTriggers(std::shared_ptr<const TriggerIndex> triggers);
  const std::shared_ptr<const TriggerIndex>& triggers() const { return triggers_; }
  // `row` is live.
  AccountScore Score(book::AccountRow row);
  // The fit alone, which says the verdict (VerdictOf): for who needs no more.
  criteria::ScoreRange ScoreFit(book::AccountRow row);
  ExplainedAccountScore Explain(book::AccountRow row);
  // As Score. What it refers to lives until another row is asked for.
  WeighedAccount Weigh(book::AccountRow row);
  // Appends every value that Score reads, in a canonical form, for hashing.
  void AppendInputs(book::AccountRow row, std::string* out);

 private:
  void Read(book::AccountRow row);
  void ReadUrgency(book::AccountRow row);
  // What was read, judged.
  AccountScore Judge(const criteria::ScoreRange& fit,
                     const std::optional<criteria::ScoreRange>& engagement) const;

  const Definition& definition_;
  ReadContext context_;
  EngagementMeter meter_;
  const std::optional<book::AccountRow> only_;
  std::shared_ptr<const TriggerIndex> triggers_;  // once urgency is asked for
  UrgencyScore urgency_;
  std::vector<criteria::Part> urgency_parts_;     // of the last one weighed
  std::optional<book::AccountRow> urgency_read_;  // whose urgency that is
  std::optional<book::AccountRow> read_;          // whose values are held
  // Inline for as many criteria as people write.
  absl::InlinedVector<criteria::Value, 16> fit_values_;
  absl::InlinedVector<criteria::Value, 16> engagement_values_;
  absl::InlinedVector<uint32_t, 16> fit_outcomes_;
  absl::InlinedVector<uint32_t, 16> engagement_outcomes_;
};

// Verdict, prospect gate and priority from the scores.
AccountScore JudgeAccount(const Definition& definition, const criteria::ScoreRange& fit,
                          const std::optional<criteria::ScoreRange>& engagement,
                          const std::optional<criteria::ScoreRange>& urgency);
// Where the threshold stands in the range of a fit.
Verdict VerdictOf(const Definition& definition, const criteria::ScoreRange& fit);
// A target is a prospect where its engagement shows that the interest is real (TG-09).
bool IsProspect(const Definition& definition, Verdict verdict,
                const std::optional<criteria::ScoreRange>& engagement);
// The parts of a priority.
criteria::ExplainedScore ExplainPriority(const Definition& definition, const AccountScore& score);
// True where a criterion of the fit that has this outcome leaves room for another score.
bool LeavesRoom(const Definition& definition, size_t criterion, uint32_t outcome);

}  // namespace gtm::targeting::domain
