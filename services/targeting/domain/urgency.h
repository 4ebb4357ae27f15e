#pragma once
// How urgent it is for an account to act, and what wakes it while it is not (UR-05, UR-09,
// UR-10, UR-12, C06).
//
// Urgency is a score of 0 to 100 points with one part a trigger, strongest first: a trigger
// that counts takes its strength's share of the points that the stronger ones left,
// s1 + s2 * (1 - s1) + ..., so that parts sum to the score bit for bit, another trigger
// never lowers it, and it never passes 100.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/criteria/criteria.h"
#include "services/targeting/domain/triggers.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.
enum class UrgencyState { kActive = 1, kAsk = 2, kSimmer = 3 };
enum class WakeUpKind {
  kAskWhyNow = 1,
  kAnswerQuestions = 2,
  kMergerSettles = 3,
  kSettleDate = 4,
  kReview = 5,
};

struct WakeUpRule {
  WakeUpKind kind = WakeUpKind::kReview;
  absl::CivilDay due_day;
  std::string event_id;
  friend auto operator<=>(const WakeUpRule&, const WakeUpRule&) = default;
};

struct AccountUrgency {
  UrgencyState state = UrgencyState::kSimmer;
  criteria::ScoreRange range;
  std::vector<criteria::Part> parts;        // one a trigger, in their order
  std::vector<TriggerAssessment> triggers;  // see JudgeTriggers
  bool why_now_asked = false;
  std::vector<UrgencyQuestion> questions;  // distinct; of the strongest trigger first
  // Earliest first. Empty where a trigger counts, else never (C06).
  std::vector<WakeUpRule> wake_up_rules;
  // What the last call that told why not now says (UR-05); "" where none has.
  std::string not_now_reason;
};

// What the score rests on, and the score.
struct UrgencyScore {
  std::vector<TriggerAssessment> triggers;
  bool why_now_asked = false;  // looked at only where there is no trigger
  criteria::ScoreRange range;
};

struct BuyingConditions {
  book::OpportunityRow row{book::kNoRow};
  // Budget, authority, confidence, consensus, urgent need.
  std::array<std::optional<bool>, 5> met;
  std::array<bool, 5> from_trigger{};
  int met_count = 0;
  std::vector<UrgencyQuestion> questions;
  bool need_without_trigger = false;
};

// The trigger events and call summaries of a view by account. Immutable, thread-safe; keeps
// what it names alive, and not the view.
class TriggerIndex {
 public:
  // Looks at every trigger event and call summary once. With `only`, knows those of this
  // account alone, which is quicker.
  explicit TriggerIndex(const book::BookView& view,
                        std::optional<book::AccountRow> only = std::nullopt);

  struct Known {
    TriggerList triggers;
    std::vector<const crm::v1::CallSummary*> calls;
  };
  // Null where nothing is known.
  const Known* Find(book::AccountRow account) const;
  // The triggers and calls of `view` are those that it knows. Where it is a later view of the
  // same Book, and no account came since, an index of it would be the same.
  bool Holds(const book::BookView& view) const;

 private:
  book::MessageList<crm::v1::TriggerEvent> events_;
  book::MessageList<crm::v1::CallSummary> calls_;
  absl::flat_hash_map<uint32_t, Known> known_;
};

// Urgency of any account of a view. Reading is thread-safe.
class UrgencyReader {
 public:
  // `view` outlives the reader.
  UrgencyReader(const book::BookView& view, const UrgencyRules& rules,
                std::optional<book::AccountRow> only = std::nullopt);
  UrgencyReader(const book::BookView& view, const UrgencyRules& rules,
                std::shared_ptr<const TriggerIndex> index);

  AccountUrgency Read(book::AccountRow account, absl::Time as_of) const;
  // The score alone: much less work.
  UrgencyScore Score(book::AccountRow account, absl::Time as_of) const;
  // The triggers alone.
  std::vector<TriggerAssessment> Triggers(book::AccountRow account, absl::Time as_of) const;
  // The five conditions of the open opportunities, by rising id.
  std::vector<BuyingConditions> Conditions(book::AccountRow account, const AccountUrgency& urgency,
                                           absl::Time as_of) const;
  // Open at `as_of`: it exists, and is neither won nor lost.
  static bool IsOpen(const book::OpportunityFacts& opportunity, absl::Time as_of);

 private:
  using Known = TriggerIndex::Known;
  // When somebody last looked: a trigger, a call, a stage of a deal that answers why now.
  std::optional<absl::Time> LastLook(book::AccountRow account, const Known* known,
                                     absl::Time as_of) const;
  bool WhyNowAsked(book::AccountRow account, const Known* known, absl::Time as_of) const;

  const book::BookView& view_;
  const UrgencyRules rules_;
  const std::shared_ptr<const TriggerIndex> index_;
};

// The score of judged triggers. `why_now_asked` false and no trigger: nothing is known.
criteria::ScoreRange ScoreTriggers(std::span<const TriggerAssessment> triggers, bool why_now_asked,
                                   const UrgencyRules& rules);
// Its parts, one a trigger, in their order; they sum to the score.
std::vector<criteria::Part> TriggerParts(std::span<const TriggerAssessment> triggers);

}  // namespace gtm::targeting::domain
