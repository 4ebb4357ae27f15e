#pragma once
// One Import on gRPC. By callbacks, so that a status can be sent while a read waits: with the
// synchronous API a silent caller could only be cut off without a word.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>

#include "common/rpc/gate.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {

// Owns itself: starts with its making, runs the handler on a thread of its own, and is gone
// when gRPC is done with the call.
class ImportCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public ImportStream {
 public:
  static ImportCall* Start(rpc::Gate& gate, RecordsHandler& handler,
                           grpc::CallbackServerContext* context);

  Got Read(absl::Duration patience, v1::ImportRequest* request) override;
  bool Write(const v1::ImportResponse& response) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  ImportCall() = default;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Reading: at most one read is under way.
  grpc::ByteBuffer incoming_;
  bool reading_ = false;
  bool arrived_ = false;
  bool ended_ = false;
  // Writing: at most one write is under way.
  grpc::ByteBuffer outgoing_;
  bool writing_ = false;
  bool written_ = false;
};

}  // namespace gtm::records::handler
