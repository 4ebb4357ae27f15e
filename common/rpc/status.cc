#include "common/rpc/status.h"

#include <array>
#include <optional>

#include "google/rpc/status_details.pb.h"

namespace gtm::rpc {
namespace {

std::optional<Reason> FindReason(const std::string& name) {
#define GTM_X(reason, number) \
  if (name == #reason) return Reason::reason;
  GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
  return std::nullopt;
}

Reason NearestReason(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
      return Reason::CANCELLED_BY_CALLER;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Reason::DEADLINE_EXPIRED;
    case grpc::StatusCode::UNAVAILABLE:
      return Reason::PEER_UNAVAILABLE;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Reason::OVERLOADED;
    case grpc::StatusCode::UNAUTHENTICATED:
      return Reason::CREDENTIALS_INVALID;
    case grpc::StatusCode::PERMISSION_DENIED:
      return Reason::ROLE_MISSING;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Reason::METHOD_NOT_SERVED;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Reason::INVALID_FIELDS;
    case grpc::StatusCode::NOT_FOUND:
      return Reason::RECORD_NOT_FOUND;
    default:
      return Reason::INTERNAL_ERROR;
  }
}

// Details travel in trailers, and a client takes 8 KiB of them by default: a longer answer
// would reach it as RESOURCE_EXHAUSTED instead of as itself.
constexpr size_t kMessageBytes = 1'500;
constexpr size_t kViolationBytes = 3'000;

std::string Shortened(const std::string& message) {
  if (message.size() <= kMessageBytes) return message;
  size_t end = kMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end) + "...";
}

void FillViolations(const std::vector<FieldViolation>& violations, google::rpc::BadRequest* bad) {
  size_t bytes = 0;
  for (size_t i = 0; i < violations.size(); ++i) {
    bytes += violations[i].field.size() + violations[i].description.size() + 8;
    auto* entry = bad->add_field_violations();
    if (i > 0 && bytes > kViolationBytes) {
      entry->set_description("and " + std::to_string(violations.size() - i) +
                             " more fields; correct these and send the request again");
      return;
    }
    entry->set_field(violations[i].field);
    entry->set_description(violations[i].description);
  }
}

}  // namespace

grpc::Status ToGrpcStatus(const Error& error, std::string_view domain) {
  const std::string message = Shortened(error.message());
  google::rpc::Status details;
  details.set_code(static_cast<int>(error.code()));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(error.reason())));
  info.set_domain(std::string(domain));
  for (const auto& [key, value] : error.metadata()) (*info.mutable_metadata())[key] = value;
  details.add_details()->PackFrom(info);
  if (!error.violations().empty()) {
    google::rpc::BadRequest bad;
    FillViolations(error.violations(), &bad);
    details.add_details()->PackFrom(bad);
  }
  if (error.retry_after_ms() > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(error.retry_after_ms() / 1'000);
    retry.mutable_retry_delay()->set_nanos(error.retry_after_ms() % 1'000 * 1'000'000);
    details.add_details()->PackFrom(retry);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(error.code()), message,
                      details.SerializeAsString());
}

Error FromGrpcStatus(const grpc::Status& status) {
  google::rpc::Status details;
  Reason reason = NearestReason(status.error_code());
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      if (detail.Is<google::rpc::ErrorInfo>()) detail.UnpackTo(&info);
      if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&bad);
      if (detail.Is<google::rpc::RetryInfo>()) detail.UnpackTo(&retry);
    }
    reason = FindReason(info.reason()).value_or(reason);
  }
  Error error(reason, status.error_message());
  for (const auto& [key, value] : info.metadata()) error.With(key, value);
  std::vector<FieldViolation> violations;
  for (const auto& entry : bad.field_violations()) {
    violations.push_back({entry.field(), entry.description()});
  }
  error.WithViolations(std::move(violations));
  error.RetryAfterMs(static_cast<int>(retry.retry_delay().seconds() * 1'000 +
                                      retry.retry_delay().nanos() / 1'000'000));
  return error;
}

std::string_view CodeName(int code) {
  static constexpr std::array<std::string_view, kCodeCount> kNames = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  return code < 0 || code >= kCodeCount ? kNames[2] : kNames[static_cast<size_t>(code)];
}

}  // namespace gtm::rpc
