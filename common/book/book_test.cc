#include "common/book/book.h"

#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"

namespace gtm::book {
namespace {

using namespace gtm::test;  // NOLINT: builders read as words

void Apply(Book* book, std::vector<records::v1::Record> records, bool deleted = false) {
  std::vector<Book::Change> changes;
  for (auto& record : records) changes.push_back({std::move(record), deleted});
  book->Apply(std::move(changes), "e", book->View().seq() + 1);
}

TEST(Book, KnowsWhatArrivesBeforeItsAccount) {
  Book book;
  Apply(&book, {Contact("c1", "acme").Build(), Opportunity("o1", "acme").Build(),
                Engagement("e1", "acme", "2026-01-05")
                    .Set([](auto& e) { e.set_contact_id("c2"); })
                    .Build()});
  const BookView before = book.View();
  EXPECT_FALSE(before.FindAccount("acme").has_value());
  EXPECT_EQ(before.unattached_engagement_count(), 1);
  EXPECT_FALSE(IsRow(before.contact(*before.FindContact("c1")).account));
  EXPECT_EQ(before.contact(*before.FindContact("c1")).account_id, "acme");

  Apply(&book, {Account("acme").Build(), Contact("c2", "acme").Build()});
  const BookView after = book.View();
  const auto acme = after.FindAccount("acme");
  ASSERT_TRUE(acme.has_value());
  EXPECT_EQ(after.contacts_of(*acme).size(), 2u);
  EXPECT_EQ(after.opportunities_of(*acme).size(), 1u);
  ASSERT_EQ(after.engagements_of(*acme).size(), 1u);
  EXPECT_EQ(after.contact(after.engagements_of(*acme)[0].contact).id, "c2");
  EXPECT_EQ(after.unattached_engagement_count(), 0);
  EXPECT_FALSE(before.FindAccount("acme").has_value());
}

TEST(FakeRecords, AnswersLikeRecords) {
  FakeRecords fake("targeting");
  fake.Put(Account("acme"));
  const rpc::Call call = MakeCall();
  const auto question = fake.Ask(call, {});
  ASSERT_THAT(question, IsOk());
  EXPECT_TRUE(question->view.FindAccount("acme").has_value());

  records::v1::BatchCommitRequest request;
  request.set_request_id("0190a0a0-0000-7000-8000-000000000001");
  *request.add_mutations()->mutable_put() =
      Account("acme").Set([](auto& a) { a.set_industry("software"); });
  request.mutable_mutations(0)->set_etag("\"99\"");
  EXPECT_THAT(fake.Commit(call, request), FailsWith(Reason::ETAG_MISMATCH));
  request.mutable_mutations(0)->set_etag(
      fake.Find(records::v1::RECORD_KIND_ACCOUNT, "acme")->account().etag());
  const auto done = fake.Commit(call, request);
  ASSERT_THAT(done, IsOk());
  EXPECT_THAT(*fake.Commit(call, request), EqualsProto(*done));
  type::v1::PointInTime point;
  point.set_min_revision(done->revision());
  EXPECT_EQ(fake.Ask(call, point)->view.account(AccountRow{0}).industry, "software");
}

}  // namespace
}  // namespace gtm::book
