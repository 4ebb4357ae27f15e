#pragma once
// One question and many answers: server streams on the bytes themselves, as RawUnary.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "common/rpc/call_meters.h"
#include "common/rpc/gate.h"
#include "common/rpc/raw_unary.h"

namespace gtm::rpc {

// Sends one message and comes back when gRPC has taken it, so that a caller who does not read
// holds up the work and not the memory. False: nobody reads any more.
template <class Response>
using Write = std::function<bool(const Response&)>;

// Owns itself: starts with its making, runs the handler on a thread of its own (the method's
// row says Cost::kStream), and is gone when gRPC is done with the call.
template <class Request, class Response>
class RawServerStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  using Handler = std::function<Status(Call&, const Request&, const Write<Response>&)>;

  // `request` outlives the call; `gate` and what the handler holds outlive the server.
  static RawServerStream* Start(Gate& gate, grpc::CallbackServerContext* context,
                                std::string method, const grpc::ByteBuffer* request,
                                Handler handler) {
    auto* stream = new RawServerStream(context, std::move(method), std::move(handler));
    try {
      std::thread([stream, &gate, request] { stream->Run(gate, *request); }).detach();
    } catch (const std::system_error&) {
      stream->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "no thread is left; try again"});
    }
    return stream;
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    written_ = ok;
    changed_.notify_all();
  }
  void OnDone() override { delete this; }

 private:
  RawServerStream(grpc::CallbackServerContext* context, std::string method, Handler handler)
      : context_(context), method_(std::move(method)), handler_(std::move(handler)) {}

  void Run(Gate& gate, const grpc::ByteBuffer& request) {
    const grpc::Status status = gate.Stream(context_, method_, [&](Call& call) -> Status {
      MethodMeters& meters = gate.MetersOf(method_);
      Request parsed;
      GTM_RETURN_IF_ERROR(ParseBytes(request, &parsed));
      return handler_(call, parsed, [&](const Response& message) {
        const bool sent = Send(message);
        if (sent) meters.Sent();
        return sent;
      });
    });
    Finish(status);  // from here on the call may be gone
  }

  bool Send(const Response& message) {
    outgoing_.Clear();
    WriteBytes(message, &outgoing_);
    std::unique_lock lock(mutex_);
    writing_ = true;
    lock.unlock();
    StartWrite(&outgoing_);
    lock.lock();
    changed_.wait(lock, [this] { return !writing_; });
    return written_;
  }

  grpc::CallbackServerContext* const context_;
  const std::string method_;
  const Handler handler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // At most one write is under way.
  grpc::ByteBuffer outgoing_;
  bool writing_ = false;
  bool written_ = false;
};

}  // namespace gtm::rpc

// One line a server stream in a binding class, as GTM_RPC_UNARY:
// `handler_.Method(Call&, const Request&, const rpc::Write<Response>&)`.
#define GTM_RPC_SERVER_STREAM(Method, Request, Response)                                         \
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Method(grpc::CallbackServerContext* context,       \
                                                     const grpc::ByteBuffer* request) override { \
    return ::gtm::rpc::RawServerStream<Request, Response>::Start(                                \
        gate_, context, std::string(kService) + "/" #Method, request,                            \
        [this](::gtm::rpc::Call& call, const Request& q,                                         \
               const ::gtm::rpc::Write<Response>& write) {                                       \
          return handler_.Method(call, q, write);                                                \
        });                                                                                      \
  }
