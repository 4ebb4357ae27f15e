#include "common/records_client/watch_reader.h"

namespace gtm::records_client {

WatchReader::WatchReader(records::v1::RecordsService::StubInterface& stub,
                         grpc::ClientContext* context, const records::v1::WatchRequest& request) {
  stub.async()->Watch(context, &request, this);
  AddHold();  // reads are started from outside
  StartCall();
}

bool WatchReader::Read(records::v1::WatchResponse* response) {
  std::unique_lock lock(mutex_);
  reading_ = true;
  lock.unlock();
  StartRead(response);
  lock.lock();
  changed_.wait(lock, [this] { return !reading_; });
  return read_;
}

void WatchReader::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  reading_ = false;
  read_ = ok;
  changed_.notify_all();
}

grpc::Status WatchReader::Finish() {
  RemoveHold();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_; });
  return status_;
}

void WatchReader::OnDone(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  done_ = true;
  changed_.notify_all();
}

}  // namespace gtm::records_client
