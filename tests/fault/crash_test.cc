// A1: a write that was acknowledged survives the death of the process, and a retry does not
// act twice. Short form: 8 writers, 20 kills at random moments, on SQLite and PostgreSQL.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;

constexpr int kWriters = 8;

// What a writer was told: request id and the revision that contains it.
struct Ack {
  std::string request_id;
  std::string id;
  int64_t value = 0;
  int64_t seq = 0;
  std::string etag;
};

// Writes numbered values to a few records of its own until told to stop; every request is
// sent until it is answered.
std::vector<Ack> Write(const ServerProcess& server, int writer, const std::atomic<bool>& stop) {
  Random random(Seed() + static_cast<uint64_t>(writer) * 1'000);
  const auto stub = server.NewStub();
  std::vector<Ack> acks;
  for (int64_t n = 1; !stop; ++n) {
    const std::string id = "w" + std::to_string(writer) + "-" + std::to_string(random.Below(5));
    const auto request = PutAccount(MakeRequestId(random), id, n);
    v1::CommitResponse response;
    const grpc::Status status = CommitUntilAnswered(*stub, "crash", request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) break;
    EXPECT_EQ(response.result().record().account().employee_count(), n);
    acks.push_back({request.request_id(), id, n, SeqOf(response.revision()),
                    response.result().record().account().etag()});
  }
  return acks;
}

class CrashTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CrashTest, NoAcknowledgedWriteIsLostOrDoubled) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  std::atomic<bool> stop{false};
  std::vector<std::vector<Ack>> acks(kWriters);
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] { acks[i] = Write(server, i, stop); });
  }
  Random random(Seed());
  std::vector<absl::Duration> starts;
  for (int i = 0; i < Scaled(20); ++i) {
    absl::SleepFor(absl::Milliseconds(50 + static_cast<int64_t>(random.Below(500))));
    server.Kill();
    starts.push_back(server.Start());
  }
  stop = true;
  for (auto& writer : writers) writer.join();

  const auto stub = server.NewStub();
  std::map<std::string, const v1::Change*> by_request;
  const std::vector<v1::Change> feed = ReadFeed(*stub, "crash");
  int64_t seq = 0;
  for (const v1::Change& change : feed) {
    EXPECT_TRUE(by_request.emplace(change.request_id(), &change).second)
        << "request " << change.request_id() << " acted twice";
    EXPECT_EQ(SeqOf(change.revision()), ++seq) << "the log has a gap";
  }
  size_t acked = 0;
  for (const auto& log : acks) {
    for (const Ack& ack : log) {
      ++acked;
      const auto at = by_request.find(ack.request_id);
      ASSERT_NE(at, by_request.end()) << "lost: " << ack.id << " = " << ack.value;
      EXPECT_EQ(at->second->record().account().employee_count(), ack.value);
      EXPECT_EQ(at->second->record().account().etag(), ack.etag);
      EXPECT_EQ(SeqOf(at->second->revision()), ack.seq);
    }
  }
  EXPECT_EQ(acked, feed.size()) << "changes that nobody asked for";
  EXPECT_GT(acked, 100u);
  std::sort(starts.begin(), starts.end());
  std::printf("%s: %zu acknowledged, %zu kills, restart to ready at most %lld ms\n",
              GetParam().c_str(), acked, starts.size(),
              static_cast<long long>(absl::ToInt64Milliseconds(starts.back())));
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_EQ(engine.IntegrityProblem(), "");
}

// The test bites: a store that is not durable does lose what was acknowledged.
TEST(CrashTestItself, NoticesAStoreThatForgets) {
  ServerProcess server("memory:");
  server.Start();
  Random random(Seed());
  const auto stub = server.NewStub();
  v1::CommitResponse response;
  const auto request = PutAccount(MakeRequestId(random), "a", 1);
  ASSERT_TRUE(CommitUntilAnswered(*stub, "crash", request, &response).ok());
  EXPECT_EQ(ReadFeed(*stub, "crash").size(), 1u);
  server.Kill();
  server.Start();
  EXPECT_EQ(ReadFeed(*stub, "crash").size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Engines, CrashTest, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::fault
