#pragma once
// API keys, where they are kept: in records.

#include <memory>
#include <string>

#include "common/identity/key_cache.h"
#include "gtm/crm/v1/access.pb.h"

namespace grpc {
class ChannelInterface;
}

namespace gtm::records_client {

// What authentication needs of a key.
identity::KeyFacts FactsOf(const crm::v1::ApiKey& key);
// The bit of a role; 0 for ROLE_UNSPECIFIED.
unsigned RoleBit(crm::v1::ApiKey::Role role);

// Asks records at each lookup. `service` is who asks: "targeting"; "" in the process of
// records.
identity::KeyLookup LookupOver(const std::shared_ptr<grpc::ChannelInterface>& channel,
                               std::string service);

}  // namespace gtm::records_client
