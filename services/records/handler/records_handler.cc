#include "services/records/handler/records_handler.h"

#include <fmt/format.h>

#include <future>

#include "common/record/kinds.h"
#include "services/records/handler/digest.h"
#include "services/records/handler/erase_person.h"
#include "services/records/handler/import.h"
#include "services/records/handler/page_token.h"
#include "services/records/handler/parse.h"
#include "services/records/handler/render.h"
#include "services/records/handler/revision.h"

namespace gtm::records::handler {
namespace {

// Bytes of records that one BatchGet answers; leaves room for what surrounds them.
constexpr int64_t kBatchGetBytesMax = limits::kMessageBytesMax - limits::kRecordBytesMax / 2;

// Fills in answers of both commits.
void RenderCommitted(const Committed& committed, size_t i, v1::MutationResult* result) {
  RenderOutcome(committed.outcome.outcomes[i], result);
}

Result<int64_t> ParseMicros(const google::protobuf::Timestamp& time, std::string_view field) {
  if (time.nanos() < 0 || time.nanos() > 999'999'999 || time.seconds() < -62'135'596'800 ||
      time.seconds() > 253'402'300'799) {
    return InvalidField(std::string(field),
                        "no valid timestamp; give an instant of the years 1 "
                        "to 9999");
  }
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

std::string HashOfList(const TenantId& tenant, const v1::ListRequest& request) {
  const auto& time = request.recorded_as_of();
  return Sha256(Canonical()
                    .Text("List")
                    .Text(tenant.value())
                    .Number(request.kind())
                    .Text(request.id_prefix())
                    .Number(request.has_recorded_as_of() ? 1 : 0)
                    .Number(time.seconds())
                    .Number(time.nanos())
                    .bytes());
}

std::string HashOfHistory(const TenantId& tenant, const store::Key& key) {
  return Sha256(
      Canonical().Text("ListHistory").Text(tenant.value()).Number(key.kind).Text(key.id).bytes());
}

// Runs the asynchronous form and waits.
template <class Start>
Status Wait(Start start) {
  auto answered = std::make_shared<std::promise<Status>>();
  std::future<Status> status = answered->get_future();
  start([answered](Status result) { answered->set_value(std::move(result)); });
  return status.get();
}

// A call that lives as long as the caller waits.
std::shared_ptr<rpc::Call> Borrowed(rpc::Call& call) {
  return std::shared_ptr<rpc::Call>(std::shared_ptr<void>(), &call);
}

}  // namespace

RecordsHandler::RecordsHandler(store::Store& store, const Clock& clock, RecordsOptions options)
    : store_(store),
      clock_(clock),
      options_(options),
      epochs_(store, clock),
      feed_(store, clock, options.feed),
      committer_(
          store, epochs_, clock,
          [this](const TenantId& tenant, const std::string& epoch, int64_t seq) {
            feed_.Notify(tenant, epoch, seq);
          },
          options.committer),
      writer_(store, epochs_, committer_),
      maintenance_(store, clock, options.maintenance) {
  if (options_.run_maintenance) maintenance_.Start();
}

RecordsHandler::~RecordsHandler() { Shutdown(); }

void RecordsHandler::EndStreams() {
  feed_.Shutdown();
  maintenance_.Stop();
}

void RecordsHandler::Shutdown() {
  EndStreams();
  committer_.Shutdown();
}

void RecordsHandler::Commit(std::shared_ptr<rpc::Call> call, const v1::CommitRequest& request,
                            v1::CommitResponse* response, Done done) {
  Result<store::WriteRequest> parsed = ParseCommit(*call, request);
  if (!parsed.ok()) return done(std::move(parsed).error());
  if (request.mutation().has_put()) {
    *response->mutable_result()->mutable_record() = request.mutation().put();
  }
  writer_.Write(
      call->tenant(), *std::move(parsed), call->deadline,
      [](size_t) { return std::string("mutation.put"); },
      [call, response, done = std::move(done)](Result<Committed> committed) {
        if (!committed.ok()) return done(std::move(committed).error());
        RenderCommitted(*committed, 0, response->mutable_result());
        response->set_revision(FormatRevision(committed->epoch, committed->outcome.seq));
        done({});
      });
}

void RecordsHandler::BatchCommit(std::shared_ptr<rpc::Call> call,
                                 const v1::BatchCommitRequest& request,
                                 v1::BatchCommitResponse* response, Done done) {
  Result<store::WriteRequest> parsed = ParseBatchCommit(*call, request);
  if (!parsed.ok()) return done(std::move(parsed).error());
  for (const v1::Mutation& mutation : request.mutations()) {
    v1::MutationResult* result = response->add_results();
    if (mutation.has_put()) *result->mutable_record() = mutation.put();
  }
  writer_.Write(
      call->tenant(), *std::move(parsed), call->deadline,
      [](size_t i) { return fmt::format("mutations[{}].put", i); },
      [call, response, done = std::move(done)](Result<Committed> committed) {
        if (!committed.ok()) return done(std::move(committed).error());
        for (int i = 0; i < response->results_size(); ++i) {
          RenderCommitted(*committed, static_cast<size_t>(i), response->mutable_results(i));
        }
        response->set_revision(FormatRevision(committed->epoch, committed->outcome.seq));
        done({});
      });
}

Status RecordsHandler::Commit(rpc::Call& call, const v1::CommitRequest& request,
                              v1::CommitResponse* response) {
  return Wait([&](Done done) { Commit(Borrowed(call), request, response, std::move(done)); });
}

Status RecordsHandler::BatchCommit(rpc::Call& call, const v1::BatchCommitRequest& request,
                                   v1::BatchCommitResponse* response) {
  return Wait([&](Done done) { BatchCommit(Borrowed(call), request, response, std::move(done)); });
}

Status RecordsHandler::Get(rpc::Call& call, const v1::GetRequest& request, v1::Record* response) {
  GTM_ASSIGN_OR_RETURN(const store::Key key, ParseKey(request.key(), "key"));
  GTM_ASSIGN_OR_RETURN(const store::GetResult found,
                       store_.Get(call.tenant(), std::span<const store::Key>(&key, 1)));
  epochs_.Saw(call.tenant(), found.head.epoch);
  if (!found.records[0].has_value()) return NotFound(key);
  return RenderRecord(*found.records[0], response);
}

Status RecordsHandler::BatchGet(rpc::Call& call, const v1::BatchGetRequest& request,
                                v1::BatchGetResponse* response) {
  domain::Violations violations;
  const domain::Path path{nullptr, "keys"};
  if (request.keys_size() == 0) violations.Add(path, "required; give at least one");
  if (request.keys_size() > limits::kBatchRecordsMax) {
    return InvalidField("keys", fmt::format("{} keys, at most {} are allowed; ask in several "
                                            "batches",
                                            request.keys_size(), limits::kBatchRecordsMax));
  }
  std::vector<store::Key> keys;
  for (int i = 0; i < request.keys_size(); ++i) {
    keys.push_back(ParseKey(request.keys(i), path.Item(i), &violations));
  }
  if (!violations.empty()) return InvalidFields(violations.Take());
  GTM_ASSIGN_OR_RETURN(const store::GetResult found, store_.Get(call.tenant(), keys));
  int64_t bytes = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& record = found.records[i];
    if (!record.has_value()) {
      *response->add_missing() = RenderKey(keys[i]);
      continue;
    }
    bytes += static_cast<int64_t>(record->body.size()) + 64;
    if (bytes > kBatchGetBytesMax) {
      return InvalidField("keys", fmt::format("the first {} records hold more than {} bytes; ask "
                                              "for fewer",
                                              i + 1, kBatchGetBytesMax));
    }
    GTM_RETURN_IF_ERROR(RenderRecord(*record, response->add_records()));
  }
  response->set_revision(FormatRevision(found.head.epoch, found.head.seq));
  return {};
}

Status RecordsHandler::List(rpc::Call& call, const v1::ListRequest& request,
                            v1::ListResponse* response) {
  if (record::FindKind(request.kind()) == nullptr) {
    return InvalidField("kind", "required; set a kind that is declared");
  }
  store::ListQuery query;
  query.kind = request.kind();
  query.id_prefix = request.id_prefix();
  query.bytes_max = limits::kPageBytes;
  if (!query.id_prefix.empty() && !IsValidId(query.id_prefix)) {
    return InvalidField("id_prefix",
                        "cannot begin an id; give at most 128 bytes of UTF-8 without "
                        "control characters");
  }
  GTM_ASSIGN_OR_RETURN(query.limit, ParsePageSize(request.page_size(), limits::kListPageDefault,
                                                  limits::kListPageMax));
  const std::string hash = HashOfList(call.tenant(), request);
  PageToken token;
  const bool first = request.page_token().empty();
  if (!first) {
    GTM_ASSIGN_OR_RETURN(token, DecodePageToken(request.page_token(), hash));
    query.after_id = token.last_id;
    query.at_seq = token.at_seq;
  } else if (request.has_recorded_as_of()) {
    GTM_ASSIGN_OR_RETURN(const int64_t time_us,
                         ParseMicros(request.recorded_as_of(), "recorded_as_of"));
    GTM_ASSIGN_OR_RETURN(const int64_t seq, store_.SeqAt(call.tenant(), time_us));
    query.at_seq = seq;
  }
  GTM_ASSIGN_OR_RETURN(const store::ListResult page, store_.List(call.tenant(), query));
  epochs_.Saw(call.tenant(), page.head.epoch);
  if (first) {
    token.epoch = page.head.epoch;
    token.first_seq = query.at_seq.value_or(page.head.seq);
    token.at_seq = query.at_seq;
  } else if (token.epoch != page.head.epoch) {
    return EpochChanged(FormatRevision(token.epoch, token.first_seq), page.head.epoch);
  }
  for (const store::StoredRecord& record : page.records) {
    GTM_RETURN_IF_ERROR(RenderRecord(record, response->add_records()));
  }
  response->set_revision(FormatRevision(token.epoch, token.first_seq));
  if (page.has_more && !page.records.empty()) {
    token.last_id = page.records.back().key.id;
    response->set_next_page_token(EncodePageToken(token, hash));
  }
  return {};
}

Status RecordsHandler::ListHistory(rpc::Call& call, const v1::ListHistoryRequest& request,
                                   v1::ListHistoryResponse* response) {
  store::HistoryQuery query;
  GTM_ASSIGN_OR_RETURN(query.key, ParseKey(request.key(), "key"));
  GTM_ASSIGN_OR_RETURN(query.limit, ParsePageSize(request.page_size(), limits::kListPageDefault,
                                                  limits::kHistoryPageMax));
  query.bytes_max = limits::kPageBytes;
  const std::string hash = HashOfHistory(call.tenant(), query.key);
  PageToken token;
  const bool first = request.page_token().empty();
  if (!first) {
    GTM_ASSIGN_OR_RETURN(token, DecodePageToken(request.page_token(), hash));
    query.before_seq = token.last_seq;
  }
  GTM_ASSIGN_OR_RETURN(const store::HistoryResult page, store_.ReadHistory(call.tenant(), query));
  if (first) {
    token.epoch = page.head.epoch;
    token.first_seq = page.head.seq;
    if (page.changes.empty()) return NotFound(query.key);
  } else if (token.epoch != page.head.epoch) {
    return EpochChanged(FormatRevision(token.epoch, token.first_seq), page.head.epoch);
  }
  for (const store::Change& change : page.changes) {
    GTM_RETURN_IF_ERROR(RenderChange(change, page.head.epoch, response->add_changes()));
  }
  if (page.has_more && !page.changes.empty()) {
    token.last_seq = page.changes.back().seq;
    response->set_next_page_token(EncodePageToken(token, hash));
  }
  return {};
}

Status RecordsHandler::ErasePerson(rpc::Call& call, const v1::ErasePersonRequest& request,
                                   v1::ErasePersonResponse* response) {
  return RunErasePerson(call, request, store_, epochs_, feed_, clock_, response);
}

Status RecordsHandler::GetHead(rpc::Call& call, const v1::GetHeadRequest&,
                               v1::GetHeadResponse* response) {
  GTM_ASSIGN_OR_RETURN(const store::Head head, store_.GetHead(call.tenant()));
  GTM_ASSIGN_OR_RETURN(const auto counts, store_.CountByKind(call.tenant()));
  epochs_.Saw(call.tenant(), head.epoch);
  response->set_revision(FormatRevision(head.epoch, head.seq));
  response->set_oldest_revision(FormatRevision(head.epoch, head.compacted_seq));
  for (const auto& [kind, count] : counts) {
    (*response->mutable_record_counts())[KindNameOf(kind)] = count;
  }
  return {};
}

Status RecordsHandler::Watch(rpc::Call& call, const v1::WatchRequest& request, WatchSink& sink) {
  const Status ended = RunWatch(call, request, feed_, clock_, options_.watch, sink);
  if (!ended.ok()) options_.observer->WatchEnded(ended.error().reason());
  return ended;
}

Status RecordsHandler::Import(rpc::Call& call, ImportStream& stream) {
  ObservedImport observed(stream, *options_.observer);
  return RunImport(call, store_, epochs_, writer_, clock_, options_.import_silence_max, observed);
}

}  // namespace gtm::records::handler
