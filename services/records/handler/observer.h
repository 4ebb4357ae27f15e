#pragma once
// What the handlers tell of, for metrics.

#include "common/core/error_reason.h"
#include "services/records/handler/streams.h"

namespace gtm::records::handler {

// Thread-safe; every call is quick.
class Observer {
 public:
  virtual ~Observer() = default;
  // An import refused a record.
  virtual void Rejected(Reason) {}
  // The server ended a watch.
  virtual void WatchEnded(Reason) {}
};
// Tells nobody.
Observer& NoObserver();

// An import's stream whose rejections are told.
class ObservedImport final : public ImportStream {
 public:
  ObservedImport(ImportStream& stream, Observer& observer) : stream_(stream), observer_(observer) {}
  Got Read(absl::Duration patience, v1::ImportRequest* request) override {
    return stream_.Read(patience, request);
  }
  bool Write(const v1::ImportResponse& response) override;

 private:
  ImportStream& stream_;
  Observer& observer_;
};

}  // namespace gtm::records::handler
