#pragma once
// A conversation as handlers see it: without gRPC, so that they can be tested without it.

#include "absl/time/time.h"

namespace gtm::rpc {

enum class StreamRead {
  kMessage,
  kEnd,       // the caller has sent everything, or is gone
  kNothing,   // nothing within the time: ask again
  kMalformed  // bytes that are no message of this kind: the end, too
};

// Both block. Read and Write may be called from two threads, each from one at a time.
template <class In, class Out>
class MessageStream {
 public:
  using Got = StreamRead;
  virtual ~MessageStream() = default;
  virtual Got Read(absl::Duration patience, In* message) = 0;
  // False: the caller is gone.
  virtual bool Write(const Out& message) = 0;
};

}  // namespace gtm::rpc
