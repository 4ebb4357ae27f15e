#pragma once
// Whether a trigger counts, and how much (UR-01 to UR-07, C06, D16).
//
// A trigger counts where two answers are a yes: the person with the urgency has authority
// and influence to buy, and our product clearly solves the urgent problem (UR-07). One no
// makes it a false trigger, an answer that is missing leaves it undecided. While a merger
// is open nobody can decide, so nothing of the account counts (UR-06, D16); a merger is an
// authority shift once it settled.
//
// Strength: a mandate d days before its deadline has p * 2^(-d / half-life) points, and
// none after it; without a deadline it is undecided, since a mandate has one (UR-03). The
// others have p * 2^(-age / half-life) points, and are gone after three half-lives.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.UrgencyRules, which says where the defaults come from.
struct UrgencyRules {
  int32_t mandate_points = 90;
  int32_t authority_shift_points = 60;
  int32_t personal_drive_points = 40;
  int32_t mandate_half_life_days = 180;
  int32_t authority_shift_half_life_days = 90;
  int32_t personal_drive_half_life_days = 180;
  int32_t merger_settle_days = 90;
  int32_t review_days = 90;
};
// Three half-lives: an eighth of the points is left.
inline constexpr int kHalfLivesMax = 3;
// An open merger is asked about after so many days. The platform's own default: mergers
// take from half a year to two years.
inline constexpr int kMergerReviewDays = 180;
// A leadership change within so many days of a recorded authority shift is the same.
inline constexpr int kSameShiftDays = 31;

// Numbers as in the enums of gtm.crm.v1.TriggerEvent and gtm.targeting.v1.
enum class TriggerType { kUnknown = 0, kAuthorityShift = 1, kMandate = 2, kPersonalDrive = 3 };
enum class TriggerVerdict { kActive = 1, kFalse = 2, kUndecided = 3, kExpired = 4 };
enum class TriggerReason {
  kNone = 0,
  kTestPassed = 1,
  kMergerOpen = 2,
  kNoAuthority = 3,
  kProblemNotSolved = 4,
  kNotAsked = 5,
  kDeadlineOver = 6,
  kFaded = 7,
};
enum class UrgencyQuestion {
  kWhyNow = 1,
  kAuthority = 2,
  kSolvesProblem = 3,
  kDeadline = 4,
  kMergerSettled = 5,
  kBudget = 6,
  kConfidence = 7,
  kConsensus = 8,
  kUrgentNeed = 9,
};

struct TriggerAssessment {
  std::string event_id;  // "": the leadership change of the account record
  TriggerType type = TriggerType::kUnknown;
  std::string subtype;
  std::string contact_id;
  absl::Time start_time;
  std::optional<absl::CivilDay> deadline;
  int phase = 0;                           // of a merger, gtm.crm.v1.TriggerEvent.Phase
  std::optional<absl::CivilDay> wake_day;  // an open merger: settles, or is asked about
  TriggerVerdict verdict = TriggerVerdict::kUndecided;
  TriggerReason reason = TriggerReason::kNone;
  int64_t base_micropoints = 0;      // of its type
  int64_t strength_micropoints = 0;  // with decay, were it to count
  std::vector<UrgencyQuestion> questions;
};

// Trigger events of one account, in any order.
using TriggerList = std::vector<const crm::v1::TriggerEvent*>;

// Judges what had happened by `as_of`, strongest first, then by rising event id; what has
// no strength left comes last. `leadership_change` is that of the account record.
std::vector<TriggerAssessment> JudgeTriggers(const TriggerList& events,
                                             std::optional<absl::CivilDay> leadership_change,
                                             const UrgencyRules& rules,
                                             const FiscalCalendar& calendar, absl::Time as_of);

}  // namespace gtm::targeting::domain
