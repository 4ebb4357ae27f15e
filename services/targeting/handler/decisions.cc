#include "services/targeting/handler/decisions.h"

#include "fmt/format.h"
#include "services/targeting/domain/lifecycle.h"

namespace gtm::targeting::handler {
namespace {

// The etag travels in the mutation; the payload's own output-only fields are ignored.
Mutation PutOf(Record record, const std::string& etag, bool create) {
  Mutation mutation;
  *mutation.mutable_put() = std::move(record);
  mutation.set_mode(create ? Mutation::MODE_CREATE : Mutation::MODE_UPDATE);
  if (!create) mutation.set_etag(etag);
  return mutation;
}

Record RecordOf(v1::TargetDefinition definition) {
  Record record;
  *record.mutable_target_definition() = std::move(definition);
  return record;
}

Record RecordOf(v1::Handover handover) {
  Record record;
  *record.mutable_handover() = std::move(handover);
  return record;
}

}  // namespace

Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<Key>& keys) {
  gtm::records::v1::BatchGetRequest request;
  for (const Key& key : keys) {
    auto* message = request.add_keys();
    message->set_kind(key.kind);
    message->set_id(key.id);
  }
  GTM_ASSIGN_OR_RETURN(auto response, records.Get(call, request));
  Found found;
  found.revision = response.revision();
  for (Record& record : *response.mutable_records()) found.records.push_back(std::move(record));
  return found;
}

std::optional<v1::TargetDefinition> DefinitionIn(const Found& found, const std::string& id) {
  for (const Record& record : found.records) {
    if (record.has_target_definition() && record.target_definition().id() == id) {
      return record.target_definition();
    }
  }
  return std::nullopt;
}

std::optional<v1::TargetAgreement> AgreementIn(const Found& found) {
  for (const Record& record : found.records) {
    if (record.has_target_agreement()) return record.target_agreement();
  }
  return std::nullopt;
}

std::optional<v1::Handover> HandoverIn(const Found& found, const std::string& id) {
  for (const Record& record : found.records) {
    if (record.has_handover() && record.handover().id() == id) return record.handover();
  }
  return std::nullopt;
}

Mutation Create(v1::TargetDefinition definition) {
  return PutOf(RecordOf(std::move(definition)), "", true);
}

Mutation Create(v1::Handover handover) { return PutOf(RecordOf(std::move(handover)), "", true); }

Mutation Replace(v1::TargetDefinition definition) {
  const std::string etag = definition.etag();
  return PutOf(RecordOf(std::move(definition)), etag, false);
}

Mutation Replace(v1::Handover handover) {
  const std::string etag = handover.etag();
  return PutOf(RecordOf(std::move(handover)), etag, false);
}

Mutation Put(v1::TargetAgreement agreement) {
  const std::string etag = agreement.etag();
  Record record;
  *record.mutable_target_agreement() = std::move(agreement);
  return PutOf(std::move(record), etag, etag.empty());
}

Result<Committed> Commit(records_client::Records& records, const rpc::Call& call,
                         const std::string& request_id, std::vector<Mutation> mutations) {
  gtm::records::v1::BatchCommitRequest request;
  request.set_request_id(request_id);
  for (Mutation& mutation : mutations) *request.add_mutations() = std::move(mutation);
  auto answer = records.Commit(call, request);
  if (!answer.ok()) return InOurWords(answer.error());
  gtm::records::v1::BatchCommitResponse response = std::move(answer).value();
  Committed committed;
  committed.revision = response.revision();
  for (auto& result : *response.mutable_results()) {
    committed.records.push_back(std::move(*result.mutable_record()));
  }
  return committed;
}

Error InOurWords(const Error& error) {
  if (error.reason() != Reason::INVALID_FIELDS) return error;
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {".put.target_definition", "definition"}, {".put.handover", "handover"}};
  std::vector<FieldViolation> violations = error.violations();
  for (FieldViolation& violation : violations) {
    for (const auto& [theirs, ours] : kNames) {
      const size_t at = violation.field.find(theirs);
      if (at == std::string::npos) continue;
      violation.field = std::string(ours) + violation.field.substr(at + theirs.size());
      break;
    }
  }
  return InvalidFields(std::move(violations));
}

bool IsRace(const Error& error) {
  return error.reason() == Reason::ETAG_MISMATCH || error.reason() == Reason::RECORD_EXISTS ||
         error.reason() == Reason::REQUEST_ID_REUSED;
}

Error NotFound(std::string_view kind, const std::string& id) {
  return Error(Reason::RECORD_NOT_FOUND, fmt::format("{} {}: no such record", kind, id))
      .With("kind", std::string(kind))
      .With("id", id);
}

Status CheckEtag(std::string_view kind, const std::string& id, const std::string& etag,
                 const std::string& expected) {
  if (expected.empty() || expected == etag) return {};
  return Error(Reason::ETAG_MISMATCH,
               fmt::format("{} {}: changed meanwhile (etag {}, expected {}); read it again and "
                           "repeat the change",
                           kind, id, etag, expected))
      .With("kind", std::string(kind))
      .With("id", id)
      .With("etag", etag)
      .With("expected", expected);
}

}  // namespace gtm::targeting::handler
