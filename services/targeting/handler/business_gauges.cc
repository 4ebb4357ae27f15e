#include "services/targeting/handler/business_gauges.h"

#include <array>
#include <memory>
#include <utility>

#include "services/targeting/domain/experiment.h"
#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/reach.h"
#include "services/targeting/domain/simmer_queue.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/market_question.h"

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
  const int64_t decided = counts.accepted_count + counts.rejected_count;
  const domain::HandshakeStatus status =
      domain::JudgeHandshake(counts.accepted_count, decided).status;
  if (status != domain::HandshakeStatus::kBelow && status != domain::HandshakeStatus::kHealthy) {
    return;
  }
  const stats::Interval interval = stats::WilsonInterval(counts.accepted_count, decided);
  const std::pair<const char*, double> bounds[] = {
      {"value", static_cast<double>(counts.accepted_count) / static_cast<double>(decided)},
      {"low", interval.low},
      {"high", interval.high}};
  for (const auto& [bound, number] : bounds) {
    sheet->Set(telemetry::kHandoverAcceptance, {tenant, bound}, number);
  }
}

constexpr absl::Duration kRecompute = absl::Minutes(10);
constexpr std::array<const char*, domain::kGroupCoverageCount> kCoverages = {
    "", "none", "single", "partial", "spoken", "full"};
constexpr std::array<const char*, 6> kExperimentStates = {
    "", "not_begun", "running", "decided", "stopped_early", "uneven_split"};

// Nobody waits for it.
Status NeverMind() { return {}; }

Status AddUrgency(const records_client::Question& question, const std::string& tenant,
                  telemetry::GaugeSheet* sheet) {
  const domain::UrgencyReader reader(question.view, UrgencyRulesInForce(question));
  GTM_ASSIGN_OR_RETURN(
      const domain::SimmerPage page,
      domain::ListSimmering(question.view, reader, question.as_of, {}, std::nullopt, 0, NeverMind));
  if (page.active_count + page.total_count == 0) return {};
  const std::pair<const char*, int64_t> states[] = {
      {"live", page.active_count},
      {"simmering", page.total_count - page.overdue_count},
      {"overdue", page.overdue_count}};
  for (const auto& [state, count] : states) {
    sheet->Set(telemetry::kUrgency, {tenant, state}, static_cast<double>(count));
  }
  return {};
}

Status AddReach(const MarketQuestion& asked, const domain::Audience& audience,
                const std::string& tenant, telemetry::GaugeSheet* sheet) {
  Violations none;
  const domain::GroupRule rule = GroupRuleOf({}, asked.view().settings(), &none);
  GTM_RETURN_IF_ERROR(std::move(none).ToStatus());
  const DayRange days = DaysUntil(asked.question.as_of, asked.calendar(), kReachDays);
  GTM_ASSIGN_OR_RETURN(
      const domain::Reach reach,
      domain::MeasureReach(audience, asked.view(), asked.SpanOf(days), rule, NeverMind));
  const domain::MarketSizes market =
      domain::MarketOf(*asked.compiled->message, asked.view().settings(), reach);
  if (const auto share =
          domain::PenetrationIn(market.accounts, reach.engaged_accounts, reach.accounts)) {
    sheet->Set(telemetry::kPenetration, {tenant, "low"}, share->range.low);
    sheet->Set(telemetry::kPenetration, {tenant, "high"}, share->range.high);
  }
  if (reach.accounts.target == 0) return {};
  for (size_t i = 1; i < kCoverages.size(); ++i) {
    sheet->Set(telemetry::kBuyingGroups, {tenant, kCoverages[i]},
               static_cast<double>(reach.groups[i]));
  }
  return {};
}

Status AddExperiments(const book::BookView& view, const domain::Audience& audience,
                      const std::string& tenant, telemetry::GaugeSheet* sheet) {
  domain::ExperimentOptions options;
  options.with_cost = false;
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::Experiment> experiments,
                       domain::EvaluateExperiments(audience, view, options, NeverMind));
  if (experiments.empty()) return {};
  std::array<int64_t, kExperimentStates.size()> counts{};
  for (const domain::Experiment& experiment : experiments) {
    ++counts[static_cast<size_t>(domain::StateOf(experiment))];
  }
  for (size_t i = 1; i < counts.size(); ++i) {
    sheet->Set(telemetry::kExperiments, {tenant, kExperimentStates[i]},
               static_cast<double>(counts[i]));
  }
  return {};
}

}  // namespace

Status TargetingGauges::Add(const records_client::Question& question, const std::string& tenant,
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
  Told& told = told_[tenant];
  if (told.revision != question.view.revision() || question.as_of - told.as_of >= kRecompute) {
    telemetry::GaugeSheet own;
    GTM_RETURN_IF_ERROR(AddAccounts(question, tenant, &own));
    told = {question.view.revision(), question.as_of, own.rows()};
  }
  for (const auto& row : told.rows) sheet->Set(*row.def, row.values, row.number);
  return {};
}

Status TargetingGauges::AddAccounts(const records_client::Question& question,
                                    const std::string& tenant, telemetry::GaugeSheet* sheet) {
  GTM_RETURN_IF_ERROR(AddUrgency(question, tenant, sheet));
  const auto message = ChooseDefinition(question, "");
  if (!message.ok()) return {};
  GTM_ASSIGN_OR_RETURN(auto compiled,
                       CompileForScoring(*message, question.view.settings().calendar));
  const MarketQuestion asked{question, std::move(compiled)};
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), question.as_of, NeverMind));
  domain::ByVerdict counts;
  for (const domain::Verdict verdict : audience.verdicts) {
    if (verdict != domain::Verdict{}) counts.Add(verdict);  // live
  }
  const std::pair<const char*, int64_t> verdicts[] = {
      {"target", counts.target}, {"not_target", counts.other}, {"undecided", counts.undecided}};
  for (const auto& [verdict, count] : verdicts) {
    sheet->Set(telemetry::kTargetAccounts, {tenant, verdict}, static_cast<double>(count));
  }
  GTM_RETURN_IF_ERROR(AddReach(asked, audience, tenant, sheet));
  return AddExperiments(asked.view(), audience, tenant, sheet);
}

std::function<Status(const records_client::Question&, const std::string&, telemetry::GaugeSheet*)>
MakeTargetingGauges() {
  return [gauges = std::make_shared<TargetingGauges>()](const auto& question, const auto& tenant,
                                                        telemetry::GaugeSheet* sheet) {
    return gauges->Add(question, tenant, sheet);
  };
}

}  // namespace gtm::targeting::handler
