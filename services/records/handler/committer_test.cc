#include "services/records/handler/committer.h"

#include <gtest/gtest.h>

#include <future>

#include "services/records/handler/faulty_store.h"
#include "services/records/handler/maintenance.h"
#include "services/records/handler/page_token.h"
#include "services/records/handler/revision.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

const TenantId kTenant("t1");

store::WriteRequest PutOf(int number, const std::string& id) {
  store::WriteRequest request;
  request.request_id = RequestId(number);
  request.method = "Commit";
  request.fingerprint = id + std::to_string(number);
  request.mutations.push_back({{11, id}, false, store::Mode::kUpsert, std::nullopt, "body"});
  return request;
}

class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest()
      : memory_(store::OpenMemory()), store_(*memory_), epochs_(store_, SystemClock()) {}
  ~CommitterTest() override { store_.Release(); }

  Committer& Make(CommitterOptions options = {}) {
    options.retry_first = absl::Milliseconds(1);
    committer_ = std::make_unique<Committer>(
        store_, epochs_, SystemClock(),
        [this](const TenantId&, const std::string&, int64_t seq) { last_seq_ = seq; }, options);
    return *committer_;
  }
  std::future<Result<Committed>> Submit(store::WriteRequest request,
                                        absl::Duration timeout = absl::Seconds(20)) {
    auto promise = std::make_shared<std::promise<Result<Committed>>>();
    auto future = promise->get_future();
    committer_->Submit(kTenant, std::move(request), absl::Now() + timeout,
                       [promise](Result<Committed> result) { promise->set_value(result); });
    return future;
  }

  std::unique_ptr<store::Store> memory_;
  FaultyStore store_;
  EpochCache epochs_;
  std::atomic<int64_t> last_seq_{0};
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, WritesWhatWaitsTogether) {
  Make();
  store_.Hold();
  std::vector<std::future<Result<Committed>>> futures;
  for (int i = 0; i < 300; ++i) futures.push_back(Submit(PutOf(i, std::to_string(i))));
  store_.Release();
  int64_t last = 0;
  for (auto& future : futures) {
    const auto result = future.get();
    ASSERT_TRUE(result.ok());
    EXPECT_GT(result->outcome.seq, last) << "in the order of submission";
    last = result->outcome.seq;
  }
  EXPECT_EQ(last_seq_, 300);
  EXPECT_LE(store_.write_count, 4);
  EXPECT_LE(store_.largest_group, static_cast<size_t>(limits::kGroupRequestsMax));
}

TEST_F(CommitterTest, TriesAgainWithTheSameRequestId) {
  Make();
  store_.fail_before = 2;
  store_.fail_after = 2;
  const auto result = Submit(PutOf(1, "a")).get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->outcome.seq, 1) << "acted once, though two outcomes were unknown";
  EXPECT_TRUE(result->outcome.replayed);
  EXPECT_EQ(memory_->GetHead(kTenant)->seq, 1);
}

TEST_F(CommitterTest, GivesUpAtTheDeadline) {
  Make();
  store_.fail_before = 1'000'000;
  const auto result = Submit(PutOf(1, "a"), absl::Milliseconds(30)).get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason(), Reason::STORE_UNAVAILABLE);
  const auto late = Submit(PutOf(2, "a"), absl::Milliseconds(-1)).get();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().reason(), Reason::DEADLINE_EXPIRED);
}

TEST_F(CommitterTest, RefusesWhatItCannotHold) {
  CommitterOptions options;
  options.tenant_queue_max = 3;
  options.queue_max = 5;
  Make(options);
  store_.Hold();
  std::vector<std::future<Result<Committed>>> futures;
  for (int i = 0; i < 7; ++i) futures.push_back(Submit(PutOf(i, std::to_string(i))));
  // One to three are with the writer; of those that wait, only three fit.
  int refused = 0;
  for (auto& future : futures) {
    if (future.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) continue;
    const auto result = future.get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().reason(), Reason::TENANT_QUOTA);
    EXPECT_GT(result.error().retry_after_ms(), 0);
    ++refused;
  }
  EXPECT_GE(refused, 1);
  std::atomic<bool> overloaded{false};
  for (int i = 0; i < 6; ++i) {
    committer_->Submit(TenantId("other" + std::to_string(i)), PutOf(100 + i, "a"),
                       absl::InfiniteFuture(), [&](const Result<Committed>& result) {
                         if (!result.ok() && result.error().reason() == Reason::OVERLOADED) {
                           overloaded = true;
                         }
                       });
  }
  EXPECT_TRUE(overloaded);
  store_.Release();
  committer_->Shutdown();
}

TEST_F(CommitterTest, AnswersEverythingAtShutdownThoughTheStoreIsAway) {
  Make();
  store_.fail_before = 1'000'000;
  auto waiting = Submit(PutOf(1, "a"), absl::Hours(1));
  committer_->Shutdown();
  EXPECT_EQ(waiting.get().error().reason(), Reason::STORE_UNAVAILABLE);
  EXPECT_EQ(Submit(PutOf(2, "a")).get().error().reason(), Reason::SHUTTING_DOWN);
}

TEST_F(CommitterTest, ServesManyTenantsWithSeveralWriters) {
  CommitterOptions options;
  options.writer_threads = 4;
  Make(options);
  std::atomic<int> good{0};
  for (int i = 0; i < 2'000; ++i) {
    committer_->Submit(TenantId("t" + std::to_string(i % 17)), PutOf(i, std::to_string(i)),
                       absl::InfiniteFuture(),
                       [&](const Result<Committed>& result) { good += result.ok() ? 1 : 0; });
  }
  committer_->Shutdown();
  EXPECT_EQ(good, 2'000);
  EXPECT_EQ(memory_->GetHead(TenantId("t3"))->seq, 118);
}

TEST(Maintenance, KeepsADayAndTheNewestRows) {
  const auto store = store::OpenMemory();
  StandingClock clock;
  const auto put = [&](int i) {
    const store::WriteRequest request = PutOf(i, "a" + std::to_string(i % 2));
    store::WriteRequest changed = request;
    changed.mutations[0].body = std::to_string(i);
    ASSERT_TRUE(store->Write(kTenant, {&changed, 1}, absl::ToUnixMicros(clock.Now())).ok());
  };
  for (int i = 0; i < 50; ++i) put(i);
  clock.Advance(absl::Hours(60));
  for (int i = 50; i < 60; ++i) put(i);
  MaintenanceOptions options;
  options.keep_rows = 5;
  options.step_rows = 7;
  options.step_pause = absl::ZeroDuration();
  Maintenance maintenance(*store, clock, options);
  const auto round = maintenance.RunOnce();
  ASSERT_TRUE(round.ok());
  EXPECT_EQ(store->GetHead(kTenant)->compacted_seq, 50) << "younger than a day stays";
  EXPECT_EQ(round->deleted_rows, 48) << "the last version of each of two records stays";
  EXPECT_EQ(round->forgotten_requests, 50);
  options.keep_rows = 1'000;
  Maintenance careful(*store, clock, options);
  clock.Advance(absl::Hours(60));
  ASSERT_TRUE(careful.RunOnce().ok());
  EXPECT_EQ(store->GetHead(kTenant)->compacted_seq, 50) << "the newest rows stay";
}

// Keeps the lines.
class LineLog final : public telemetry::Log {
 public:
  void Write(telemetry::LogLevel level, std::string_view event,
             std::initializer_list<telemetry::LogField> fields) override {
    lines.push_back(telemetry::FormatLine("", level, "records", event, fields));
  }
  std::vector<std::string> lines;
};

// Finding H: an error of one tenant ended the round, and nobody heard of it.
TEST(Maintenance, GoesOnAfterATenantThatFails) {
  const auto memory = store::OpenMemory();
  FaultyStore store(*memory);
  StandingClock clock;
  for (const char* tenant : {"t1", "t2", "t3"}) {
    for (int i = 0; i < 20; ++i) {
      store::WriteRequest request = PutOf(i, "a");
      request.mutations[0].body = std::to_string(i);
      ASSERT_TRUE(
          store.Write(TenantId(tenant), {&request, 1}, absl::ToUnixMicros(clock.Now())).ok());
    }
  }
  clock.Advance(absl::Hours(60));
  store.no_compaction_of = "t2";
  LineLog log;
  MaintenanceOptions options;
  options.keep_rows = 5;
  options.step_pause = absl::ZeroDuration();
  options.log = &log;
  Maintenance maintenance(store, clock, options);
  const auto round = maintenance.RunOnce();
  ASSERT_TRUE(round.ok());
  EXPECT_EQ(round->failed_tenants, 1);
  EXPECT_EQ(store.GetHead(TenantId("t1"))->compacted_seq, 15);
  EXPECT_EQ(store.GetHead(TenantId("t2"))->compacted_seq, 0);
  EXPECT_EQ(store.GetHead(TenantId("t3"))->compacted_seq, 15);
  ASSERT_EQ(log.lines.size(), 1u);
  for (const char* text : {"maintenance_failed", "t2", "STORE_UNAVAILABLE"}) {
    EXPECT_NE(log.lines[0].find(text), std::string::npos) << log.lines[0];
  }
  store.no_compaction_of = "";
  EXPECT_EQ(maintenance.RunOnce()->failed_tenants, 0);
  EXPECT_EQ(store.GetHead(TenantId("t2"))->compacted_seq, 15);
}

TEST(PageToken, RoundTripsAndRefusesDamage) {
  PageToken token;
  token.last_id = "a;b:\xC3\xA4";
  token.last_seq = 7;
  token.epoch = "e1";
  token.first_seq = 9;
  token.at_seq = 3;
  const std::string hash(32, 'h');
  const std::string text = EncodePageToken(token, hash);
  const auto back = DecodePageToken(text, hash);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->last_id, token.last_id);
  EXPECT_EQ(back->last_seq, 7);
  EXPECT_EQ(back->first_seq, 9);
  EXPECT_EQ(back->at_seq, 3);
  EXPECT_FALSE(DecodePageToken(text, std::string(32, 'x')).ok());
  for (size_t length = 0; length < text.size(); ++length) {
    const auto cut = DecodePageToken(text.substr(0, length), hash);
    EXPECT_FALSE(cut.ok()) << length;
  }
  Random random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string damaged = text;
    damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    (void)DecodePageToken(damaged, hash);  // no crash
  }
}

TEST(Revision, ParsesItsOwnTextOnly) {
  EXPECT_EQ(ParseRevision("e1:42")->seq, 42);
  EXPECT_EQ(ParseRevision("e1:42")->epoch, "e1");
  for (const char* bad : {"", "e1", ":4", "e1:", "e1:-1", "e1:4x", "e1:99999999999999999999"}) {
    EXPECT_FALSE(ParseRevision(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gtm::records::handler
