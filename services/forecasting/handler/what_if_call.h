#pragma once
// One WhatIf on gRPC, by callbacks, so that a status can be sent while a read waits.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>

#include "common/rpc/gate.h"
#include "services/forecasting/handler/what_if.h"

namespace gtm::forecasting::handler {

// Owns itself: starts with its making, runs on a thread of its own, and is gone when gRPC is
// done with the call.
class WhatIfCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public WhatIfStream {
 public:
  // `records` outlives the call.
  static WhatIfCall* Start(rpc::Gate& gate, records_client::Records& records,
                           grpc::CallbackServerContext* context);

  Got Read(absl::Duration patience, v1::WhatIfRequest* request) override;
  // A caller who does not read for kWhatIfSilenceMax is cut off.
  bool Write(const v1::WhatIfResponse& response) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  explicit WhatIfCall(grpc::CallbackServerContext* context) : context_(context) {}

  grpc::CallbackServerContext* const context_;
  rpc::MethodMeters* meters_ = nullptr;  // once the call is admitted
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

}  // namespace gtm::forecasting::handler
