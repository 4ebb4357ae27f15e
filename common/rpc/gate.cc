#include "common/rpc/gate.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cassert>
#include <cctype>

#include "common/rpc/status.h"
#include "common/telemetry/trace.h"

namespace gtm::rpc {
namespace {

constexpr int kCodeCount = 17;
constexpr std::array<std::string_view, kCodeCount> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
// Suggested wait of a shed caller; the client's own jitter spreads it.
constexpr int kShedRetryMs = 100;

Metadata ReadMetadata(const grpc::ServerContextBase& context) {
  Metadata metadata;
  for (const auto& [key, value] : context.client_metadata()) {
    metadata[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
  }
  return metadata;
}

// "targeting.gtm" of "gtm.targeting.v1.TargetingService/ScoreAccount".
std::string DomainOf(std::string_view method) {
  const size_t start = method.find('.');
  const size_t end = method.find('.', start + 1);
  if (start == std::string_view::npos || end == std::string_view::npos) return "platform.gtm";
  return std::string(method.substr(start + 1, end - start - 1)) + ".gtm";
}

std::string MakeTraceId(const Clock& clock) {
  thread_local Random random(static_cast<uint64_t>(absl::ToUnixNanos(clock.Now())) ^
                             static_cast<uint64_t>(reinterpret_cast<uintptr_t>(&random)));
  return telemetry::MakeTraceContext(random).trace_id;
}

}  // namespace

struct Gate::Method {
  MethodRule rule;
  std::string name;
  std::string domain;
  prometheus::Counter* started = nullptr;
  prometheus::Histogram* seconds = nullptr;
  std::array<prometheus::Counter*, kCodeCount> handled{};
};

struct Gate::Meters {
  prometheus::Gauge* inflight;
  prometheus::Gauge* streams;
  prometheus::Counter* shed_inflight;
  prometheus::Counter* shed_draining;
  prometheus::Counter* allowed;
  prometheus::Counter* denied_credentials;
  prometheus::Counter* denied_role;
};

Gate::Gate(GateOptions options) : options_(options) {
  assert(options_.authenticator != nullptr && options_.metrics != nullptr);
  telemetry::Metrics& metrics = *options_.metrics;
  meters_ = std::make_unique<Meters>(
      Meters{&metrics.Gauge(telemetry::kInflight, {}), &metrics.Gauge(telemetry::kWatchStreams, {}),
             &metrics.Counter(telemetry::kShed, {"inflight"}),
             &metrics.Counter(telemetry::kShed, {"draining"}),
             &metrics.Counter(telemetry::kAuth, {"allow", "ok"}),
             &metrics.Counter(telemetry::kAuth, {"deny", "credentials"}),
             &metrics.Counter(telemetry::kAuth, {"deny", "role"})});
  metrics.Gauge(telemetry::kInflightLimit, {}).Set(options_.inflight_max);
  pool_ = std::make_unique<boost::asio::thread_pool>(options_.pool_threads);
}

Gate::~Gate() { pool_->join(); }

void Gate::AddMethods(std::span<const MethodRule> rules) {
  telemetry::Metrics& metrics = *options_.metrics;
  for (const MethodRule& rule : rules) {
    auto method = std::make_unique<Method>();
    method->rule = rule;
    method->name = std::string(rule.method);
    method->domain = DomainOf(rule.method);
    const size_t slash = method->name.find('/');
    const std::string service = method->name.substr(0, slash);
    const std::string name = method->name.substr(slash + 1);
    const std::string_view type = rule.cost == Cost::kStream ? "bidi_stream" : "unary";
    method->started = &metrics.Counter(telemetry::kGrpcStarted, {type, service, name});
    method->seconds = &metrics.Histogram(telemetry::kGrpcSeconds, {type, service, name});
    for (int code = 0; code < kCodeCount; ++code) {
      method->handled[code] =
          &metrics.Counter(telemetry::kGrpcHandled, {type, service, name, kCodeNames[code]});
    }
    methods_[method->name] = std::move(method);
  }
}

bool Gate::HasMethod(std::string_view method) const {
  return methods_.contains(absl::string_view(method.data(), method.size()));
}

bool Gate::IsHeavy(const Admitted& admitted) { return admitted.method->rule.cost == Cost::kHeavy; }

void Gate::Post(std::function<void()> work) { boost::asio::post(*pool_, std::move(work)); }

Status Gate::Begin(grpc::ServerContextBase* context, std::string_view method, bool stream,
                   Admitted* admitted) {
  admitted->start = options_.clock->Monotonic();
  const auto it = methods_.find(absl::string_view(method.data(), method.size()));
  if (it == methods_.end()) {
    return Error(Reason::METHOD_NOT_SERVED, fmt::format("{}: not served by this version", method))
        .With("method", std::string(method));
  }
  admitted->method = it->second.get();
  admitted->method->started->Increment();
  Call& call = admitted->call;
  call.method = admitted->method->name;
  call.now = options_.clock->Now();
  const absl::Time asked = absl::FromChrono(context->deadline());
  const int cap_ms = stream ? limits::kImportDeadlineCapMs : options_.deadline_cap_ms;
  call.deadline = std::min(asked, call.now + absl::Milliseconds(cap_ms));
  call.is_cancelled = [context] { return context->IsCancelled(); };
  const Metadata metadata = ReadMetadata(*context);
  const auto header = metadata.find("traceparent");
  const auto trace =
      header == metadata.end() ? std::nullopt : telemetry::ParseTraceparent(header->second);
  call.trace_id = trace.has_value() ? trace->trace_id : MakeTraceId(*options_.clock);
  GTM_RETURN_IF_ERROR(Admit(stream, admitted));
  GTM_RETURN_IF_ERROR(Authorize(metadata, admitted));
  return call.CheckAlive(call.now);
}

Status Gate::Admit(bool stream, Admitted* admitted) {
  if (stopping_) {
    meters_->shed_draining->Increment();
    return Error(Reason::SHUTTING_DOWN, "the server is shutting down; another replica will answer")
        .RetryAfterMs(kShedRetryMs);
  }
  std::atomic<int>& counter = stream ? streams_ : inflight_;
  const int limit = stream ? options_.streams_max : options_.inflight_max;
  if (counter.fetch_add(1) >= limit) {
    counter.fetch_sub(1);
    meters_->shed_inflight->Increment();
    return Error(Reason::OVERLOADED,
                 fmt::format("the server is at its limit of {} {}; try again in {} ms", limit,
                             stream ? "streams" : "calls in flight", kShedRetryMs))
        .With("limit", std::to_string(limit))
        .RetryAfterMs(kShedRetryMs);
  }
  admitted->counted = true;
  (stream ? meters_->streams : meters_->inflight)->Set(counter);
  return {};
}

Status Gate::Authorize(const Metadata& metadata, Admitted* admitted) {
  auto principal = options_.authenticator->Authenticate(metadata);
  if (!principal.ok()) {
    meters_->denied_credentials->Increment();
    return std::move(principal).error();
  }
  admitted->call.principal = std::move(principal).value();
  const Role role = admitted->method->rule.role;
  if (!admitted->call.principal.Has(role)) {
    meters_->denied_role->Increment();
    const std::string name(RoleName(role));
    return Error(Reason::ROLE_MISSING,
                 fmt::format("{}: needs the role {}", admitted->method->name, name))
        .With("role", name);
  }
  meters_->allowed->Increment();
  return {};
}

Status Gate::Stray(const char* what, const Call& call) {
  options_.log->Error(
      "stray_exception",
      {{"method", call.method}, {"trace_id", call.trace_id}, {"what", std::string_view(what)}});
  return Error(Reason::INTERNAL_ERROR,
               fmt::format("an internal error; the log has it under trace id {}", call.trace_id))
      .With("trace_id", call.trace_id);
}

grpc::Status Gate::Finish(grpc::ServerContextBase* context, std::string_view method,
                          Admitted* admitted, const Status& status) {
  const bool stream = admitted->method != nullptr && admitted->method->rule.cost == Cost::kStream;
  if (admitted->counted) {
    std::atomic<int>& counter = stream ? streams_ : inflight_;
    const int left = counter.fetch_sub(1) - 1;
    (stream ? meters_->streams : meters_->inflight)->Set(left);
  }
  const double seconds = absl::ToDoubleSeconds(options_.clock->Monotonic() - admitted->start);
  const int code = status.ok() ? 0 : static_cast<int>(status.error().code());
  if (admitted->method != nullptr) {
    admitted->method->handled[code]->Increment();
    admitted->method->seconds->Observe(seconds);
  }
  if (!status.ok() || options_.access_log == AccessLog::kAll) {
    const Call& call = admitted->call;
    options_.log->Info("call", {{"method", method},
                                {"code", kCodeNames[code]},
                                {"reason", status.ok() ? std::string_view("")
                                                       : ReasonName(status.error().reason())},
                                {"seconds", seconds},
                                {"tenant", std::string_view(call.tenant().value())},
                                {"subject", std::string_view(call.principal.subject)},
                                {"trace_id", std::string_view(call.trace_id)}});
  }
  if (status.ok()) return grpc::Status::OK;
  if (status.error().code() == Code::kResourceExhausted && status.error().retry_after_ms() > 0) {
    context->AddTrailingMetadata("grpc-retry-pushback-ms",
                                 std::to_string(status.error().retry_after_ms()));
  }
  return ToGrpcStatus(status.error(),
                      admitted->method == nullptr ? DomainOf(method) : admitted->method->domain);
}

}  // namespace gtm::rpc
