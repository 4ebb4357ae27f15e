#include "common/records_client/identity.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "common/rpc/authenticator.h"
#include "common/rpc/status.h"
#include "common/telemetry/trace.h"

namespace gtm::records_client {
namespace {

// What HTTP/2 metadata can carry as text.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string Plain(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c >= 0x7f) c = '?';
  }
  return text;
}

void Add(grpc::ClientContext* context, std::string_view key, const std::string& value) {
  if (!value.empty()) context->AddMetadata(std::string(key), value);
}

}  // namespace

Identity IdentityOf(const rpc::Call& call, std::string service) {
  Identity identity{call.tenant().value(), std::move(service), call.principal.subject, ""};
  if (!call.trace_id.empty() && !call.span_id.empty()) {
    identity.traceparent =
        telemetry::FormatTraceparent({call.trace_id, call.span_id, call.trace_sampled});
  }
  return identity;
}

Status Prepare(const Identity& identity, absl::Time deadline, grpc::ClientContext* context) {
  if (!IsPlain(identity.tenant)) {
    return InvalidField("tenant",
                        "only ASCII letters, digits and marks can be sent; rename the tenant");
  }
  Add(context, rpc::kTenantKey, identity.tenant);
  Add(context, rpc::kServiceKey, identity.service);
  Add(context, rpc::kActorKey, Plain(identity.actor).substr(0, kIdBytesMax));
  Add(context, telemetry::kTraceparentKey, identity.traceparent);
  if (deadline != absl::InfiniteFuture()) context->set_deadline(absl::ToChronoTime(deadline));
  return {};
}

Error FromRecords(const grpc::Status& status, telemetry::Log* log) {
  Error error = rpc::FromGrpcStatus(status);
  // Cancelled without a word: the call reached records that were just ending (or its own caller
  // has left, who reads no answer).
  const bool is_cut =
      status.error_code() == grpc::StatusCode::CANCELLED && status.error_details().empty();
  const bool is_gone = is_cut || error.reason() == Reason::PEER_UNAVAILABLE ||
                       error.reason() == Reason::SHUTTING_DOWN;
  if (status.error_details().empty()) {
    if (log != nullptr) {
      log->Warning("records_call_failed", {{"code", int64_t{status.error_code()}},
                                           {"detail", std::string_view(status.error_message())}});
    }
    if (is_gone) {
      return Error(Reason::RECORDS_UNAVAILABLE, "records cannot be reached; try again");
    }
    return Error(error.reason(), fmt::format("records did not answer the call ({}); try again",
                                             ReasonName(error.reason())));
  }
  if (!is_gone) return error;
  return Error(Reason::RECORDS_UNAVAILABLE,
               fmt::format("records cannot be reached ({}); try again", error.message()))
      .RetryAfterMs(error.retry_after_ms());
}

bool IsTransient(const Error& error) { return error.code() == Code::kUnavailable; }

}  // namespace gtm::records_client
