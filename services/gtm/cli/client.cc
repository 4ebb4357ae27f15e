#include "services/gtm/cli/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/random.h"
#include "common/rpc/authenticator.h"

namespace gtm::cli {

std::unique_ptr<grpc::ClientContext> Client::NewContext(absl::Duration timeout) const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  if (!options_.authorization.empty()) {
    context->AddMetadata("authorization", options_.authorization);
  }
  if (!options_.tenant.empty()) {
    context->AddMetadata(std::string(rpc::kTenantKey), options_.tenant);
  }
  return context;
}

Error Client::ToError(const grpc::Status& status) const {
  Error error = rpc::FromGrpcStatus(status);
  // Without details it did not come from the platform: nobody is there, or a server that is
  // just ending (this program cancels no call that it waits for).
  const bool is_gone = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                       status.error_code() == grpc::StatusCode::CANCELLED;
  if (is_gone && status.error_details().empty()) {
    return Error(Reason::PEER_UNAVAILABLE, fmt::format("nobody answers at {}", options_.address))
        .With("address", options_.address)
        .With("detail", status.error_message());
  }
  return error;
}

Status CheckTenant(const std::string& tenant) {
  const bool plain = std::all_of(tenant.begin(), tenant.end(),
                                 [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  if (plain) return {};
  return InvalidField("--tenant",
                      "only ASCII letters, digits and marks can be sent; use another name");
}

std::string NewRequestId() {
  static Random random([] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32) | device();
  }());
  return MakeUuidV7(SystemClock().Now(), random);
}

}  // namespace gtm::cli
