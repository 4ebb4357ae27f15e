// A7: a Book that follows records through kills of the server, cut streams and compaction
// equals one that is read afresh. And how long it takes until a write is seen.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "common/book/book_testing.h"
#include "common/record/kinds.h"
#include "common/records_client/grpc_records.h"
#include "common/rpc/server.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/records_service.h"
#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;
using records_client::BookCache;
using records_client::BookCacheOptions;

constexpr int kWriters = 4;
constexpr int kIds = 40;
std::string Tenant() { return test::TestTenant().value(); }

BookCacheOptions OptionsOf(std::shared_ptr<grpc::Channel> channel) {
  BookCacheOptions options;
  options.follower.channel = std::move(channel);
  options.follower.backoff_min = absl::Milliseconds(5);
  options.follower.backoff_max = absl::Milliseconds(200);
  return options;
}

bool IsClientKind(const v1::Record& record) {
  return record::FindKind(record::KindOf(record))->writer == type::v1::KIND_WRITER_CLIENT;
}

// Puts and deletes random records until told to stop; what the contract refuses is left
// out. Says how many writes were taken.
int Write(const ServerProcess& server, uint64_t seed, const std::atomic<bool>& stop) {
  Random random(seed);
  const auto stub = server.NewStub();
  int taken_count = 0;
  while (!stop) {
    v1::CommitRequest request;
    request.set_request_id(MakeRequestId(random));
    v1::Record record = book::RandomRecord(&random, kIds);
    if (!IsClientKind(record)) continue;
    if (random.Below(5) == 0) {
      auto* key = request.mutable_mutation()->mutable_delete_();
      key->set_kind(record::KindOf(record));
      key->set_id(record::IdOf(record));
    } else {
      *request.mutable_mutation()->mutable_put() = std::move(record);
    }
    v1::CommitResponse response;
    taken_count += CommitUntilAnswered(*stub, Tenant(), request, &response).ok();
  }
  return taken_count;
}

std::string HeadOf(const ServerProcess& server) {
  v1::GetHeadResponse head;
  const auto context = ContextOf(Tenant());
  EXPECT_TRUE(server.NewStub()->GetHead(context.get(), {}, &head).ok());
  return head.revision();
}

Result<records_client::Question> AskAt(BookCache& cache, const std::string& revision) {
  type::v1::PointInTime point;
  point.set_min_revision(revision);
  rpc::Call call = test::MakeCall();
  call.deadline = absl::Now() + absl::Seconds(30);
  return cache.Ask(call, point);
}

void ExpectEqualToAfresh(const ServerProcess& server, BookCache& followed) {
  const std::string head = HeadOf(server);
  const auto live = AskAt(followed, head);
  ASSERT_THAT(live, test::IsOk());
  BookCache fresh(OptionsOf(server.NewChannel()));
  const auto rebuilt = AskAt(fresh, head);
  ASSERT_THAT(rebuilt, test::IsOk());
  ASSERT_EQ(live->view.revision(), rebuilt->view.revision());
  EXPECT_EQ(book::Show(live->view), book::Show(rebuilt->view));
  EXPECT_EQ(live->view.ContentHash(), rebuilt->view.ContentHash());
}

class Converge : public ::testing::TestWithParam<std::string> {};

TEST_P(Converge, ABookThroughKillsEqualsOneReadAfresh) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  BookCache followed(OptionsOf(server.NewChannel()));
  Random random(Seed());
  const int round_count = Scaled(5);
  int taken_count = 0;
  for (int round = 0; round < round_count; ++round) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    std::vector<int> taken(kWriters);
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i, seed = random.Next()] { taken[i] = Write(server, seed, stop); });
    }
    absl::SleepFor(absl::Milliseconds(100 + static_cast<int64_t>(random.Below(300))));
    EXPECT_THAT(AskAt(followed, ""), test::IsOk());
    server.Kill();
    absl::SleepFor(absl::Milliseconds(static_cast<int64_t>(random.Below(300))));
    server.Start();
    absl::SleepFor(absl::Milliseconds(200));
    stop = true;
    for (std::thread& writer : writers) writer.join();
    for (const int count : taken) taken_count += count;
    ExpectEqualToAfresh(server, followed);
  }
  const auto stats = followed.stats();
  fmt::print("{}: {} writes, {} kills, {} reconnects, {} lists again\n", GetParam(), taken_count,
             round_count, stats.reconnect_count, stats.relist_count);
  EXPECT_GE(stats.reconnect_count, round_count);
  EXPECT_GT(taken_count, 10 * round_count);
}

INSTANTIATE_TEST_SUITE_P(Engines, Converge, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

// ---- freshness: printed for people, since time depends on the machine

void Measure(const std::string& name, records_client::Records& records) {
  std::vector<double> milliseconds;
  Random random(1);
  for (int i = 0; i < Scaled(300); ++i) {
    v1::BatchCommitRequest request;
    request.set_request_id(MakeRequestId(random));
    const std::string id = "fresh-" + std::to_string(i);
    *request.add_mutations()->mutable_put() = test::Account(id);
    const auto done = records.Commit(test::MakeCall(), request);
    ASSERT_THAT(done, test::IsOk());
    const absl::Time answered = absl::Now();
    type::v1::PointInTime point;
    point.set_min_revision(done->revision());
    const auto seen = records.Ask(test::MakeCall(), point);
    ASSERT_THAT(seen, test::IsOk());
    ASSERT_TRUE(seen->view.FindAccount(id).has_value());
    milliseconds.push_back(absl::ToDoubleMilliseconds(absl::Now() - answered));
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  fmt::print(
      "{}: from the answer of Commit until its records are seen: p50 {:.2f} ms, p99 {:.2f} ms\n",
      name, milliseconds[milliseconds.size() / 2], milliseconds[milliseconds.size() * 99 / 100]);
}

TEST(Freshness, OfAWriteAcrossProcesses) {
  const Engine engine("sqlite");
  ServerProcess server(engine.url());
  server.Start();
  const auto channel = server.NewChannel();
  Measure("two processes",
          *records_client::MakeGrpcRecords(std::make_shared<BookCache>(OptionsOf(channel)), channel,
                                           "targeting"));
}

// The records service over a store in memory, reached without a network.
class InProcessRecords {
 public:
  InProcessRecords() : handler_(*store_, SystemClock()), gate_(Options()) {
    gate_.AddMethods(records::handler::RecordsMethods());
    service_ = records::handler::MakeRecordsService(gate_, handler_);
    rpc::ServerOptions server;
    server.services = {service_.get()};
    server_ = std::move(*rpc::Server::Start(server, authenticator_));
  }
  ~InProcessRecords() { handler_.Shutdown(); }
  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel(); }

 private:
  rpc::GateOptions Options() {
    rpc::GateOptions options;
    options.authenticator = &authenticator_;
    options.metrics = &metrics_;
    return options;
  }
  const std::unique_ptr<records::store::Store> store_ = records::store::OpenMemory();
  records::handler::RecordsHandler handler_;
  telemetry::Metrics metrics_;
  const rpc::LoopbackAuthenticator authenticator_;
  rpc::Gate gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<rpc::Server> server_;
};

TEST(Freshness, OfAWriteInOneProcess) {
  InProcessRecords server;
  const auto cache = std::make_shared<BookCache>(OptionsOf(server.Channel()));
  Measure("one process", *records_client::MakeGrpcRecords(cache, server.Channel(), "targeting"));
}

TEST(Freshness, OfABookThatIsReadAgain) {
  InProcessRecords server;
  const auto cache = std::make_shared<BookCache>(OptionsOf(server.Channel()));
  const auto records = records_client::MakeGrpcRecords(cache, server.Channel(), "targeting");
  const int batch_count = Scaled(100);
  Random random(1);
  for (int batch = 0; batch < batch_count; ++batch) {
    v1::BatchCommitRequest request;
    request.set_request_id(MakeRequestId(random));
    for (int i = 0; i < 1'000; ++i) {
      *request.add_mutations()->mutable_put() =
          test::Engagement(fmt::format("e{}-{}", batch, i), fmt::format("a{}", i), "2026-01-05");
    }
    ASSERT_THAT(records->Commit(test::MakeCall(), request), test::IsOk());
  }
  BookCache fresh(OptionsOf(server.Channel()));
  const absl::Time start = absl::Now();
  const auto read = AskAt(fresh, "");
  ASSERT_THAT(read, test::IsOk());
  EXPECT_EQ(read->view.engagement_count(), 1'000 * batch_count);
  fmt::print("a Book of {} records is read in {:.2f} s\n", 1'000 * batch_count,
             absl::ToDoubleSeconds(absl::Now() - start));
}

}  // namespace
}  // namespace gtm::fault
