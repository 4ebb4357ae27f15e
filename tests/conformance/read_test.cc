// Reading: pages, states of the past, the feed, history.

#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

using ReadTest = StoreTest;

TEST_P(ReadTest, ShowsAnEmptyTenant) {
  auto head = store_->GetHead(tenant_);
  ASSERT_OK(head);
  EXPECT_EQ(*head, (Head{kEpoch, 0, 0}));
  EXPECT_EQ(ListText(tenant_), "");
  EXPECT_TRUE(ReadAll(tenant_).empty());
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow), 0);
  EXPECT_TRUE(store_->CountByKind(tenant_)->empty());
  EXPECT_FALSE(store_->FindRequest(tenant_, "r1")->has_value());
  EXPECT_TRUE(store_->Get(tenant_, {})->records.empty());
  auto compacted = store_->Compact(tenant_, 100, 100);
  ASSERT_OK(compacted);
  EXPECT_TRUE(compacted->done);
}

TEST_P(ReadTest, PagesThroughAKindByTheBytesOfItsIds) {
  const std::vector<std::string> ids = {"",   "A", "B", "a",    "a/b",
                                        "ab", "b", "é", "日本", "\xF0\x9F\x98\x80"};
  std::vector<Mutation> mutations;
  for (size_t i = ids.size(); i-- > 1;) mutations.push_back(Put(ids[i], "x"));
  mutations.push_back(Put("other", "x", kContact));
  MustWrite(tenant_, Request(mutations));
  std::vector<std::string> seen = {""};
  ListQuery query;
  query.kind = kAccount;
  query.limit = 2;
  for (bool has_more = true; has_more;) {
    auto page = store_->List(tenant_, query);
    ASSERT_OK(page);
    EXPECT_LE(page->records.size(), 2u);
    EXPECT_EQ(page->head.seq, 1);
    for (const auto& record : page->records) seen.push_back(record.key.id);
    query.after_id = seen.back();
    has_more = page->has_more;
  }
  EXPECT_EQ(seen, ids);
}

TEST_P(ReadTest, ListsByPrefix) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("ab", "2"), Put("abc", "3"), Put("ac", "4"),
                              Put("é1", "5"), Put("ê", "6")}));
  ListQuery query;
  query.kind = kAccount;
  query.id_prefix = "ab";
  auto page = store_->List(tenant_, query);
  ASSERT_OK(page);
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[0].key.id, "ab");
  query.after_id = "ab";
  EXPECT_EQ(store_->List(tenant_, query)->records.size(), 1u);
  query.after_id = "";
  query.id_prefix = "é";
  EXPECT_EQ(store_->List(tenant_, query)->records.size(), 1u);
}

TEST_P(ReadTest, ClosesPagesByBytes) {
  const std::string large(1'000, 'x');
  MustWrite(tenant_, Request({Put("a", large), Put("b", large), Put("c", large), Put("d", "")}));
  ListQuery query;
  query.kind = kAccount;
  query.bytes_max = 2'000;
  auto page = store_->List(tenant_, query);
  ASSERT_OK(page);
  EXPECT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->has_more);
  query.bytes_max = 3'000;
  page = store_->List(tenant_, query);
  EXPECT_EQ(page->records.size(), 4u);
  EXPECT_FALSE(page->has_more);
  query.bytes_max = 1;
  page = store_->List(tenant_, query);
  EXPECT_EQ(page->records.size(), 1u) << "one record always fits";
  EXPECT_TRUE(page->has_more);
  ChangesQuery changes;
  changes.after = Position::AfterSeq(0);
  changes.bytes_max = 1'500;
  auto feed = store_->ReadChanges(tenant_, changes);
  ASSERT_OK(feed);
  EXPECT_EQ(feed->changes.size(), 1u);
  EXPECT_TRUE(feed->has_more);
}

TEST_P(ReadTest, ListsTheStateOfAnySeq) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("b", "1")}), kNow);
  MustWrite(tenant_, Request({Put("a", "2"), Put("c", "1", kContact)}), kNow + 10);
  MustWrite(tenant_, Request({Delete("b")}), kNow + 20);
  MustWrite(tenant_, Request({Put("b", "4"), Delete("a")}), kNow + 30);
  EXPECT_EQ(ListText(tenant_, kAccount, 0), "");
  EXPECT_EQ(ListText(tenant_, kAccount, 1), "a=1 b=1");
  EXPECT_EQ(ListText(tenant_, kAccount, 2), "a=2 b=1");
  EXPECT_EQ(ListText(tenant_, kAccount, 3), "a=2");
  EXPECT_EQ(ListText(tenant_, kAccount, 4), "b=4");
  EXPECT_EQ(ListText(tenant_), "b=4");
  ListQuery query;
  query.kind = kAccount;
  query.at_seq = 2;
  auto page = store_->List(tenant_, query);
  ASSERT_OK(page);
  EXPECT_EQ(page->records[0], (StoredRecord{{kAccount, "a"}, 2, kNow, kNow + 10, "2"}));
  EXPECT_EQ(page->head.seq, 4);
  query.limit = 1;
  EXPECT_TRUE(store_->List(tenant_, query)->has_more);
  query.after_id = "a";
  EXPECT_EQ(store_->List(tenant_, query)->records[0].body, "1");
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow - 1), 0);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow), 1);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow + 19), 2);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow + 20), 3);
  EXPECT_EQ(*store_->SeqAt(tenant_, kNow + 1'000), 4);
}

TEST_P(ReadTest, FollowsTheFeedInParts) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("b", "1", kContact), Put("c", "1")}));
  MustWrite(tenant_, Request({Put("a", "2")}));
  MustWrite(tenant_, Request({Put("b", "3", kContact)}));
  ChangesQuery query;
  query.after = Position::AfterSeq(0);
  query.limit = 2;
  std::vector<Change> seen;
  std::vector<int64_t> complete;
  for (bool has_more = true; has_more;) {
    auto part = store_->ReadChanges(tenant_, query);
    ASSERT_OK(part);
    seen.insert(seen.end(), part->changes.begin(), part->changes.end());
    complete.push_back(part->complete_seq);
    query.after = part->next;
    has_more = part->has_more;
  }
  EXPECT_EQ(seen, ReadAll(tenant_));
  EXPECT_EQ(complete, (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(query.after, Position::AfterSeq(3));
  auto none = store_->ReadChanges(tenant_, query);
  ASSERT_OK(none);
  EXPECT_TRUE(none->changes.empty());
  EXPECT_EQ(none->complete_seq, 3);

  query.after = Position::AfterSeq(0);
  query.kinds = {kContact};
  query.limit = 1;
  auto contacts = store_->ReadChanges(tenant_, query);
  ASSERT_OK(contacts);
  ASSERT_EQ(contacts->changes.size(), 1u);
  EXPECT_EQ(contacts->changes[0].key.id, "b");
  EXPECT_EQ(contacts->complete_seq, 2);
  query.limit = 10;
  contacts = store_->ReadChanges(tenant_, query);
  EXPECT_EQ(contacts->changes.size(), 2u);
  EXPECT_EQ(contacts->complete_seq, 3);
  query.kinds = {1};  // not 11, 12
  EXPECT_TRUE(store_->ReadChanges(tenant_, query)->changes.empty());
}

TEST_P(ReadTest, TellsTheHistoryOfARecordNewestFirst) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("ab", "x")}), kNow);
  MustWrite(tenant_, Request({Put("a", "2")}, "r2"), kNow + 1);
  MustWrite(tenant_, Request({Delete("a")}), kNow + 2);
  MustWrite(tenant_, Request({Put("a", "4")}), kNow + 3);
  HistoryQuery query;
  query.key = {kAccount, "a"};
  query.limit = 3;
  auto page = store_->ReadHistory(tenant_, query);
  ASSERT_OK(page);
  ASSERT_EQ(page->changes.size(), 3u);
  EXPECT_TRUE(page->has_more);
  EXPECT_EQ(
      page->changes[0],
      (Change{4, 0, Operation::kCreate, {kAccount, "a"}, "4", "user:ada", "", kNow + 3, kNow + 3}));
  EXPECT_EQ(page->changes[1].operation, Operation::kDelete);
  EXPECT_EQ(page->changes[2].request_id, "r2");
  query.before_seq = page->changes[2].seq;
  page = store_->ReadHistory(tenant_, query);
  ASSERT_EQ(page->changes.size(), 1u);
  EXPECT_EQ(page->changes[0].body, "1");
  EXPECT_FALSE(page->has_more);
  query.key.id = "nobody";
  EXPECT_TRUE(store_->ReadHistory(tenant_, query)->changes.empty());
}

TEST_P(ReadTest, ListsHeadsOfTenantsThatWrote) {
  MustWrite(tenant_, Request({Put("a", "1")}));
  MustWrite(other_, Request({Put("a", "1")}));
  MustWrite(other_, Request({Put("a", "2")}));
  EXPECT_REASON(Write(TenantId("zero"), Request({Update("a", "1")})), Reason::RECORD_NOT_FOUND);
  auto heads = store_->ListHeads("", 10);
  ASSERT_OK(heads);
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ((*heads)[0].tenant, "north");
  EXPECT_EQ((*heads)[1].head, (Head{kEpoch, 2, 0}));
  EXPECT_EQ(store_->ListHeads("north", 10)->size(), 1u);
  EXPECT_EQ(store_->ListHeads("", 1)->size(), 1u);
}

TEST_P(ReadTest, CountsRecordsByKind) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("b", "1"), Put("c", "1", kContact)}));
  MustWrite(tenant_, Request({Delete("b")}));
  auto counts = store_->CountByKind(tenant_);
  ASSERT_OK(counts);
  EXPECT_EQ(*counts, (std::map<int, int64_t>{{kAccount, 1}, {kContact, 1}}));
}

GTM_FOR_ALL_ENGINES(ReadTest);

}  // namespace
}  // namespace gtm::records::store
