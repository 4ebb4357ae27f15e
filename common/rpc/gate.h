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
#include "common/rpc/authenticator.h"
#include "common/rpc/method_rule.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace boost::asio {
class thread_pool;
}

namespace gtm::rpc {

// Which successful calls are logged; failures always are.
enum class AccessLog { kAll, kErrors };

struct GateOptions {
  const Clock* clock = &SystemClock();
  const Authenticator* authenticator = nullptr;  // required
  telemetry::Metrics* metrics = nullptr;         // required
  telemetry::Log* log = &telemetry::NullLog();
  AccessLog access_log = AccessLog::kErrors;
  int inflight_max = limits::kInflightMax;
  int streams_max = limits::kWatchStreamsMax;
  int deadline_cap_ms = limits::kDeadlineCapMs;
  int pool_threads = 2;
};

// Thread-safe once every AddMethods has returned.
class Gate {
 public:
  explicit Gate(GateOptions options);
  // Waits for handlers on the pool.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void AddMethods(std::span<const MethodRule> rules);
  bool HasMethod(std::string_view method) const;
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
  grpc::Status Stream(grpc::ServerContext* context, std::string_view method, Handler handler);

 private:
  struct Method;
  // One admitted call; counts as in flight until Finish.
  struct Admitted {
    Call call;
    Method* method = nullptr;
    absl::Duration start;
    bool counted = false;
  };

  Status Begin(grpc::ServerContextBase* context, std::string_view method, bool stream,
               Admitted* admitted);
  Status Admit(bool stream, Admitted* admitted);
  Status Authorize(const Metadata& metadata, Admitted* admitted);
  grpc::Status Finish(grpc::ServerContextBase* context, std::string_view method, Admitted* admitted,
                      const Status& status);
  Status Stray(const char* what, const Call& call);
  void Post(std::function<void()> work);
  static bool IsHeavy(const Admitted& admitted);

  const GateOptions options_;
  std::atomic<int> inflight_{0};
  std::atomic<int> streams_{0};
  std::atomic<bool> stopping_{false};
  absl::flat_hash_map<std::string, std::unique_ptr<Method>> methods_;
  struct Meters;
  std::unique_ptr<Meters> meters_;
  std::unique_ptr<boost::asio::thread_pool> pool_;
};

template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* Gate::Unary(grpc::CallbackServerContext* context, std::string_view method,
                                      const Request* request, Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto run = [this, context, method, request, response, reactor, handler](Admitted* admitted) {
    Status status = admitted->call.CheckAlive(options_.clock->Now());  // it may have queued
    try {
      if (status.ok()) status = handler(admitted->call, *request, response);
    } catch (const std::exception& e) {
      status = Stray(e.what(), admitted->call);
    }
    reactor->Finish(Finish(context, method, admitted, status));
  };
  Admitted admitted;
  if (const Status begun = Begin(context, method, false, &admitted); !begun.ok()) {
    reactor->Finish(Finish(context, method, &admitted, begun));
  } else if (IsHeavy(admitted)) {
    auto shared = std::make_shared<Admitted>(std::move(admitted));
    Post([run, shared] { run(shared.get()); });
  } else {
    run(&admitted);
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
    handler(std::shared_ptr<Call>(admitted, &admitted->call), *request, response, done);
  } catch (const std::exception& e) {
    done(Stray(e.what(), admitted->call));
  }
  return reactor;
}

template <class Handler>
grpc::Status Gate::Stream(grpc::ServerContext* context, std::string_view method, Handler handler) {
  Admitted admitted;
  Status status = Begin(context, method, true, &admitted);
  if (status.ok()) {
    try {
      status = handler(admitted.call);
    } catch (const std::exception& e) {
      status = Stray(e.what(), admitted.call);
    }
  }
  return Finish(context, method, &admitted, status);
}

}  // namespace gtm::rpc
