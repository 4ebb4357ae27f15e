// CommitForecastEdition, GetForecastEdition, ListForecastEditions.

#include <algorithm>

#include "common/core/ids.h"
#include "common/core/page_token.h"
#include "common/core/sha256.h"
#include "fmt/format.h"
#include "gtm/records/v1/service.pb.h"
#include "services/forecasting/handler/decisions.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using gtm::records::v1::BatchCommitRequest;
using gtm::records::v1::RECORD_KIND_FORECAST_EDITION;
using gtm::records::v1::RECORD_KIND_TENANT_SETTINGS;

bool SameMessage(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return CanonicalBytes(a) == CanonicalBytes(b);
}

// Newest first: the order of lists.
bool IsNewer(const v1::ForecastEdition& a, const v1::ForecastEdition& b) {
  const absl::Time at = ToTime(a.forecast().provenance().as_of());
  const absl::Time bt = ToTime(b.forecast().provenance().as_of());
  return at != bt ? at > bt : a.id() < b.id();
}

// The latest edition of the same period and selection; null for the first.
const v1::ForecastEdition* PreviousOf(const book::BookView& view, const v1::Forecast& forecast) {
  const v1::ForecastEdition* latest = nullptr;
  for (const auto& edition : view.forecast_editions()) {
    if (!SameMessage(edition->forecast().period(), forecast.period()) ||
        !SameMessage(edition->forecast().selection(), forecast.selection())) {
      continue;
    }
    if (latest == nullptr || IsNewer(*edition, *latest)) latest = edition.get();
  }
  return latest;
}

std::string HashOf(v1::CommitForecastEditionRequest request) {
  request.clear_request_id();
  request.clear_validate_only();
  return Sha256Hex(CanonicalBytes(request));
}

// What was kept under this request_id before: it, or REQUEST_ID_REUSED.
Status Replay(const v1::ForecastEdition& kept, const v1::CommitForecastEditionRequest& request,
              v1::ForecastEdition* response) {
  if (kept.request_sha256() != HashOf(request)) return RequestIdReused(request.request_id());
  *response = kept;
  return {};
}

}  // namespace

Status ForecastingHandler::CommitForecastEdition(rpc::Call& call,
                                                 const v1::CommitForecastEditionRequest& request,
                                                 v1::ForecastEdition* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckText("note", request.note(), 2000);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  if (const auto parsed = ParseForecast(request.forecast(), "forecast"); !parsed.ok()) {
    return parsed.error();
  }
  GTM_ASSIGN_OR_RETURN(const Found before,
                       Find(records_, call,
                            {{RECORD_KIND_FORECAST_EDITION, request.request_id()},
                             {RECORD_KIND_TENANT_SETTINGS, "settings"}}));
  if (const auto* kept = before.edition()) return Replay(*kept, request, response);
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.forecast().point()));
  v1::ForecastEdition edition;
  edition.set_id(request.request_id());
  GTM_ASSIGN_OR_RETURN(*edition.mutable_forecast(),
                       Forecast(call, question, request.forecast(), cache_));
  edition.set_note(request.note());
  edition.set_committed_by(call.principal.subject);
  edition.set_request_sha256(HashOf(request));
  BatchCommitRequest commit;
  commit.set_request_id(request.request_id());
  // The calendar, currency and stages that the number rests on must still be the same.
  *commit.add_guards() = before.SettingsGuard();
  if (const auto* previous = PreviousOf(question.view, edition.forecast())) {
    edition.set_previous_edition_id(previous->id());
  }
  if (request.validate_only()) {
    *response = std::move(edition);
    return {};
  }
  auto* mutation = commit.add_mutations();
  mutation->set_mode(gtm::records::v1::Mutation::MODE_CREATE);
  *mutation->mutable_put()->mutable_forecast_edition() = std::move(edition);
  const auto committed = records_.Commit(call, commit);
  if (committed.ok()) {
    *response = committed->results(0).record().forecast_edition();
    return {};
  }
  if (!IsRepetition(committed.error())) return committed.error();
  // Another call with the same id was faster.
  GTM_ASSIGN_OR_RETURN(
      const Found after,
      Find(records_, call, {{RECORD_KIND_FORECAST_EDITION, request.request_id()}}));
  if (const auto* kept = after.edition()) return Replay(*kept, request, response);
  return RequestIdReused(request.request_id());
}

Status ForecastingHandler::GetForecastEdition(rpc::Call& call,
                                              const v1::GetForecastEditionRequest& request,
                                              v1::ForecastEdition* response) {
  Violations violations;
  violations.CheckText("id", request.id(), kIdBytesMax, true);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  if (!request.point().min_revision().empty()) {
    GTM_RETURN_IF_ERROR(records_.Ask(call, request.point()));
  }
  // From the record store itself: what was committed a moment ago is there, also where the
  // caller cannot name its revision.
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records_, call, {{RECORD_KIND_FORECAST_EDITION, request.id()}}));
  if (const auto* edition = found.edition()) {
    *response = *edition;
    return {};
  }
  return Error(Reason::RECORD_NOT_FOUND,
               fmt::format("forecast_edition {}: no such record", request.id()))
      .With("kind", "forecast_edition")
      .With("id", request.id());
}

Status ForecastingHandler::ListForecastEditions(rpc::Call& call,
                                                const v1::ListForecastEditionsRequest& request,
                                                v1::ListForecastEditionsResponse* response) {
  Violations violations;
  if (request.has_period()) PeriodOf("period", request.period(), &violations);
  SelectionOf(request.selection(), "selection", &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  v1::ListForecastEditionsRequest arguments = request;
  arguments.clear_page_size();
  arguments.clear_page_token();
  const std::string bound = CanonicalBytes(arguments);
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), bound));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  std::vector<const v1::ForecastEdition*> editions;
  for (const auto& edition : question.view.forecast_editions()) {
    const v1::Forecast& forecast = edition->forecast();
    if (request.has_period() && !SameMessage(forecast.period(), request.period())) continue;
    if (request.has_selection() && !SameMessage(forecast.selection(), request.selection()))
      continue;
    if (ToTime(forecast.provenance().as_of()) > question.as_of) continue;
    editions.push_back(edition.get());
  }
  std::sort(editions.begin(), editions.end(),
            [](const auto* a, const auto* b) { return IsNewer(*a, *b); });
  const auto key = [](const v1::ForecastEdition& edition) {
    return SortKey(ToTime(edition.forecast().provenance().as_of()), edition.id());
  };
  const Page page = PageAfter(editions, key, after, page_size);
  for (size_t i = page.begin; i < page.end; ++i) *response->add_editions() = *editions[i];
  if (page.end < editions.size()) {
    response->set_next_page_token(EncodePageToken(key(*editions[page.end - 1]), bound));
  }
  return {};
}

}  // namespace gtm::forecasting::handler
