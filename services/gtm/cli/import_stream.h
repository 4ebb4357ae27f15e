#pragma once
// Sends records to the platform in batches over the Import stream, a few batches ahead of
// the answers, and survives a server that goes away for a moment: what was not answered is
// sent again. Sending twice is harmless, since a record equal to what is stored changes
// nothing.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gtm/records/v1/service.grpc.pb.h"
#include "services/gtm/cli/client.h"

namespace gtm::cli {

// What became of the records of one kind.
struct KindCounts {
  int64_t created = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;
  int64_t rejected = 0;
};

// A record that the platform did not take.
struct ServerRejection {
  size_t tag = 0;  // given with the record
  std::string kind;
  std::string id;
  std::string field;
  std::string reason;
  std::string description;
};

struct ImportStreamOptions {
  int batch_records = 500;
  int64_t batch_bytes = 1024 * 1024;
  size_t in_flight = 4;
  absl::Duration first_backoff = absl::Milliseconds(250);
  // How long to keep trying without an answer: at the beginning, where the address may be
  // wrong, and later, where a server is being replaced.
  absl::Duration first_patience = absl::Seconds(3);
  absl::Duration patience = absl::Seconds(60);
  absl::Duration timeout = absl::Hours(4);
  bool validate_only = false;
};

// Used by one thread. Records of one kind should come together: a batch holds one kind.
// Answers are taken in the order of the batches, and only when room is needed: rejections
// come in the same order on every run, however fast the server is.
class ImportStream {
 public:
  using Options = ImportStreamOptions;
  using OnRejection = std::function<void(const ServerRejection&)>;

  // `client` must outlive the stream. `on_rejection` is called on the caller's thread.
  ImportStream(const Client& client, Options options, OnRejection on_rejection);
  ~ImportStream();
  ImportStream(const ImportStream&) = delete;
  ImportStream& operator=(const ImportStream&) = delete;

  // Takes a record; waits while in_flight batches are unanswered. `tag` comes back with a
  // rejection. Error: what the server said, once retries did not help.
  Status Add(records::v1::Record record, size_t tag);
  // Sends the rest and waits for every answer.
  Status Finish();

  const std::map<std::string, KindCounts>& counts() const { return counts_; }
  int64_t answered_records() const { return answered_; }
  // Revision that contains everything answered.
  const std::string& revision() const { return revision_; }
  int reconnects() const { return reconnects_; }

 private:
  struct Batch {
    records::v1::ImportRequest request;
    std::vector<size_t> tags;
    std::string kind;
  };
  using Stream = grpc::ClientReaderWriter<records::v1::ImportRequest, records::v1::ImportResponse>;

  void Open();
  grpc::Status Close();
  void ReadAnswers(Stream* stream);
  Status SendCurrent();
  Status WaitForRoom(size_t room);
  Status Recover();
  bool HasAnswer(const Batch& batch);
  void TakeAnswer(const Batch& batch, const records::v1::ImportResponse& answer);

  const Client& client_;
  const Options options_;
  const OnRejection on_rejection_;
  std::unique_ptr<records::v1::RecordsService::Stub> stub_;

  // The stream of the moment and its reader.
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
  std::thread reader_;

  // Between the reader and the caller's thread.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, records::v1::ImportResponse> answers_;  // by batch; guarded by mutex_
  bool broken_ = false;  // no more answers come; guarded by mutex_

  Batch current_;
  int64_t current_bytes_ = 0;
  std::deque<std::unique_ptr<Batch>> unanswered_;  // in the order sent
  int64_t next_batch_number_ = 1;
  int failures_ = 0;              // since the last answer
  absl::Duration first_failure_;  // when, on the monotonic clock; where failures_ > 0
  int reconnects_ = 0;
  int64_t answered_ = 0;
  std::string revision_;
  bool replaced_ = false;  // the store is another than it was at the beginning
  std::map<std::string, KindCounts> counts_;
};

}  // namespace gtm::cli
