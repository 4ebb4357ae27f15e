#include "common/rpc/authenticator.h"

#include <fmt/format.h>

#include <algorithm>

namespace gtm::rpc {
namespace {

constexpr std::array<std::string_view, 4> kServices = {"targeting", "sponsorship", "forecasting",
                                                       "growth"};

}  // namespace

bool IsService(std::string_view name) {
  return std::find(kServices.begin(), kServices.end(), name) != kServices.end();
}

std::string ServiceSubject(std::string_view service, std::string_view actor) {
  return fmt::format("service:{} for {}", service, actor);
}

std::string_view Find(const Metadata& metadata, std::string_view key, std::string_view otherwise) {
  return metadata.Find(key).value_or(otherwise);
}

Verdict LoopbackAuthenticator::Authenticate(const Presented& presented) const {
  const std::string_view tenant = Find(presented.metadata, kTenantKey, "default");
  const std::string_view actor = Find(presented.metadata, kActorKey, "local");
  const std::string_view service = Find(presented.metadata, kServiceKey, "");
  if (!IsValidId(tenant) || !IsValidId(actor) || (!service.empty() && !IsService(service))) {
    return Denial{Error(Reason::CREDENTIALS_INVALID, "the credentials are not valid"),
                  DenyReason::kMalformed, ""};
  }
  Principal principal;
  principal.tenant = TenantId(std::string(tenant));
  principal.service = service;
  principal.subject = service.empty() ? std::string(actor) : ServiceSubject(service, actor);
  principal.roles = kEveryRole;
  return principal;
}

bool IsLoopbackAddress(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost:") ||
         address.starts_with("[::1]:") || address.starts_with("unix:");
}

}  // namespace gtm::rpc
