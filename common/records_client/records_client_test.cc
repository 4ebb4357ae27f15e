#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "common/records_client/backoff.h"
#include "common/records_client/grpc_records.h"
#include "common/records_client/scripted_records.h"
#include "common/rpc/status.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"

namespace gtm::records_client {
namespace {

using namespace gtm::test;  // NOLINT: builders read as words

BookCacheOptions QuickOptions(ScriptedRecords& server) {
  BookCacheOptions options;
  options.follower.channel = server.Channel();
  options.follower.backoff_min = absl::Milliseconds(1);
  options.follower.backoff_max = absl::Milliseconds(20);
  return options;
}

class RecordsClient : public ::testing::Test {
 protected:
  void Start() { Start(QuickOptions(server_)); }
  void Start(BookCacheOptions options) {
    cache_ = std::make_shared<BookCache>(std::move(options));
    records_ = MakeGrpcRecords(cache_, server_.Channel(), "targeting");
  }
  // Asks for a view that contains everything until now.
  Result<Question> AskNow() {
    type::v1::PointInTime point;
    point.set_min_revision(server_.revision());
    return records_->Ask(call_, point);
  }
  static bool Has(const Result<Question>& question, std::string_view account) {
    return question.ok() && question->view.FindAccount(account).has_value();
  }
  static records::v1::BatchCommitRequest CommitOf(records::v1::Record record) {
    records::v1::BatchCommitRequest request;
    request.set_request_id("0190a0a0-0000-7000-8000-000000000001");
    *request.add_mutations()->mutable_put() = std::move(record);
    return request;
  }

  ScriptedRecords server_;
  std::shared_ptr<BookCache> cache_;
  std::unique_ptr<Records> records_;
  rpc::Call call_ = MakeCall();
};

TEST_F(RecordsClient, BuildsABookOnFirstUseAndFollows) {
  server_.Put({Account("a1"), Account("a2"), Account("a3"), Contact("c1", "a1")});
  Start();
  EXPECT_EQ(server_.list_count(), 0);
  const auto first = records_->Ask(call_, {});
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->view.accounts_by_id().size(), 3u);
  EXPECT_EQ(first->as_of, call_.now);
  server_.Put({Account("a4")});
  server_.Delete(records::v1::RECORD_KIND_ACCOUNT, "a1");
  const auto second = AskNow();
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(Has(second, "a4"));
  EXPECT_FALSE(Has(second, "a1"));
  EXPECT_EQ(second->view.revision(), server_.revision());
}

TEST_F(RecordsClient, ReadsItsOwnWrites) {
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  const auto done = records_->Commit(call_, CommitOf(Account("mine")));
  ASSERT_THAT(done, IsOk());
  type::v1::PointInTime point;
  point.set_min_revision(done->revision());
  EXPECT_TRUE(Has(records_->Ask(call_, point), "mine"));
}

// A Book is a mixture while the list is newer than what has been watched.
TEST_F(RecordsClient, ShowsNoMixtureOfOldAndNew) {
  server_.Put({Account("a1")});
  server_.set_hold_watch(true);
  // The contact is listed, the account that came with it is not.
  server_.set_during_list([&] { server_.Put({Account("a0"), Contact("c0", "a0")}); });
  Start();
  call_.deadline = SystemClock().Now() + absl::Milliseconds(150);
  EXPECT_THAT(records_->Ask(call_, {}), FailsWith(Reason::DEADLINE_EXPIRED));
  server_.set_hold_watch(false);
  call_ = MakeCall();
  const auto question = records_->Ask(call_, {});
  EXPECT_TRUE(Has(question, "a0"));
  EXPECT_TRUE(question->view.FindContact("c0").has_value());
}

// Pages after the first carry its revision, though they are read later.
TEST_F(RecordsClient, ShowsNoMixtureOfPagesOfTheLastKind) {
  const auto commitment = [](const char* id) {
    records::v1::Record record;
    record.mutable_commitment()->set_id(id);
    return record;
  };
  const record::Kind kind = record::Kinds().back().kind;
  ASSERT_EQ(kind, record::KindOf(commitment("k")));
  server_.Put({Account("a1"), commitment("k1"), commitment("k2"), commitment("k3")});
  server_.set_hold_watch(true);
  // The commitment is on the second page, the account that came with it is not listed.
  server_.set_during_list([&] { server_.Put({Account("a0"), commitment("k4")}); }, kind);
  Start();
  call_.deadline = SystemClock().Now() + absl::Milliseconds(150);
  EXPECT_THAT(records_->Ask(call_, {}), FailsWith(Reason::DEADLINE_EXPIRED));
  server_.set_hold_watch(false);
  call_ = MakeCall();
  EXPECT_TRUE(Has(records_->Ask(call_, {}), "a0"));
}

// Who waits holds a thread: a revision that nobody was given is refused without a wait.
TEST_F(RecordsClient, DoesNotWaitForARevisionThatRecordsHasNotReached) {
  server_.Put({Account("a1")});
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  type::v1::PointInTime point;
  point.set_min_revision("e1:999");
  EXPECT_THAT(records_->Ask(call_, point), FailsWith(Reason::REVISION_NOT_REACHED));
  EXPECT_LT(SystemClock().Now(), call_.deadline) << "it was waited for until the deadline";
}

TEST_F(RecordsClient, ResumesWhereAStreamWasCut) {
  server_.Put({Account("a1")});
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  const int list_count = server_.list_count();
  for (int i = 0; i < 5; ++i) {
    while (server_.watch_count() == i) std::this_thread::yield();
    server_.CutStreams();
    server_.Put({Account("b" + std::to_string(i))});
    EXPECT_TRUE(Has(AskNow(), "b" + std::to_string(i)));
  }
  EXPECT_EQ(server_.list_count(), list_count);
  EXPECT_GE(cache_->stats().reconnect_count, 5);
}

TEST_F(RecordsClient, AppliesARevisionWhollyOrNotAtAll) {
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  const int watch_count = server_.watch_count();
  server_.set_halves(true);
  server_.Put({Account("a1"), Account("a2")});
  while (server_.watch_count() < watch_count + 3) std::this_thread::yield();
  EXPECT_FALSE(Has(records_->Ask(call_, {}), "a1"));
  server_.set_halves(false);
  EXPECT_TRUE(Has(AskNow(), "a2"));
}

TEST_F(RecordsClient, ListsAgainWhereItsRevisionIsGone) {
  server_.Put({Account("a1"), Account("a2")});
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  server_.set_status(grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  server_.CutStreams();
  server_.Delete(records::v1::RECORD_KIND_ACCOUNT, "a1");
  server_.Compact();
  // While records is away, what is known is still answered.
  EXPECT_TRUE(Has(records_->Ask(call_, {}), "a1"));
  server_.set_status(grpc::Status::OK);
  const auto question = AskNow();
  EXPECT_FALSE(Has(question, "a1"));
  EXPECT_TRUE(Has(question, "a2"));
  EXPECT_EQ(cache_->stats().relist_count, 1);
}

TEST_F(RecordsClient, KnowsTheEpochOfARevision) {
  server_.Put({Account("a1")});
  Start();
  ASSERT_THAT(AskNow(), IsOk());
  const std::string old = server_.revision();
  server_.Restore("e2");
  EXPECT_EQ(AskNow()->view.epoch(), "e2");
  type::v1::PointInTime point;
  point.set_min_revision(old);
  EXPECT_THAT(records_->Ask(call_, point), FailsWith(Reason::EPOCH_CHANGED));
}

TEST_F(RecordsClient, RefusesBadPoints) {
  Start();
  type::v1::PointInTime point;
  point.set_min_revision("nonsense");
  EXPECT_THAT(records_->Ask(call_, point), FailsWith(Reason::REVISION_INVALID));
  point.Clear();
  point.mutable_as_of()->set_nanos(-1);
  EXPECT_THAT(records_->Ask(call_, point), FailsOn("point.as_of"));
  point.Clear();
  point.set_min_revision("e1:999");
  call_.deadline = SystemClock().Now() + absl::Milliseconds(100);
  EXPECT_THAT(records_->Ask(call_, point), FailsWith(Reason::REVISION_NOT_REACHED));
  call_ = MakeCall();
  call_.is_cancelled = [] { return true; };
  EXPECT_THAT(records_->Ask(call_, point), FailsWith(Reason::CANCELLED_BY_CALLER));
}

TEST_F(RecordsClient, SaysThatRecordsCannotBeReachedAndRecovers) {
  server_.Put({Account("a1")});
  server_.set_status(grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  Start();
  EXPECT_THAT(records_->Ask(call_, {}), FailsWith(Reason::RECORDS_UNAVAILABLE));
  server_.set_status(grpc::Status::OK);
  Result<Question> question = records_->Ask(call_, {});
  while (!question.ok()) question = records_->Ask(call_, {});
  EXPECT_TRUE(Has(question, "a1"));
}

TEST_F(RecordsClient, DropsAStreamThatIsSilent) {
  BookCacheOptions options = QuickOptions(server_);
  options.follower.silence_max = absl::Milliseconds(100);
  Start(options);
  ASSERT_THAT(AskNow(), IsOk());
  const int watch_count = server_.watch_count();
  server_.set_silent(true);
  server_.Put({Account("a1")});
  while (server_.watch_count() == watch_count) absl::SleepFor(absl::Milliseconds(5));
  server_.set_silent(false);
  EXPECT_TRUE(Has(AskNow(), "a1"));
}

TEST_F(RecordsClient, RefusesWhatIsTooStale) {
  BookCacheOptions options = QuickOptions(server_);
  options.follower.staleness_max = absl::Milliseconds(200);
  Start(options);
  ASSERT_THAT(AskNow(), IsOk());
  server_.set_status(grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  server_.CutStreams();
  Result<Question> question = records_->Ask(call_, {});
  while (question.ok()) question = records_->Ask(call_, {});
  EXPECT_THAT(question, FailsWith(Reason::RECORDS_UNAVAILABLE));
}

TEST_F(RecordsClient, DropsTheLeastRecentlyUsedBook) {
  BookCacheOptions options = QuickOptions(server_);
  options.books_max = 2;
  Start(options);
  for (const char* tenant : {"t1", "t2", "t3", "t4"}) {
    call_.principal.tenant = TenantId(tenant);
    ASSERT_THAT(records_->Ask(call_, {}), IsOk());
  }
  while (cache_->stats().book_count > 2) absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(cache_->stats().dropped_count, 2);
  const int list_count = server_.list_count();
  ASSERT_THAT(records_->Ask(call_, {}), IsOk());  // t4 was used last
  EXPECT_EQ(server_.list_count(), list_count);
  call_.principal.tenant = TenantId("t1");
  ASSERT_THAT(records_->Ask(call_, {}), IsOk());
  EXPECT_GT(server_.list_count(), list_count);
}

TEST_F(RecordsClient, ReadsTheBookOfARecordedTimeOnce) {
  server_.Put({Account("a1")});
  Start();
  type::v1::PointInTime point;
  *point.mutable_recorded_as_of() = Stamp("2026-01-05");
  EXPECT_TRUE(Has(records_->Ask(call_, point), "a1"));
  EXPECT_EQ(server_.lists().front().recorded_as_of().seconds(),
            absl::ToUnixSeconds(At("2026-01-05")));
  const int list_count = server_.list_count();
  EXPECT_TRUE(Has(records_->Ask(call_, point), "a1"));
  EXPECT_EQ(server_.list_count(), list_count);
  EXPECT_EQ(server_.watch_count(), 0);
}

// Finding I: an instant that is near now gets records while its pages are read.
TEST_F(RecordsClient, ReadsOneStateOfARecordedTimeThatIsStillGoingOn) {
  server_.Put({Account("a1")});
  server_.set_during_list([&] {
    server_.Put({Account("a2"), Contact("c2", "a2")});
    server_.Delete(records::v1::RECORD_KIND_ACCOUNT, "a1");
  });
  Start();
  type::v1::PointInTime point;
  *point.mutable_recorded_as_of() = Stamp("2026-01-05");
  const auto question = records_->Ask(call_, point);
  ASSERT_THAT(question, IsOk());
  EXPECT_TRUE(question->view.FindContact("c2").has_value()) << "of a later page";
  EXPECT_TRUE(Has(question, "a2")) << "written together with c2";
  EXPECT_FALSE(Has(question, "a1"));
  EXPECT_EQ(question->view.revision(), server_.revision());
}

// Finding B: words of erased people stayed in memory for as long as their Book.
TEST_F(RecordsClient, ReadsABookAnewSomeTimeAfterAnErasure) {
  server_.Put({Account("a1"), Contact("c1", "a1")});
  BookCacheOptions options = QuickOptions(server_);
  options.follower.forget_after = absl::Milliseconds(50);
  Start(options);
  ASSERT_THAT(AskNow(), IsOk());
  const int list_count = server_.list_count();
  server_.Put({Account("a2")});
  ASSERT_THAT(AskNow(), IsOk());
  absl::SleepFor(absl::Milliseconds(150));
  EXPECT_EQ(server_.list_count(), list_count) << "nobody was erased";
  server_.Erase(Contact("c1", "a1"));
  server_.Put({Account("a3")});
  while (cache_->stats().relist_count == 0) {
    ASSERT_THAT(AskNow(), IsOk()) << "meanwhile it answers";
    absl::SleepFor(absl::Milliseconds(5));
  }
  server_.Put({Account("a4")});
  EXPECT_TRUE(Has(AskNow(), "a4"));
  absl::SleepFor(absl::Milliseconds(150));
  EXPECT_EQ(cache_->stats().relist_count, 1) << "once is enough";
}

TEST_F(RecordsClient, WaitsForAnothersReadingNoLongerThanItsOwnDeadline) {
  std::promise<void> asked, release;
  std::atomic<bool> read{false};
  server_.set_during_list([&] {
    asked.set_value();
    release.get_future().wait_for(std::chrono::seconds(5));
    read = true;
  });
  Start();
  type::v1::PointInTime point;
  *point.mutable_recorded_as_of() = Stamp("2026-01-05");
  std::thread first([&] { EXPECT_THAT(records_->Ask(call_, point), IsOk()); });
  asked.get_future().wait();
  rpc::Call second = MakeCall();
  second.deadline = SystemClock().Now() + absl::Milliseconds(50);
  EXPECT_THAT(records_->Ask(second, point), FailsWith(Reason::DEADLINE_EXPIRED));
  EXPECT_FALSE(read) << "it waited for the reading of the first";
  release.set_value();
  first.join();
}

// Words of the transport hold addresses that are none of a caller's business.
TEST_F(RecordsClient, DoesNotTellWhereRecordsLives) {
  server_.set_status(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "ipv4:10.1.2.3:7701: Connection refused"));
  Start();
  const auto question = records_->Ask(call_, {});
  ASSERT_THAT(question, FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_EQ(question.error().message().find("10.1.2.3"), std::string::npos);
}

TEST_F(RecordsClient, CommitsAsItsServiceAndRepeatsItself) {
  Start();
  call_.principal.subject = "user:ada\xc3\xa9";
  server_.FailCommits(2, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  ASSERT_THAT(records_->Commit(call_, CommitOf(Account("a1"))), IsOk());
  ASSERT_EQ(server_.commits().size(), 3u);
  EXPECT_EQ(server_.commits()[0].request_id(), server_.commits()[2].request_id());
  const auto metadata = server_.commit_metadata();
  EXPECT_EQ(metadata.find("gtm-tenant")->second, "test-tenant");
  EXPECT_EQ(metadata.find("gtm-service")->second, "targeting");
  EXPECT_EQ(metadata.find("gtm-actor")->second, "user:ada??");
  EXPECT_EQ(metadata.find("traceparent")->second,
            "00-" + call_.trace_id + "-" + call_.span_id + "-01")
      << "below the span of the call";
}

TEST_F(RecordsClient, PassesOnWhyRecordsRefused) {
  Start();
  Error mismatch(Reason::ETAG_MISMATCH, "account a1: changed meanwhile");
  mismatch.With("id", "a1");
  server_.FailCommits(1, rpc::ToGrpcStatus(mismatch, "records.gtm"));
  const auto refused = records_->Commit(call_, CommitOf(Account("a1")));
  ASSERT_THAT(refused, FailsWith(Reason::ETAG_MISMATCH));
  EXPECT_EQ(refused.error().metadata().at("id"), "a1");
  EXPECT_EQ(server_.commits().size(), 1u);
  server_.FailCommits(100, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  EXPECT_THAT(records_->Commit(call_, CommitOf(Account("a1"))),
              FailsWith(Reason::RECORDS_UNAVAILABLE));
}

TEST_F(RecordsClient, GetsRecords) {
  server_.Put({Account("a1")});
  Start();
  records::v1::BatchGetRequest request;
  for (const char* id : {"a1", "a2"}) {
    auto* key = request.add_keys();
    key->set_kind(records::v1::RECORD_KIND_ACCOUNT);
    key->set_id(id);
  }
  const auto found = records_->Get(call_, request);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->records_size(), 1);
  EXPECT_EQ(found->missing(0).id(), "a2");
}

TEST_F(RecordsClient, RefusesATenantThatCannotTravel) {
  Start();
  call_.principal.tenant = TenantId("caf\xc3\xa9");
  EXPECT_THAT(records_->Get(call_, {}), FailsOn("tenant"));
}

TEST(Backoff, GrowsToItsLimitWithJitter) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(1), 1);
  absl::Duration most = absl::Milliseconds(100);
  for (int i = 0; i < 20; ++i) {
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, most / 2);
    EXPECT_LE(wait, most);
    most = std::min(most * 2, absl::Seconds(1));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

TEST(Revision, IsAnEpochAndANumber) {
  const auto revision = ParseRevision("e1:42");
  ASSERT_THAT(revision, IsOk());
  EXPECT_EQ(FormatRevision(*revision), "e1:42");
  for (const char* bad : {"", "e1", ":4", "e1:", "e1:-4", "e1:4x", "e1:99999999999999999999"}) {
    EXPECT_THAT(ParseRevision(bad), FailsWith(Reason::REVISION_INVALID)) << bad;
  }
}

}  // namespace
}  // namespace gtm::records_client
