#include "services/records/handler/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/core/limits.h"
#include "common/record/kinds.h"
#include "services/records/domain/validate.h"
#include "services/records/domain/value_rules.h"
#include "services/records/handler/digest.h"

namespace gtm::records::handler {
namespace {

using domain::Path;
using domain::Violations;

std::string_view ServiceOf(type::v1::KindWriter writer) {
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

record::Kind KindOfMutation(const v1::Mutation& mutation) {
  if (mutation.has_put()) return record::KindOf(mutation.put());
  return mutation.has_delete_() ? mutation.delete_().kind() : v1::RECORD_KIND_UNSPECIFIED;
}

// The version that an etag stands for; -1 and a violation where it is none of ours.
int64_t ParseEtag(const std::string& etag, const Path& path, Violations* violations) {
  const int64_t version = record::VersionOf(etag);
  if (version <= 0) {
    violations->Add(path,
                    "not an etag of this platform; send the etag of the record as it was "
                    "read, quotes included");
    return -1;
  }
  return version;
}

void ParseMode(const v1::Mutation& mutation, const Path& path, store::Mutation* parsed,
               Violations* violations) {
  switch (mutation.mode()) {
    case v1::Mutation::MODE_UNSPECIFIED:
      return;
    case v1::Mutation::MODE_CREATE:
      parsed->mode = store::Mode::kCreate;
      if (!mutation.etag().empty()) {
        violations->Add(path.Field("etag"), "a record to create has none; leave it empty");
      }
      break;
    case v1::Mutation::MODE_UPDATE:
      parsed->mode = store::Mode::kUpdate;
      break;
    default:
      violations->Add(path.Field("mode"),
                      fmt::format("{} is no mode; use one that is declared", mutation.mode()));
      return;
  }
  if (mutation.has_delete_()) {
    violations->Add(path.Field("mode"), "only for put; leave it out of a delete");
  }
}

store::Mutation ParseMutation(const v1::Mutation& mutation, const Path& path,
                              Violations* violations) {
  store::Mutation parsed;
  if (mutation.has_put()) {
    const size_t before = violations->size();
    domain::ValidateRecord(mutation.put(), path.Field("put"), violations);
    if (violations->size() == before) parsed = PutOf(mutation.put());
  } else if (mutation.has_delete_()) {
    parsed.is_delete = true;
    parsed.key = ParseKey(mutation.delete_(), path.Field("delete"), violations);
  } else {
    violations->Add(path, "required; set put or delete");
  }
  ParseMode(mutation, path, &parsed, violations);
  if (!mutation.etag().empty()) {
    parsed.expected_version = ParseEtag(mutation.etag(), path.Field("etag"), violations);
  }
  return parsed;
}

void ParseGuards(const v1::BatchCommitRequest& request, store::WriteRequest* parsed,
                 Violations* violations) {
  const Path guards{nullptr, "guards"};
  if (request.guards_size() > limits::kBatchRecordsMax) {
    violations->Add(guards, fmt::format("{} guards, at most {} are allowed; rest on fewer records",
                                        request.guards_size(), limits::kBatchRecordsMax));
    return;
  }
  for (int i = 0; i < request.guards_size(); ++i) {
    const v1::Guard& guard = request.guards(i);
    const Path item = guards.Item(i);
    store::Guard one;
    one.key = ParseKey(guard.key(), item.Field("key"), violations);
    if (!guard.etag().empty()) {
      one.version = ParseEtag(guard.etag(), item.Field("etag"), violations);
    }
    parsed->guards.push_back(std::move(one));
  }
}

Status CheckWriters(const rpc::Principal& principal, const v1::BatchCommitRequest& request) {
  for (const v1::Mutation& mutation : request.mutations()) {
    GTM_RETURN_IF_ERROR(CheckWriter(principal, KindOfMutation(mutation)));
  }
  return {};
}

store::WriteRequest Begin(const rpc::Call& call, const std::string& request_id,
                          std::string_view method) {
  store::WriteRequest parsed;
  parsed.request_id = request_id;
  parsed.method = method;
  parsed.actor = call.principal.subject;
  return parsed;
}

}  // namespace

Status CheckWriter(const rpc::Principal& principal, record::Kind kind) {
  const record::KindInfo* info = record::FindKind(kind);
  if (info == nullptr || info->writer == type::v1::KIND_WRITER_CLIENT) return {};
  if (info->writer == type::v1::KIND_WRITER_ADMIN) {
    if (principal.Has(rpc::Role::kAdmin)) return {};
    return Error(Reason::KIND_NOT_WRITABLE,
                 fmt::format("{}: written with the role admin only", info->name))
        .With("kind", info->name)
        .With("writer", "admin");
  }
  const std::string_view writer = ServiceOf(info->writer);
  if (!writer.empty() && principal.service == writer) return {};
  std::string service(writer);
  if (!service.empty()) service[0] = static_cast<char>(service[0] - 'a' + 'A');
  return Error(Reason::KIND_NOT_WRITABLE,
               fmt::format("{}: written by the {} service only; call {}Service", info->name, writer,
                           service))
      .With("kind", info->name)
      .With("writer", std::string(writer));
}

void CheckRequestId(const std::string& request_id, Violations* violations) {
  if (IsUuid(request_id)) return;
  violations->Add(Path{nullptr, "request_id"},
                  request_id.empty() ? "required; make a UUID for each new request"
                                     : "not a UUID; make a UUID for each new request");
}

store::Key ParseKey(const v1::RecordKey& key, const Path& path, Violations* violations) {
  if (record::FindKind(key.kind()) == nullptr) {
    violations->Add(path.Field("kind"), key.kind() == v1::RECORD_KIND_UNSPECIFIED
                                            ? std::string("required; set the kind")
                                            : fmt::format("{} is no kind; use one that is declared",
                                                          static_cast<int>(key.kind())));
  }
  std::string problem = domain::IdProblem(key.id(), static_cast<int>(kIdBytesMax));
  if (key.id().empty()) problem = "required; set the id";
  if (!problem.empty()) violations->Add(path.Field("id"), std::move(problem));
  return {static_cast<int>(key.kind()), key.id()};
}

Result<store::Key> ParseKey(const v1::RecordKey& key, std::string_view field) {
  Violations violations;
  store::Key parsed = ParseKey(key, Path{nullptr, field}, &violations);
  if (!violations.empty()) return InvalidFields(violations.Take());
  return parsed;
}

store::Mutation PutOf(const record::Record& record) {
  store::Mutation put;
  put.key = {static_cast<int>(record::KindOf(record)), record::IdOf(record)};
  put.body = record::CanonicalBody(record);
  return put;
}

Result<store::WriteRequest> ParseCommit(const rpc::Call& call, const v1::CommitRequest& request) {
  GTM_RETURN_IF_ERROR(CheckWriter(call.principal, KindOfMutation(request.mutation())));
  store::WriteRequest parsed = Begin(call, request.request_id(), "Commit");
  Violations violations;
  CheckRequestId(request.request_id(), &violations);
  parsed.mutations.push_back(
      ParseMutation(request.mutation(), Path{nullptr, "mutation"}, &violations));
  if (!violations.empty()) return InvalidFields(violations.Take());
  parsed.fingerprint = FingerprintOf(parsed);
  return parsed;
}

Result<store::WriteRequest> ParseBatchCommit(const rpc::Call& call,
                                             const v1::BatchCommitRequest& request) {
  GTM_RETURN_IF_ERROR(CheckWriters(call.principal, request));
  store::WriteRequest parsed = Begin(call, request.request_id(), "BatchCommit");
  Violations violations;
  CheckRequestId(request.request_id(), &violations);
  const Path mutations{nullptr, "mutations"};
  const int count = request.mutations_size();
  if (count == 0) violations.Add(mutations, "required; give at least one");
  if (count > limits::kBatchRecordsMax) {
    violations.Add(mutations, fmt::format("{} mutations, at most {} are allowed; send several "
                                          "batches",
                                          count, limits::kBatchRecordsMax));
    return InvalidFields(violations.Take());
  }
  std::set<store::Key> keys;
  for (int i = 0; i < count; ++i) {
    const Path item = mutations.Item(i);
    const size_t before = violations.size();
    store::Mutation one = ParseMutation(request.mutations(i), item, &violations);
    if (violations.size() == before && !keys.insert(one.key).second) {
      violations.Add(
          item, fmt::format("changes {} {} again; change each record once",
                            record::KindName(static_cast<record::Kind>(one.key.kind)), one.key.id));
    }
    parsed.mutations.push_back(std::move(one));
  }
  ParseGuards(request, &parsed, &violations);
  if (!violations.empty()) return InvalidFields(violations.Take());
  parsed.fingerprint = FingerprintOf(parsed);
  return parsed;
}

Result<int> ParsePageSize(int page_size, int fallback, int max) {
  if (page_size < 0) return InvalidField("page_size", "negative; give 0 for the default");
  return page_size == 0 ? fallback : std::min(page_size, max);
}

std::string FingerprintOf(const store::WriteRequest& request) {
  Canonical canonical;
  canonical.Text(request.method).Number(static_cast<int64_t>(request.mutations.size()));
  for (const store::Mutation& mutation : request.mutations) {
    canonical.Number(mutation.key.kind)
        .Text(mutation.key.id)
        .Number(mutation.is_delete ? 1 : 0)
        .Number(static_cast<int64_t>(mutation.mode))
        .Number(mutation.expected_version.value_or(-1))
        .Text(mutation.body);
  }
  for (const store::Guard& guard : request.guards) {
    canonical.Number(guard.key.kind).Text(guard.key.id).Number(guard.version);
  }
  return Sha256(canonical.bytes());
}

}  // namespace gtm::records::handler
