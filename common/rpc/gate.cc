#include "common/rpc/gate.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include "common/rpc/call_meters.h"
#include "common/rpc/status.h"
#include "common/telemetry/trace.h"

namespace gtm::rpc {
namespace {

// Suggested wait of a shed caller; the client's own jitter spreads it.
constexpr int kShedRetryMs = 100;
constexpr int kShedRetryMsMax = 2'000;

Metadata ReadMetadata(const grpc::ServerContextBase& context) {
  Metadata metadata;
  for (const auto& [key, value] : context.client_metadata()) {
    metadata.Add({key.data(), key.size()}, {value.data(), value.size()});
  }
  return metadata;
}

// URIs and DNS names of the client's certificate. Each kind only as what it is: no DNS name
// that looks like a URI.
std::vector<std::string> CertificateNames(const grpc::ServerContextBase& context) {
  std::vector<std::string> names;
  const auto peer = context.auth_context();
  if (peer == nullptr) return names;
  for (const grpc::string_ref& uri : peer->FindPropertyValues("peer_uri")) {
    std::string name(uri.data(), uri.size());
    if (name.find("://") != std::string::npos) names.push_back(std::move(name));
  }
  for (const grpc::string_ref& dns : peer->FindPropertyValues("peer_dns")) {
    std::string name(dns.data(), dns.size());
    if (name.find_first_of("/:") == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

// "targeting.gtm" of "gtm.targeting.v1.TargetingService/ScoreAccount".
std::string DomainOf(std::string_view method) {
  const size_t start = method.find('.');
  const size_t end = method.find('.', start + 1);
  if (start == std::string_view::npos || end == std::string_view::npos) return "platform.gtm";
  return std::string(method.substr(start + 1, end - start - 1)) + ".gtm";
}

// Refused before any work. Counted, but not logged: a line each would be load of its own.
bool IsShed(const Error& error) {
  return error.reason() == Reason::OVERLOADED || error.reason() == Reason::TENANT_QUOTA;
}

// The span of this call: below the caller's, where it names one.
void BeginSpan(const Metadata& metadata, const Clock& clock, Call* call) {
  thread_local Random random(static_cast<uint64_t>(absl::ToUnixNanos(clock.Now())) ^
                             static_cast<uint64_t>(reinterpret_cast<uintptr_t>(&random)));
  const auto parent = telemetry::ParseTraceparent(Find(metadata, telemetry::kTraceparentKey, ""));
  telemetry::TraceContext span = parent.has_value() ? telemetry::MakeChild(*parent, random)
                                                    : telemetry::MakeTraceContext(random);
  call->trace_id = std::move(span.trace_id);
  call->span_id = std::move(span.span_id);
  call->trace_sampled = span.sampled;
  if (parent.has_value()) call->parent_span_id = parent->span_id;
}

}  // namespace

struct Gate::Method {
  MethodRule rule;
  std::string name;
  std::string domain;
  // What a call of it takes on a pool: a moving average.
  std::atomic<int64_t> cost_us{0};
  std::optional<MethodMeters> meters;  // always there
};

struct Gate::Meters {
  prometheus::Gauge* inflight;
  prometheus::Gauge* streams;
  prometheus::Counter* shed_inflight;
  prometheus::Counter* shed_queue;
  prometheus::Counter* shed_tenant;
  prometheus::Counter* shed_draining;
  // By the role that the method needs; denials also by DenyReason.
  std::array<prometheus::Counter*, kRoleCount> allowed{};
  std::array<std::array<prometheus::Counter*, kDenyReasonNames.size()>, kRoleCount> denied{};
};

Gate::Gate(GateOptions options) : options_(options) {
  assert(options_.authenticator != nullptr && options_.metrics != nullptr);
  telemetry::Metrics& metrics = *options_.metrics;
  meters_ = std::make_unique<Meters>(Meters{&metrics.Gauge(telemetry::kInflight, {}),
                                            &metrics.Gauge(telemetry::kWatchStreams, {}),
                                            &metrics.Counter(telemetry::kShed, {"inflight"}),
                                            &metrics.Counter(telemetry::kShed, {"queue_age"}),
                                            &metrics.Counter(telemetry::kShed, {"tenant_quota"}),
                                            &metrics.Counter(telemetry::kShed, {"draining"}),
                                            {},
                                            {}});
  for (int role = 0; role < kRoleCount; ++role) {
    const std::string_view kind = RoleName(static_cast<Role>(role));
    meters_->allowed[role] = &metrics.Counter(telemetry::kAuth, {kind, "allow", "ok"});
    for (size_t reason = 0; reason < kDenyReasonNames.size(); ++reason) {
      meters_->denied[role][reason] =
          &metrics.Counter(telemetry::kAuth, {kind, "deny", kDenyReasonNames[reason]});
    }
  }
  metrics.Gauge(telemetry::kInflightLimit, {}).Set(options_.inflight_max);
  waiting_ = std::make_unique<FairPool>(
      FairPool::Options{limits::kWaitThreads, limits::kTenantWaitThreads});
  store_ = std::make_unique<FairPool>(
      FairPool::Options{limits::kStoreThreads, limits::kTenantStoreThreads});
  // One more than a tenant may hold: another one never waits for all of them.
  cpu_ = std::make_unique<FairPool>(
      FairPool::Options{options_.pool_threads + 1, options_.pool_threads});
}

Gate::~Gate() = default;

void Gate::AddMethods(std::span<const MethodRule> rules) {
  for (const MethodRule& rule : rules) {
    auto method = std::make_unique<Method>();
    method->rule = rule;
    method->name = std::string(rule.method);
    method->domain = DomainOf(rule.method);
    method->meters.emplace(*options_.metrics, rule.method);
    methods_[method->name] = std::move(method);
  }
}

MethodMeters& Gate::MetersOf(std::string_view method) {
  return *methods_.at(absl::string_view(method.data(), method.size()))->meters;
}

bool Gate::HasMethod(std::string_view method) const {
  return methods_.contains(absl::string_view(method.data(), method.size()));
}

bool Gate::IsInline(const Admitted& admitted) { return admitted.method->rule.cost == Cost::kLight; }

Status Gate::Enqueue(const std::shared_ptr<Admitted>& admitted, const Run& run) {
  Method& method = *admitted->method;
  const bool waits = method.rule.cost == Cost::kStore;
  admitted->call.patience = waits ? Patience::kLong : Patience::kShort;
  const absl::Duration wait =
      (waits ? store_ : cpu_)
          ->Post(admitted->call.tenant().value(), absl::Microseconds(method.cost_us.load()),
                 absl::Milliseconds(options_.queue_ms_max),
                 [this, admitted, run] { RunOnPool(admitted, run); });
  if (wait == absl::ZeroDuration()) return {};
  meters_->shed_queue->Increment();
  const int retry_ms = static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(wait), kShedRetryMs, kShedRetryMsMax));
  return Error(Reason::OVERLOADED,
               fmt::format("the server is busy: the call would wait for more than {} ms; try again "
                           "in {} ms",
                           options_.queue_ms_max, retry_ms))
      .With("limit_ms", std::to_string(options_.queue_ms_max))
      .RetryAfterMs(retry_ms);
}

void Gate::RunOnPool(const std::shared_ptr<Admitted>& admitted, const Run& run) {
  const absl::Duration start = options_.clock->Monotonic();
  Method& method = *admitted->method;
  if (!run(admitted.get())) return Await(admitted, run);
  const int64_t took_us = absl::ToInt64Microseconds(options_.clock->Monotonic() - start);
  const int64_t average_us = method.cost_us.load();
  method.cost_us = average_us + (took_us - average_us) / 8;
}

void Gate::Await(const std::shared_ptr<Admitted>& admitted, const Run& run) {
  admitted->call.patience = Patience::kLong;
  admitted->call.wants_to_wait = false;
  waiting_->Post(admitted->call.tenant().value(), absl::ZeroDuration(), absl::InfiniteDuration(),
                 [admitted, run] { run(admitted.get()); });
}

Status Gate::Begin(grpc::ServerContextBase* context, std::string_view method, bool stream,
                   Admitted* admitted) {
  admitted->start = options_.clock->Monotonic();
  const auto it = methods_.find(absl::string_view(method.data(), method.size()));
  if (it == methods_.end()) {
    return Error(Reason::METHOD_NOT_SERVED, fmt::format("{}: not served by this version", method))
        .With("method", std::string(method));
  }
  admitted->method = it->second.get();
  admitted->method->meters->Started();
  Call& call = admitted->call;
  call.method = admitted->method->name;
  call.now = options_.clock->Now();
  const absl::Time asked = absl::FromChrono(context->deadline());
  const int cap_ms = stream ? limits::kImportDeadlineCapMs : options_.deadline_cap_ms;
  call.deadline = std::min(asked, call.now + absl::Milliseconds(cap_ms));
  call.is_cancelled = [context] { return context->IsCancelled(); };
  const Metadata metadata = ReadMetadata(*context);
  BeginSpan(metadata, *options_.clock, &call);
  GTM_RETURN_IF_ERROR(Admit(stream, admitted));
  GTM_RETURN_IF_ERROR(Authorize(*context, metadata, admitted));
  GTM_RETURN_IF_ERROR(AdmitTenant(stream, admitted));
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

Status Gate::AdmitTenant(bool stream, Admitted* admitted) {
  const int limit = stream ? options_.tenant_streams_max : options_.tenant_inflight_max;
  admitted->tenant =
      (stream ? tenant_streams_ : tenant_inflight_).Enter(admitted->call.tenant().value(), limit);
  if (admitted->tenant != nullptr) return {};
  meters_->shed_tenant->Increment();
  return Error(Reason::TENANT_QUOTA,
               fmt::format("the tenant is at its limit of {} {}; try again in {} ms", limit,
                           stream ? "streams" : "calls in flight", kShedRetryMs))
      .With("limit", std::to_string(limit))
      .RetryAfterMs(kShedRetryMs);
}

void Gate::CountDenial(const Admitted& admitted, DenyReason reason) {
  const auto role = static_cast<size_t>(admitted.method->rule.role);
  meters_->denied[role][static_cast<size_t>(reason)]->Increment();
}

Status Gate::Authorize(const grpc::ServerContextBase& context, const Metadata& metadata,
                       Admitted* admitted) {
  Verdict verdict = options_.authenticator->Authenticate(
      {metadata, [&context] { return CertificateNames(context); }});
  if (verdict.denial.has_value()) {
    CountDenial(*admitted, verdict.denial->reason);
    admitted->denied_subject = std::move(verdict.denial->subject);
    admitted->denied_why = DenyReasonName(verdict.denial->reason);
    return std::move(verdict.denial->error);
  }
  admitted->call.principal = *std::move(verdict.principal);
  const Role role = admitted->method->rule.role;
  if (!admitted->call.principal.Has(role)) {
    CountDenial(*admitted, DenyReason::kRole);
    admitted->denied_why = DenyReasonName(DenyReason::kRole);
    const std::string name(RoleName(role));
    return Error(Reason::ROLE_MISSING,
                 fmt::format("{}: needs the role {}", admitted->method->name, name))
        .With("role", name);
  }
  meters_->allowed[static_cast<size_t>(role)]->Increment();
  return {};
}

void Gate::WriteAudit(const grpc::ServerContextBase& context, std::string_view method,
                      const Admitted& admitted, const Status& status) {
  const Call& call = admitted.call;
  if (!status.ok() &&
      (!admitted.denied_why.empty() || status.error().code() == Code::kPermissionDenied)) {
    options_.audit->Denied(
        call, method, context.peer(),
        call.principal.subject.empty() ? admitted.denied_subject : call.principal.subject,
        status.error().reason(), admitted.denied_why);
    return;
  }
  const bool may_write = admitted.method != nullptr && admitted.method->rule.role != Role::kReader;
  if (may_write && (!call.revision.empty() || (status.ok() && !call.request_id.empty()))) {
    options_.audit->Wrote(call, context.peer(), status.ok());
  }
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
  if (admitted->tenant != nullptr) TenantCounts::Leave(admitted->tenant);
  const double seconds = absl::ToDoubleSeconds(options_.clock->Monotonic() - admitted->start);
  const int code = status.ok() ? 0 : static_cast<int>(status.error().code());
  if (admitted->method != nullptr) admitted->method->meters->Finished(status, seconds);
  if (options_.audit != nullptr) WriteAudit(*context, method, *admitted, status);
  if ((!status.ok() && !IsShed(status.error())) || options_.access_log == AccessLog::kAll) {
    const Call& call = admitted->call;
    options_.log->Info("call", {{"method", method},
                                {"code", CodeName(code)},
                                {"reason", status.ok() ? std::string_view("")
                                                       : ReasonName(status.error().reason())},
                                {"seconds", seconds},
                                {"tenant", std::string_view(call.tenant().value())},
                                {"subject", std::string_view(call.principal.subject)},
                                {"trace_id", std::string_view(call.trace_id)},
                                {"span_id", std::string_view(call.span_id)},
                                {"parent_span_id", std::string_view(call.parent_span_id)}});
  }
  if (status.ok()) return grpc::Status::OK;
  if (status.error().code() == Code::kResourceExhausted) {
    // Below zero: asking again does not help.
    const int retry_ms = status.error().retry_after_ms();
    context->AddTrailingMetadata("grpc-retry-pushback-ms",
                                 std::to_string(retry_ms > 0 ? retry_ms : -1));
  }
  return ToGrpcStatus(status.error(),
                      admitted->method == nullptr ? DomainOf(method) : admitted->method->domain);
}

}  // namespace gtm::rpc
