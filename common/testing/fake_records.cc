#include "common/testing/fake_records.h"

#include <cassert>
#include <charconv>

#include <fmt/format.h>

namespace gtm::test {
namespace {

using records::v1::BatchCommitRequest;
using records::v1::BatchCommitResponse;
using records::v1::BatchGetRequest;
using records::v1::BatchGetResponse;
using records::v1::Mutation;
using records::v1::Record;

constexpr std::string_view kEpoch = "fake";

Error Unavailable() {
  return Error(Reason::RECORDS_UNAVAILABLE, "records cannot be reached; try again")
      .RetryAfterMs(100);
}

Error About(Reason reason, record::Kind kind, const std::string& id, std::string_view what) {
  const std::string name(record::KindName(kind));
  return Error(reason, fmt::format("{} {}: {}", name, id, what)).With("kind", name).With("id", id);
}

std::string EtagIn(const Record& record) {
  const google::protobuf::Message* payload = record::Payload(record);
  return payload->GetReflection()->GetString(*payload,
                                             payload->GetDescriptor()->FindFieldByName("etag"));
}

std::string ServiceOf(type::v1::KindWriter writer) {
  switch (writer) {
    case type::v1::KIND_WRITER_TARGETING:
      return "targeting";
    case type::v1::KIND_WRITER_SPONSORSHIP:
      return "sponsorship";
    case type::v1::KIND_WRITER_FORECASTING:
      return "forecasting";
    case type::v1::KIND_WRITER_GROWTH:
      return "growth";
    default:
      return "";
  }
}

// "fake:7" -> 7.
Result<int64_t> SeqOf(const std::string& revision) {
  const size_t colon = revision.rfind(':');
  int64_t seq = -1;
  if (colon != std::string::npos) {
    std::from_chars(revision.data() + colon + 1, revision.data() + revision.size(), seq);
  }
  if (seq < 0) {
    return Error(Reason::REVISION_INVALID,
                 fmt::format("revision {}: not a revision of this platform", revision));
  }
  if (revision.substr(0, colon) != kEpoch) {
    return Error(Reason::EPOCH_CHANGED,
                 fmt::format("revision {}: from before a restore (epoch is now {}); list again",
                             revision, kEpoch))
        .With("epoch", std::string(kEpoch));
  }
  return seq;
}

bool IsValid(const google::protobuf::Timestamp& stamp) {
  constexpr int64_t kFirst = -62135596800, kLast = 253402300799;  // years 1 to 9999
  return stamp.seconds() >= kFirst && stamp.seconds() <= kLast && stamp.nanos() >= 0 &&
         stamp.nanos() < 1'000'000'000;
}

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

}  // namespace

std::string FakeRecords::Tenant::revision() const { return fmt::format("{}:{}", kEpoch, seq); }

FakeRecords::FakeRecords(std::string service) : service_(std::move(service)) {}
FakeRecords::~FakeRecords() = default;

FakeRecords::Tenant& FakeRecords::TenantOf(const TenantId& id) const {
  std::unique_ptr<Tenant>& tenant = tenants_[id];
  if (tenant == nullptr) {
    tenant = std::make_unique<Tenant>();
    tenant->book.Apply({}, kEpoch, 0);
  }
  return *tenant;
}

void FakeRecords::Put(const Record& record, absl::Time time, const TenantId& tenant) {
  PutAll({record}, time, tenant);
}

void FakeRecords::PutAll(const std::vector<Record>& records, absl::Time time, const TenantId& id) {
  const std::lock_guard lock(mutex_);
  Tenant& tenant = TenantOf(id);
  ++tenant.seq;
  for (const Record& record : records) {
    Mutation mutation;
    *mutation.mutable_put() = record;
    records::v1::MutationResult result;
    Write(&tenant, mutation, time, &result);
  }
}

void FakeRecords::Delete(record::Kind kind, const std::string& id, absl::Time time,
                         const TenantId& tenant_id) {
  const std::lock_guard lock(mutex_);
  Tenant& tenant = TenantOf(tenant_id);
  ++tenant.seq;
  Mutation mutation;
  mutation.mutable_delete_()->set_kind(kind);
  mutation.mutable_delete_()->set_id(id);
  records::v1::MutationResult result;
  Write(&tenant, mutation, time, &result);
}

void FakeRecords::set_unavailable(bool unavailable) {
  const std::lock_guard lock(mutex_);
  unavailable_ = unavailable;
}

void FakeRecords::set_before_commit(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  before_commit_ = std::move(hook);
}

book::BookView FakeRecords::View(const TenantId& tenant) const {
  const std::lock_guard lock(mutex_);
  return TenantOf(tenant).book.View();
}

std::unique_ptr<Record> FakeRecords::Find(record::Kind kind, const std::string& id,
                                          const TenantId& tenant_id) const {
  const std::lock_guard lock(mutex_);
  const Tenant& tenant = TenantOf(tenant_id);
  const auto found = tenant.records.find({kind, id});
  if (found == tenant.records.end()) return nullptr;
  return std::make_unique<Record>(found->second.record);
}

std::vector<BatchCommitRequest> FakeRecords::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

Result<records_client::Question> FakeRecords::Ask(const rpc::Call& call,
                                                  const type::v1::PointInTime& point) {
  const std::lock_guard lock(mutex_);
  if (unavailable_) return Unavailable();
  for (const auto& [name, present, stamp] :
       {std::tuple("point.as_of", point.has_as_of(), point.as_of()),
        std::tuple("point.recorded_as_of", point.has_recorded_as_of(), point.recorded_as_of())}) {
    if (present && !IsValid(stamp)) return InvalidField(name, "no valid timestamp");
  }
  Tenant& tenant = TenantOf(call.tenant());
  if (!point.min_revision().empty()) {
    GTM_ASSIGN_OR_RETURN(const int64_t seq, SeqOf(point.min_revision()));
    if (seq > tenant.seq) {
      return Error(Reason::REVISION_NOT_REACHED,
                   fmt::format("revision {}: not reached before the deadline (at {})",
                               point.min_revision(), tenant.revision()))
          .With("revision", point.min_revision())
          .With("reached", tenant.revision());
    }
  }
  records_client::Question question;
  question.as_of = point.has_as_of() ? TimeOf(point.as_of()) : call.now;
  if (!point.has_recorded_as_of()) {
    question.view = tenant.book.View();
    return question;
  }
  book::Book then;
  std::vector<book::Book::Change> changes;
  for (const Logged& logged : tenant.log) {
    if (logged.time <= TimeOf(point.recorded_as_of())) changes.push_back(logged.change);
  }
  then.Apply(std::move(changes), kEpoch, tenant.seq);
  question.view = then.View();
  return question;
}

void FakeRecords::set_while_waiting(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  while_waiting_ = std::move(hook);
}

bool FakeRecords::WaitForNewer(const rpc::Call& call, const book::BookView& seen, absl::Duration) {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = while_waiting_;
  }
  if (hook) hook();
  const std::lock_guard lock(mutex_);
  return TenantOf(call.tenant()).seq > seen.seq();
}

Status FakeRecords::CheckMutation(const Tenant& tenant, const Mutation& mutation) const {
  const bool is_delete = mutation.has_delete_();
  const record::Kind kind = is_delete ? mutation.delete_().kind() : record::KindOf(mutation.put());
  const record::KindInfo* info = record::FindKind(kind);
  if (info == nullptr) return InvalidField("mutations.put", "required; name one record");
  const std::string id = is_delete ? mutation.delete_().id() : record::IdOf(mutation.put());
  if (!IsValidId(id)) return InvalidField("mutations.put.id", "required; 1 to 128 bytes");
  const std::string owner = ServiceOf(info->writer);
  if (!owner.empty() && owner != service_) {
    return Error(Reason::KIND_NOT_WRITABLE,
                 fmt::format("{}: written by the {} service only", info->name, owner))
        .With("kind", info->name)
        .With("writer", owner);
  }
  const auto found = tenant.records.find({kind, id});
  const bool exists = found != tenant.records.end();
  if (!is_delete && mutation.mode() == Mutation::MODE_CREATE && exists) {
    return About(Reason::RECORD_EXISTS, kind, id, "exists already");
  }
  if (!exists && (is_delete || mutation.mode() == Mutation::MODE_UPDATE)) {
    return About(Reason::RECORD_NOT_FOUND, kind, id, "no such record");
  }
  const std::string etag = exists ? EtagIn(found->second.record) : "";
  if (!mutation.etag().empty() && mutation.etag() != etag) {
    return About(Reason::ETAG_MISMATCH, kind, id,
                 fmt::format("changed meanwhile (etag {}, expected {}); read it again and repeat "
                             "the change",
                             etag, mutation.etag()))
        .With("etag", etag)
        .With("expected", mutation.etag());
  }
  return {};
}

Status FakeRecords::Check(const Tenant& tenant, const BatchCommitRequest& request) const {
  if (request.mutations_size() < 1) {
    return InvalidField("mutations", "required; 1 to 1,000 changes");
  }
  for (const Mutation& mutation : request.mutations()) {
    GTM_RETURN_IF_ERROR(CheckMutation(tenant, mutation));
  }
  for (const records::v1::Guard& guard : request.guards()) {
    const auto found = tenant.records.find({guard.key().kind(), guard.key().id()});
    const std::string etag = found == tenant.records.end() ? "" : EtagIn(found->second.record);
    if (etag == guard.etag()) continue;
    return About(Reason::ETAG_MISMATCH, guard.key().kind(), guard.key().id(),
                 fmt::format("changed meanwhile (etag {}, expected {}); read it again and repeat "
                             "the change",
                             etag, guard.etag()))
        .With("etag", etag)
        .With("expected", guard.etag());
  }
  return {};
}

void FakeRecords::Write(Tenant* tenant, const Mutation& mutation, absl::Time time,
                        records::v1::MutationResult* result) const {
  std::vector<book::Book::Change> changes;
  if (mutation.has_delete_()) {
    const Key key(mutation.delete_().kind(), mutation.delete_().id());
    assert(tenant->records.count(key) == 1 && "deletes a record that does not exist");
    changes.push_back({tenant->records.at(key).record, true});
    tenant->records.erase(key);
  } else {
    const Key key(record::KindOf(mutation.put()), record::IdOf(mutation.put()));
    const auto old = tenant->records.find(key);
    if (old != tenant->records.end()) {
      if (record::CanonicalBody(old->second.record) == record::CanonicalBody(mutation.put())) {
        *result->mutable_record() = old->second.record;
        result->set_unchanged(true);
        return;
      }
      // Account and time of an engagement cannot change; a test may do it all the same.
      if (old->second.record.has_engagement()) changes.push_back({old->second.record, true});
    }
    Stored stored{mutation.put(), {tenant->seq, time, time}};
    if (old != tenant->records.end()) stored.meta.create_time = old->second.meta.create_time;
    record::SetMeta(&stored.record, stored.meta);
    *result->mutable_record() = stored.record;
    changes.push_back({stored.record, false});
    tenant->records[key] = std::move(stored);
  }
  for (const auto& change : changes) tenant->log.push_back({time, change});
  tenant->book.Apply(std::move(changes), kEpoch, tenant->seq);
}

Result<BatchCommitResponse> FakeRecords::Commit(const rpc::Call& call,
                                                const BatchCommitRequest& request) {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = before_commit_;
  }
  if (hook) hook();
  const std::lock_guard lock(mutex_);
  if (unavailable_) return Unavailable();
  Tenant& tenant = TenantOf(call.tenant());
  if (!IsUuid(request.request_id())) return InvalidField("request_id", "required; a UUID");
  const std::string body = request.SerializeAsString();
  if (const auto done = tenant.replies.find(request.request_id()); done != tenant.replies.end()) {
    if (done->second.first == body) return done->second.second;
    return Error(Reason::REQUEST_ID_REUSED,
                 fmt::format("request_id {}: used before with another request; use a fresh UUID "
                             "for a new request",
                             request.request_id()))
        .With("request_id", request.request_id());
  }
  GTM_RETURN_IF_ERROR(Check(tenant, request));
  ++tenant.seq;
  BatchCommitResponse response;
  for (const Mutation& mutation : request.mutations()) {
    Write(&tenant, mutation, call.now, response.add_results());
  }
  response.set_revision(tenant.revision());
  tenant.book.Apply({}, kEpoch, tenant.seq);
  tenant.replies[request.request_id()] = {body, response};
  commits_.push_back(request);
  return response;
}

Result<BatchGetResponse> FakeRecords::Get(const rpc::Call& call, const BatchGetRequest& request) {
  const std::lock_guard lock(mutex_);
  if (unavailable_) return Unavailable();
  const Tenant& tenant = TenantOf(call.tenant());
  BatchGetResponse response;
  for (const records::v1::RecordKey& key : request.keys()) {
    const auto found = tenant.records.find({key.kind(), key.id()});
    if (found == tenant.records.end()) {
      *response.add_missing() = key;
    } else {
      *response.add_records() = found->second.record;
    }
  }
  response.set_revision(tenant.revision());
  return response;
}

}  // namespace gtm::test
