#include "services/growth/handler/growth_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/core/limits.h"
#include "common/core/page_token.h"
#include "services/growth/domain/gather.h"
#include "services/growth/domain/input_hash.h"
#include "services/growth/handler/parse.h"
#include "services/growth/handler/render.h"

namespace gtm::growth::handler {
namespace {

namespace records = gtm::records::v1;

constexpr int kSeriesMonthsDefault = 12;
constexpr int kSeriesMonthsMax = 36;
constexpr int kMovementPeriodsDefault = 12;
constexpr int kMovementPeriodsMax = 120;
constexpr size_t kNoteBytesMax = 4'000;

// The periods that end with `last`, by rising time.
std::vector<FiscalPeriod> PeriodsUpTo(const FiscalCalendar& calendar, const FiscalPeriod& last,
                                      int count) {
  std::vector<FiscalPeriod> periods;
  for (int back = count - 1; back >= 0; --back) periods.push_back(calendar.Shift(last, -back));
  return periods;
}

bool SamePeriod(const type::v1::FiscalPeriod& a, const FiscalPeriod& b) {
  return a.unit() == static_cast<int>(b.unit) && a.fiscal_year() == b.fiscal_year &&
         a.index() == b.index;
}

// What a repeated CommitSignalVerdict must agree with (AIP-155).
Status CheckReplay(const v1::SignalVerdict& told, const v1::CommitSignalVerdictRequest& request,
                   const FiscalPeriod& period) {
  if (SamePeriod(told.report().period(), period) && told.note() == request.note()) return {};
  return Error(Reason::REQUEST_ID_REUSED,
               fmt::format("request_id {}: used before with another request; use a fresh UUID for "
                           "a new request",
                           request.request_id()))
      .With("request_id", request.request_id());
}

bool RecordedBy(const google::protobuf::Timestamp& create_time, absl::Time as_of) {
  const absl::Time time =
      absl::FromUnixSeconds(create_time.seconds()) + absl::Nanoseconds(create_time.nanos());
  return time <= as_of;
}

}  // namespace

Result<GrowthHandler::Asked> GrowthHandler::Ask(const rpc::Call& call,
                                                const type::v1::PointInTime& point) {
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records_.Ask(call, point));
  GTM_ASSIGN_OR_RETURN(domain::GrowthFacts facts, domain::Gather(question.view, question.as_of));
  GTM_ASSIGN_OR_RETURN(domain::GrowthBasis basis, domain::MakeBasis(std::move(facts)));
  return Asked{std::move(question), std::move(basis)};
}

Result<v1::SignalReport> GrowthHandler::Report(const Asked& asked, const FiscalPeriod& period) {
  GTM_ASSIGN_OR_RETURN(const domain::SignalReport report,
                       domain::EvaluatePeriod(asked.basis, period));
  v1::SignalReport rendered;
  Render(report, asked.basis.facts.currency, &rendered);
  RenderProvenance(asked.question.as_of, asked.question.view.revision(),
                   domain::InputHash(asked.basis.facts, "signals " + Format(period)),
                   rendered.mutable_provenance());
  return rendered;
}

Result<records::Record> GrowthHandler::Find(const rpc::Call& call, records::RecordKind kind,
                                            const std::string& id) {
  records::BatchGetRequest request;
  records::RecordKey* key = request.add_keys();
  key->set_kind(kind);
  key->set_id(id);
  GTM_ASSIGN_OR_RETURN(records::BatchGetResponse response, records_.Get(call, request));
  if (response.records_size() == 1) return std::move(*response.mutable_records(0));
  const std::string name =
      kind == records::RECORD_KIND_COMMITMENT ? "commitment" : "signal_verdict";
  return Error(Reason::RECORD_NOT_FOUND, fmt::format("{} {}: no such record", name, id))
      .With("kind", name)
      .With("id", id);
}

Result<records::Record> GrowthHandler::Put(const rpc::Call& call, const std::string& request_id,
                                           records::Mutation mutation) {
  records::BatchCommitRequest request;
  request.set_request_id(request_id);
  *request.add_mutations() = std::move(mutation);
  GTM_ASSIGN_OR_RETURN(records::BatchCommitResponse response, records_.Commit(call, request));
  return std::move(*response.mutable_results(0)->mutable_record());
}

Status GrowthHandler::GetSignals(rpc::Call& call, const v1::GetSignalsRequest& request,
                                 v1::GetSignalsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const Asked asked, Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(
      const FiscalPeriod period,
      ParsePeriod(request.period(), PeriodUnit::kQuarter, false, "period", asked.basis.facts));
  GTM_ASSIGN_OR_RETURN(*response->mutable_report(), Report(asked, period));
  return {};
}

Status GrowthHandler::ListSignalSeries(rpc::Call& call, const v1::ListSignalSeriesRequest& request,
                                       v1::ListSignalSeriesResponse* response) {
  GTM_ASSIGN_OR_RETURN(const int count, ParseCount(request.month_count(), kSeriesMonthsDefault,
                                                   kSeriesMonthsMax, "month_count"));
  GTM_ASSIGN_OR_RETURN(const Asked asked, Ask(call, request.point()));
  const domain::GrowthFacts& facts = asked.basis.facts;
  GTM_ASSIGN_OR_RETURN(
      const FiscalPeriod last,
      ParsePeriod(request.end_period(), PeriodUnit::kMonth, false, "end_period", facts));
  if (last.unit != PeriodUnit::kMonth) {
    return InvalidField("end_period.unit", "must be a month");
  }
  for (const FiscalPeriod& period : PeriodsUpTo(facts.calendar, last, count)) {
    GTM_RETURN_IF_ERROR(call.CheckAlive(absl::InfinitePast()));
    GTM_ASSIGN_OR_RETURN(const domain::SignalReport report,
                         domain::EvaluatePeriod(asked.basis, period));
    auto* month = response->add_months();
    Render(period, month->mutable_period());
    for (const auto& signal : report.signals) RenderPoint(signal, month->add_points());
    for (const auto& signal : report.false_signals) RenderPoint(signal, month->add_points());
  }
  response->set_customer_basis(static_cast<v1::CustomerBasis>(asked.basis.customer_basis));
  RenderProvenance(asked.question.as_of, asked.question.view.revision(),
                   domain::InputHash(facts, fmt::format("series {} {}", Format(last), count)),
                   response->mutable_provenance());
  return {};
}

Status GrowthHandler::GetRevenueMovements(rpc::Call& call,
                                          const v1::GetRevenueMovementsRequest& request,
                                          v1::GetRevenueMovementsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const int count, ParseCount(request.period_count(), kMovementPeriodsDefault,
                                                   kMovementPeriodsMax, "period_count"));
  if (request.unit() < 0 || request.unit() > type::v1::FiscalPeriod::UNIT_YEAR) {
    return InvalidField("unit", "must be a month, a quarter or a year");
  }
  const bool unit_given = request.unit() != type::v1::FiscalPeriod::UNIT_UNSPECIFIED;
  if (unit_given && request.has_end_period() && request.end_period().unit() != request.unit()) {
    return InvalidField("end_period.unit", "must be the same as unit");
  }
  const PeriodUnit unit = unit_given ? static_cast<PeriodUnit>(request.unit()) : PeriodUnit::kMonth;
  GTM_ASSIGN_OR_RETURN(const Asked asked, Ask(call, request.point()));
  const domain::GrowthFacts& facts = asked.basis.facts;
  GTM_ASSIGN_OR_RETURN(const FiscalPeriod last,
                       ParsePeriod(request.end_period(), unit, true, "end_period", facts));
  const std::vector<FiscalPeriod> periods = PeriodsUpTo(facts.calendar, last, count);
  std::vector<DayRange> days;
  for (const FiscalPeriod& period : periods) days.push_back(facts.calendar.DaysOf(period));
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::RevenueBridge> bridges,
                       domain::Bridge(asked.basis.ledger, days));
  for (size_t i = 0; i < periods.size(); ++i) {
    Render(periods[i], bridges[i], facts.currency, response->add_movements());
  }
  response->set_negative_balance_count(asked.basis.ledger.negative_balance_count);
  RenderProvenance(asked.question.as_of, asked.question.view.revision(),
                   domain::InputHash(facts, fmt::format("movements {} {}", Format(last), count)),
                   response->mutable_provenance());
  return {};
}

Status GrowthHandler::CommitSignalVerdict(rpc::Call& call,
                                          const v1::CommitSignalVerdictRequest& request,
                                          v1::SignalVerdict* response) {
  Violations violations;
  CheckRequestId(request.request_id(), &violations);
  CheckOptionalId(request.id(), "id", &violations);
  if (request.note().size() > kNoteBytesMax) {
    violations.push_back({"note", fmt::format("at most {} bytes", kNoteBytesMax)});
  }
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  GTM_ASSIGN_OR_RETURN(const Asked asked, Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(
      const FiscalPeriod period,
      ParsePeriod(request.period(), PeriodUnit::kQuarter, false, "period", asked.basis.facts));
  records::Mutation mutation;
  v1::SignalVerdict* verdict = mutation.mutable_put()->mutable_signal_verdict();
  verdict->set_id(request.id().empty() ? Format(period) : request.id());
  // Told by this very request already? The answer may differ by now, so that records
  // could not recognize it.
  const auto told = Find(call, records::RECORD_KIND_SIGNAL_VERDICT, verdict->id());
  if (told.ok() && told->signal_verdict().request_id() == request.request_id()) {
    GTM_RETURN_IF_ERROR(CheckReplay(told->signal_verdict(), request, period));
    *response = told->signal_verdict();
    return {};
  }
  if (!told.ok() && told.error().reason() != Reason::RECORD_NOT_FOUND) return told.error();
  GTM_ASSIGN_OR_RETURN(*verdict->mutable_report(), Report(asked, period));
  verdict->set_note(request.note());
  verdict->set_teller(call.principal.subject);
  verdict->set_request_id(request.request_id());
  if (request.validate_only()) {
    *response = *verdict;
    return {};
  }
  mutation.set_mode(records::Mutation::MODE_CREATE);
  GTM_ASSIGN_OR_RETURN(records::Record stored,
                       Put(call, request.request_id(), std::move(mutation)));
  *response = std::move(*stored.mutable_signal_verdict());
  return {};
}

Status GrowthHandler::GetSignalVerdict(rpc::Call& call, const v1::GetSignalVerdictRequest& request,
                                       v1::SignalVerdict* response) {
  if (!IsValidId(request.id())) return InvalidField("id", "required: 1 to 128 bytes");
  GTM_ASSIGN_OR_RETURN(records::Record record,
                       Find(call, records::RECORD_KIND_SIGNAL_VERDICT, request.id()));
  *response = std::move(*record.mutable_signal_verdict());
  return {};
}

Status GrowthHandler::ListSignalVerdicts(rpc::Call& call,
                                         const v1::ListSignalVerdictsRequest& request,
                                         v1::ListSignalVerdictsResponse* response) {
  constexpr std::string_view kArguments = "signal_verdicts";
  GTM_ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), kArguments));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  int64_t bytes = 0;
  for (const auto& verdict : question.view.signal_verdicts()) {
    if (verdict->id() <= after || !RecordedBy(verdict->create_time(), question.as_of)) continue;
    if (response->signal_verdicts_size() == size || bytes >= limits::kPageBytes) {
      response->set_next_page_token(
          EncodePageToken(response->signal_verdicts().rbegin()->id(), kArguments));
      break;
    }
    *response->add_signal_verdicts() = *verdict;
    bytes += static_cast<int64_t>(verdict->ByteSizeLong());
  }
  return {};
}

}  // namespace gtm::growth::handler
