#include "services/records/handler/import.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/record/kinds.h"
#include "services/records/domain/validate.h"
#include "services/records/handler/parse.h"
#include "services/records/handler/revision.h"

namespace gtm::records::handler {
namespace {

// Rejections of one record that are told.
constexpr size_t kRejectionsPerRecord = 10;
// A batch is given up after so long, however long the stream may last.
constexpr absl::Duration kBatchDeadline = absl::Milliseconds(limits::kDeadlineCapMs);

google::protobuf::ArenaOptions ArenaOfBatch() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 64 << 10;
  options.max_block_size = 1 << 20;
  return options;
}

// One batch on its way.
struct Batch {
  v1::ImportResponse response;
  store::WriteRequest write;
  std::vector<int> positions;  // of the mutations, in the batch
  bool done = false;
  bool wrote = false;  // and is durable
};

void Reject(int index, const FieldViolation& violation, Reason reason,
            v1::ImportResponse* response) {
  auto* rejection = response->add_rejections();
  rejection->set_index(index);
  rejection->set_field(violation.field);
  rejection->set_description(violation.description);
  rejection->set_reason(std::string(ReasonName(reason)));
}

void Count(const store::MutationOutcome& outcome, v1::ImportResponse* response) {
  if (outcome.unchanged) {
    response->set_unchanged_count(response->unchanged_count() + 1);
  } else if (outcome.operation == store::Operation::kCreate) {
    response->set_created_count(response->created_count() + 1);
  } else {
    response->set_updated_count(response->updated_count() + 1);
  }
}

class Import {
 public:
  Import(const rpc::Call& call, store::Store& store, EpochCache& epochs, Writer& writer,
         const Clock& clock, absl::Duration silence_max, ImportStream& stream)
      : call_(call),
        store_(store),
        epochs_(epochs),
        writer_(writer),
        clock_(clock),
        silence_max_(silence_max),
        stream_(stream) {}

  // Revision of the last batch that was written, or "": once Run() has returned.
  const std::string& last_write() const { return last_write_; }

  Status Run() {
    std::thread answerer([this] { AnswerLoop(); });
    Status read = ReadLoop();
    {
      const std::lock_guard lock(mutex_);
      reading_ended_ = true;
    }
    changed_.notify_all();
    answerer.join();
    return read;
  }

 private:
  Status ReadLoop() {
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return batches_.size() < kBatchesInFlight; });
      }
      // Thousands of small messages, gone at once.
      google::protobuf::Arena arena(ArenaOfBatch());
      auto& request = *google::protobuf::Arena::CreateMessage<v1::ImportRequest>(&arena);
      GTM_ASSIGN_OR_RETURN(const bool more, Await(&request));
      if (!more) return call_.CheckAlive(clock_.Now());
      GTM_RETURN_IF_ERROR(call_.CheckAlive(clock_.Now()));
      GTM_RETURN_IF_ERROR(CheckSize(request));
      auto batch = std::make_shared<Batch>();
      Validate(request, batch.get());
      {
        const std::lock_guard lock(mutex_);
        batches_.push_back(batch);
      }
      Start(request.validate_only(), batch);
    }
  }

  // The next batch; false at the end. A caller who waits for answers is not silent.
  Result<bool> Await(v1::ImportRequest* request) {
    while (true) {
      switch (stream_.Read(silence_max_, request)) {
        case ImportStream::Got::kMessage:
          return true;
        case ImportStream::Got::kEnd:
          return false;
        case ImportStream::Got::kMalformed:
          return Error(Reason::MALFORMED_MESSAGE,
                       "the message is not well-formed: the bytes received are no "
                       "gtm.records.v1.ImportRequest; send the message of the contract, text as "
                       "UTF-8");
        case ImportStream::Got::kNothing:
          break;
      }
      GTM_RETURN_IF_ERROR(call_.CheckAlive(clock_.Now()));
      const std::lock_guard lock(mutex_);
      if (!batches_.empty()) continue;
      return Error(Reason::DEADLINE_EXPIRED,
                   fmt::format("no batch came for {} s; end the stream when everything is sent, "
                               "and import again where more comes later",
                               absl::ToInt64Seconds(silence_max_)));
    }
  }

  static Status CheckSize(const v1::ImportRequest& request) {
    if (request.records_size() == 0) return InvalidField("records", "required; give at least one");
    if (request.records_size() > limits::kBatchRecordsMax) {
      return InvalidField("records", fmt::format("{} records, at most {} are allowed; send several "
                                                 "batches",
                                                 request.records_size(), limits::kBatchRecordsMax));
    }
    return {};
  }

  void Validate(const v1::ImportRequest& request, Batch* batch) {
    batch->response.set_batch_number(request.batch_number());
    batch->write.method = "Import";
    batch->write.actor = call_.principal.subject;
    const auto count = static_cast<size_t>(request.records_size());
    batch->positions.reserve(count);
    batch->write.mutations.reserve(count);
    absl::flat_hash_map<std::pair<int, absl::string_view>, int> seen;
    seen.reserve(count);
    for (int i = 0; i < request.records_size(); ++i) {
      const record::Record& record = request.records(i);
      const record::Kind kind = record::KindOf(record);
      if (const Status writer = CheckWriter(call_.principal, kind); !writer.ok()) {
        Reject(i, {std::string(record::KindName(kind)), writer.error().message()},
               writer.error().reason(), &batch->response);
        continue;
      }
      domain::Violations violations;
      domain::ValidateRecord(record, domain::Path{}, &violations);
      if (violations.empty()) {
        const std::string& id = record::IdOf(record);
        const auto [at, fresh] =
            seen.try_emplace({static_cast<int>(kind), absl::string_view(id.data(), id.size())}, i);
        if (fresh) {
          batch->positions.push_back(i);
          batch->write.mutations.push_back(PutOf(record));
          continue;
        }
        const std::string field = std::string(record::KindName(kind)) + ".id";
        violations.Add(
            domain::Path{nullptr, field},
            fmt::format("is record {} of this batch, too; send each record once", at->second));
      }
      const size_t told = std::min(violations.size(), kRejectionsPerRecord);
      for (size_t j = 0; j < told; ++j) {
        Reject(i, violations.list()[j], Reason::INVALID_FIELDS, &batch->response);
      }
    }
  }

  void Start(bool validate_only, const std::shared_ptr<Batch>& batch) {
    if (validate_only || batch->write.mutations.empty()) {
      Finish(batch, Compare(batch.get()));
      return;
    }
    const absl::Time deadline = std::min(call_.deadline, clock_.Now() + kBatchDeadline);
    // Mutation i of the write that is tried now; records are taken out when rejected.
    auto path_of = [batch](size_t i) { return std::to_string(batch->positions[i]); };
    writer_.Write(call_.tenant(), batch->write, deadline, path_of,
                  [this, batch](Result<Committed> result) { Wrote(batch, std::move(result)); });
  }

  void Wrote(const std::shared_ptr<Batch>& batch, Result<Committed> result) {
    if (result.ok()) {
      for (const auto& outcome : result->outcome.outcomes) Count(outcome, &batch->response);
      batch->response.set_revision(FormatRevision(result->epoch, result->outcome.seq));
      batch->wrote = true;
      Finish(batch, {});
    } else if (result.error().reason() == Reason::INVALID_FIELDS &&
               TakeOutRejected(result.error(), batch.get())) {
      Start(false, batch);
    } else {
      Finish(batch, result.error());
    }
  }

  // Violations of immutable fields name records by position ("7.engagement.occur_time").
  static bool TakeOutRejected(const Error& error, Batch* batch) {
    std::vector<int> rejected;
    for (const FieldViolation& violation : error.violations()) {
      const size_t dot = violation.field.find('.');
      if (dot == std::string::npos) return false;
      const int position = std::atoi(violation.field.c_str());
      rejected.push_back(position);
      Reject(position, {violation.field.substr(dot + 1), violation.description}, error.reason(),
             &batch->response);
    }
    std::vector<store::Mutation> kept;
    std::vector<int> positions;
    for (size_t i = 0; i < batch->positions.size(); ++i) {
      const int position = batch->positions[i];
      if (std::find(rejected.begin(), rejected.end(), position) != rejected.end()) continue;
      kept.push_back(std::move(batch->write.mutations[i]));
      positions.push_back(position);
    }
    const bool fewer = positions.size() < batch->positions.size();
    batch->write.mutations = std::move(kept);
    batch->positions = std::move(positions);
    return fewer;
  }

  // What would become of the batch, without writing.
  Status Compare(Batch* batch) {
    std::vector<store::Key> keys;
    for (const auto& mutation : batch->write.mutations) keys.push_back(mutation.key);
    GTM_ASSIGN_OR_RETURN(const store::GetResult stored, store_.Get(call_.tenant(), keys));
    for (size_t i = 0; i < keys.size(); ++i) {
      const store::Mutation& mutation = batch->write.mutations[i];
      store::MutationOutcome outcome;
      const auto& found = stored.records[i];
      if (found.has_value()) {
        if (!CheckImmutable(*found, mutation, batch->positions[i], &batch->response)) continue;
        outcome.operation = store::Operation::kUpdate;
        outcome.unchanged = found->body == mutation.body;
      }
      Count(outcome, &batch->response);
    }
    epochs_.Saw(call_.tenant(), stored.head.epoch);
    batch->response.set_revision(FormatRevision(stored.head.epoch, stored.head.seq));
    return {};
  }

  static bool CheckImmutable(const store::StoredRecord& found, const store::Mutation& mutation,
                             int position, v1::ImportResponse* response) {
    const auto kind = static_cast<record::Kind>(mutation.key.kind);
    record::Record before, after;
    if (!domain::HasImmutableFields(kind) || !record::ParseBody(kind, found.body, &before) ||
        !record::ParseBody(kind, mutation.body, &after)) {
      return true;
    }
    domain::Violations violations;
    domain::ValidateImmutable(before, after, domain::Path{}, &violations);
    for (const auto& violation : violations.list()) {
      Reject(position, violation, Reason::INVALID_FIELDS, response);
    }
    return violations.empty();
  }

  // Where the batch failed as a whole, each of its records is rejected with that reason:
  // the stream goes on, and the caller may send them again.
  void Finish(const std::shared_ptr<Batch>& batch, const Status& status) {
    if (!status.ok()) {
      for (const int position : batch->positions) {
        Reject(position, {"", status.error().message()}, status.error().reason(), &batch->response);
      }
    }
    auto* rejections = batch->response.mutable_rejections();
    std::stable_sort(rejections->begin(), rejections->end(),
                     [](const auto& a, const auto& b) { return a.index() < b.index(); });
    const std::lock_guard lock(mutex_);
    batch->done = true;
    changed_.notify_all();
  }

  // Sends the answers in the order of the batches. Where the caller is gone the rest is
  // still waited for, since it is being written.
  void AnswerLoop() {
    bool sending = true;
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock,
                    [&] { return batches_.empty() ? reading_ended_ : batches_.front()->done; });
      if (batches_.empty()) return;
      const std::shared_ptr<Batch> batch = batches_.front();
      if (batch->wrote) last_write_ = batch->response.revision();
      lock.unlock();
      sending = sending && stream_.Write(batch->response);
      lock.lock();
      batches_.pop_front();
      changed_.notify_all();
    }
  }

  const rpc::Call& call_;
  store::Store& store_;
  EpochCache& epochs_;
  Writer& writer_;
  const Clock& clock_;
  const absl::Duration silence_max_;
  ImportStream& stream_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Batch>> batches_;
  bool reading_ended_ = false;
  std::string last_write_;
};

}  // namespace

Status RunImport(rpc::Call& call, store::Store& store, EpochCache& epochs, Writer& writer,
                 const Clock& clock, absl::Duration silence_max, ImportStream& stream) {
  Import import(call, store, epochs, writer, clock, silence_max, stream);
  Status status = import.Run();
  call.revision = import.last_write();  // for the audit log
  return status;
}

}  // namespace gtm::records::handler
