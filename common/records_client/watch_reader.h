#pragma once
// A Watch that is read by one thread, which waits outside gRPC: a thread that waits inside it
// (as a synchronous read does) may be the one that polls every connection of the process, and
// each call of a busy server then costs two changes of threads.

#include <condition_variable>
#include <mutex>

#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::records_client {

// Starts at once. Finish() must be called before the end of its life.
class WatchReader final : public grpc::ClientReadReactor<records::v1::WatchResponse> {
 public:
  // `stub`, `context` and `request` outlive it.
  WatchReader(records::v1::RecordsService::StubInterface& stub, grpc::ClientContext* context,
              const records::v1::WatchRequest& request);

  // Waits for the next message. False: the stream has ended.
  bool Read(records::v1::WatchResponse* response);
  // Waits for the end of the stream and says why; after an end, or TryCancel.
  grpc::Status Finish();

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reading_ = false;
  bool read_ = false;
  bool done_ = false;
  grpc::Status status_;
};

}  // namespace gtm::records_client
