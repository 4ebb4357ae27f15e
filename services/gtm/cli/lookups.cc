#include "services/gtm/cli/lookups.h"

#include <map>

#include "common/record/kinds.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::cli {

Names NamesOf(Session& session, std::string_view kind, const std::vector<std::string>& ids) {
  Names names;
  records::v1::BatchGetRequest request;
  std::map<std::string, bool> asked;
  for (const std::string& id : ids) {
    if (id.empty() || asked[id] || request.keys_size() == 1'000) continue;
    asked[id] = true;
    auto* key = request.add_keys();
    key->set_kind(record::FindKind(kind)->kind);
    key->set_id(id);
  }
  if (request.keys_size() == 0) return names;
  const auto answer = session.client().Call<records::v1::RecordsService>(
      &records::v1::RecordsService::Stub::BatchGet, request);
  if (!answer.ok()) return names;
  for (const record::Record& record : answer->records()) {
    const auto* payload = record::Payload(record);
    if (payload == nullptr) continue;
    const auto* field = payload->GetDescriptor()->FindFieldByName("display_name");
    if (field == nullptr) continue;
    std::string name = payload->GetReflection()->GetString(*payload, field);
    if (!name.empty()) names[record::IdOf(record)] = std::move(name);
  }
  return names;
}

}  // namespace gtm::cli
