// SubmitForecastCall, ListForecastCalls.

#include <algorithm>

#include "common/core/ids.h"
#include "common/core/page_token.h"
#include "fmt/format.h"
#include "services/forecasting/handler/decisions.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using gtm::records::v1::RECORD_KIND_FORECAST_CALL;

// A call is equal to another where all that the submitter said is equal.
bool SaysTheSame(const v1::ForecastCall& a, const v1::ForecastCall& b) {
  const auto said = [](v1::ForecastCall call) {
    call.clear_etag();
    call.clear_create_time();
    call.clear_update_time();
    call.clear_submit_time();
    call.clear_submitted_by();
    return CanonicalBytes(call);
  };
  return said(a) == said(b);
}

Status Replay(const v1::ForecastCall& kept, const v1::ForecastCall& submitted,
              v1::ForecastCall* response) {
  if (!SaysTheSame(kept, submitted)) return RequestIdReused(submitted.id());
  *response = kept;
  return {};
}

Result<v1::ForecastCall> CallOf(const v1::SubmitForecastCallRequest& request) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckText("owner_seller_id", request.owner_seller_id(), kIdBytesMax, true);
  violations.CheckText("note", request.note(), 2000);
  if (!request.has_period()) violations.Add("period", "required");
  if (request.has_period()) PeriodOf("period", request.period(), &violations);
  std::optional<Money> commit, best_case;
  if (!request.has_commit_amount()) violations.Add("commit_amount", "required");
  if (request.has_commit_amount()) {
    commit = MoneyOf("commit_amount", request.commit_amount(), &violations);
  }
  if (request.has_best_case_amount()) {
    best_case = MoneyOf("best_case_amount", request.best_case_amount(), &violations);
  }
  if (commit && best_case && commit->currency != best_case->currency) {
    violations.Add("best_case_amount.currency_code", "must be that of commit_amount");
  } else if (commit && best_case && best_case->micros < commit->micros) {
    violations.Add("best_case_amount", "must be at least commit_amount");
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  v1::ForecastCall result;
  result.set_id(request.request_id());
  result.set_owner_seller_id(request.owner_seller_id());
  *result.mutable_period() = request.period();
  *result.mutable_commit_amount() = ToProto(*commit);
  if (best_case) *result.mutable_best_case_amount() = ToProto(*best_case);
  result.set_note(request.note());
  return result;
}

// Calls are about numbers that are compared: they are told in the reporting currency.
Status CheckCurrency(const v1::ForecastCall& call, Currency currency) {
  if (call.commit_amount().currency_code() == currency.code()) return {};
  return InvalidField("commit_amount.currency_code",
                      fmt::format("must be the reporting currency {}", currency.code()));
}

bool IsNewer(const v1::ForecastCall& a, const v1::ForecastCall& b) {
  const absl::Time at = ToTime(a.submit_time()), bt = ToTime(b.submit_time());
  return at != bt ? at > bt : a.id() < b.id();
}

}  // namespace

Status ForecastingHandler::SubmitForecastCall(rpc::Call& call,
                                              const v1::SubmitForecastCallRequest& request,
                                              v1::ForecastCall* response) {
  GTM_ASSIGN_OR_RETURN(v1::ForecastCall submitted, CallOf(request));
  const std::pair<gtm::records::v1::RecordKind, std::string> key = {RECORD_KIND_FORECAST_CALL,
                                                                    request.request_id()};
  GTM_ASSIGN_OR_RETURN(const Found before, Find(records_, call, {key}));
  if (const auto* kept = before.forecast_call()) return Replay(*kept, submitted, response);
  GTM_ASSIGN_OR_RETURN(const records_client::Question question, records_.Ask(call, {}));
  GTM_RETURN_IF_ERROR(CheckCurrency(submitted, question.view.settings().reporting_currency));
  gtm::records::v1::BatchCommitRequest commit;
  commit.set_request_id(request.request_id());
  auto* mutation = commit.add_mutations();
  mutation->set_mode(gtm::records::v1::Mutation::MODE_CREATE);
  auto* put = mutation->mutable_put()->mutable_forecast_call();
  *put = submitted;
  *put->mutable_submit_time() = ToProto(call.now);
  put->set_submitted_by(call.principal.subject);
  const auto committed = records_.Commit(call, commit);
  if (committed.ok()) {
    *response = committed->results(0).record().forecast_call();
    return {};
  }
  if (!IsRepetition(committed.error())) return committed.error();
  // Another call with the same id was faster.
  GTM_ASSIGN_OR_RETURN(const Found after, Find(records_, call, {key}));
  if (const auto* kept = after.forecast_call()) return Replay(*kept, submitted, response);
  return RequestIdReused(request.request_id());
}

Status ForecastingHandler::ListForecastCalls(rpc::Call& call,
                                             const v1::ListForecastCallsRequest& request,
                                             v1::ListForecastCallsResponse* response) {
  Violations violations;
  if (request.has_period()) PeriodOf("period", request.period(), &violations);
  violations.CheckText("owner_seller_id", request.owner_seller_id(), kIdBytesMax);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  v1::ListForecastCallsRequest arguments = request;
  arguments.clear_page_size();
  arguments.clear_page_token();
  const std::string bound = CanonicalBytes(arguments);
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), bound));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  std::vector<const v1::ForecastCall*> calls;
  for (const auto& item : question.view.forecast_calls()) {
    if (request.has_period() &&
        CanonicalBytes(item->period()) != CanonicalBytes(request.period())) {
      continue;
    }
    if (!request.owner_seller_id().empty() &&
        item->owner_seller_id() != request.owner_seller_id()) {
      continue;
    }
    if (ToTime(item->submit_time()) <= question.as_of) calls.push_back(item.get());
  }
  std::sort(calls.begin(), calls.end(),
            [](const auto* a, const auto* b) { return IsNewer(*a, *b); });
  const auto key = [](const v1::ForecastCall& item) {
    return SortKey(ToTime(item.submit_time()), item.id());
  };
  const Page page = PageAfter(calls, key, after, page_size);
  for (size_t i = page.begin; i < page.end; ++i) *response->add_calls() = *calls[i];
  if (page.end < calls.size()) {
    response->set_next_page_token(EncodePageToken(key(*calls[page.end - 1]), bound));
  }
  return {};
}

}  // namespace gtm::forecasting::handler
