#include "common/rpc/status.h"

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

}  // namespace

grpc::Status ToGrpcStatus(const Error& error, std::string_view domain) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(error.code()));
  details.set_message(error.message());
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(error.reason())));
  info.set_domain(std::string(domain));
  for (const auto& [key, value] : error.metadata()) (*info.mutable_metadata())[key] = value;
  details.add_details()->PackFrom(info);
  if (!error.violations().empty()) {
    google::rpc::BadRequest bad;
    for (const FieldViolation& violation : error.violations()) {
      auto* entry = bad.add_field_violations();
      entry->set_field(violation.field);
      entry->set_description(violation.description);
    }
    details.add_details()->PackFrom(bad);
  }
  if (error.retry_after_ms() > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(error.retry_after_ms() / 1'000);
    retry.mutable_retry_delay()->set_nanos(error.retry_after_ms() % 1'000 * 1'000'000);
    details.add_details()->PackFrom(retry);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(error.code()), error.message(),
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

}  // namespace gtm::rpc
