#include "common/rpc/call_meters.h"

#include <google/protobuf/descriptor.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>

namespace gtm::rpc {
namespace {

// "records" of "gtm.records.v1.RecordsService".
std::string_view ShortNameOf(std::string_view service) {
  const size_t start = service.find('.') + 1;
  return service.substr(start, service.find('.', start) - start);
}

std::string_view TypeOf(bool caller_streams, bool answer_streams) {
  if (caller_streams) return answer_streams ? "bidi_stream" : "client_stream";
  return answer_streams ? "server_stream" : "unary";
}

// Codes whose series begin when they happen: those that are the caller's own doing, which no
// alert reads, and those that no method of ours ends with (no reason is kUnknown, and a method
// with meters is served). That saves nine series for each method.
bool IsRare(Code code) {
  switch (code) {
    case Code::kCancelled:
    case Code::kUnknown:
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
    case Code::kAborted:
    case Code::kOutOfRange:
    case Code::kUnimplemented:
      return true;
    default:
      return false;
  }
}

}  // namespace

MethodMeters::MethodMeters(telemetry::Metrics& metrics, std::string_view method) {
  const size_t slash = method.find('/');
  const std::string_view service = method.substr(0, slash);
  const std::string_view name = method.substr(slash + 1);
  std::string full_name(method);
  std::replace(full_name.begin(), full_name.end(), '/', '.');
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full_name);
  if (descriptor != nullptr) {
    caller_streams_ = descriptor->client_streaming();
    answer_streams_ = descriptor->server_streaming();
  }
  const std::string_view type = TypeOf(caller_streams_, answer_streams_);
  started_ = &metrics.Counter(telemetry::kGrpcStarted, {type, service, name});
  received_ = &metrics.Counter(telemetry::kGrpcReceived, {type, service, name});
  sent_ = &metrics.Counter(telemetry::kGrpcSent, {type, service, name});
  seconds_ = &metrics.Histogram(telemetry::kGrpcSeconds, {type, service, name});
  handled_by_code_ = [&metrics, type, service = std::string(service),
                      name = std::string(name)](size_t code) -> prometheus::Counter& {
    return metrics.Counter(telemetry::kGrpcHandled,
                           {type, service, name, CodeName(static_cast<int>(code))});
  };
  for (size_t code = 0; code < handled_.size(); ++code) {
    if (!IsRare(static_cast<Code>(code))) handled_[code] = &handled_by_code_(code);
  }
#define GTM_X(reason, number) \
  errors_[number] = &metrics.Counter(telemetry::kCallErrors, {service, #reason});
  GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
  etag_conflicts_ = &metrics.Counter(telemetry::kEtagConflicts, {ShortNameOf(service)});
}

void MethodMeters::Started() {
  started_->Increment();
  if (!caller_streams_) received_->Increment();
}

void MethodMeters::Received() { received_->Increment(); }

void MethodMeters::Sent() { sent_->Increment(); }

void MethodMeters::Finished(const Status& status, double seconds) {
  const size_t code = status.ok() ? 0 : static_cast<size_t>(status.error().code());
  (handled_[code] != nullptr ? *handled_[code] : handled_by_code_(code)).Increment();
  seconds_->Observe(seconds);
  if (status.ok()) {
    if (!answer_streams_) sent_->Increment();
    return;
  }
  const Reason reason = status.error().reason();
  errors_[static_cast<size_t>(reason)]->Increment();
  if (reason == Reason::ETAG_MISMATCH) etag_conflicts_->Increment();
}

}  // namespace gtm::rpc
