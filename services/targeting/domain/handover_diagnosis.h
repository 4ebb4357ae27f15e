#pragma once
// What the hand-over to sales and the deals after it say about the target: wrong target
// (TG-25), trash in (TG-32), and where the funnel turns away what was handed over (TG-20,
// TG-21). Period against period, each number with its interval (C27).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "common/stats/intervals.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/compare.h"
#include "services/targeting/domain/handover.h"

namespace gtm::targeting::domain {

// What a reason says of the target (TG-25). Numbers as in gtm.targeting.v1.ReasonClass.
enum class ReasonClass { kOther = 1, kNoProblem = 2, kNoValue = 3, kWillNotSpend = 4 };
inline constexpr int kReasonClasses = 5;  // with the unused 0

// Words of a reason that put it into a class, without regard to case. The first rule of the
// list that is contained in the reason counts.
struct ReasonRule {
  std::string words;
  ReasonClass of = ReasonClass::kOther;
};
// "no need", "no budget", ... : what the proto of DiagnoseHandovers lists.
const std::vector<ReasonRule>& DefaultReasonRules();
ReasonClass ClassOf(std::string_view reason, const std::vector<ReasonRule>& rules);

// One period.
struct PeriodFacts {
  Handshake handshake;
  Rate accepted_targets;            // of the decided hand-overs of targets, accepted by sales
  Rate accepted_others;             // likewise of accounts that are no targets
  int64_t undecided_handovers = 0;  // decided ones of accounts of unknown standing
  // Closed opportunities, by what the account is under the definition.
  Rate target_wins;
  Rate other_wins;
  // Losses of targets by what their reason says; those without a reason apart.
  std::array<int64_t, kReasonClasses> target_losses{};
  int64_t losses_without_reason = 0;
  int64_t won_count = 0;   // of all accounts
  int64_t lead_count = 0;  // marketing qualified leads as counted elsewhere, by days
  bool has_leads = false;
  std::optional<int64_t> spend_micros;  // absent: none recorded
};

// Numbers as in gtm.targeting.v1.HandoverFinding.Status.
enum class FindingStatus { kYes = 1, kNo = 2, kNotSure = 3, kNoData = 4 };

// Something that is wrong, or not. A status is told only where the interval carries it: kYes
// and kNo where it lies on one side of the line, kNotSure where it crosses.
struct Finding {
  FindingStatus status = FindingStatus::kNoData;
  std::optional<double> value;
  stats::Interval interval;
};

// Closed opportunities of the period with one product, or against one competitor (TG-33).
struct WinsBy {
  std::string name;  // as written first
  Rate wins;
  Rate others;  // all other closed opportunities of the period
};
inline constexpr size_t kWinsByMax = 100;

struct HandoverDiagnosis {
  PeriodFacts now;
  PeriodFacts before;
  // Losses of targets whose reason says that the target is wrong (no problem, no value, will
  // not spend), of those with a reason: the interval against one half.
  Finding wrong_reasons;
  // Win rate of targets less that of other accounts: targets should win more. kYes (wrong)
  // where the difference is surely not above 0.
  Finding targets_win_no_more;
  // Won deals a unit of money now against before: kYes where surely fewer.
  Finding money_wins_less;
  // Leads (counted elsewhere, else hand-overs) now against before: kYes where surely more.
  Finding more_leads;
  // Won deals now against before: kYes where surely fewer.
  Finding fewer_won;
  // Acceptance of targets less that of other accounts: sales should refuse what is no target
  // (TG-32). kYes where sales surely takes targets more often: it does.
  Finding sales_refuses_others;
  // Wrong target: the reasons say so, or targets win no more and the reasons do not say no.
  FindingStatus wrong_target = FindingStatus::kNoData;
  // Trash in: more spend, more leads and fewer won deals at once. kNotSure where the numbers
  // point that way, but the bands do not bear it out.
  FindingStatus trash_in = FindingStatus::kNoData;
  // Spend now over spend before. Absent where either is unknown or nothing.
  std::optional<double> spend_ratio;
  // Of the period now, most opportunities first, then by name.
  std::vector<WinsBy> products, competitors;
};

struct DiagnosisQuestion {
  DayRange now;
  DayRange before;
  std::vector<ReasonRule> rules;
};

// Hand-overs are judged by the definition as of the day on which they happened (TG-24), deals
// by the audience. Errors: EXCHANGE_RATE_MISSING; those of `check_alive`.
Result<HandoverDiagnosis> DiagnoseHandovers(const Definition& definition, const Audience& audience,
                                            const book::BookView& view,
                                            const DiagnosisQuestion& question,
                                            const CheckAlive& check_alive);

// The two conclusions, from the findings and the ratios observed. Pure; exposed for tests.
FindingStatus JudgeWrongTarget(const HandoverDiagnosis& diagnosis);
FindingStatus JudgeTrashIn(const HandoverDiagnosis& diagnosis);

}  // namespace gtm::targeting::domain
