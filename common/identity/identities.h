#pragma once
// Who a client certificate is of: the identities file.
//
//   [[identity]]                # one of our services; names the tenant of each call itself
//   san = "spiffe://acme.example/ns/gtm/sa/targeting"
//   service = "targeting"
//
//   [[identity]]                # anybody else: one tenant, some roles
//   san = "nightly.acme.example"
//   tenant = "acme"
//   roles = ["reader", "writer"]

#include <map>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/rpc/call.h"

namespace gtm::identity {

// What the file says of one name.
struct Identity {
  std::string service;  // "targeting"; "" for anybody who is none of our services
  TenantId tenant;      // of anybody else
  unsigned roles = 0;   // bit per rpc::Role; of a service: reader and writer
};

inline constexpr size_t kIdentitiesBytesMax = 1024 * 1024;

// By subject alternative name: a URI as it is ("://" is in it), or a DNS name in lower case.
using Identities = std::map<std::string, Identity, std::less<>>;

// Error: INVALID_FIELDS with every mistake and its line.
Result<Identities> ParseIdentities(std::string_view toml);

// The identity of a certificate's names. Null where none of them is known, or where they
// are of several identities: then nobody can say who calls.
const std::pair<const std::string, Identity>* FindIdentity(const Identities& identities,
                                                           const std::vector<std::string>& names);

}  // namespace gtm::identity
