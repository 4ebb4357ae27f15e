#include "services/forecasting/handler/answer_parts.h"

#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

// How far ahead a period may end, in days.
constexpr int kHorizonDaysMax = 3 * 366;

}  // namespace

FiscalPeriod PeriodAt(const domain::DealTable& table, const std::optional<FiscalPeriod>& asked) {
  if (asked) return *asked;
  return table.calendar.PeriodOf(domain::DayAt(table.today), PeriodUnit::kQuarter);
}

Result<DayRange> DaysOf(const domain::DealTable& table, const FiscalPeriod& period) {
  const DayRange days = table.calendar.DaysOf(period);
  if (days.end - domain::DayAt(table.today) > kHorizonDaysMax) {
    return InvalidField("period", fmt::format("{} ends more than three years after as_of; ask "
                                              "for an earlier period",
                                              Format(period)));
  }
  return days;
}

void RenderProvenance(const records_client::Question& question, const domain::DealTable& table,
                      const DayRange& days, const domain::Selection& selection,
                      const std::optional<domain::Target>& target, std::string_view extra,
                      type::v1::Provenance* result) {
  Sha256 hash;
  hash.UpdateText(domain::kModelVersion).UpdateText(domain::HashOf(table));
  hash.Update(domain::NumberOf(days.start)).Update(domain::NumberOf(days.end));
  hash.UpdateText(selection.owner_seller_id).UpdateText(selection.segment);
  hash.Update(target ? target->micros : int64_t{-1}).UpdateText(extra);
  *result->mutable_as_of() = ToProto(question.as_of);
  result->set_revision(question.view.revision());
  result->set_input_sha256(hash.HexDigest());
  result->set_rules_version(std::string(domain::kModelVersion));
}

}  // namespace gtm::forecasting::handler
