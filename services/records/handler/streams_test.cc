// Watch and Import over the memory store, and what watchers see of ErasePerson.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "services/records/handler/faulty_store.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/revision.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

using domain::MinimalRecord;

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() : memory_(store::OpenMemory()), store_(*memory_) { Restart({}); }

  void Restart(RecordsOptions options) {
    handler_.reset();
    handler_ = std::make_unique<RecordsHandler>(store_, clock_, options);
  }
  rpc::Call Caller() { return CallOf("t1", clock_); }

  void PutAccount(const std::string& id, int64_t employees, RecordsHandler* handler = nullptr) {
    v1::Record record;
    record.mutable_account()->set_id(id);
    record.mutable_account()->set_employee_count(employees);
    Put(record, handler);
  }
  void Put(const v1::Record& record, RecordsHandler* handler = nullptr) {
    v1::CommitRequest request;
    request.set_request_id(RequestId(++requests_));
    *request.mutable_mutation()->mutable_put() = record;
    rpc::Call call = Caller();
    v1::CommitResponse response;
    const Status status =
        (handler == nullptr ? *handler_ : *handler).Commit(call, request, &response);
    ASSERT_TRUE(status.ok()) << status.error().message();
  }

  // A watch on a thread of its own, ended by the destructor.
  class Watching {
   public:
    Watching(StreamsTest& test, const v1::WatchRequest& request) : call_(test.Caller()) {
      call_.is_cancelled = [this] { return ended_.load(); };
      call_.deadline = absl::InfiniteFuture();
      thread_ = std::thread(
          [this, &test, request] { status = test.handler_->Watch(call_, request, sink); });
    }
    ~Watching() { (void)End(); }
    void Ask() { ended_ = true; }
    Status End() {
      ended_ = true;
      if (thread_.joinable()) thread_.join();
      return status;
    }
    Status Join() {
      if (thread_.joinable()) thread_.join();
      return status;
    }
    CollectingSink sink;
    Status status;

   private:
    rpc::Call call_;
    std::atomic<bool> ended_{false};
    std::thread thread_;
  };

  static v1::WatchRequest From(const std::string& revision) {
    v1::WatchRequest request;
    request.set_revision(revision);
    return request;
  }
  std::string Epoch() { return memory_->GetHead(TenantId("t1"))->epoch; }

  StandingClock clock_;
  std::atomic<int> requests_{0};
  std::unique_ptr<store::Store> memory_;
  FaultyStore store_;
  std::unique_ptr<RecordsHandler> handler_;
};

TEST_F(StreamsTest, WatchSendsWhatWasAndWhatHappens) {
  PutAccount("a", 1);
  PutAccount("b", 1);
  Watching watching(*this, From(FormatRevision(Epoch(), 1)));
  watching.sink.WaitForChanges(1);
  PutAccount("c", 1);
  const auto changes = watching.sink.WaitForChanges(2);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].record().account().id(), "b");
  EXPECT_EQ(changes[0].operation(), v1::Change::OPERATION_CREATE);
  EXPECT_EQ(changes[1].record().account().id(), "c");
  EXPECT_EQ(watching.sink.responses().back().revision(), FormatRevision(Epoch(), 3));
  EXPECT_EQ(watching.End().error().reason(), Reason::CANCELLED_BY_CALLER);
}

TEST_F(StreamsTest, WatchFromNowBeginsWithABookmark) {
  PutAccount("a", 1);
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);
  EXPECT_EQ(watching.sink.responses()[0].revision(), FormatRevision(Epoch(), 1));
  EXPECT_EQ(watching.sink.responses()[0].changes_size(), 0);
}

TEST_F(StreamsTest, WatchOfSomeKindsMovesOnWithBookmarks) {
  RecordsOptions options;
  options.watch.bookmark_interval = absl::Milliseconds(1);
  Restart(options);
  v1::WatchRequest request = From(FormatRevision(Epoch(), 0));
  request.add_kinds(v1::RECORD_KIND_SELLER);
  Watching watching(*this, request);
  for (int i = 0; i < 10; ++i) PutAccount("a" + std::to_string(i), 1);
  Put(MinimalRecord(v1::RECORD_KIND_SELLER));
  EXPECT_EQ(watching.sink.WaitForChanges(1).size(), 1u);
  PutAccount("z", 1);
  for (int i = 0; i < 500; ++i) {
    if (watching.sink.responses().back().revision() == FormatRevision(Epoch(), 12)) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(watching.sink.responses().back().revision(), FormatRevision(Epoch(), 12));
}

TEST_F(StreamsTest, WatchSeesOtherReplicas) {
  RecordsHandler other(store_, clock_);
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);
  PutAccount("a", 1, &other);
  EXPECT_EQ(watching.sink.WaitForChanges(1).size(), 1u);
}

TEST_F(StreamsTest, WatchersShareOneRead) {
  std::vector<std::unique_ptr<Watching>> watchings;
  for (int i = 0; i < 20; ++i) watchings.push_back(std::make_unique<Watching>(*this, From("")));
  for (auto& watching : watchings) watching->sink.WaitForResponses(1);
  store_.read_changes_count = 0;
  for (int i = 0; i < 50; ++i) PutAccount("a" + std::to_string(i), 1);
  for (auto& watching : watchings) {
    const auto changes = watching->sink.WaitForChanges(50);
    ASSERT_EQ(changes.size(), 50u);
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(changes[i].record().account().id(), "a" + std::to_string(i));
  }
  EXPECT_LE(store_.read_changes_count, 110) << "not twenty times fifty";
  for (auto& watching : watchings) watching->Ask();
}

TEST_F(StreamsTest, WatchRefusesRevisionsThatAreNotItsOwn) {
  PutAccount("a", 1);
  const auto reason = [&](const v1::WatchRequest& request) {
    Watching watching(*this, request);
    return watching.Join().error().reason();
  };
  EXPECT_EQ(reason(From("x")), Reason::REVISION_INVALID);
  EXPECT_EQ(reason(From(FormatRevision(Epoch(), 99))), Reason::REVISION_INVALID);
  EXPECT_EQ(reason(From("e-old:1")), Reason::EPOCH_CHANGED);
  v1::WatchRequest kinds = From("");
  kinds.add_kinds(static_cast<v1::RecordKind>(7));
  EXPECT_EQ(reason(kinds), Reason::INVALID_FIELDS);
  for (int i = 2; i < 9; ++i) PutAccount("a", i);
  ASSERT_TRUE(memory_->Compact(TenantId("t1"), 5, 1'000).ok());
  EXPECT_EQ(reason(From(FormatRevision(Epoch(), 4))), Reason::REVISION_COMPACTED);
}

TEST_F(StreamsTest, WatchEndsWithTheEpoch) {
  PutAccount("a", 1);
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);
  ASSERT_TRUE(memory_->NewEpoch("e-new").ok());
  EXPECT_EQ(watching.Join().error().reason(), Reason::EPOCH_CHANGED);
}

TEST_F(StreamsTest, WatchCutsWhoDoesNotRead) {
  RecordsOptions options;
  options.feed.stall_max = absl::Milliseconds(100);
  Restart(options);
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);
  watching.sink.Block();
  PutAccount("a", 1);
  EXPECT_EQ(watching.Join().error().reason(), Reason::WATCHER_TOO_SLOW);
  EXPECT_TRUE(watching.sink.cancelled());
}

TEST_F(StreamsTest, WatchCutsWhoFallsBehindButNotWhoCatchesUp) {
  RecordsOptions options;
  options.watch.lag_max = 50;
  Restart(options);
  for (int i = 0; i < 200; ++i) PutAccount("a" + std::to_string(i), 1);
  {
    Watching late(*this, From(FormatRevision(Epoch(), 0)));
    EXPECT_EQ(late.sink.WaitForChanges(200).size(), 200u);
  }
}

TEST_F(StreamsTest, WatchEndsAtShutdown) {
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);
  handler_->Shutdown();
  EXPECT_EQ(watching.Join().error().reason(), Reason::SHUTTING_DOWN);
}

TEST_F(StreamsTest, WatchKeepsARevisionTogether) {
  v1::BatchCommitRequest batch;
  batch.set_request_id(RequestId(9'000));
  for (int i = 0; i < 1'000; ++i) {
    auto* account = batch.add_mutations()->mutable_put()->mutable_account();
    account->set_id(std::to_string(i));
    account->set_display_name(std::string(200, 'x'));
  }
  PutAccount("first", 1);
  rpc::Call call = Caller();
  v1::BatchCommitResponse response;
  ASSERT_TRUE(handler_->BatchCommit(call, batch, &response).ok());
  PutAccount("last", 1);
  Watching watching(*this, From(FormatRevision(Epoch(), 0)));
  EXPECT_EQ(watching.sink.WaitForChanges(1'002).size(), 1'002u);
  for (const auto& sent : watching.sink.responses()) {
    std::set<std::string> revisions;
    for (const auto& change : sent.changes()) revisions.insert(change.revision());
    if (revisions.contains(FormatRevision(Epoch(), 2))) {
      EXPECT_GE(sent.changes_size(), 1'000) << "all of the batch travels together";
    }
    EXPECT_FALSE(sent.revision().empty());
  }
}

TEST_F(StreamsTest, WatchOfSomeKindsNamesNoRevisionInsideALongOne) {
  PutAccount("passed over", 1);
  v1::BatchCommitRequest batch;
  batch.set_request_id(RequestId(9'000));
  for (int i = 0; i < 700; ++i) {
    v1::Record record = MinimalRecord(v1::RECORD_KIND_OPPORTUNITY, "o" + std::to_string(i));
    record.mutable_opportunity()->set_seller_worry(std::string(2'000, 'x'));
    record.mutable_opportunity()->set_urgency_answer(std::string(2'000, 'x'));
    *batch.add_mutations()->mutable_put() = record;
  }
  rpc::Call call = Caller();
  v1::BatchCommitResponse response;
  const Status done = handler_->BatchCommit(call, batch, &response);
  ASSERT_TRUE(done.ok()) << done.error().message();
  v1::WatchRequest request = From(FormatRevision(Epoch(), 0));
  request.add_kinds(v1::RECORD_KIND_OPPORTUNITY);
  Watching watching(*this, request);
  ASSERT_EQ(watching.sink.WaitForChanges(700).size(), 700u);
  bool is_split = false;
  for (const auto& sent : watching.sink.responses()) {
    if (sent.changes_size() == 0) continue;
    is_split = is_split || sent.revision().empty();
    EXPECT_TRUE(sent.revision().empty() || sent.revision() == FormatRevision(Epoch(), 2))
        << sent.revision();
  }
  EXPECT_TRUE(is_split) << "the batch is not long enough for this test";
}

v1::ImportRequest Batch(int number, int from, int count) {
  v1::ImportRequest batch;
  batch.set_batch_number(number);
  for (int i = from; i < from + count; ++i) {
    auto* account = batch.add_records()->mutable_account();
    account->set_id("a" + std::to_string(i));
    account->set_employee_count(i);
  }
  return batch;
}

TEST_F(StreamsTest, ImportAnswersInOrderAndCanBeRepeated) {
  std::vector<v1::ImportRequest> batches;
  for (int i = 0; i < 12; ++i) batches.push_back(Batch(i, i * 10, 10));
  for (int run = 0; run < 2; ++run) {
    ListedImport import(batches);
    rpc::Call call = Caller();
    ASSERT_TRUE(handler_->Import(call, import).ok());
    ASSERT_EQ(import.responses.size(), 12u);
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(import.responses[i].batch_number(), i);
      EXPECT_EQ(import.responses[i].created_count(), run == 0 ? 10 : 0);
      EXPECT_EQ(import.responses[i].unchanged_count(), run == 0 ? 0 : 10);
      EXPECT_FALSE(import.responses[i].revision().empty());
    }
  }
}

// Finding G: a silent caller held its slot until the deadline of the stream.
TEST_F(StreamsTest, ImportEndsForACallerThatIsSilent) {
  ListedImport import({Batch(1, 0, 4)});
  import.silent_at_end = true;
  rpc::Call call = Caller();
  const Status status = handler_->Import(call, import);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().reason(), Reason::DEADLINE_EXPIRED);
  EXPECT_NE(status.error().message().find("no batch came for 30 s"), std::string::npos);
  ASSERT_EQ(import.responses.size(), 1u) << "what was sent is written and answered";
  EXPECT_EQ(import.responses[0].created_count(), 4);
}

TEST_F(StreamsTest, ImportRejectsBadRecordsAlone) {
  v1::ImportRequest batch = Batch(1, 0, 4);
  batch.mutable_records(1)->mutable_account()->set_employee_count(-1);
  batch.mutable_records(3)->mutable_account()->set_id("a0");
  *batch.add_records() = MinimalRecord(v1::RECORD_KIND_HANDOVER);
  batch.add_records();
  ListedImport import({batch});
  rpc::Call call = Caller();
  ASSERT_TRUE(handler_->Import(call, import).ok());
  const auto& response = import.responses.at(0);
  EXPECT_EQ(response.created_count(), 2);
  ASSERT_EQ(response.rejections_size(), 4);
  EXPECT_EQ(response.rejections(0).index(), 1);
  EXPECT_EQ(response.rejections(0).field(), "account.employee_count");
  EXPECT_EQ(response.rejections(0).reason(), "INVALID_FIELDS");
  EXPECT_EQ(response.rejections(1).field(), "account.id");
  EXPECT_EQ(response.rejections(2).reason(), "KIND_NOT_WRITABLE");
  EXPECT_EQ(response.rejections(3).index(), 5);
}

TEST_F(StreamsTest, ImportRejectsChangesOfWhatCannotChange) {
  Put(MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1"));
  v1::ImportRequest batch = Batch(1, 0, 2);
  *batch.add_records() = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
  batch.mutable_records(2)->mutable_engagement()->set_account_id("other");
  *batch.add_records() = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e2");
  for (const bool validate_only : {true, false}) {
    batch.set_validate_only(validate_only);
    ListedImport import({batch});
    rpc::Call call = Caller();
    ASSERT_TRUE(handler_->Import(call, import).ok());
    const auto& response = import.responses.at(0);
    EXPECT_EQ(response.created_count(), 3);
    ASSERT_EQ(response.rejections_size(), 1);
    EXPECT_EQ(response.rejections(0).index(), 2);
    EXPECT_EQ(response.rejections(0).field(), "engagement.account_id");
    EXPECT_EQ(memory_->GetHead(TenantId("t1"))->seq, validate_only ? 1 : 2);
  }
}

TEST_F(StreamsTest, ImportEndsWithABatchThatIsTooLong) {
  for (const int count : {0, 1'001}) {
    ListedImport import({Batch(1, 0, 3), Batch(2, 0, count)});
    rpc::Call call = Caller();
    const Status status = handler_->Import(call, import);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason(), Reason::INVALID_FIELDS);
    EXPECT_EQ(import.responses.size(), 1u) << "what came before is answered";
  }
}

TEST_F(StreamsTest, ImportTellsWhenTheStoreIsAway) {
  store_.fail_before = 1'000'000;
  ListedImport import({Batch(1, 0, 3)});
  rpc::Call call = Caller();
  call.deadline = clock_.Now() + absl::Seconds(1);
  std::thread later([&] {
    absl::SleepFor(absl::Milliseconds(100));
    clock_.Advance(absl::Seconds(60));
  });
  (void)handler_->Import(call, import);
  later.join();
  ASSERT_EQ(import.responses.size(), 1u);
  ASSERT_EQ(import.responses[0].rejections_size(), 3);
  EXPECT_EQ(import.responses[0].rejections(0).reason(), "STORE_UNAVAILABLE");
}

TEST_F(StreamsTest, EraseReachesEveryVersionOfEveryRecordAboutThePerson) {
  v1::Record contact = MinimalRecord(v1::RECORD_KIND_CONTACT, "p1");
  contact.mutable_contact()->set_email("ada@example.com");
  Put(contact);
  contact.mutable_contact()->set_display_name("Ada Lovelace");
  Put(contact);
  v1::Record note = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
  note.mutable_engagement()->set_contact_id("p1");
  note.mutable_engagement()->set_note("Ada Lovelace likes engines");
  Put(note);
  v1::Record other = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e2");
  other.mutable_engagement()->set_contact_id("p2");
  other.mutable_engagement()->set_note("stays");
  Put(other);
  Watching watching(*this, From(""));
  watching.sink.WaitForResponses(1);

  v1::ErasePersonRequest request;
  request.set_request_id(RequestId(8'000));
  request.mutable_person()->set_kind(v1::RECORD_KIND_CONTACT);
  request.mutable_person()->set_id("p1");
  rpc::Call call = Caller();
  v1::ErasePersonResponse response;
  const Status status = handler_->ErasePerson(call, request, &response);
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_EQ(response.erased_version_count(), 3);

  store::ChangesQuery query;
  query.after = store::Position::AfterSeq(0);
  query.include_compacted = true;
  const auto kept = memory_->ReadChanges(TenantId("t1"), query);
  for (const auto& change : kept->changes) {
    EXPECT_EQ(change.body.find("Ada"), std::string::npos);
    EXPECT_EQ(change.body.find("ada@"), std::string::npos);
  }
  v1::ListHistoryRequest history_request;
  *history_request.mutable_key() = request.person();
  v1::ListHistoryResponse history;
  ASSERT_TRUE(handler_->ListHistory(call, history_request, &history).ok());
  ASSERT_EQ(history.changes_size(), 3);
  EXPECT_EQ(history.changes(0).operation(), v1::Change::OPERATION_ERASE);
  for (const auto& change : history.changes()) {
    EXPECT_EQ(change.erasure_digest().size(), 32u + 1 + 64) << change.ShortDebugString();
    EXPECT_EQ(change.record()
                  .contact()
                  .GetReflection()
                  ->GetUnknownFields(change.record().contact())
                  .field_count(),
              0);
  }
  const auto told = watching.sink.WaitForChanges(2);
  ASSERT_EQ(told.size(), 2u) << "followers learn of the current versions";
  for (const auto& change : told) EXPECT_EQ(change.operation(), v1::Change::OPERATION_ERASE);

  v1::ErasePersonResponse again;
  ASSERT_TRUE(handler_->ErasePerson(call, request, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
  request.set_request_id(RequestId(8'001));
  again.Clear();
  ASSERT_TRUE(handler_->ErasePerson(call, request, &again).ok());
  EXPECT_EQ(again.erased_version_count(), 0);
}

// The erasure of deleted records by another replica makes no change that would tell.
TEST_F(StreamsTest, RecentChangesDoNotOutliveAnErasureElsewhere) {
  RecordsOptions options;
  options.feed.ring_age_max = absl::Milliseconds(1);
  options.feed.poll_interval = absl::Milliseconds(1);
  Restart(options);
  Watching watching(*this, From(FormatRevision(Epoch(), 0)));
  v1::Record contact = MinimalRecord(v1::RECORD_KIND_CONTACT, "p1");
  contact.mutable_contact()->set_display_name("Ada");
  Put(contact);
  v1::CommitRequest removal;
  removal.set_request_id(RequestId(7'000));
  removal.mutable_mutation()->mutable_delete_()->set_kind(v1::RECORD_KIND_CONTACT);
  removal.mutable_mutation()->mutable_delete_()->set_id("p1");
  rpc::Call call = Caller();
  v1::CommitResponse removed;
  ASSERT_TRUE(handler_->Commit(call, removal, &removed).ok());
  ASSERT_EQ(watching.sink.WaitForChanges(2).size(), 2u);

  RecordsHandler other(store_, clock_);
  v1::ErasePersonRequest request;
  request.set_request_id(RequestId(8'000));
  request.mutable_person()->set_kind(v1::RECORD_KIND_CONTACT);
  request.mutable_person()->set_id("p1");
  v1::ErasePersonResponse response;
  ASSERT_TRUE(other.ErasePerson(call, request, &response).ok());
  EXPECT_EQ(response.erased_version_count(), 2);
  bool told = true;
  for (int i = 0; told && i < 30; ++i) {
    Watching late(*this, From(FormatRevision(Epoch(), 1)));  // the deletion alone
    const auto changes = late.sink.WaitForChanges(1);
    ASSERT_EQ(changes.size(), 1u);
    told = changes[0].record().contact().display_name() == "Ada";
    if (told) absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_FALSE(told) << "erased text is still sent";
}

}  // namespace
}  // namespace gtm::records::handler
