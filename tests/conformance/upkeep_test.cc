// Keeping house: compaction, erasure, forgetting, epochs.

#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

using UpkeepTest = StoreTest;

TEST_P(UpkeepTest, CompactsWithoutTouchingTheStatesThatRemain) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("b", "1"), Put("old", "1")}), kNow);
  MustWrite(tenant_, Request({Put("a", "2"), Delete("old")}), kNow + 1);
  MustWrite(tenant_, Request({Put("c", "3")}), kNow + 2);
  MustWrite(tenant_, Request({Put("b", "4"), Put("a", "4")}), kNow + 3);
  MustWrite(tenant_, Request({Delete("c")}), kNow + 4);
  std::vector<std::string> before;
  for (int64_t seq = 3; seq <= 5; ++seq) before.push_back(ListText(tenant_, kAccount, seq));
  const auto feed = ReadAll(tenant_, 3);

  auto compacted = store_->Compact(tenant_, 3, 1'000);
  ASSERT_OK(compacted);
  EXPECT_TRUE(compacted->done);
  EXPECT_EQ(compacted->head, (Head{kEpoch, 5, 3}));
  EXPECT_EQ(compacted->deleted_rows, 3) << "a=1, old=1 and its deletion";
  for (int64_t seq = 3; seq <= 5; ++seq) {
    EXPECT_EQ(ListText(tenant_, kAccount, seq), before[static_cast<size_t>(seq - 3)]) << seq;
  }
  EXPECT_EQ(ReadAll(tenant_, 3), feed);
  EXPECT_EQ(ReadAll(tenant_).size(), feed.size() + 3) << "b=1, a=2, c=3 stay";

  ListQuery list;
  list.kind = kAccount;
  list.at_seq = 2;
  auto gone = store_->List(tenant_, list);
  EXPECT_REASON(gone, Reason::REVISION_COMPACTED);
  EXPECT_EQ(gone.error().metadata().at("oldest_revision"), "e1:3");
  ChangesQuery changes;
  changes.after = Position::AfterSeq(2);
  EXPECT_REASON(store_->ReadChanges(tenant_, changes), Reason::REVISION_COMPACTED);
  changes.after = Position::AfterSeq(3);
  EXPECT_TRUE(store_->ReadChanges(tenant_, changes).ok());
  EXPECT_REASON(store_->SeqAt(tenant_, kNow + 1), Reason::REVISION_COMPACTED);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow + 2), 3);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow + 3), 4);
  EXPECT_EQ(MustWrite(tenant_, Request({Put("a", "6")})).seq, 6);
}

TEST_P(UpkeepTest, CompactsInSteps) {
  for (int i = 0; i < 20; ++i)
    MustWrite(tenant_, Request({Put("a", std::to_string(i)), Put("b" + std::to_string(i), "")}));
  int steps = 0;
  int64_t deleted = 0;
  for (bool done = false; !done; ++steps) {
    auto step = store_->Compact(tenant_, 1'000, 6);
    ASSERT_OK(step);
    done = step->done;
    deleted += step->deleted_rows;
    ASSERT_LT(steps, 50);
  }
  EXPECT_EQ(steps, 7);
  EXPECT_EQ(deleted, 19);
  EXPECT_EQ(store_->GetHead(tenant_)->compacted_seq, 20);
  EXPECT_EQ(ReadAll(tenant_).size(), 21u);
  EXPECT_EQ(store_->Compact(tenant_, 5, 6)->head.compacted_seq, 20) << "never goes back";
}

TEST_P(UpkeepTest, ErasesBodiesAndTellsTheFeed) {
  MustWrite(tenant_, Request({Put("ada", "Ada 1", kContact), Put("bob", "Bob", kContact)}), kNow);
  MustWrite(tenant_, Request({Put("ada", "Ada 2", kContact)}), kNow + 1);
  MustWrite(tenant_, Request({Put("carl", "Carl", kContact)}), kNow + 2);
  MustWrite(tenant_, Request({Delete("carl", kContact)}), kNow + 3);
  EraseRequest request;
  request.request_id = "r9";
  request.method = "ErasePerson";
  request.fingerprint = "f";
  request.actor = "user:dpo";
  request.rewrites = {{1, 0, "-"}, {2, 0, "-2"}, {3, 0, "-"}, {4, 0, "-"}, {77, 0, "gone"}};
  request.erased_before = 10;
  auto outcome = store_->Erase(tenant_, request, kNow + 9);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome->erased_count, 14);
  EXPECT_EQ(outcome->seq, 5);
  const auto changes = ReadAll(tenant_);
  ASSERT_EQ(changes.size(), 6u);
  for (const Change& change : changes) {
    EXPECT_EQ(change.body.find("Ada"), std::string::npos);
    EXPECT_EQ(change.body.find("Carl"), std::string::npos);
  }
  EXPECT_EQ(
      changes[5],
      (Change{5, 0, Operation::kErase, {kContact, "ada"}, "-2", "user:dpo", "r9", kNow, kNow + 9}));
  EXPECT_EQ(ListText(tenant_, kContact), "ada=-2 bob=Bob");
  EXPECT_REASON(Write(tenant_, Request({At(Put("ada", "x", kContact), 2)})), Reason::ETAG_MISMATCH);
  EXPECT_TRUE(MustWrite(tenant_, Request({Put("ada", "-2", kContact)})).outcomes[0].unchanged);

  auto again = store_->Erase(tenant_, request, kNow + 10);
  ASSERT_OK(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->erased_count, 14);
  request.fingerprint = "g";
  EXPECT_REASON(store_->Erase(tenant_, request, kNow), Reason::REQUEST_ID_REUSED);
  request.request_id = "r10";
  request.rewrites.clear();
  auto nothing = store_->Erase(tenant_, request, kNow + 11);
  ASSERT_OK(nothing);
  EXPECT_EQ(nothing->seq, 5);
}

// Finding F: a digest of the whole request lets what is erased be guessed.
TEST_P(UpkeepTest, ErasesTheFingerprintsOfRequests) {
  WriteRequest request = Request({Put("ada", "Ada 1", kContact)}, "r1");
  MustWrite(tenant_, request, kNow);
  MustWrite(tenant_, Request({Put("bob", "Bob", kContact)}, "r2"), kNow);
  MustWrite(other_, request, kNow);
  EraseRequest erase;
  erase.rewrites = {{1, 0, "-"}};
  erase.blanked_requests = {"r1", "unknown"};
  ASSERT_OK(store_->Erase(tenant_, erase, kNow + 1));
  EXPECT_EQ((*store_->FindRequest(tenant_, "r1"))->fingerprint, "");
  EXPECT_NE((*store_->FindRequest(tenant_, "r2"))->fingerprint, "");
  EXPECT_NE((*store_->FindRequest(other_, "r1"))->fingerprint, "");
  auto again = Write(tenant_, request);
  ASSERT_OK(again);
  EXPECT_TRUE(again->replayed) << "it acts once still";
  request.method = "Other";
  EXPECT_REASON(Write(tenant_, request), Reason::REQUEST_ID_REUSED);
  EXPECT_EQ(ListText(tenant_, kContact), "ada=- bob=Bob");
}

TEST_P(UpkeepTest, ForgetsRequestsInTime) {
  MustWrite(tenant_, Request({Put("a", "1")}, "r1"), kNow);
  MustWrite(other_, Request({Put("a", "1")}, "r1"), kNow + 10);
  MustWrite(other_, Request({Put("a", "2")}, "r2"), kNow + 20);
  EXPECT_EQ(*store_->ForgetRequests(kNow + kRequestKeepUs, 100), 0);
  EXPECT_EQ(*store_->ForgetRequests(kNow + kRequestKeepUs + 15, 1), 1);
  EXPECT_EQ(*store_->ForgetRequests(kNow + kRequestKeepUs + 15, 100), 1);
  EXPECT_FALSE(store_->FindRequest(tenant_, "r1")->has_value());
  EXPECT_TRUE(store_->FindRequest(other_, "r2")->has_value());
}

TEST_P(UpkeepTest, BeginsANewEpochForAll) {
  MustWrite(tenant_, Request({Put("a", "1")}));
  const std::string epoch = MakeEpoch();
  EXPECT_NE(epoch, MakeEpoch());
  ASSERT_OK(store_->NewEpoch(epoch));
  EXPECT_EQ(*store_->GetHead(tenant_), (Head{epoch, 1, 0}));
  EXPECT_EQ(*store_->GetHead(TenantId("later")), (Head{epoch, 0, 0}));
  MustWrite(other_, Request({Put("a", "1")}));
  EXPECT_EQ(*store_->GetHead(other_), (Head{epoch, 1, 0}));
  if (!deployment_->is_durable()) return;
  store_ = Open();
  EXPECT_EQ(store_->GetHead(tenant_)->epoch, epoch) << "reopening is no restore";
}

GTM_FOR_ALL_ENGINES(UpkeepTest);

}  // namespace
}  // namespace gtm::records::store
