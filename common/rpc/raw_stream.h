#pragma once
// Streams on the bytes themselves, as RawUnary: one question and many answers, or both sides
// many. By callbacks: a thread inside gRPC slows down every other call of the process
// (README.md), and a status can be sent while a read waits.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "common/rpc/call_meters.h"
#include "common/rpc/gate.h"
#include "common/rpc/message_stream.h"
#include "common/rpc/raw_unary.h"

namespace gtm::rpc {

// Sends one message and comes back when gRPC has taken it, so that a caller who does not read
// holds up the work and not the memory. False: nobody reads any more.
template <class Response>
using Write = std::function<bool(const Response&)>;

// What both kinds share. Owns itself: runs on a thread of its own (the method's row says
// Cost::kStream), and is gone when gRPC is done with the call. `Reactor` is gRPC's.
template <class Reactor>
class RawStream : public Reactor {
 public:
  void OnWriteDone(bool ok) final {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    written_ = ok;
    changed_.notify_all();
  }
  void OnDone() final { delete this; }

 protected:
  RawStream(grpc::CallbackServerContext* context, std::string method)
      : context_(context), method_(std::move(method)) {}

  // `serve(call)` answers; its status ends the stream, which may be gone then.
  template <class Serve>
  void Begin(Gate& gate, Serve serve) {
    const auto run = [this, &gate, serve] {
      this->Finish(gate.Stream(context_, method_, [&](Call& call) -> Status {
        meters_ = &gate.MetersOf(method_);
        return serve(call);
      }));
    };
    try {
      std::thread(run).detach();
    } catch (const std::system_error&) {
      this->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "no thread is left; try again"});
    }
  }

  // A caller who takes nothing for so long is cut off.
  template <class Message>
  bool Send(const Message& message, absl::Duration patience = absl::InfiniteDuration()) {
    outgoing_.Clear();
    WriteBytes(message, &outgoing_);
    std::unique_lock lock(mutex_);
    writing_ = true;
    lock.unlock();
    this->StartWrite(&outgoing_);
    lock.lock();
    const auto taken = [this] { return !writing_; };
    if (patience != absl::InfiniteDuration() &&
        !changed_.wait_for(lock, absl::ToChronoMilliseconds(patience), taken)) {
      context_->TryCancel();
    }
    changed_.wait(lock, taken);
    if (written_) meters_->Sent();
    return written_;
  }

  grpc::CallbackServerContext* const context_;
  const std::string method_;
  MethodMeters* meters_ = nullptr;  // once the call is admitted
  std::mutex mutex_;
  std::condition_variable changed_;

 private:
  // At most one write is under way.
  grpc::ByteBuffer outgoing_;
  bool writing_ = false;
  bool written_ = false;
};

// One question and many answers.
template <class Request, class Response>
class RawServerStream final : public RawStream<grpc::ServerWriteReactor<grpc::ByteBuffer>> {
 public:
  using Handler = std::function<Status(Call&, const Request&, const Write<Response>&)>;

  // `request` outlives the call; `gate` and what the handler holds outlive the server.
  static RawServerStream* Start(Gate& gate, grpc::CallbackServerContext* context,
                                std::string method, const grpc::ByteBuffer* request,
                                Handler handler) {
    auto* stream = new RawServerStream(context, std::move(method));
    stream->Begin(gate, [stream, request, handler = std::move(handler)](Call& call) -> Status {
      Request parsed;
      GTM_RETURN_IF_ERROR(ParseBytes(*request, &parsed));
      return handler(call, parsed,
                     [stream](const Response& message) { return stream->Send(message); });
    });
    return stream;
  }

 private:
  using RawStream::RawStream;
};

// Both sides send many messages.
template <class In, class Out>
class RawBidiStream final
    : public RawStream<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>>,
      public MessageStream<In, Out> {
 public:
  using Got = StreamRead;
  using Handler = std::function<Status(Call&, MessageStream<In, Out>&)>;

  // A caller who does not read for `write_patience` is cut off. `gate` and what the handler
  // holds outlive the server.
  static RawBidiStream* Start(Gate& gate, grpc::CallbackServerContext* context, std::string method,
                              absl::Duration write_patience, Handler handler) {
    auto* stream = new RawBidiStream(context, std::move(method));
    stream->write_patience_ = write_patience;
    stream->Begin(gate, [stream, handler = std::move(handler)](Call& call) {
      return handler(call, *stream);
    });
    return stream;
  }

  Got Read(absl::Duration patience, In* message) override {
    std::unique_lock lock(mutex_);
    if (!reading_ && !arrived_ && !ended_) {
      reading_ = true;
      lock.unlock();
      StartRead(&incoming_);
      lock.lock();
    }
    const bool in_time = changed_.wait_for(lock, absl::ToChronoMilliseconds(patience),
                                           [this] { return arrived_ || ended_; });
    if (!in_time) return Got::kNothing;
    if (!arrived_) return Got::kEnd;
    arrived_ = false;
    meters_->Received();
    return ParseBytes(incoming_, message).ok() ? Got::kMessage : Got::kMalformed;
  }

  bool Write(const Out& message) override { return Send(message, write_patience_); }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    (ok ? arrived_ : ended_) = true;
    changed_.notify_all();
  }

 private:
  using RawStream::RawStream;

  absl::Duration write_patience_;
  // At most one read is under way.
  grpc::ByteBuffer incoming_;
  bool reading_ = false;
  bool arrived_ = false;
  bool ended_ = false;
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
