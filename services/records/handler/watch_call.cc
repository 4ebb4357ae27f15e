#include "services/records/handler/watch_call.h"

#include <system_error>
#include <thread>

#include "common/rpc/call_meters.h"
#include "common/rpc/raw_unary.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::records::handler {
namespace {

constexpr std::string_view kMethod = "gtm.records.v1.RecordsService/Watch";

}  // namespace

WatchCall* WatchCall::Start(rpc::Gate& gate, RecordsHandler& handler,
                            grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  auto* call = new WatchCall(context);
  try {
    std::thread([call, &gate, &handler, request] { call->Run(gate, handler, *request); }).detach();
  } catch (const std::system_error&) {
    call->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "no thread is left; try again"});
  }
  return call;
}

void WatchCall::Run(rpc::Gate& gate, RecordsHandler& handler, const grpc::ByteBuffer& request) {
  const grpc::Status status = gate.Stream(context_, kMethod, [&](rpc::Call& caller) -> Status {
    meters_ = &gate.MetersOf(kMethod);
    v1::WatchRequest parsed;
    GTM_RETURN_IF_ERROR(rpc::ParseBytes(request, &parsed));
    return handler.Watch(caller, parsed, *this);
  });
  Finish(status);  // from here on the call may be gone
}

bool WatchCall::Write(const v1::WatchResponse& response) {
  outgoing_.Clear();
  rpc::WriteBytes(response, &outgoing_);
  std::unique_lock lock(mutex_);
  writing_ = true;
  lock.unlock();
  StartWrite(&outgoing_);
  lock.lock();
  changed_.wait(lock, [this] { return !writing_; });
  if (written_) meters_->Sent();
  return written_;
}

void WatchCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  written_ = ok;
  changed_.notify_all();
}

}  // namespace gtm::records::handler
