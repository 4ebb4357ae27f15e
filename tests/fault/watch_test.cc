// A6: Watch is ordered, gap-free and resumable. Short form: 16 writers, watchers that leave
// at random revisions and come back, and kills of the server: nothing missed, nothing twice.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "absl/time/clock.h"
#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;

constexpr int kWriters = 16;
constexpr int kWatchers = 4;

// Follows a tenant over many streams and keeps what counts: changes up to the last revision
// that was closed. What comes after it belongs to a revision not yet complete.
class Follower {
 public:
  explicit Follower(std::vector<v1::RecordKind> kinds = {}) : kinds_(std::move(kinds)) {}

  // Follows until `goal` (a seq; 0: not known yet) is reached; leaves at random.
  void Follow(const ServerProcess& server, uint64_t seed, const std::atomic<int64_t>& goal) {
    Random random(seed);
    const auto stub = server.NewStub();
    while (goal == 0 || SeqOf(revision_) < goal) {
      if (absl::Now() > give_up_) {
        ADD_FAILURE() << "did not reach " << goal << ", is at " << revision_;
        return;
      }
      const int leave_after = 1 + static_cast<int>(random.Below(60));
      const auto context = ContextOf("watch", absl::Seconds(20));
      v1::WatchRequest request;
      request.set_revision(revision_);
      for (const v1::RecordKind kind : kinds_) request.add_kinds(kind);
      const auto reader = stub->Watch(context.get(), request);
      v1::WatchResponse response;
      std::vector<v1::Change> open;
      for (int i = 0; i < leave_after && reader->Read(&response); ++i) {
        open.insert(open.end(), response.changes().begin(), response.changes().end());
        if (response.revision().empty()) continue;
        changes.insert(changes.end(), open.begin(), open.end());
        open.clear();
        revision_ = response.revision();
        if (goal != 0 && SeqOf(revision_) >= goal) break;
      }
      context->TryCancel();
      const grpc::Status status = reader->Finish();
      ++streams;
      EXPECT_TRUE(status.error_code() == grpc::StatusCode::CANCELLED ||
                  status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                  status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
          << status.error_code() << " " << status.error_message();
    }
  }

  void StartAt(const std::string& revision) { revision_ = revision; }
  std::vector<v1::Change> changes;
  int streams = 0;

 private:
  const std::vector<v1::RecordKind> kinds_;
  std::string revision_;
  const absl::Time give_up_ = absl::Now() + absl::Seconds(50);
};

// One to four records a commit, now and then a delete.
v1::BatchCommitRequest MakeBatch(Random& random, int writer, int64_t n) {
  v1::BatchCommitRequest batch;
  batch.set_request_id(MakeRequestId(random));
  const int count = 1 + static_cast<int>(random.Below(4));
  for (int i = 0; i < count; ++i) {
    const std::string id =
        std::to_string(writer) + "-" + std::to_string(n) + "-" + std::to_string(i);
    if (random.Below(2) == 0) {
      batch.add_mutations()->mutable_put()->mutable_seller()->set_id(id);
    } else {
      auto* account = batch.add_mutations()->mutable_put()->mutable_account();
      account->set_id(id);
      account->set_employee_count(n);
    }
  }
  return batch;
}

void Write(const ServerProcess& server, int writer, const std::atomic<bool>& stop,
           std::atomic<int64_t>* written) {
  Random random(Seed() + static_cast<uint64_t>(writer) * 31);
  const auto stub = server.NewStub();
  for (int64_t n = 0; !stop; ++n) {
    const v1::BatchCommitRequest batch = MakeBatch(random, writer, n);
    while (true) {
      const auto context = ContextOf("watch", absl::Seconds(3));
      v1::BatchCommitResponse response;
      const grpc::Status status = stub->BatchCommit(context.get(), batch, &response);
      if (status.ok()) break;
      ASSERT_TRUE(status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                  status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
          << status.error_message();
    }
    *written += batch.mutations_size();
    absl::SleepFor(absl::Milliseconds(static_cast<int64_t>(random.Below(10))));
  }
}

// Whole revisions in order, each change once: equal to the log itself.
void ExpectEqualToLog(const std::vector<v1::Change>& seen, const std::vector<v1::Change>& log,
                      bool every_kind) {
  std::vector<const v1::Change*> expected;
  for (const v1::Change& change : log) {
    if (every_kind || change.record().has_seller()) expected.push_back(&change);
  }
  ASSERT_EQ(seen.size(), expected.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(CanonicalBytes(seen[i]), CanonicalBytes(*expected[i])) << "change " << i;
  }
}

class WatchTest : public ::testing::TestWithParam<std::string> {};

TEST_P(WatchTest, NothingIsMissedOrDoubled) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  const auto stub = server.NewStub();
  v1::GetHeadResponse head;
  ASSERT_TRUE(stub->GetHead(ContextOf("watch").get(), {}, &head).ok());
  std::atomic<bool> stop{false};
  std::atomic<int64_t> written{0};
  std::atomic<int64_t> goal{0};
  std::vector<Follower> followers;
  for (int i = 0; i + 1 < kWatchers; ++i) followers.emplace_back();
  followers.emplace_back(std::vector<v1::RecordKind>{v1::RECORD_KIND_SELLER});
  std::vector<std::thread> writers, watchers;
  for (int i = 0; i < kWatchers; ++i) {
    followers[i].StartAt(head.revision());
    watchers.emplace_back([&, i] { followers[i].Follow(server, Seed() + 500 + i, goal); });
  }
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] { Write(server, i, stop, &written); });
  }
  Random random(Seed() + 9);
  for (int i = 0; i < Scaled(6); ++i) {
    absl::SleepFor(absl::Milliseconds(300 + static_cast<int64_t>(random.Below(700))));
    server.Kill();
    server.Start();
  }
  stop = true;
  for (auto& writer : writers) writer.join();
  ASSERT_TRUE(stub->GetHead(ContextOf("watch").get(), {}, &head).ok());
  goal = SeqOf(head.revision());
  for (auto& watcher : watchers) watcher.join();

  const std::vector<v1::Change> log = ReadFeed(*stub, "watch");
  EXPECT_EQ(static_cast<int64_t>(log.size()), written);
  int streams = 0;
  for (int i = 0; i < kWatchers; ++i) {
    ExpectEqualToLog(followers[i].changes, log, i + 1 < kWatchers);
    streams += followers[i].streams;
  }
  std::printf("%s: %zu changes, %d streams\n", GetParam().c_str(), log.size(), streams);
}

INSTANTIATE_TEST_SUITE_P(Engines, WatchTest, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::fault
