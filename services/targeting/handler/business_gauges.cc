#include "services/targeting/handler/business_gauges.h"

#include <array>
#include <utility>

#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/handler/choose_definition.h"

namespace gtm::targeting::handler {
namespace {

using records::v1::Record;

// What comes from other systems, and stops coming where a feed of theirs breaks.
constexpr std::array<std::pair<Record::PayloadCase, const char*>, 9> kKinds = {{
    {Record::kAccount, "account"},
    {Record::kContact, "contact"},
    {Record::kOpportunity, "opportunity"},
    {Record::kEngagement, "engagement"},
    {Record::kCampaign, "campaign"},
    {Record::kSpend, "spend"},
    {Record::kLeadCount, "lead_count"},
    {Record::kSeller, "seller"},
    {Record::kSubscriptionMovement, "subscription_movement"},
}};

void AddHandovers(const records_client::Question& question, const std::string& tenant,
                  telemetry::GaugeSheet* sheet) {
  const FiscalCalendar& calendar = question.view.settings().calendar;
  const FiscalPeriod quarter =
      calendar.PeriodOf(calendar.DayOf(question.as_of), PeriodUnit::kQuarter);
  const domain::Handshake counts = domain::CountHandovers(
      question.view.handovers(), calendar, {calendar.DaysOf(quarter), question.as_of, ""});
  if (counts.handover_count == 0) return;
  const std::pair<const char*, int64_t> states[] = {{"pending", counts.pending_count},
                                                    {"accepted", counts.accepted_count},
                                                    {"rejected", counts.rejected_count},
                                                    {"qualified", counts.qualified_count},
                                                    {"disqualified", counts.disqualified_count}};
  for (const auto& [state, count] : states) {
    sheet->Set(telemetry::kHandovers, {tenant, state}, static_cast<double>(count));
  }
}

}  // namespace

Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet) {
  AddHandovers(question, tenant, sheet);
  const auto definition = ChooseDefinition(question, "");
  if (definition.ok()) {
    const absl::Time since = domain::TimeOf((*definition)->activate_time());
    sheet->Set(telemetry::kDefinitionSince, {tenant},
               absl::ToDoubleSeconds(since - absl::UnixEpoch()));
  }
  for (const auto& [kind, name] : kKinds) {
    const auto newest = question.view.newest_change(kind);
    if (!newest) continue;
    const double age_s = absl::ToDoubleSeconds(question.as_of - *newest);
    sheet->Set(telemetry::kFreshness, {tenant, name}, std::max(age_s, 0.0));
  }
  return {};
}

}  // namespace gtm::targeting::handler
