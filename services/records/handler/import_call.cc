#include "services/records/handler/import_call.h"

#include <system_error>
#include <thread>

#include "common/rpc/call_meters.h"
#include "common/rpc/raw_unary.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::records::handler {
namespace {

constexpr std::string_view kMethod = "gtm.records.v1.RecordsService/Import";

// Counts the messages of a stream.
class CountedImport final : public ImportStream {
 public:
  CountedImport(ImportStream& stream, rpc::MethodMeters& meters)
      : stream_(stream), meters_(meters) {}
  Got Read(absl::Duration patience, v1::ImportRequest* request) override {
    const Got got = stream_.Read(patience, request);
    if (got == Got::kBatch || got == Got::kMalformed) meters_.Received();
    return got;
  }
  bool Write(const v1::ImportResponse& response) override {
    const bool sent = stream_.Write(response);
    if (sent) meters_.Sent();
    return sent;
  }

 private:
  ImportStream& stream_;
  rpc::MethodMeters& meters_;
};

}  // namespace

ImportCall* ImportCall::Start(rpc::Gate& gate, RecordsHandler& handler,
                              grpc::CallbackServerContext* context) {
  auto* call = new ImportCall;
  const auto run = [call, &gate, &handler, context] {
    const grpc::Status status = gate.Stream(context, kMethod, [&](rpc::Call& caller) {
      CountedImport counted(*call, gate.MetersOf(kMethod));
      return handler.Import(caller, counted);
    });
    call->Finish(status);  // from here on the call may be gone
  };
  try {
    std::thread(run).detach();
  } catch (const std::system_error&) {
    call->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "no thread is left; try again"});
  }
  return call;
}

ImportStream::Got ImportCall::Read(absl::Duration patience, v1::ImportRequest* request) {
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
  return rpc::ParseBytes(incoming_, request).ok() ? Got::kBatch : Got::kMalformed;
}

void ImportCall::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  reading_ = false;
  (ok ? arrived_ : ended_) = true;
  changed_.notify_all();
}

bool ImportCall::Write(const v1::ImportResponse& response) {
  outgoing_.Clear();
  rpc::WriteBytes(response, &outgoing_);
  std::unique_lock lock(mutex_);
  writing_ = true;
  lock.unlock();
  StartWrite(&outgoing_);
  lock.lock();
  changed_.wait(lock, [this] { return !writing_; });
  return written_;
}

void ImportCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  written_ = ok;
  changed_.notify_all();
}

}  // namespace gtm::records::handler
