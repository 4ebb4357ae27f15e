#pragma once
// One Watch on gRPC, by callbacks: a server with one synchronous method would answer all its
// other calls more slowly, too.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>

#include "common/rpc/gate.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {

// Owns itself: starts with its making, runs the handler on a thread of its own, and is gone
// when gRPC is done with the call.
class WatchCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public WatchSink {
 public:
  // `request` outlives the call.
  static WatchCall* Start(rpc::Gate& gate, RecordsHandler& handler,
                          grpc::CallbackServerContext* context, const grpc::ByteBuffer* request);

  // Comes back when gRPC has taken the message, so that who does not read is noticed.
  bool Write(const v1::WatchResponse& response) override;
  void Cancel() override { context_->TryCancel(); }

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  explicit WatchCall(grpc::CallbackServerContext* context) : context_(context) {}
  void Run(rpc::Gate& gate, RecordsHandler& handler, const grpc::ByteBuffer& request);

  grpc::CallbackServerContext* const context_;
  rpc::MethodMeters* meters_ = nullptr;  // once the call is admitted
  std::mutex mutex_;
  std::condition_variable changed_;
  // At most one write is under way.
  grpc::ByteBuffer outgoing_;
  bool writing_ = false;
  bool written_ = false;
};

}  // namespace gtm::records::handler
