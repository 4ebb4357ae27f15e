// A23: backups while eight clients write, restored behind the same address. Those who watched
// are told to list again, and a Book that followed the old store equals one read afresh.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "common/book/book_testing.h"
#include "common/record/kinds.h"
#include "common/records_client/book_cache.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "services/records/open_store.h"
#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;
using records_client::BookCache;
using records_client::BookCacheOptions;

constexpr int kWriters = 8;
constexpr int kIds = 40;
std::string Tenant() { return test::TestTenant().value(); }

BookCacheOptions OptionsOf(const ServerProcess& server) {
  BookCacheOptions options;
  options.follower.channel = server.NewChannel();
  options.follower.backoff_min = absl::Milliseconds(5);
  options.follower.backoff_max = absl::Milliseconds(200);
  return options;
}

// Puts and deletes random records of clients until told to stop.
void Write(const ServerProcess& server, uint64_t seed, const std::atomic<bool>& stop,
           std::atomic<int>* taken_count) {
  Random random(seed);
  const auto stub = server.NewStub();
  while (!stop) {
    v1::Record record = book::RandomRecord(&random, kIds);
    if (record::FindKind(record::KindOf(record))->writer != type::v1::KIND_WRITER_CLIENT) continue;
    v1::CommitRequest request;
    request.set_request_id(MakeRequestId(random));
    if (random.Below(5) == 0) {
      auto* key = request.mutable_mutation()->mutable_delete_();
      key->set_kind(record::KindOf(record));
      key->set_id(record::IdOf(record));
    } else {
      *request.mutable_mutation()->mutable_put() = std::move(record);
    }
    v1::CommitResponse response;
    *taken_count += CommitUntilAnswered(*stub, Tenant(), request, &response).ok();
  }
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
  BookCache fresh(OptionsOf(server));
  const auto rebuilt = AskAt(fresh, head);
  ASSERT_THAT(rebuilt, test::IsOk());
  EXPECT_EQ(book::Show(live->view), book::Show(rebuilt->view));
  EXPECT_EQ(live->view.ContentHash(), rebuilt->view.ContentHash());
}

class Restore : public ::testing::TestWithParam<std::string> {
 protected:
  // Runs `work` while eight write.
  template <class Work>
  void UnderWriters(const ServerProcess& server, Work work) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back(
          [&, seed = random_.Next()] { Write(server, seed, stop, &taken_count_); });
    }
    work();
    stop = true;
    for (std::thread& writer : writers) writer.join();
  }

  Random random_{Seed()};
  std::atomic<int> taken_count_ = 0;
};

TEST_P(Restore, UnderTheSameAddressIsANewEpochThatABookFollows) {
  const auto log = telemetry::MakeJsonLog(telemetry::LogLevel::kOff, "test");
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(std::make_unique<Engine>(GetParam()));
  ServerProcess server(engines.back()->url());
  server.Start();
  BookCache followed(OptionsOf(server));
  for (int round = 0; round < Scaled(3); ++round) {
    const std::string file = folder.File(fmt::format("backup{}", round));
    const std::string before = HeadOf(server);
    UnderWriters(server, [&] {
      EXPECT_THAT(AskAt(followed, ""), test::IsOk());
      absl::SleepFor(absl::Milliseconds(200));
      EXPECT_THAT(records::BackupStore(engines.back()->url(), file, *log, {}), test::IsOk());
      absl::SleepFor(absl::Milliseconds(50));
    });
    const std::string lost = HeadOf(server);
    ASSERT_THAT(AskAt(followed, lost), test::IsOk());
    server.Kill();

    // The disk is lost: another store, every other time of the other engine.
    const auto names = Engine::Names();
    engines.push_back(std::make_unique<Engine>(
        round % 2 == 0 ? GetParam() : names[static_cast<size_t>(round / 2) % names.size()]));
    ASSERT_THAT(records::RestoreStore(file, engines.back()->url(), *log, {}), test::IsOk());
    server.Use(engines.back()->url());
    server.Start();
    const std::string restored = HeadOf(server);
    EXPECT_NE(restored.substr(0, restored.find(':')), lost.substr(0, lost.find(':')));
    EXPECT_GE(SeqOf(restored), SeqOf(before));
    EXPECT_LE(SeqOf(restored), SeqOf(lost));

    v1::WatchRequest watch;
    watch.set_revision(lost);
    const auto context = ContextOf(Tenant());
    const auto stub = server.NewStub();
    const auto stream = stub->Watch(context.get(), watch);
    v1::WatchResponse response;
    while (stream->Read(&response)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::OUT_OF_RANGE);

    UnderWriters(server, [] { absl::SleepFor(absl::Milliseconds(150)); });
    ExpectEqualToAfresh(server, followed);
  }
  const auto stats = followed.stats();
  fmt::print("{}: {} writes, {} lists again\n", GetParam(), taken_count_.load(),
             stats.relist_count);
  EXPECT_GE(stats.relist_count, Scaled(3));
  EXPECT_GT(taken_count_, 50);
}

INSTANTIATE_TEST_SUITE_P(Engines, Restore, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::fault
