#include "common/records_client/grpc_records.h"

#include <algorithm>
#include <optional>

#include "absl/time/clock.h"
#include "common/book/names.h"
#include "common/records_client/client_meters.h"
#include "common/records_client/identity.h"

namespace gtm::records_client {
namespace {

using records::v1::BatchCommitRequest;
using records::v1::BatchCommitResponse;
using records::v1::BatchGetRequest;
using records::v1::BatchGetResponse;
using records::v1::RecordsService;

constexpr int kAttemptsMax = 5;
constexpr absl::Duration kAnswerTime = absl::Milliseconds(20);
constexpr absl::Duration kBackoffMin = absl::Milliseconds(50);
constexpr absl::Duration kBackoffMax = absl::Seconds(1);

// Before that of the call itself, so that there is time to say what became of it.
absl::Time ChildDeadline(const rpc::Call& call) {
  if (call.deadline == absl::InfiniteFuture()) return call.deadline;
  const absl::Duration left = call.deadline - SystemClock().Now();
  return call.deadline - std::min(kAnswerTime, left / 10);
}

class GrpcRecords final : public Records {
 public:
  GrpcRecords(std::shared_ptr<BookCache> books,
              const std::shared_ptr<grpc::ChannelInterface>& channel, std::string service,
              telemetry::Metrics* metrics)
      : books_(std::move(books)),
        stub_(RecordsService::NewStub(channel)),
        service_(std::move(service)) {
    if (metrics == nullptr) return;
    commit_meters_.emplace(*metrics, "BatchCommit");
    get_meters_.emplace(*metrics, "BatchGet");
  }

  Result<Question> Ask(const rpc::Call& call, const type::v1::PointInTime& point) override {
    return books_->Ask(call, point);
  }

  bool WaitForNewer(const rpc::Call& call, const book::BookView& seen,
                    absl::Duration patience) override {
    return books_->WaitForNewer(call, seen, patience);
  }

  Result<BatchCommitResponse> Commit(const rpc::Call& call,
                                     const BatchCommitRequest& request) override {
    return Repeat<BatchCommitResponse>(
        call, &commit_meters_, [&](grpc::ClientContext* context, BatchCommitResponse* response) {
          return stub_->BatchCommit(context, request, response);
        });
  }

  Result<BatchGetResponse> Get(const rpc::Call& call, const BatchGetRequest& request) override {
    return Repeat<BatchGetResponse>(call, &get_meters_,
                                    [&](grpc::ClientContext* context, BatchGetResponse* response) {
                                      return stub_->BatchGet(context, request, response);
                                    });
  }

 private:
  // Makes a call, and again while records cannot be reached.
  template <class Response, class Attempt>
  Result<Response> Repeat(const rpc::Call& call, std::optional<ClientMeters>* meters,
                          Attempt attempt) {
    if (call.patience == rpc::Patience::kNone) return call.WantsToWait();
    Backoff backoff(kBackoffMin, kBackoffMax,
                    book::StableHash(call.trace_id) ^
                        static_cast<uint64_t>(absl::ToUnixNanos(SystemClock().Now())));
    const Identity identity = IdentityOf(call, service_);
    for (int attempt_count = 1;; ++attempt_count) {
      GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
      grpc::ClientContext context;
      GTM_RETURN_IF_ERROR(Prepare(identity, ChildDeadline(call), &context));
      Response response;
      const absl::Duration start = SystemClock().Monotonic();
      if (*meters) (*meters)->Started();
      const grpc::Status status = attempt(&context, &response);
      if (*meters) (*meters)->Finished(status, SystemClock().Monotonic() - start);
      if (status.ok()) {
        books_->SawHead(call.tenant(), response.revision());
        return response;
      }
      Error error = FromRecords(status);
      const absl::Duration wait =
          std::max(backoff.Next(), absl::Milliseconds(error.retry_after_ms()));
      const bool in_time = SystemClock().Now() + wait < call.deadline;
      if (!IsTransient(error) || attempt_count == kAttemptsMax || !in_time) return error;
      absl::SleepFor(wait);
    }
  }

  const std::shared_ptr<BookCache> books_;
  const std::unique_ptr<RecordsService::StubInterface> stub_;
  const std::string service_;
  std::optional<ClientMeters> commit_meters_, get_meters_;
};

}  // namespace

std::unique_ptr<Records> MakeGrpcRecords(std::shared_ptr<BookCache> books,
                                         const std::shared_ptr<grpc::ChannelInterface>& channel,
                                         std::string service, telemetry::Metrics* metrics) {
  return std::make_unique<GrpcRecords>(std::move(books), channel, std::move(service), metrics);
}

}  // namespace gtm::records_client
