#pragma once
// The hand-over to sales and the rate at which it is accepted (TG-16, TG-20, TG-21, D2).
//
// Gate: at least 70 % of the decided hand-overs accepted; 70 to 80 % and more is healthy.
// A verdict is on the observed rate, and is given only where the 95 % Wilson interval is
// at most 20 points wide, or does not contain the gate (C27). Worked example D2: 69 of
// 100 is below, 70 and 80 of 100 are healthy, 7 of 10 is not enough data.

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "services/targeting/domain/lifecycle.h"

namespace gtm::targeting::domain {

using v1::Handover;

inline constexpr int32_t kHandshakeGateBps = 7'000;
inline constexpr int32_t kHandshakeHealthyToBps = 8'000;
inline constexpr double kHandshakeHalfWidthMax = 0.10;

// The state of a hand-over at `time`, from its decisions.
Handover::State StateAt(const Handover& handover, absl::Time time);
// "PENDING" as people read it: "pending".
std::string StateText(Handover::State state);

struct HandoverDecision {
  Handover::State state = Handover::STATE_UNSPECIFIED;
  std::string reason;
  absl::Time decide_time;
};
// Adds a decision. Errors: WRONG_STATE (accept or reject a pending one only, qualify or
// disqualify an accepted one only), INVALID_FIELDS (no decision, no reason for a
// rejection, a time before the step before it or after `step.now`).
Result<Handover> Decide(Handover handover, const HandoverDecision& decision, const Step& step);

// Numbers as in gtm.targeting.v1.HandshakeStatus.
enum class HandshakeStatus { kBelow = 1, kHealthy = 2, kNotEnoughData = 3, kNoData = 4 };

struct HandshakeVerdict {
  HandshakeStatus status = HandshakeStatus::kNoData;
  bool could_turn = false;  // the interval contains the gate
};
HandshakeVerdict JudgeHandshake(int64_t accepted_count, int64_t decided_count);

struct ReasonCount {
  std::string reason;
  int64_t count = 0;
};

// Hand-overs of some days, as they stood at as_of.
struct Handshake {
  int64_t handover_count = 0;
  int64_t pending_count = 0;
  int64_t accepted_count = 0;  // also those that qualified or not afterwards
  int64_t rejected_count = 0;
  int64_t qualified_count = 0;
  int64_t disqualified_count = 0;
  std::vector<ReasonCount> rejection_reasons;         // most frequent first, then by name
  std::vector<ReasonCount> disqualification_reasons;  // likewise
};
struct HandshakeQuestion {
  DayRange days;
  absl::Time as_of;
  std::string definition_id;  // "": all
};
Handshake CountHandovers(const book::MessageList<Handover>& handovers,
                         const FiscalCalendar& calendar, const HandshakeQuestion& question);

}  // namespace gtm::targeting::domain
