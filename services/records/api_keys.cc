#include "services/records/api_keys.h"

#include <optional>
#include <string>

#include "common/core/time_limit.h"
#include "common/records_client/key_lookup.h"
#include "gtm/records/v1/record.pb.h"

namespace gtm::records {
namespace {

constexpr int kHeadsPage = 1'000;

}  // namespace

identity::KeyLookup LookupIn(handler::RecordsHandler& handler) {
  return [&handler](const TenantId& tenant,
                    const std::string& id) -> Result<std::optional<identity::KeyFacts>> {
    rpc::Call call;
    call.principal.tenant = tenant;
    call.now = SystemClock().Now();
    call.deadline = call.now + identity::kLookupMax;
    const TimeLimit limit(call.deadline);
    v1::GetRequest request;
    request.mutable_key()->set_kind(v1::RECORD_KIND_API_KEY);
    request.mutable_key()->set_id(id);
    v1::Record record;
    const Status status = handler.Get(call, request, &record);
    if (status.ok()) {
      return std::optional<identity::KeyFacts>(records_client::FactsOf(record.api_key()));
    }
    if (status.error().reason() == Reason::RECORD_NOT_FOUND) {
      return std::optional<identity::KeyFacts>();
    }
    return status.error();
  };
}

Status CheckVerifiable(const process::Process& process, store::Store& store) {
  const config::Config& config = process.config();
  if (process.identity().verifier == nullptr || !config.Text(config::kJwksFile).empty() ||
      !config.Text(config::kIdentitiesFile).empty()) {
    return {};
  }
  for (std::string after;;) {
    GTM_ASSIGN_OR_RETURN(const auto heads, store.ListHeads(after, kHeadsPage));
    if (heads.empty()) break;
    for (const store::TenantHead& head : heads) {
      GTM_ASSIGN_OR_RETURN(const auto counts, store.CountByKind(TenantId(head.tenant)));
      if (counts.contains(v1::RECORD_KIND_API_KEY)) return {};
    }
    after = heads.back().tenant;
  }
  return InvalidField(
      "--auth",
      "nothing is configured that could verify a caller, and the store has no API key; give "
      "--jwks-file or --identities-file, or make a key with `gtm api-key create` while the "
      "platform runs on loopback with --auth none");
}

}  // namespace gtm::records
