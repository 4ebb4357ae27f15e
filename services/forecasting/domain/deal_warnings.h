#pragma once
// What an interrogation says of a deal (FC-10 to FC-23, C17): warnings that know the stage,
// each with an action, a day by which, and what clears it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/account_trend.h"
#include "services/forecasting/domain/evidence.h"
#include "services/forecasting/domain/stuck.h"
#include "services/forecasting/domain/trust.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.forecasting.v1.DealWarning.Type, where each is explained.
enum class DealWarningType : uint8_t {
  kNoBuyerActivity = 1,
  kSingleContact = 2,
  kFewContacts = 3,
  kNoChampion = 4,
  kCoachOnly = 5,
  kChampionUnproven = 6,
  kNoEconomicBuyer = 7,
  kEconomicBuyerSilent = 8,
  kNoNegotiation = 9,
  kNoLegalReview = 10,
  kNoSecurityReview = 11,
  kNoUrgency = 12,
  kConditionDenied = 13,
  kQuestionsOpen = 14,
  kNoNextStep = 15,
  kDecelerating = 16,
  kAccelerating = 17,
  kStuckAge = 18,
  kStuckStage = 19,
  kCloseDateOverdue = 20,
  kCloseDatePushed = 21,
  kMissingAmount = 22,
  kMissingCloseDate = 23,
  kBlindSpots = 24,
  kLowTrust = 25,
};
inline constexpr int kDealWarningTypeCount = 25;

// Numbers as in gtm.forecasting.v1.DealWarning.Severity.
enum class Severity : uint8_t { kInfo = 1, kLow = 2, kMedium = 3, kHigh = 4 };

// Numbers as in gtm.forecasting.v1.ClearCondition.Type.
enum class ClearType : uint8_t {
  kEngagedContacts = 1,  // at least `count` people acted
  kBuyerTouches = 2,     // at least one of `evidence`'s type (none: any) from `day` on
  kRoleNamed = 3,        // `role` in the buying group
  kRoleEngaged = 4,      // somebody of `role` acted
  kChampionProven = 5,
  kAnswersYes = 6,     // `count` answers that are no or open become yes
  kNextStep = 7,       // a call summary with a next step from `day` on
  kTouchesInBand = 8,  // at least `count` and at most `count_max` in four weeks
  kStageMoved = 9,     // a stage is entered, or the deal closed, from `day` on
  kClosed = 10,
  kCloseDateFrom = 11,  // the close date is `day` or later
  kAmountSet = 12,
  kCloseDateSet = 13,
  kChannels = 14,  // touches of at least `count` types
  kTrust = 15,     // weight of at least `count` percent
};

struct Clearing {
  ClearType type;
  std::string text;
  int64_t count = 0;
  int64_t count_max = 0;
  std::optional<DayNumber> day;
  Role role = Role::kUnknown;
  std::optional<EvidenceKind> evidence;
};

struct DealWarning {
  DealWarningType type;
  Severity severity;
  std::string message;
  std::string action;
  DayNumber due_day = 0;
  Clearing clears;
  std::vector<EvidenceKind> rests_on;
  const char* rule = "";  // id of the requirement
};

// What a tenant may choose.
struct InterrogationRules {
  int quiet_days = 21;  // without a buyer's touch
  int push_count = 3;   // of the close date, without a new stage between
  int late_days = 30;   // before the close date a deal is late in the process
  int overdue_high_days = 30;
};
inline constexpr double kTrustLow = 0.6;

// One deal and what was found out about it.
struct DealCase {
  const DealTable& table;
  const PipelineFacts& facts;
  const DealFacts& deal;
  const DealEvidence& evidence;
  const AccountTrend* trend;  // null where the account is unknown
  const Trust& trust;
  const StuckJudgement& age;
  const StuckJudgement& stage_age;
  const InterrogationRules& rules;

  const Deal& row() const { return table.deals[deal.deal]; }
  // Past Stage 1: a buying group must be in sight.
  bool is_past_first() const { return deal.in_contract || deal.stage_number >= 2; }
  // In the contract stage, the one before it, or close to the expected day.
  bool is_late() const;
};

// By type.
std::vector<DealWarning> WarnOf(const DealCase& deal_case);

// ---- parts of WarnOf -------------------------------------------------------------------

// Collects warnings and gives each its due day: `days` from today, not after the expected
// close day where that is still to come, and never today or before.
class WarningList {
 public:
  explicit WarningList(const DealCase& deal_case) : case_(deal_case) {}
  void Add(DealWarningType type, Severity severity, const char* rule, std::string message,
           std::string action, Clearing clears, std::vector<EvidenceKind> rests_on);
  std::vector<DealWarning> Finish();

 private:
  const DealCase& case_;
  std::vector<DealWarning> warnings_;
};
void WarnOfPeople(const DealCase& deal_case, WarningList* list);   // warn_people.cc
void WarnOfProcess(const DealCase& deal_case, WarningList* list);  // warn_process.cc
void WarnOfPace(const DealCase& deal_case, WarningList* list);     // warn_pace.cc

// "2026-04-01".
std::string DayText(DayNumber day);
// "1 day", "3 days".
std::string CountText(int64_t count, const char* one, const char* many);

}  // namespace gtm::forecasting::domain
