#include "services/sponsorship/handler/decisions.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/core/limits.h"
#include "common/record/kinds.h"

namespace gtm::sponsorship::handler {
namespace {

const Record* At(const std::map<RecordKeyOf, Record>& records, const RecordKeyOf& key) {
  const auto found = records.find(key);
  return found == records.end() ? nullptr : &found->second;
}

Record RecordOf(v1::SponsorshipProgram payload) {
  Record record;
  *record.mutable_sponsorship_program() = std::move(payload);
  return record;
}
Record RecordOf(v1::Sponsorship payload) {
  Record record;
  *record.mutable_sponsorship() = std::move(payload);
  return record;
}
Record RecordOf(v1::MatchRun payload) {
  Record record;
  *record.mutable_match_run() = std::move(payload);
  return record;
}

}  // namespace

const v1::SponsorshipProgram* Found::Program(const std::string& id) const {
  const Record* record = At(records_, {gtm::records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM, id});
  return record == nullptr ? nullptr : &record->sponsorship_program();
}
const v1::Sponsorship* Found::Sponsorship(const std::string& id) const {
  const Record* record = At(records_, {gtm::records::v1::RECORD_KIND_SPONSORSHIP, id});
  return record == nullptr ? nullptr : &record->sponsorship();
}
const v1::MatchRun* Found::MatchRun(const std::string& id) const {
  const Record* record = At(records_, {gtm::records::v1::RECORD_KIND_MATCH_RUN, id});
  return record == nullptr ? nullptr : &record->match_run();
}

std::string Found::EtagOf(const RecordKeyOf& key) const {
  const Record* record = At(records_, key);
  if (record == nullptr) return "";
  const google::protobuf::Message* payload = record::Payload(*record);
  const auto* field = payload->GetDescriptor()->FindFieldByName("etag");
  return payload->GetReflection()->GetString(*payload, field);
}

Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<RecordKeyOf>& keys) {
  Found found;
  for (size_t begin = 0; begin < keys.size();) {
    const size_t end = std::min(keys.size(), begin + limits::kBatchRecordsMax);
    gtm::records::v1::BatchGetRequest request;
    for (; begin < end; ++begin) {
      auto* key = request.add_keys();
      key->set_kind(keys[begin].first);
      key->set_id(keys[begin].second);
    }
    GTM_ASSIGN_OR_RETURN(auto response, records.Get(call, request));
    if (found.revision_.empty()) found.revision_ = response.revision();
    for (Record& record : *response.mutable_records()) {
      RecordKeyOf key(record::KindOf(record), record::IdOf(record));
      found.records_[std::move(key)] = std::move(record);
    }
  }
  return found;
}

template <class Payload>
void Writing::Create(Payload payload) {
  auto* mutation = request_.add_mutations();
  mutation->set_mode(gtm::records::v1::Mutation::MODE_CREATE);
  *mutation->mutable_put() = RecordOf(std::move(payload));
}

template <class Payload>
void Writing::Replace(Payload payload) {
  auto* mutation = request_.add_mutations();
  mutation->set_mode(gtm::records::v1::Mutation::MODE_UPDATE);
  mutation->set_etag(payload.etag());
  *mutation->mutable_put() = RecordOf(std::move(payload));
}

template void Writing::Create(v1::SponsorshipProgram);
template void Writing::Create(v1::Sponsorship);
template void Writing::Create(v1::MatchRun);
template void Writing::Replace(v1::SponsorshipProgram);
template void Writing::Replace(v1::Sponsorship);
template void Writing::Replace(v1::MatchRun);

void Writing::Guard(const RecordKeyOf& key, std::string etag) {
  auto* guard = request_.add_guards();
  guard->mutable_key()->set_kind(key.first);
  guard->mutable_key()->set_id(key.second);
  guard->set_etag(std::move(etag));
}

Result<gtm::records::v1::BatchCommitResponse> Writing::Commit(records_client::Records& records,
                                                              const rpc::Call& call) const {
  return records.Commit(call, request_);
}

Error NotFound(std::string_view kind, const std::string& id) {
  return Error(Reason::RECORD_NOT_FOUND, fmt::format("{} {}: no such record", kind, id))
      .With("kind", std::string(kind))
      .With("id", id);
}

Error WrongState(std::string_view kind, const std::string& id, std::string_view state,
                 std::string_view what) {
  return Error(Reason::WRONG_STATE, fmt::format("{} {}: is {}; {}", kind, id, state, what))
      .With("kind", std::string(kind))
      .With("id", id)
      .With("state", std::string(state));
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

Error RequestIdReused(const std::string& request_id) {
  return Error(Reason::REQUEST_ID_REUSED,
               fmt::format("request_id {}: used before with another request; use a fresh UUID for "
                           "a new request",
                           request_id))
      .With("request_id", request_id);
}

}  // namespace gtm::sponsorship::handler
