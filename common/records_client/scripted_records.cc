#include "common/records_client/scripted_records.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "common/rpc/status.h"

namespace gtm::records_client {

using namespace records::v1;  // NOLINT: this file is an implementation of that service

namespace {

constexpr auto kBookmark = std::chrono::milliseconds(20);

int64_t SeqOf(const std::string& revision) {
  int64_t seq = 0;
  const size_t colon = revision.rfind(':');
  std::from_chars(revision.data() + colon + 1, revision.data() + revision.size(), seq);
  return seq;
}

grpc::Status Fail(Reason reason, const std::string& message) {
  return rpc::ToGrpcStatus(Error(reason, message), "records.gtm");
}

}  // namespace

ScriptedRecords::ScriptedRecords() {
  grpc::ServerBuilder builder;
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

ScriptedRecords::~ScriptedRecords() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::shared_ptr<grpc::Channel> ScriptedRecords::Channel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

std::string ScriptedRecords::RevisionOf(int64_t seq) const {
  return fmt::format("{}:{}", epoch_, seq);
}

std::string ScriptedRecords::revision() const {
  const std::lock_guard lock(mutex_);
  return RevisionOf(seq_);
}

void ScriptedRecords::Write(const std::vector<Record>& records, Change::Operation operation) {
  {
    const std::lock_guard lock(mutex_);
    ++seq_;
    for (const Record& record : records) {
      Logged logged{seq_, {}};
      logged.change.set_operation(operation);
      *logged.change.mutable_record() = record;
      log_.push_back(logged);
      records_[{record::KindOf(record), record::IdOf(record)}] = record;
    }
  }
  changed_.notify_all();
}

void ScriptedRecords::Put(const std::vector<Record>& records) {
  Write(records, Change::OPERATION_UPDATE);
}

void ScriptedRecords::Erase(const Record& record) { Write({record}, Change::OPERATION_ERASE); }

void ScriptedRecords::Delete(record::Kind kind, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    Logged logged{++seq_, {}};
    logged.change.set_operation(Change::OPERATION_DELETE);
    *logged.change.mutable_record() = records_.at({kind, id});
    log_.push_back(logged);
    records_.erase({kind, id});
  }
  changed_.notify_all();
}

void ScriptedRecords::set_status(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

void ScriptedRecords::FailCommits(int count, const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  failing_commits_ = count;
  commit_status_ = status;
}

void ScriptedRecords::CutStreams() {
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
  }
  changed_.notify_all();
}

void ScriptedRecords::Compact() {
  const std::lock_guard lock(mutex_);
  compacted_seq_ = seq_;
  log_.clear();
}

void ScriptedRecords::Restore(const std::string& epoch) {
  {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    ++generation_;
  }
  changed_.notify_all();
}

void ScriptedRecords::set_silent(bool silent) {
  const std::lock_guard lock(mutex_);
  silent_ = silent;
}

void ScriptedRecords::set_halves(bool halves) {
  const std::lock_guard lock(mutex_);
  halves_ = halves;
}

void ScriptedRecords::set_hold_watch(bool hold) {
  {
    const std::lock_guard lock(mutex_);
    hold_watch_ = hold;
  }
  changed_.notify_all();
}

void ScriptedRecords::set_during_list(std::function<void()> hook, record::Kind kind) {
  const std::lock_guard lock(mutex_);
  during_list_of_ = kind;
  during_list_ = std::move(hook);
}

int ScriptedRecords::list_count() const { return static_cast<int>(lists().size()); }
int ScriptedRecords::watch_count() const {
  const std::lock_guard lock(mutex_);
  return watch_count_;
}
std::multimap<std::string, std::string> ScriptedRecords::commit_metadata() const {
  const std::lock_guard lock(mutex_);
  return commit_metadata_;
}
std::vector<BatchCommitRequest> ScriptedRecords::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}
std::vector<ListRequest> ScriptedRecords::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

grpc::Status ScriptedRecords::List(grpc::ServerContext*, const ListRequest* request,
                                   ListResponse* response) {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    if (!status_.ok()) return status_;
    lists_.push_back(*request);
    // Two records a page, so that every list has several.
    constexpr int kPage = 2;
    // A token is the revision of the first page and the last id, as with records.
    std::string revision = RevisionOf(seq_);
    std::string last_id = request->page_token();
    if (const size_t space = last_id.find(' '); space != std::string::npos) {
      revision = last_id.substr(0, space);
      last_id.erase(0, space + 1);
    }
    for (auto it = records_.upper_bound({request->kind(), last_id});
         it != records_.end() && it->first.first == request->kind(); ++it) {
      if (response->records_size() == kPage) {
        response->set_next_page_token(revision + ' ' + record::IdOf(response->records(kPage - 1)));
        break;
      }
      *response->add_records() = it->second;
    }
    response->set_revision(revision);
    if (request->kind() == during_list_of_) hook = std::exchange(during_list_, nullptr);
  }
  if (hook) hook();
  return grpc::Status::OK;
}

bool ScriptedRecords::Send(int64_t* sent_seq, grpc::ServerWriter<WatchResponse>* writer,
                           std::unique_lock<std::mutex>* lock) {
  WatchResponse response;
  for (const Logged& logged : log_) {
    if (logged.seq <= *sent_seq) continue;
    Change* change = response.add_changes();
    *change = logged.change;
    change->set_revision(RevisionOf(logged.seq));
    // The first part of a revision, without its name; then the stream ends.
    const bool is_half = halves_ && &logged != &log_.back() && (&logged + 1)->seq == logged.seq;
    if (is_half) {
      writer->Write(response);
      return false;
    }
  }
  *sent_seq = seq_;
  response.set_revision(RevisionOf(seq_));
  lock->unlock();
  const bool sent = writer->Write(response);
  lock->lock();
  return sent;
}

grpc::Status ScriptedRecords::Watch(grpc::ServerContext* context, const WatchRequest* request,
                                    grpc::ServerWriter<WatchResponse>* writer) {
  std::unique_lock lock(mutex_);
  if (!status_.ok()) return status_;
  ++watch_count_;
  const int generation = generation_;
  int64_t sent_seq = SeqOf(request->revision());
  if (request->revision() != RevisionOf(sent_seq)) {
    return Fail(Reason::EPOCH_CHANGED, "from before a restore");
  }
  if (sent_seq < compacted_seq_) return Fail(Reason::REVISION_COMPACTED, "no longer kept");
  const auto over = [&] {
    return stopping_ || generation != generation_ || context->IsCancelled();
  };
  while (!over()) {
    if (!silent_ && !hold_watch_ && !Send(&sent_seq, writer, &lock)) break;
    changed_.wait_for(lock, kBookmark);
  }
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "cut");
}

grpc::Status ScriptedRecords::GetHead(grpc::ServerContext*, const GetHeadRequest*,
                                      GetHeadResponse* response) {
  const std::lock_guard lock(mutex_);
  if (!status_.ok()) return status_;
  response->set_revision(RevisionOf(seq_));
  return grpc::Status::OK;
}

grpc::Status ScriptedRecords::BatchCommit(grpc::ServerContext* context,
                                          const BatchCommitRequest* request,
                                          BatchCommitResponse* response) {
  {
    const std::lock_guard lock(mutex_);
    commits_.push_back(*request);
    commit_metadata_.clear();
    for (const auto& [key, value] : context->client_metadata()) {
      commit_metadata_.emplace(std::string(key.data(), key.size()),
                               std::string(value.data(), value.size()));
    }
    if (failing_commits_ > 0) {
      --failing_commits_;
      return commit_status_;
    }
  }
  std::vector<Record> records;
  for (const Mutation& mutation : request->mutations()) records.push_back(mutation.put());
  Put(records);
  response->set_revision(revision());
  return grpc::Status::OK;
}

grpc::Status ScriptedRecords::BatchGet(grpc::ServerContext*, const BatchGetRequest* request,
                                       BatchGetResponse* response) {
  const std::lock_guard lock(mutex_);
  for (const RecordKey& key : request->keys()) {
    const auto found = records_.find({key.kind(), key.id()});
    if (found == records_.end()) {
      *response->add_missing() = key;
    } else {
      *response->add_records() = found->second;
    }
  }
  response->set_revision(RevisionOf(seq_));
  return grpc::Status::OK;
}

}  // namespace gtm::records_client
