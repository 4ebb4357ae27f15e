#include "common/records_client/key_lookup.h"

#include <optional>
#include <utility>

#include "common/records_client/identity.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::records_client {

unsigned RoleBit(crm::v1::ApiKey::Role role) {
  switch (role) {
    case crm::v1::ApiKey::ROLE_READER:
      return 1u << static_cast<int>(rpc::Role::kReader);
    case crm::v1::ApiKey::ROLE_WRITER:
      return 1u << static_cast<int>(rpc::Role::kWriter);
    case crm::v1::ApiKey::ROLE_APPROVER:
      return 1u << static_cast<int>(rpc::Role::kApprover);
    case crm::v1::ApiKey::ROLE_ADMIN:
      return 1u << static_cast<int>(rpc::Role::kAdmin);
    default:
      return 0;
  }
}

identity::KeyFacts FactsOf(const crm::v1::ApiKey& key) {
  identity::KeyFacts facts;
  for (const int role : key.roles()) {
    facts.roles |= RoleBit(static_cast<crm::v1::ApiKey::Role>(role));
  }
  facts.secret_sha256 = key.secret_sha256();
  facts.revoked = key.revoked();
  if (key.has_expire_time()) {
    facts.expire_time = absl::FromUnixSeconds(key.expire_time().seconds()) +
                        absl::Nanoseconds(key.expire_time().nanos());
  }
  return facts;
}

identity::KeyLookup LookupOver(const std::shared_ptr<grpc::ChannelInterface>& channel,
                               std::string service) {
  std::shared_ptr<records::v1::RecordsService::StubInterface> stub =
      records::v1::RecordsService::NewStub(channel);
  return [stub = std::move(stub), service = std::move(service)](
             const TenantId& tenant,
             const std::string& id) -> Result<std::optional<identity::KeyFacts>> {
    grpc::ClientContext context;
    const Identity who{tenant.value(), service, "api keys", ""};
    // A tenant that cannot even be asked for has no keys.
    if (!Prepare(who, SystemClock().Now() + identity::kLookupMax, &context).ok()) {
      return std::optional<identity::KeyFacts>();
    }
    records::v1::GetRequest request;
    request.mutable_key()->set_kind(records::v1::RECORD_KIND_API_KEY);
    request.mutable_key()->set_id(id);
    records::v1::Record record;
    const grpc::Status status = stub->Get(&context, request, &record);
    if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
      return std::optional<identity::KeyFacts>();
    }
    if (!status.ok()) return FromRecords(status);
    return std::optional<identity::KeyFacts>(FactsOf(record.api_key()));
  };
}

}  // namespace gtm::records_client
