#include "services/forecasting/domain/deal_warnings.h"

#include <algorithm>

#include "fmt/format.h"

namespace gtm::forecasting::domain {
namespace {

int DaysToAct(Severity severity) {
  switch (severity) {
    case Severity::kHigh:
      return 3;
    case Severity::kMedium:
      return 7;
    default:
      return 14;
  }
}

}  // namespace

bool DealCase::is_late() const {
  if (deal.in_contract) return true;
  const int contract = facts.contract_number > 0 ? facts.contract_number : facts.stage_count + 1;
  if (deal.stage_number >= std::max(2, contract - 1)) return true;
  const auto& close = row().expected_close_day;
  return deal.stage_number >= 2 && close && *close >= table.today &&
         *close - table.today <= rules.late_days;
}

void WarningList::Add(DealWarningType type, Severity severity, const char* rule,
                      std::string message, std::string action, Clearing clears,
                      std::vector<EvidenceKind> rests_on) {
  DealWarning warning;
  warning.type = type;
  warning.severity = severity;
  warning.rule = rule;
  warning.message = std::move(message);
  warning.action = std::move(action);
  warning.clears = std::move(clears);
  warning.rests_on = std::move(rests_on);
  const DayNumber today = case_.table.today;
  warning.due_day = today + DaysToAct(severity);
  const auto& close = case_.row().expected_close_day;
  if (close && *close > today) warning.due_day = std::min(warning.due_day, *close);
  warnings_.push_back(std::move(warning));
}

std::vector<DealWarning> WarningList::Finish() {
  std::stable_sort(warnings_.begin(), warnings_.end(),
                   [](const auto& a, const auto& b) { return a.type < b.type; });
  return std::move(warnings_);
}

std::vector<DealWarning> WarnOf(const DealCase& deal_case) {
  WarningList list(deal_case);
  WarnOfPeople(deal_case, &list);
  WarnOfProcess(deal_case, &list);
  WarnOfPace(deal_case, &list);
  return list.Finish();
}

std::string DayText(DayNumber day) {
  const absl::CivilDay civil = DayAt(day);
  return fmt::format("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day());
}

std::string CountText(int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace gtm::forecasting::domain
