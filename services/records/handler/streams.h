#pragma once
// What the streaming calls need of their transport, so that they can be tested without it.
// All block; `false` means that the other side is gone or has ended.

#include "common/rpc/message_stream.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::records::handler {

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  virtual bool Write(const v1::WatchResponse& response) = 0;
  // Ends a Write that does not come back. From any thread; does not block.
  virtual void Cancel() = 0;
};

using ImportStream = rpc::MessageStream<v1::ImportRequest, v1::ImportResponse>;

}  // namespace gtm::records::handler
