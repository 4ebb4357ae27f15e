#include "services/gtm/cli/import_stream.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "common/core/clock.h"
#include "common/record/kinds.h"

namespace gtm::cli {
namespace {

constexpr absl::Duration kPauseMax = absl::Seconds(2);
constexpr absl::Duration kConnectMax = absl::Seconds(5);

// "<epoch>:<sequence>" -> "<epoch>".
std::string_view EpochOf(std::string_view revision) {
  return revision.substr(0, revision.find(':'));
}

}  // namespace

using records::v1::ImportResponse;

ImportStream::ImportStream(const Client& client, Options options, OnRejection on_rejection)
    : client_(client),
      options_(options),
      on_rejection_(std::move(on_rejection)),
      stub_(records::v1::RecordsService::NewStub(client.channel())) {}

ImportStream::~ImportStream() {
  if (context_ != nullptr) context_->TryCancel();
  Close();
}

void ImportStream::Open() {
  context_ = client_.NewContext(options_.timeout);
  stream_ = stub_->Import(context_.get());
  broken_ = false;
  reader_ = std::thread([this, stream = stream_.get()] { ReadAnswers(stream); });
}

// Waits for the reader and takes the status. The stream must be done or cancelled.
grpc::Status ImportStream::Close() {
  if (stream_ == nullptr) return grpc::Status::OK;
  reader_.join();
  grpc::Status status = stream_->Finish();
  stream_.reset();
  context_.reset();
  return status;
}

void ImportStream::ReadAnswers(Stream* stream) {
  ImportResponse answer;
  while (stream->Read(&answer)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_[answer.batch_number()] = std::move(answer);
    changed_.notify_one();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  broken_ = true;
  changed_.notify_one();
}

void ImportStream::TakeAnswer(const Batch& batch, const ImportResponse& answer) {
  KindCounts& counts = counts_[batch.kind];
  counts.created += answer.created_count();
  counts.updated += answer.updated_count();
  counts.unchanged += answer.unchanged_count();
  std::set<int32_t> rejected;
  for (const ImportResponse::Rejection& rejection : answer.rejections()) {
    if (rejection.index() < 0 || rejection.index() >= batch.request.records_size()) continue;
    rejected.insert(rejection.index());
    on_rejection_({.tag = batch.tags[static_cast<size_t>(rejection.index())],
                   .kind = batch.kind,
                   .id = record::IdOf(batch.request.records(rejection.index())),
                   .field = rejection.field(),
                   .reason = rejection.reason(),
                   .description = rejection.description()});
  }
  counts.rejected += static_cast<int64_t>(rejected.size());
  answered_ += batch.request.records_size();
  if (answer.revision().empty()) return;
  // Another epoch: the store was restored or began anew, and what was answered before may
  // be gone.
  if (!revision_.empty() && EpochOf(revision_) != EpochOf(answer.revision())) replaced_ = true;
  revision_ = answer.revision();
}

// Opens a new stream after a failure and sends again what was not answered. Errors that
// waiting cannot heal come back at once.
Status ImportStream::Recover() {
  while (true) {
    const grpc::Status status = Close();
    const absl::Duration now = SystemClock().Monotonic();
    if (failures_++ == 0) first_failure_ = now;
    const absl::Duration patience = answered_ == 0 ? options_.first_patience : options_.patience;
    // Cancelled, though not by us: the stream reached a server that was just ending.
    const bool passing = status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                         status.error_code() == grpc::StatusCode::CANCELLED;
    if (!passing || now - first_failure_ >= patience) {
      if (!status.ok()) return client_.ToError(status);
      return Error(Reason::PEER_UNAVAILABLE, "the server ended the import without answering");
    }
    const absl::Duration pause =
        std::min(options_.first_backoff * (1 << std::min(failures_ - 1, 10)), kPauseMax);
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(pause));
    // A channel that lost its server refuses calls at once until it has reconnected.
    if (client_.options().over_network) {
      client_.channel()->WaitForConnected(
          std::chrono::system_clock::now() +
          absl::ToChronoMilliseconds(std::min(patience, kConnectMax)));
    }
    ++reconnects_;
    Open();
    bool sent = true;
    for (const auto& batch : unanswered_) {
      if (HasAnswer(*batch)) continue;
      sent = sent && stream_->Write(batch->request);
    }
    if (sent) return {};
  }
}

bool ImportStream::HasAnswer(const Batch& batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return answers_.contains(batch.request.batch_number());
}

// Waits until at most `room` batches are unanswered.
Status ImportStream::WaitForRoom(size_t room) {
  while (unanswered_.size() > room) {
    const Batch& front = *unanswered_.front();
    std::optional<ImportResponse> answer;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const int64_t number = front.request.batch_number();
      changed_.wait(lock, [&] { return broken_ || answers_.contains(number); });
      if (auto node = answers_.extract(number); !node.empty()) answer = std::move(node.mapped());
    }
    if (!answer) {
      GTM_RETURN_IF_ERROR(Recover());
      continue;
    }
    TakeAnswer(front, *answer);
    unanswered_.pop_front();
    failures_ = 0;
    if (replaced_) {
      return Error(Reason::EPOCH_CHANGED,
                   "the store was replaced during the import, and what it had taken before may be "
                   "gone; import again: nothing is doubled");
    }
  }
  return {};
}

Status ImportStream::SendCurrent() {
  if (current_.request.records_size() == 0) return {};
  if (stream_ == nullptr) Open();
  GTM_RETURN_IF_ERROR(WaitForRoom(options_.in_flight - 1));
  current_.request.set_batch_number(next_batch_number_++);
  current_.request.set_validate_only(options_.validate_only);
  unanswered_.push_back(std::make_unique<Batch>(std::exchange(current_, Batch{})));
  current_bytes_ = 0;
  if (stream_->Write(unanswered_.back()->request)) return {};
  return Recover();
}

Status ImportStream::Add(records::v1::Record record, size_t tag) {
  const std::string kind(record::KindName(record::KindOf(record)));
  const auto bytes = static_cast<int64_t>(record.ByteSizeLong());
  const bool full = current_.request.records_size() >= options_.batch_records ||
                    current_bytes_ + bytes > options_.batch_bytes || current_.kind != kind;
  if (full) GTM_RETURN_IF_ERROR(SendCurrent());
  current_.kind = kind;
  *current_.request.add_records() = std::move(record);
  current_.tags.push_back(tag);
  current_bytes_ += bytes;
  return {};
}

Status ImportStream::Finish() {
  GTM_RETURN_IF_ERROR(SendCurrent());
  if (stream_ == nullptr) return {};
  GTM_RETURN_IF_ERROR(WaitForRoom(0));
  stream_->WritesDone();
  // Everything is answered and durable: how the stream itself ends does not matter.
  Close();
  return {};
}

}  // namespace gtm::cli
