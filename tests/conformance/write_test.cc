// Writing: preconditions, idempotency, groups.

#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

using WriteTest = StoreTest;

TEST_P(WriteTest, KeepsWhatItAnswered) {
  const WriteOutcome created = MustWrite(tenant_, Request({Put("acme", "1"), Put("b", "2")}), kNow);
  EXPECT_EQ(created.seq, 1);
  EXPECT_EQ(created.outcomes[0], (MutationOutcome{Operation::kCreate, false, 1, kNow, kNow}));
  const WriteOutcome updated = MustWrite(tenant_, Request({Put("acme", "3")}), kNow + 5);
  EXPECT_EQ(updated.seq, 2);
  EXPECT_EQ(updated.outcomes[0], (MutationOutcome{Operation::kUpdate, false, 2, kNow, kNow + 5}));

  const std::vector<Key> keys = {{kAccount, "b"}, {kAccount, "nobody"}, {kAccount, "acme"}};
  auto got = store_->Get(tenant_, keys);
  ASSERT_OK(got);
  EXPECT_EQ(got->head, (Head{kEpoch, 2, 0}));
  ASSERT_EQ(got->records.size(), 3u);
  EXPECT_EQ(got->records[0], (StoredRecord{{kAccount, "b"}, 1, kNow, kNow, "2"}));
  EXPECT_EQ(got->records[1], std::nullopt);
  EXPECT_EQ(got->records[2], (StoredRecord{{kAccount, "acme"}, 2, kNow, kNow + 5, "3"}));
}

TEST_P(WriteTest, KeepsBytesAsTheyAre) {
  std::string body;
  for (int i = 0; i < 256; ++i) body += static_cast<char>(i);
  const std::string id = "Zoë 'x\"; -- \xF0\x9F\x98\x80";
  MustWrite(tenant_,
            Request({Put(id, body), Put("empty", ""), Put("big", std::string(900'000, 'x'))}));
  auto got = store_->Get(tenant_,
                         std::vector<Key>{{kAccount, id}, {kAccount, "empty"}, {kAccount, "big"}});
  ASSERT_OK(got);
  ASSERT_TRUE(got->records[0] && got->records[1] && got->records[2]);
  EXPECT_EQ(got->records[0]->body, body);
  EXPECT_EQ(got->records[0]->key.id, id);
  EXPECT_EQ(got->records[1]->body, "");
  EXPECT_EQ(got->records[2]->body.size(), 900'000u);
}

TEST_P(WriteTest, ChecksWhatTheRequestExpects) {
  MustWrite(tenant_, Request({Put("acme", "1")}));
  auto exists = Write(tenant_, Request({Create("acme", "2")}));
  EXPECT_REASON(exists, Reason::RECORD_EXISTS);
  EXPECT_EQ(exists.error().metadata().at("etag"), "\"1\"");
  EXPECT_EQ(exists.error().metadata().at("kind"), "account");
  EXPECT_REASON(Write(tenant_, Request({Update("b", "2")})), Reason::RECORD_NOT_FOUND);
  EXPECT_REASON(Write(tenant_, Request({Delete("b")})), Reason::RECORD_NOT_FOUND);
  auto stale = Write(tenant_, Request({At(Put("acme", "2"), 7)}));
  EXPECT_REASON(stale, Reason::ETAG_MISMATCH);
  EXPECT_EQ(stale.error().metadata().at("etag"), "\"1\"");
  EXPECT_EQ(stale.error().metadata().at("expected"), "\"7\"");
  EXPECT_REASON(Write(tenant_, Request({At(Delete("acme"), 7)})), Reason::ETAG_MISMATCH);
  EXPECT_REASON(Write(tenant_, Request({At(Put("acme", "2"), 0)})), Reason::ETAG_MISMATCH);
  EXPECT_REASON(Write(tenant_, Request({At(Put("b", "2"), 1)})), Reason::ETAG_MISMATCH);
  EXPECT_REASON(Write(tenant_, Request({Put("b", "1"), Put("b", "2")})), Reason::INVALID_FIELDS);
  EXPECT_EQ(MustWrite(tenant_, Request({At(Put("acme", "2"), 1)})).seq, 2);
  EXPECT_EQ(MustWrite(tenant_, Request({At(Delete("acme"), 2)})).seq, 3);
  EXPECT_EQ(ListText(tenant_), "");
}

TEST_P(WriteTest, HoldsGuards) {
  MustWrite(tenant_, Request({Put("program", "1", kContact)}));
  WriteRequest request = Request({Put("match", "1")});
  request.guards = {{{kContact, "program"}, 1}, {{kContact, "rival"}, 0}};
  MustWrite(tenant_, request);
  request.mutations[0].body = "2";
  request.guards[0].version = 2;
  EXPECT_REASON(Write(tenant_, request), Reason::ETAG_MISMATCH);
  request.guards = {{{kContact, "program"}, 0}};
  EXPECT_REASON(Write(tenant_, request), Reason::ETAG_MISMATCH);
  EXPECT_EQ(ListText(tenant_), "match=1");
}

TEST_P(WriteTest, NeverUsesAVersionTwice) {
  MustWrite(tenant_, Request({Put("acme", "1")}));
  MustWrite(tenant_, Request({Delete("acme")}));
  const WriteOutcome again = MustWrite(tenant_, Request({Put("acme", "1")}), kNow + 9);
  EXPECT_EQ(again.outcomes[0], (MutationOutcome{Operation::kCreate, false, 3, kNow + 9, kNow + 9}));
  EXPECT_REASON(Write(tenant_, Request({At(Put("acme", "2"), 1)})), Reason::ETAG_MISMATCH);
}

TEST_P(WriteTest, WritesNothingWhereNothingChanges) {
  MustWrite(tenant_, Request({Put("a", "1"), Put("b", "1")}));
  const WriteOutcome same = MustWrite(tenant_, Request({Put("a", "1")}), kNow + 5);
  EXPECT_EQ(same.seq, 1);
  EXPECT_EQ(same.outcomes[0], (MutationOutcome{Operation::kUpdate, true, 1, kNow, kNow}));
  const WriteOutcome half = MustWrite(tenant_, Request({Put("a", "1"), Put("b", "2")}), kNow + 6);
  EXPECT_TRUE(half.outcomes[0].unchanged);
  EXPECT_FALSE(half.outcomes[1].unchanged);
  EXPECT_EQ(half.seq, 2);
  const std::vector<Change> changes = ReadAll(tenant_);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[2].seq, 2);
  EXPECT_EQ(changes[2].ord, 0);
  EXPECT_EQ(changes[2].key.id, "b");
  EXPECT_REASON(Write(tenant_, Request({At(Put("a", "1"), 9)})), Reason::ETAG_MISMATCH);
}

TEST_P(WriteTest, ActsOnceForARequestId) {
  const WriteRequest request = Request({Put("a", "1"), Put("b", "1")}, "r1");
  const WriteOutcome first = MustWrite(tenant_, request);
  EXPECT_FALSE(first.replayed);
  MustWrite(tenant_, Request({Put("a", "2")}));
  WriteOutcome again = MustWrite(tenant_, request, kNow + 50);
  EXPECT_TRUE(again.replayed);
  again.replayed = false;
  EXPECT_EQ(again, first);
  EXPECT_EQ(ListText(tenant_), "a=2 b=1");
  EXPECT_REASON(Write(tenant_, Request({Put("a", "3")}, "r1")), Reason::REQUEST_ID_REUSED);
  WriteRequest other_method = request;
  other_method.method = "BatchCommit";
  EXPECT_REASON(Write(tenant_, other_method), Reason::REQUEST_ID_REUSED);
  EXPECT_FALSE(MustWrite(other_, request).replayed) << "ids of another tenant are not known";
}

TEST_P(WriteTest, RemembersRequestsAfterReopening) {
  if (!deployment_->is_durable()) GTEST_SKIP() << "memory forgets";
  const WriteRequest change = Request({Put("a", "1")}, "r1");
  const WriteRequest nothing = Request({Put("a", "1"), Put("b", "1")}, "r2");
  const WriteOutcome first = MustWrite(tenant_, change);
  MustWrite(tenant_, nothing);
  const auto changes = ReadAll(tenant_);
  store_ = nullptr;
  store_ = Open();
  WriteOutcome again = MustWrite(tenant_, change);
  EXPECT_TRUE(again.replayed);
  again.replayed = false;
  EXPECT_EQ(again, first);
  EXPECT_TRUE(MustWrite(tenant_, nothing).replayed);
  EXPECT_EQ(ReadAll(tenant_), changes);
  auto found = store_->FindRequest(tenant_, "r1");
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->outcome, first);
  EXPECT_EQ((*found)->fingerprint, change.fingerprint);
}

TEST_P(WriteTest, DoesNotRememberFailures) {
  const WriteRequest request = Request({Update("a", "1")}, "r1");
  EXPECT_REASON(Write(tenant_, request), Reason::RECORD_NOT_FOUND);
  MustWrite(tenant_, Request({Put("a", "0")}));
  EXPECT_FALSE(MustWrite(tenant_, request).replayed);
}

TEST_P(WriteTest, FailsOneRequestOfAGroupAlone) {
  const std::vector<WriteRequest> group = {
      Request({Put("a", "1")}, "r1"),        Request({Put("b", "1"), Update("c", "1")}, "r2"),
      Request({At(Put("a", "2"), 1)}, "r3"), Request({Put("a", "1")}, "r1"),
      Request({Delete("a")}, "r4"),          Request({Create("a", "3")}, "r5"),
      Request({Delete("nobody")}, "r6"),     Request({Put("a", "3")}, "r7")};
  auto results = store_->Write(tenant_, group, kNow);
  ASSERT_OK(results);
  ASSERT_EQ(results->size(), group.size());
  EXPECT_EQ((*results)[0]->seq, 1);
  EXPECT_REASON((*results)[1], Reason::RECORD_NOT_FOUND);
  EXPECT_EQ((*results)[2]->seq, 2);
  EXPECT_TRUE((*results)[3]->replayed);
  EXPECT_EQ((*results)[4]->seq, 3);
  EXPECT_EQ((*results)[5]->seq, 4);
  EXPECT_REASON((*results)[6], Reason::RECORD_NOT_FOUND);
  EXPECT_TRUE((*results)[7]->outcomes[0].unchanged);
  EXPECT_EQ((*results)[7]->seq, 4);
  EXPECT_EQ(ListText(tenant_), "a=3");
  const auto changes = ReadAll(tenant_);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[2].operation, Operation::kDelete);
  EXPECT_EQ(changes[2].body, "2") << "a deletion tells what was deleted";
  EXPECT_EQ(changes[2].request_id, "r4");
  EXPECT_EQ(changes[2].actor, "user:ada");
}

TEST_P(WriteTest, TellsWhatWasDeleted) {
  MustWrite(tenant_, Request({Put("a", "kept"), Put("b", "other")}), kNow);
  MustWrite(tenant_, Request({Delete("a"), Delete("b")}), kNow + 1);
  const auto changes = ReadAll(tenant_, 1);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].body, "kept");
  EXPECT_EQ(changes[0].create_time_us, kNow);
  EXPECT_EQ(changes[0].commit_time_us, kNow + 1);
  EXPECT_EQ(changes[1].body, "other");
}

TEST_P(WriteTest, KeepsTimeFromGoingBack) {
  MustWrite(tenant_, Request({Put("a", "1")}), kNow);
  const WriteOutcome second = MustWrite(tenant_, Request({Put("a", "2")}), kNow - 1'000'000);
  EXPECT_EQ(second.outcomes[0].update_time_us, kNow);
}

TEST_P(WriteTest, TakesLargeGroups) {
  std::vector<WriteRequest> group;
  for (int r = 0; r < 4; ++r) {
    std::vector<Mutation> mutations;
    for (int i = 0; i < 1000; ++i) {
      mutations.push_back(Put("id" + std::to_string(i), std::string(300, 'a' + r)));
    }
    group.push_back(Request(std::move(mutations), "r" + std::to_string(r)));
  }
  auto results = store_->Write(tenant_, group, kNow);
  ASSERT_OK(results);
  for (const auto& result : *results) EXPECT_TRUE(result.ok());
  EXPECT_EQ(ReadAll(tenant_).size(), 4000u);
  auto empty = store_->Write(tenant_, {}, kNow);
  ASSERT_OK(empty);
  EXPECT_TRUE(empty->empty());
}

GTM_FOR_ALL_ENGINES(WriteTest);

}  // namespace
}  // namespace gtm::records::store
