#include "services/records/handler/render.h"

#include <fmt/format.h>

#include "common/record/kinds.h"
#include "services/records/domain/erase.h"
#include "services/records/handler/revision.h"

namespace gtm::records::handler {
namespace {

Error Damaged(const store::Key& key) {
  return Error(Reason::STORE_DAMAGED,
               fmt::format("the store is damaged: {} {} cannot be read; restore from a backup",
                           KindNameOf(key.kind), key.id))
      .With("kind", KindNameOf(key.kind))
      .With("id", key.id);
}

// The record, and the erasure stamp of its version.
Status Render(const store::Key& key, std::string_view body, const record::Meta& meta,
              v1::Record* record, std::string* stamp) {
  if (!record::ParseBody(static_cast<record::Kind>(key.kind), body, meta, record)) {
    return Damaged(key);
  }
  *stamp = domain::TakeErasureStamp(record);
  return {};
}

}  // namespace

std::string KindNameOf(int kind) {
  return std::string(record::KindName(static_cast<record::Kind>(kind)));
}

Error NotFound(const store::Key& key) {
  return Error(Reason::RECORD_NOT_FOUND,
               fmt::format("{} {}: no such record", KindNameOf(key.kind), key.id))
      .With("kind", KindNameOf(key.kind))
      .With("id", key.id);
}

void SetTime(int64_t time_us, google::protobuf::Timestamp* time) {
  int64_t seconds = time_us / 1'000'000;
  int64_t rest = time_us % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  time->set_seconds(seconds);
  time->set_nanos(static_cast<int32_t>(rest * 1'000));
}

v1::RecordKey RenderKey(const store::Key& key) {
  v1::RecordKey rendered;
  rendered.set_kind(static_cast<record::Kind>(key.kind));
  rendered.set_id(key.id);
  return rendered;
}

Status RenderRecord(const store::StoredRecord& stored, v1::Record* record) {
  std::string stamp;
  return Render(stored.key, stored.body,
                {stored.version, absl::FromUnixMicros(stored.create_time_us),
                 absl::FromUnixMicros(stored.update_time_us)},
                record, &stamp);
}

Status RenderChange(const store::Change& change, std::string_view epoch, v1::Change* rendered) {
  std::string stamp;
  GTM_RETURN_IF_ERROR(Render(change.key, change.body,
                             {change.seq, absl::FromUnixMicros(change.create_time_us),
                              absl::FromUnixMicros(change.commit_time_us)},
                             rendered->mutable_record(), &stamp));
  rendered->set_operation(static_cast<v1::Change::Operation>(change.operation));
  rendered->set_revision(FormatRevision(epoch, change.seq));
  rendered->set_actor(change.actor);
  rendered->set_request_id(change.request_id);
  SetTime(change.commit_time_us, rendered->mutable_commit_time());
  rendered->set_erasure_digest(stamp);
  return {};
}

void RenderOutcome(const store::MutationOutcome& outcome, v1::MutationResult* result) {
  result->set_unchanged(outcome.unchanged);
  if (result->has_record()) {
    record::SetMeta(result->mutable_record(),
                    {outcome.version, absl::FromUnixMicros(outcome.create_time_us),
                     absl::FromUnixMicros(outcome.update_time_us)});
  }
}

}  // namespace gtm::records::handler
