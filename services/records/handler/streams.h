#pragma once
// What the streaming calls need of their transport, so that they can be tested without it.
// All block; `false` means that the other side is gone or has ended.

#include "absl/time/time.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::records::handler {

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  virtual bool Write(const v1::WatchResponse& response) = 0;
  // Ends a Write that does not come back. From any thread; does not block.
  virtual void Cancel() = 0;
};

// Read and Write are called from two threads.
class ImportStream {
 public:
  enum class Got {
    kBatch,
    kEnd,       // the caller has sent everything, or is gone
    kNothing,   // nothing within the time: ask again
    kMalformed  // bytes that are no batch: the end, too
  };
  virtual ~ImportStream() = default;
  virtual Got Read(absl::Duration patience, v1::ImportRequest* request) = 0;
  virtual bool Write(const v1::ImportResponse& response) = 0;
};

}  // namespace gtm::records::handler
