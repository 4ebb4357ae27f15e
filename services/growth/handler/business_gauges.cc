#include "services/growth/handler/business_gauges.h"

#include <array>
#include <string_view>
#include <utility>

#include "services/growth/domain/evaluate_period.h"
#include "services/growth/domain/gather.h"

namespace gtm::growth::handler {
namespace {

using domain::SignalKind;
using domain::SignalStatus;

constexpr std::array<std::pair<SignalStatus, std::string_view>, 4> kStates = {{
    {SignalStatus::kOk, "ok"},
    {SignalStatus::kWatch, "watch"},
    {SignalStatus::kAct, "act"},
    {SignalStatus::kUnknown, "unknown"},
}};

std::string NameOf(SignalKind kind) {
  switch (kind) {
    case SignalKind::kNetNewCustomers:
      return "net_new_customers";
    case SignalKind::kExpansionWithoutIncentives:
      return "expansion_without_incentives";
    case SignalKind::kNewQualifiedOpportunities:
      return "new_qualified_opportunities";
    case SignalKind::kFirstDeal:
      return "first_deal";
    case SignalKind::kQuota:
      return "quota";
    case SignalKind::kFalseWinRate:
    case SignalKind::kFalseMql:
    case SignalKind::kFalseHeadcount:
      break;  // no signals of growth
  }
  return "";
}

}  // namespace

Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet) {
  GTM_ASSIGN_OR_RETURN(domain::GrowthFacts facts, domain::Gather(question.view, question.as_of));
  GTM_ASSIGN_OR_RETURN(const domain::GrowthBasis basis, domain::MakeBasis(std::move(facts)));
  const FiscalPeriod period = domain::LastCompletePeriod(basis.facts, PeriodUnit::kQuarter);
  GTM_ASSIGN_OR_RETURN(const domain::SignalReport report, domain::EvaluatePeriod(basis, period));
  for (const domain::Signal& signal : report.signals) {
    const std::string name = NameOf(signal.kind);
    if (name.empty()) continue;
    if (signal.value.sufficiency == domain::Sufficiency::kEnough && signal.value.value) {
      sheet->Set(telemetry::kSignalValue, {tenant, name}, *signal.value.value);
    }
    for (const auto& [status, state] : kStates) {
      sheet->Set(telemetry::kSignalState, {tenant, name, std::string(state)},
                 signal.status == status ? 1 : 0);
    }
  }
  return {};
}

}  // namespace gtm::growth::handler
