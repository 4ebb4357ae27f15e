#include "services/forecasting/handler/decisions.h"

#include <algorithm>

#include "fmt/format.h"

namespace gtm::forecasting::handler {

using gtm::records::v1::BatchGetRequest;
using gtm::records::v1::Guard;
using gtm::records::v1::RecordKind;

namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1000;

}  // namespace

const v1::ForecastEdition* Found::edition() const {
  for (const auto& record : records) {
    if (record.has_forecast_edition()) return &record.forecast_edition();
  }
  return nullptr;
}

const v1::ForecastCall* Found::forecast_call() const {
  for (const auto& record : records) {
    if (record.has_forecast_call()) return &record.forecast_call();
  }
  return nullptr;
}

Guard Found::SettingsGuard() const {
  Guard guard;
  guard.mutable_key()->set_kind(gtm::records::v1::RECORD_KIND_TENANT_SETTINGS);
  guard.mutable_key()->set_id("settings");
  for (const auto& record : records) {
    if (record.has_tenant_settings()) guard.set_etag(record.tenant_settings().etag());
  }
  return guard;
}

Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<std::pair<RecordKind, std::string>>& keys) {
  BatchGetRequest request;
  for (const auto& [kind, id] : keys) {
    auto* key = request.add_keys();
    key->set_kind(kind);
    key->set_id(id);
  }
  GTM_ASSIGN_OR_RETURN(const auto response, records.Get(call, request));
  return Found{{response.records().begin(), response.records().end()}};
}

bool IsRepetition(const Error& error) {
  return error.reason() == Reason::RECORD_EXISTS || error.reason() == Reason::REQUEST_ID_REUSED;
}

Error RequestIdReused(const std::string& request_id) {
  return Error(Reason::REQUEST_ID_REUSED,
               fmt::format("request_id {}: used before with another request; use a fresh UUID "
                           "for a new request",
                           request_id))
      .With("request_id", request_id);
}

Result<size_t> PageSize(int32_t requested) {
  if (requested < 0) return InvalidField("page_size", "must not be negative");
  if (requested == 0) return size_t{kPageDefault};
  return static_cast<size_t>(std::min(requested, kPageMax));
}

std::string SortKey(absl::Time time, const std::string& id) {
  // Later instants first: counted down from the end of the range.
  return fmt::format("{:020}{}", static_cast<uint64_t>(INT64_MAX - absl::ToUnixMicros(time)), id);
}

}  // namespace gtm::forecasting::handler
