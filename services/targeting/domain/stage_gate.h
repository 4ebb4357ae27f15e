#pragma once
// Whether the evidence for Stage 1 is there (TG-16 to TG-19): the buying team is engaged,
// unless one person can buy; discovery took place; the interest was measured.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/definition.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.StageEvidence.Kind.
enum class EvidenceKind { kRubric = 1, kBuyingTeam = 2, kDiscovery = 3, kMeasuredInterest = 4 };

struct Evidence {
  EvidenceKind kind = EvidenceKind::kRubric;
  bool required = true;  // for Stage 1; the rubric is what Stage 0 rests on
  bool met = false;
  std::string observed;                 // what there is, as a sentence
  std::string needed;                   // what would meet it; "" where it is met
  std::vector<std::string> record_ids;  // that it rests on, by rising id, 20 at most
};

// Numbers as in gtm.targeting.v1.CheckStageGateResponse.Status.
enum class GateStatus { kReady = 1, kMissing = 2, kPassed = 3, kPassedWithout = 4, kClosed = 5 };

struct StageGate {
  GateStatus status = GateStatus::kMissing;
  std::string stage_id;                      // at as_of
  absl::Time clock_start;                    // when the velocity clock started (TG-18)
  std::optional<absl::Time> qualified_time;  // when it entered the pipeline
  bool one_person_buys = false;
  std::vector<Evidence> evidence;  // in the order of their kinds
};

inline constexpr int kTeamMinDefault = 3;
// Touches so long before the clock started still show the team at work.
inline constexpr int kTeamDaysBefore = 90;

struct GateQuestion {
  absl::Time as_of;
  // People who must be engaged, 2 to 100.
  int team_min = kTeamMinDefault;
  // One person can buy. Absent: where the buying group is one economic buyer or decision maker
  // alone, with the authority to buy.
  std::optional<bool> one_person_buys;
};

// `definition` says which engagement shows that the interest is real (TG-09); null where none
// is in force, and then the interest is not measured. `row` is live.
// Error: RECORD_NOT_FOUND where the opportunity had not begun by as_of.
Result<StageGate> CheckStageGate(const Definition* definition, const book::BookView& view,
                                 book::OpportunityRow row, const GateQuestion& question);

}  // namespace gtm::targeting::domain
