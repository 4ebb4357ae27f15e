#pragma once
// The one wrapper round every handler: deadline cap, admission, authentication, role,
// tenant; then the handler; then metrics, access log and error mapping. A test walks
// the descriptors and proves that every method has a row (default deny).

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/core/clock.h"
#include "common/core/limits.h"
#include "common/core/time_limit.h"
#include "common/rpc/audit.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/fair_pool.h"
#include "common/rpc/method_rule.h"
#include "common/rpc/tenant_counts.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace gtm::rpc {

class MethodMeters;

// Which successful calls are logged; failures always are.
enum class AccessLog { kAll, kErrors };

struct GateOptions {
  const Clock* clock = &SystemClock();
  const Authenticator* authenticator = nullptr;  // required
  telemetry::Metrics* metrics = nullptr;         // required
  telemetry::Log* log = &telemetry::NullLog();
  Audit* audit = nullptr;  // null: nothing is audited
  AccessLog access_log = AccessLog::kErrors;
  int inflight_max = limits::kInflightMax;
  int tenant_inflight_max = limits::kTenantInflightMax;
  int streams_max = limits::kWatchStreamsMax;
  int tenant_streams_max = limits::kTenantStreamsMax;
  int queue_ms_max = limits::kQueueMsMax;
  int deadline_cap_ms = limits::kDeadlineCapMs;
  int pool_threads = 2;
};

// Thread-safe once every AddMethods has returned.
class Gate {
 public:
  explicit Gate(GateOptions options);
  // Waits for handlers on the pools.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void AddMethods(std::span<const MethodRule> rules);
  bool HasMethod(std::string_view method) const;
  // Of a method that was added: for the messages of its streams.
  MethodMeters& MetersOf(std::string_view method);
  // From now on every new call is answered SHUTTING_DOWN.
  void StopAdmitting() { stopping_ = true; }
  int inflight() const { return inflight_; }

  // `handler(Call&, const Request&, Response*) -> Status`, run where the method's row
  // says. `method` is "package.Service/Method".
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, std::string_view method,
                                  const Request* request, Response* response, Handler handler);

  // `handler(shared_ptr<Call>, const Request&, Response*, done)` returns at once and
  // calls `done(Status)` exactly once, from any thread.
  using Done = std::function<void(Status)>;
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* UnaryAsync(grpc::CallbackServerContext* context,
                                       std::string_view method, const Request* request,
                                       Response* response, Handler handler);

  // `handler(Call&) -> Status` on this thread; for methods of Cost::kStream.
  template <class Handler>
  grpc::Status Stream(grpc::ServerContextBase* context, std::string_view method, Handler handler);

 private:
  struct Method;
  // One admitted call; counts as in flight until Finish.
  struct Admitted {
    Call call;
    Method* method = nullptr;
    absl::Duration start;
    bool counted = false;
    TenantCounts::Entry* tenant = nullptr;  // where it counts, too
    // Of a caller that was refused, for the audit log.
    std::string denied_subject;
    std::string_view denied_why;
  };
  // Runs the handler and answers; false, without an answer, where it wants to wait.
  using Run = std::function<bool(Admitted*)>;

  Status Begin(grpc::ServerContextBase* context, std::string_view method, bool stream,
               Admitted* admitted);
  Status Admit(bool stream, Admitted* admitted);
  Status AdmitTenant(bool stream, Admitted* admitted);
  Status Authorize(const grpc::ServerContextBase& context, const Metadata& metadata,
                   Admitted* admitted);
  void CountDenial(const Admitted& admitted, DenyReason reason);
  void WriteAudit(const grpc::ServerContextBase& context, std::string_view method,
                  const Admitted& admitted, const Status& status);
  grpc::Status Finish(grpc::ServerContextBase* context, std::string_view method, Admitted* admitted,
                      const Status& status);
  Status Stray(const char* what, const Call& call);
  static bool IsInline(const Admitted& admitted);
  // Runs the call on the pool of its row, or says that it would wait there for too long.
  Status Enqueue(const std::shared_ptr<Admitted>& admitted, const Run& run);
  void RunOnPool(const std::shared_ptr<Admitted>& admitted, const Run& run);
  // Runs the call where it may wait.
  void Await(const std::shared_ptr<Admitted>& admitted, const Run& run);

  const GateOptions options_;
  std::atomic<int> inflight_{0};
  std::atomic<int> streams_{0};
  std::atomic<bool> stopping_{false};
  absl::flat_hash_map<std::string, std::unique_ptr<Method>> methods_;
  TenantCounts tenant_inflight_;
  TenantCounts tenant_streams_;
  struct Meters;
  std::unique_ptr<Meters> meters_;
  // Destroyed in reverse: the first two hand calls to the third.
  std::unique_ptr<FairPool> waiting_;
  std::unique_ptr<FairPool> store_;
  std::unique_ptr<FairPool> cpu_;
};

template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* Gate::Unary(grpc::CallbackServerContext* context, std::string_view method,
                                      const Request* request, Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto run = [this, context, method, request, response, reactor, handler](Admitted* admitted) {
    const Call& call = admitted->call;
    Status status;
    if (call.patience != Patience::kNone) {  // it has queued
      status = call.CheckAlive(options_.clock->Now());
    }
    try {
      const TimeLimit limit(call.deadline, &call.is_cancelled);
      if (status.ok()) status = handler(admitted->call, *request, response);
    } catch (const std::exception& e) {
      status = Stray(e.what(), call);
    }
    if (call.wants_to_wait) return false;
    reactor->Finish(Finish(context, method, admitted, status));
    return true;
  };
  Admitted admitted;
  if (const Status begun = Begin(context, method, false, &admitted); !begun.ok()) {
    reactor->Finish(Finish(context, method, &admitted, begun));
  } else if (IsInline(admitted)) {
    admitted.call.patience = Patience::kNone;
    if (!run(&admitted)) Await(std::make_shared<Admitted>(std::move(admitted)), run);
  } else {
    const auto shared = std::make_shared<Admitted>(std::move(admitted));
    if (const Status queued = Enqueue(shared, run); !queued.ok()) {
      reactor->Finish(Finish(context, method, shared.get(), queued));
    }
  }
  return reactor;
}

template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* Gate::UnaryAsync(grpc::CallbackServerContext* context,
                                           std::string_view method, const Request* request,
                                           Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto admitted = std::make_shared<Admitted>();
  if (const Status begun = Begin(context, method, false, admitted.get()); !begun.ok()) {
    reactor->Finish(Finish(context, method, admitted.get(), begun));
    return reactor;
  }
  Done done = [this, context, method, reactor, admitted](const Status& status) {
    reactor->Finish(Finish(context, method, admitted.get(), status));
  };
  try {
    const TimeLimit limit(admitted->call.deadline, &admitted->call.is_cancelled);
    handler(std::shared_ptr<Call>(admitted, &admitted->call), *request, response, done);
  } catch (const std::exception& e) {
    done(Stray(e.what(), admitted->call));
  }
  return reactor;
}

template <class Handler>
grpc::Status Gate::Stream(grpc::ServerContextBase* context, std::string_view method,
                          Handler handler) {
  Admitted admitted;
  Status status = Begin(context, method, true, &admitted);
  if (status.ok()) {
    try {
      const TimeLimit limit(admitted.call.deadline, &admitted.call.is_cancelled);
      status = handler(admitted.call);
    } catch (const std::exception& e) {
      status = Stray(e.what(), admitted.call);
    }
  }
  return Finish(context, method, &admitted, status);
}

}  // namespace gtm::rpc
