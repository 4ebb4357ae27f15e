#include "common/rpc/authenticator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gtm::rpc {
namespace {

constexpr unsigned kEveryRole = (1u << kRoleCount) - 1;
constexpr std::array<std::string_view, 4> kServices = {"targeting", "sponsorship", "forecasting",
                                                       "growth"};

std::string Find(const Metadata& metadata, std::string_view key, std::string_view otherwise) {
  const auto it = metadata.find(key);
  return it == metadata.end() ? std::string(otherwise) : it->second;
}

}  // namespace

Result<Principal> LoopbackAuthenticator::Authenticate(const Metadata& metadata) const {
  Principal principal;
  const std::string tenant = Find(metadata, kTenantKey, "default");
  const std::string actor = Find(metadata, kActorKey, "local");
  principal.service = Find(metadata, kServiceKey, "");
  const bool known_service =
      principal.service.empty() ||
      std::find(kServices.begin(), kServices.end(), principal.service) != kServices.end();
  if (!IsValidId(tenant) || !IsValidId(actor) || !known_service) {
    return Error(Reason::CREDENTIALS_INVALID, "the credentials are not valid");
  }
  principal.tenant = TenantId(tenant);
  principal.subject = principal.service.empty()
                          ? actor
                          : fmt::format("service:{} for {}", principal.service, actor);
  principal.roles = kEveryRole;
  return principal;
}

bool IsLoopbackAddress(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost:") ||
         address.starts_with("[::1]:") || address.starts_with("unix:");
}

}  // namespace gtm::rpc
