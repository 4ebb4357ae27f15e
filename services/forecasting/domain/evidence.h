#pragma once
// What is known about open deals at an instant, and the evidence that is in it (FC-10 to
// FC-22): found, missing, denied, or never recorded, which is no fault of the deal.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/account_trend.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/record_lag.h"
#include "services/forecasting/domain/touch.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.crm.v1.BuyingRole.
enum class Role : uint8_t {
  kUnknown = 0,
  kEconomicBuyer = 1,
  kDecisionMaker = 2,
  kChampion = 3,
  kCoach = 4
};

// Questions that are answered yes or no on the deal (FC-12, UR-10).
enum class DealQuestion : uint8_t {
  kBudget = 0,
  kAuthority = 1,
  kConfidence = 2,
  kConsensus = 3,
  kUrgentNeed = 4,
  kStatesValue = 5,
};
inline constexpr int kQuestionCount = 6;

struct StageStep {
  absl::Time time;
  DayNumber day = 0;
  int number = 0;  // as DealFacts::stage_number; 0: outside the pipeline
  bool in_pipeline = false;
};
struct AmountStep {
  absl::Time time;
  int64_t micros = 0;  // in the deal's own currency
};
struct CloseDateStep {
  DayNumber set_day = 0;
  DayNumber close_day = 0;
};
struct GroupMember {
  RowNumber contact = kNoOne;
  uint8_t role = 0;
};

// One open deal, beside what the DealTable holds.
struct DealFacts {
  uint32_t deal = 0;  // index into DealTable::deals
  RowNumber row = kNoOne;
  int account = -1;  // index into PipelineFacts::accounts; -1: unknown
  std::string account_id;
  std::string display_name;
  std::string stage_name;
  bool in_contract = false;
  // Stages of the pipeline in the order of the process, from 1: Stage 1 is the first after
  // Stage 0 (TG-19).
  int stage_number = 1;
  absl::Time clock_time;
  RecordLag record_lag;
  std::vector<StageStep> stages;
  std::vector<AmountStep> amounts;
  std::vector<CloseDateStep> close_dates;
  std::vector<GroupMember> group;
  std::array<std::optional<bool>, kQuestionCount> answers;
  // Of the last call summary of the deal, or of its account without naming a deal.
  std::optional<DayNumber> summary_day;
  bool summary_has_next_step = false;
  bool urgency_told = false;             // in any call summary
  std::optional<DayNumber> trigger_day;  // of the last trigger event (UR-01)
};

struct BuyerAccount {
  std::string id;
  std::vector<DealTouch> touches;  // by time, never after the instant
  AccountWeeks weeks;
};

// Why deals were lost in the year before the instant (FC-26).
struct LossReason {
  std::string reason;  // as recorded; "" where none was
  std::string owner_seller_id;
  std::string segment;
};

// A deal that was won in the kRecentWinDays days before the instant.
struct WinFacts {
  uint32_t deal = 0;  // index into DealTable::deals
  std::string display_name;
  RecordLag record_lag;
};
inline constexpr int kRecentWinDays = 90;

// Everything that an interrogation knows. Facts that carry no date of their own (answers,
// names, owners) are those of the view: ask with recorded_as_of to see them as they were.
struct PipelineFacts {
  std::vector<DealFacts> deals;        // the open ones, in the order of the table
  std::vector<BuyerAccount> accounts;  // of these deals
  std::map<RowNumber, std::string> contact_ids;
  TrendBaseline trend_baseline;
  int stage_count = 0;      // of the pipeline
  int contract_number = 0;  // number of the first contract stage; 0: there is none
  int group_size_min = 7, group_size_max = 11;  // of a buying group (TG-11)
  // What the tenant records at all, at or before the instant.
  std::array<int64_t, kTouchTypeCount> touch_counts{};
  int64_t touch_count = 0;
  int64_t named_touch_count = 0;  // with a person
  int64_t summary_count = 0;
  int64_t trigger_count = 0;
  std::array<int64_t, kQuestionCount> answer_counts{};
  int64_t close_date_count = 0;  // open deals with one
  int64_t group_count = 0;       // open deals with a buying group
  // Days that won deals spent in each stage before they left it, rising.
  std::map<std::string, std::vector<int32_t>> won_stage_days;
  std::vector<LossReason> losses;
  std::vector<WinFacts> recent_wins;  // in the order of the table
  // What is usual for the tenant, rising: lags of closed deals that have one; of won deals the
  // days from creation to winning, and to entering the last stage (those that entered it).
  std::vector<int32_t> closed_record_lags;
  std::vector<int32_t> won_cycle_days;
  std::vector<int32_t> won_last_stage_days;
};

// ---- evidence -----------------------------------------------------------------------

// Numbers as in gtm.forecasting.v1.EvidenceKind.
enum class EvidenceKind : uint8_t {
  kCalls = 1,  // the seven of FC-14
  kEmails = 2,
  kMessages = 3,
  kWebVisits = 4,
  kContentReads = 5,
  kVideoWatches = 6,
  kInternalShares = 7,
  kSeveralContacts = 8,  // FC-16
  kChampion = 9,         // FC-22
  kEconomicBuyer = 10,
  kNegotiation = 11,  // FC-17
  kLegalReview = 12,  // FC-18
  kSecurityReview = 13,
  kUrgency = 14,  // FC-12
  kStatesValue = 15,
  kBudget = 16,  // UR-10
  kAuthority = 17,
  kConfidence = 18,
  kConsensus = 19,
  kNextStep = 20,
  kAmount = 21,
  kCloseDate = 22,
};
inline constexpr int kEvidenceKindCount = 22;

enum class EvidenceState : uint8_t {
  kFound = 1,
  kMissing = 2,
  kDenied = 3,       // asked, and the answer was no
  kNotRecorded = 4,  // not known here: never recorded by the tenant, or never asked
};

struct EvidenceItem {
  EvidenceKind kind;
  EvidenceState state = EvidenceState::kNotRecorded;
  int64_t count = 0;
  std::optional<DayNumber> last_day;
};

// A person who acted on the deal.
struct EngagedContact {
  RowNumber contact = kNoOne;
  uint8_t role = 0;  // in the buying group
  int64_t touch_count = 0;
  int64_t share_count = 0;  // inside the buyer's team
  absl::Time first_time, last_time;
};

enum class ChampionVerdict : uint8_t {
  kNone = 1,      // nobody is named
  kCoach = 2,     // only a coach: informs, cannot sell inside
  kUnproven = 3,  // named champion, but does not sell inside: a coach, perhaps
  kProven = 4,    // shares inside, or further people came after
  kUnknown = 5,   // what would show it is not recorded
};
// Further people first engaged after a champion that prove it without a share.
inline constexpr int kBroughtContactsMin = 2;

struct DealEvidence {
  std::vector<EvidenceItem> items;       // by kind, all of them
  std::vector<EngagedContact> contacts;  // engaged, most touches first
  int64_t buyer_touch_count = 0;
  int64_t our_touch_count = 0;  // we acted alone
  std::optional<DayNumber> last_buyer_day;
  ChampionVerdict champion = ChampionVerdict::kUnknown;
  bool economic_buyer_named = false;
  // Blind spots (FC-11): types that the tenant records at all, and those with any touch of
  // this account.
  int channels_recorded = 0;
  int channels_seen = 0;
  // Share of the kinds whose state is known (FC-27).
  double completeness = 0;

  const EvidenceItem& at(EvidenceKind kind) const { return items[static_cast<size_t>(kind) - 1]; }
};

// Touches count from the start of the velocity clock on, for at most this many days back;
// those recorded for another deal of the account do not.
inline constexpr int kEvidenceDays = 180;
// A call summary is a next step for so long.
inline constexpr int kNextStepDays = 30;

DealEvidence FindEvidence(const DealTable& table, const PipelineFacts& facts,
                          const DealFacts& deal);

// Hash (SHA-256, hex) of everything in the facts: equal facts give equal answers, however
// the records arrived.
std::string HashOf(const PipelineFacts& facts);

// Types of touches that show negotiation, legal and security review.
TouchType TouchTypeOf(EvidenceKind kind);

// Touches that count for a deal (see kEvidenceDays), by time.
std::vector<const DealTouch*> TouchesOf(const DealTable& table, const PipelineFacts& facts,
                                        const DealFacts& deal);

}  // namespace gtm::forecasting::domain
