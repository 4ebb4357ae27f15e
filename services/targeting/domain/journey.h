#pragma once
// How far a buyer is on the way to a decision, from evidence (BE-03, BE-04, BE-07, BE-14).
//
// Evidence holds for a time: an act of the buyer for 180 days, the stage of an opportunity
// until it changes (won: 180 days). What people recorded (the step in a call summary, a deal
// lost since it was not a fit) is a statement: it replaces all that was before it, and later
// evidence can only move the step on; after "not a fit", later evidence begins anew. A
// meeting or a trial is an examination of solutions: a demo is not the end.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.crm.v1.JourneyStep.
enum class JourneyStep {
  kUnknown = 0,
  kIdentifyProblem = 1,
  kExamine = 2,
  kDecision = 3,
  kNotAFit = 4
};

inline constexpr absl::Duration kActDuration = absl::Hours(24 * 180);

enum class EvidenceKind { kCallSummary = 1, kOpportunity = 2, kEngagement = 3 };

struct JourneyEvidence {
  absl::Time time;
  absl::Time until;  // it holds in [time, until)
  JourneyStep step = JourneyStep::kUnknown;
  EvidenceKind kind = EvidenceKind::kEngagement;
  bool statement = false;
  bool won = false;
  std::string_view record_id;  // of a call summary or opportunity
  uint8_t engagement_type = 0;
  book::ContactRow contact{book::kNoRow};
};

// The step that an act speaks for; kUnknown where for none (a call, an e-mail).
JourneyStep StepOfTouch(uint8_t engagement_type);
// True for "not a fit", "no fit", "bad fit", "poor fit", without regard to case.
bool IsNotAFit(std::string_view loss_reason);

// Call summaries of one account, in any order.
using CallList = std::vector<const crm::v1::CallSummary*>;
CallList CallsOf(const book::BookView& view, book::AccountRow account);

// All evidence of an account up to `as_of`, by rising time. With `only`, what that person
// did or said.
std::vector<JourneyEvidence> EvidenceOf(const book::BookView& view, book::AccountRow account,
                                        const CallList& calls, absl::Time as_of,
                                        std::optional<book::ContactRow> only = std::nullopt);

struct JourneyPosition {
  JourneyStep step = JourneyStep::kUnknown;
  std::optional<absl::Time> since;  // the first evidence for it that counts
};
// Where the evidence puts the buyer at `time`.
JourneyPosition PositionAt(const std::vector<JourneyEvidence>& evidence, absl::Time time);

struct BuyerJourney {
  JourneyPosition position;
  bool bought = false;
  int problem_class = 0;                  // gtm.crm.v1.ProblemClass, as last recorded
  std::vector<JourneyEvidence> evidence;  // by rising time
  int64_t person_count = 0;
  int64_t active_person_count = 0;
  int64_t internal_share_count = 0;
  const crm::v1::CallSummary* newest_call = nullptr;
  std::vector<std::string> unanswered_fields;  // of BE-14, that no call answered
};
BuyerJourney ReadJourney(const book::BookView& view, book::AccountRow account, absl::Time as_of,
                         std::optional<book::ContactRow> only = std::nullopt);

}  // namespace gtm::targeting::domain
