// Warnings about time: engagement that changes, deals that do not move, dates that do; and
// about how far the record can be trusted.

#include <cmath>

#include "fmt/format.h"
#include "services/forecasting/domain/deal_warnings.h"

namespace gtm::forecasting::domain {
namespace {

// With fewer types recorded by the tenant, few on an account say nothing.
constexpr int kChannelsMin = 4;

constexpr EvidenceKind kTouchKinds[] = {EvidenceKind::kCalls, EvidenceKind::kEmails,
                                        EvidenceKind::kWebVisits, EvidenceKind::kContentReads};
std::vector<EvidenceKind> TouchKinds() { return {std::begin(kTouchKinds), std::end(kTouchKinds)}; }

void WarnOfTrend(const DealCase& c, WarningList* list) {
  if (c.trend == nullptr) return;
  const AccountTrend& trend = *c.trend;
  const bool is_slower = trend.verdict == TrendVerdict::kDecelerating;
  if (!is_slower && trend.verdict != TrendVerdict::kAccelerating) return;
  // Engagement falls in the final contract stage: no warning there (FC-15, D15).
  if (is_slower && c.deal.in_contract) return;
  const std::string counts = fmt::format(
      "{} buyer touches of the account in the last {} weeks, where {} to {} would be noise",
      trend.recent_count, kRecentWeeks, trend.band_low, trend.band_high);
  const Clearing clears = {.type = ClearType::kTouchesInBand,
                           .text = fmt::format("{} to {} buyer touches in {} weeks", trend.band_low,
                                               trend.band_high, kRecentWeeks),
                           .count = trend.band_low,
                           .count_max = trend.band_high};
  if (is_slower) {
    list->Add(DealWarningType::kDecelerating, Severity::kMedium, "FC-21", "slowing: " + counts,
              "Change the strategy: find out whether the champion is a coach, and get the economic "
              "buyer what supports the deal",
              clears, TouchKinds());
  } else {
    list->Add(DealWarningType::kAccelerating, Severity::kInfo, "FC-21", "an opening: " + counts,
              "Move while it lasts: bring the economic buyer in and propose the next step", clears,
              TouchKinds());
  }
}

std::string LengthText(const StuckJudgement& judgement) {
  if (judgement.as_long_count == 0) {
    return fmt::format("none of {} won deals took longer than {} days", judgement.won_count,
                       judgement.longest_days);
  }
  return fmt::format("{} of {} won deals took as long", judgement.as_long_count,
                     judgement.won_count);
}

void WarnOfAge(const DealCase& c, WarningList* list) {
  if (c.age.verdict == StuckVerdict::kStuck) {
    list->Add(
        DealWarningType::kStuckAge, c.age.as_long_count == 0 ? Severity::kHigh : Severity::kMedium,
        "FC-27",
        fmt::format("in pipeline for {} days; {}", c.table.age_days(c.row()), LengthText(c.age)),
        "Ask the buyer for a decision and a date; without one, close the deal as lost",
        {.type = ClearType::kClosed, .text = "the deal is won or lost"}, {EvidenceKind::kNextStep});
    return;  // that it is stuck is said
  }
  if (c.stage_age.verdict != StuckVerdict::kStuck) return;
  list->Add(
      DealWarningType::kStuckStage, Severity::kMedium, "FC-27",
      fmt::format("in {} for {} days; {} there", c.deal.stage_name,
                  c.table.today - c.row().stage_day, LengthText(c.stage_age)),
      "Name with the buyer what must happen for the next stage, or move the deal back",
      {.type = ClearType::kStageMoved, .text = "another stage is entered", .day = c.table.today},
      {EvidenceKind::kNextStep});
}

// Pushes of the close date since the stage was entered.
int PushesInStage(const DealCase& c) {
  int pushes = 0;
  const auto& dates = c.deal.close_dates;
  for (size_t i = 1; i < dates.size(); ++i) {
    pushes += dates[i].close_day > dates[i - 1].close_day && dates[i].set_day >= c.row().stage_day;
  }
  return pushes;
}

void WarnOfDates(const DealCase& c, WarningList* list) {
  const auto& close = c.row().expected_close_day;
  if (close && *close < c.table.today) {
    const int32_t days = c.table.today - *close;
    list->Add(DealWarningType::kCloseDateOverdue,
              days > c.rules.overdue_high_days ? Severity::kHigh : Severity::kMedium, "FC-27",
              fmt::format("expected to close on {}, {} ago", DayText(*close),
                          CountText(days, "day", "days")),
              "Ask the buyer by when the decision falls, and record that day",
              {.type = ClearType::kCloseDateFrom,
               .text = fmt::format("the close date is {} or later", DayText(c.table.today)),
               .day = c.table.today,
               .evidence = EvidenceKind::kCloseDate},
              {EvidenceKind::kCloseDate});
  }
  const int pushes = PushesInStage(c);
  if (pushes >= c.rules.push_count) {
    list->Add(
        DealWarningType::kCloseDatePushed, Severity::kMedium, "FC-27",
        fmt::format("the close date was pushed {} without a new stage",
                    CountText(pushes, "time", "times")),
        "Ask what changed since the first date, and let the buyer name the day",
        {.type = ClearType::kStageMoved, .text = "another stage is entered", .day = c.table.today},
        {EvidenceKind::kCloseDate});
  }
}

void WarnOfBlindSpots(const DealCase& c, WarningList* list) {
  const int recorded = c.evidence.channels_recorded, seen = c.evidence.channels_seen;
  if (recorded < kChannelsMin || seen == 0 || 3 * seen >= recorded) return;
  const int enough = (recorded + 2) / 3;
  list->Add(DealWarningType::kBlindSpots, Severity::kLow, "FC-11",
            fmt::format("touches of {} of {} recorded types are known of the account: what it does "
                        "elsewhere is not seen",
                        seen, recorded),
            "Connect what else the account uses: web, content, events, text messages",
            {.type = ClearType::kChannels,
             .text = fmt::format("touches of {} types", enough),
             .count = enough},
            TouchKinds());
}

void WarnOfTrust(const DealCase& c, WarningList* list) {
  if (c.trust.weight >= kTrustLow) return;
  std::string reasons;
  for (const Doubt& doubt : c.trust.doubts) {
    reasons += (reasons.empty() ? "" : "; ") + doubt.message;
  }
  list->Add(DealWarningType::kLowTrust, Severity::kMedium, "C18",
            fmt::format("the record deserves {:.0f} % of trust: {}", 100 * c.trust.weight, reasons),
            "Review the deal with its manager, on what the buyer did alone",
            {.type = ClearType::kTrust,
             .text = fmt::format("a trust of {:.0f} %", 100 * kTrustLow),
             .count = std::lround(100 * kTrustLow)},
            {EvidenceKind::kEmails, EvidenceKind::kCloseDate});
}

}  // namespace

void WarnOfPace(const DealCase& deal_case, WarningList* list) {
  WarnOfTrend(deal_case, list);
  WarnOfAge(deal_case, list);
  WarnOfDates(deal_case, list);
  WarnOfBlindSpots(deal_case, list);
  WarnOfTrust(deal_case, list);
}

}  // namespace gtm::forecasting::domain
