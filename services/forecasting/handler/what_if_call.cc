#include "services/forecasting/handler/what_if_call.h"

#include <system_error>
#include <thread>

#include "common/rpc/call_meters.h"
#include "common/rpc/raw_unary.h"

namespace gtm::forecasting::handler {
namespace {

constexpr std::string_view kMethod = "gtm.forecasting.v1.ForecastingService/WhatIf";

}  // namespace

WhatIfCall* WhatIfCall::Start(rpc::Gate& gate, records_client::Records& records,
                              grpc::CallbackServerContext* context) {
  auto* call = new WhatIfCall(context);
  const auto run = [call, &gate, &records, context] {
    const grpc::Status status = gate.Stream(context, kMethod, [&](rpc::Call& caller) {
      call->meters_ = &gate.MetersOf(kMethod);
      return RunWhatIf(caller, records, SystemClock(), kWhatIfSilenceMax, *call);
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

WhatIfStream::Got WhatIfCall::Read(absl::Duration patience, v1::WhatIfRequest* request) {
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
  meters_->Received();
  return rpc::ParseBytes(incoming_, request).ok() ? Got::kRequest : Got::kMalformed;
}

void WhatIfCall::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  reading_ = false;
  (ok ? arrived_ : ended_) = true;
  changed_.notify_all();
}

bool WhatIfCall::Write(const v1::WhatIfResponse& response) {
  outgoing_.Clear();
  rpc::WriteBytes(response, &outgoing_);
  std::unique_lock lock(mutex_);
  writing_ = true;
  lock.unlock();
  StartWrite(&outgoing_);
  lock.lock();
  const auto taken = [this] { return !writing_; };
  if (!changed_.wait_for(lock, absl::ToChronoMilliseconds(kWhatIfSilenceMax), taken)) {
    context_->TryCancel();
    changed_.wait(lock, taken);
  }
  if (written_) meters_->Sent();
  return written_;
}

void WhatIfCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  written_ = ok;
  changed_.notify_all();
}

}  // namespace gtm::forecasting::handler
