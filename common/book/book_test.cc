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

TEST(Book, MovesAContactToAnotherAccount) {
  Book book;
  Apply(&book, {Account("a1").Build(), Account("a2").Build(), Contact("c1", "a1").Build(),
                Contact("c2", "a1").Build()});
  Apply(&book, {Contact("c1", "a2").Build()});
  const BookView view = book.View();
  EXPECT_EQ(view.contacts_of(*view.FindAccount("a1")).size(), 1u);
  EXPECT_EQ(view.contacts_of(*view.FindAccount("a2")).size(), 1u);
  Apply(&book, {Contact("c1").Build()});
  EXPECT_TRUE(book.View().contacts_of(*view.FindAccount("a2")).empty());
}

TEST(Book, KeepsWhatBelongsToADeletedAccountForItsReturn) {
  Book book;
  Apply(&book, {Account("a1").Build(), Contact("c1", "a1").Build(),
                Engagement("e1", "a1", "2026-01-05").Build()});
  const AccountRow row = *book.View().FindAccount("a1");
  Apply(&book, {Account("a1").Build()}, true);
  const BookView without = book.View();
  EXPECT_FALSE(without.is_live(row));
  EXPECT_TRUE(without.engagements_of(row).empty());
  EXPECT_EQ(without.unattached_engagement_count(), 1);
  EXPECT_EQ(without.account(row).id, "a1");
  Apply(&book, {Account("a1").Build()});
  EXPECT_EQ(*book.View().FindAccount("a1"), row);
  EXPECT_EQ(book.View().engagements_of(row).size(), 1u);
  EXPECT_EQ(book.View().contacts_of(row).size(), 1u);
}

TEST(Book, GivesStagesTheirMeaningWhenSettingsArriveLate) {
  Book book;
  Apply(&book,
        {Opportunity("o1").Stage("2026-01-05", "engaging").Stage("2026-02-05", "won").Build()});
  const BookView before = book.View();
  EXPECT_EQ(before.unknown_stage_count(), 1);
  EXPECT_EQ(before.opportunity(OpportunityRow{0}).stage_changes[0].role, StageRole::kOpen);
  Apply(&book, {TenantSettings()
                    .Set([](auto& s) {
                      s.mutable_stages(0)->set_id("engaging");
                      s.mutable_stages(0)->set_position(9);
                    })
                    .Build()});
  const BookView after = book.View();
  EXPECT_EQ(after.unknown_stage_count(), 0);
  EXPECT_EQ(after.opportunity(OpportunityRow{0}).stage_changes[0].role, StageRole::kStageZero);
  EXPECT_EQ(after.opportunity(OpportunityRow{0}).stage_changes[0].position, 9);
  EXPECT_EQ(before.opportunity(OpportunityRow{0}).stage_changes[0].role, StageRole::kOpen);
  // Without settings the stages named after their roles hold again.
  Apply(&book, {TenantSettings().Build()}, true);
  EXPECT_EQ(book.View().unknown_stage_count(), 1);
}

TEST(Book, DeletesAnEngagementOfWhichOnlyTheIdIsGiven) {
  Book book;
  Apply(&book,
        {Account("a1").Build(), Engagement("e1", "a1", "2026-01-05").Build(),
         Engagement("e2", "a1", "2026-01-05").Build(), Engagement("e3", "", "2026-01-05").Build()});
  records::v1::Record only_id;
  for (const char* id : {"e1", "e3", "e9"}) {
    only_id.mutable_engagement()->set_id(id);
    Apply(&book, {only_id}, true);
  }
  EXPECT_EQ(book.View().engagement_count(), 1);
  EXPECT_EQ(book.View().unattached_engagement_count(), 0);
}

TEST(Book, SortsEngagementsAndReplacesThem) {
  Book book;
  Apply(&book, {Account("a1").Build()});
  for (const char* day : {"2026-03-01", "2026-01-01", "2026-02-01", "2026-01-01"}) {
    Apply(&book, {Engagement(std::string("e") + day, "a1", day)
                      .Set([](auto& e) { e.set_count(100'000); })
                      .Build()});
  }
  const BookView view = book.View();
  const auto events = view.engagements_of(*view.FindAccount("a1"));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].time(), At("2026-01-01"));
  EXPECT_EQ(events[2].time(), At("2026-03-01"));
  EXPECT_EQ(events[0].count, 65'535);
}

records::v1::Record Visit(std::string_view id, std::string_view visitor_id, std::string_view day) {
  return Engagement(id, "", day)
      .Set([&](auto& e) { e.set_visitor_id(std::string(visitor_id)); })
      .Build();
}

records::v1::Record Link(std::string_view visitor_id, std::string_view account_id,
                         std::string_view contact_id = "") {
  crm::v1::VisitorLink link;
  link.set_id(std::string(visitor_id));
  link.set_account_id(std::string(account_id));
  link.set_contact_id(std::string(contact_id));
  return Wrap(link);
}

// C04: what an unknown visitor did counts once, where they belong, and comes back whole.
TEST(Book, LinksAVisitorAndPartsThemAgainWithoutLoss) {
  Book book;
  Apply(&book, {Account("a1").Build(), Account("a2").Build(), Contact("c1", "a1").Build(),
                Engagement("e1", "a1", "2026-01-05").Build(), Visit("v1", "w", "2026-01-04"),
                Visit("v2", "w", "2026-01-06"), Visit("v3", "other", "2026-01-06")});
  const BookView apart = book.View();
  const AccountRow a1 = *apart.FindAccount("a1"), a2 = *apart.FindAccount("a2");
  EXPECT_EQ(apart.engagements_of(a1).size(), 1u);
  EXPECT_EQ(apart.engagements_of(*apart.FindVisitor("w")).size(), 2u);
  EXPECT_EQ(apart.link_of(*apart.FindVisitor("w")), nullptr);
  EXPECT_EQ(apart.unattached_engagement_count(), 3);

  Apply(&book, {Link("w", "a1", "c1")});
  const BookView merged = book.View();
  ASSERT_EQ(merged.engagements_of(a1).size(), 3u);
  EXPECT_EQ(merged.contact(merged.engagements_of(a1)[0].contact).id, "c1");
  EXPECT_FALSE(IsRow(merged.engagements_of(a1)[1].contact)) << "the account's own stays as it is";
  EXPECT_EQ(merged.engagements_of(*merged.FindVisitor("w")).size(), 2u);
  EXPECT_EQ(merged.link_of(*merged.FindVisitor("w"))->contact_id(), "c1");
  EXPECT_EQ(merged.engagement_count(), 4);
  EXPECT_EQ(merged.unattached_engagement_count(), 1);
  ASSERT_TRUE(merged.AccountsChangedSince(apart).has_value());
  EXPECT_FALSE(merged.AccountsChangedSince(apart)->empty());

  // What comes while there is a link goes along, and so does what is deleted.
  Apply(&book, {Visit("v4", "w", "2026-01-07"), Link("w", "a2")});
  Apply(&book, {Visit("v1", "w", "2026-01-04")}, true);
  const BookView moved = book.View();
  EXPECT_EQ(moved.engagements_of(a1).size(), 1u);
  EXPECT_EQ(moved.engagements_of(a2).size(), 2u);
  EXPECT_FALSE(IsRow(moved.engagements_of(a2)[0].contact));

  Apply(&book, {Visit("v4", "w", "2026-01-07"), Link("w", "a2")}, true);
  Apply(&book, {Visit("v1", "w", "2026-01-04")});
  EXPECT_EQ(book.View().ContentHash(), apart.ContentHash());
  EXPECT_EQ(book.View().unattached_engagement_count(), 3);
  EXPECT_TRUE(book.View().engagements_of(a2).empty());
}

TEST(Book, AnEngagementMayTurnOutToBeAnotherVisitors) {
  Book book;
  Apply(&book, {Account("a1").Build(), Link("w", "a1"), Visit("v1", "w", "2026-01-04")});
  Apply(&book, {Visit("v1", "other", "2026-01-04")});
  const BookView view = book.View();
  EXPECT_TRUE(view.engagements_of(*view.FindAccount("a1")).empty());
  EXPECT_FALSE(view.FindVisitor("w").has_value());
  EXPECT_EQ(view.engagements_of(*view.FindVisitor("other")).size(), 1u);
  Apply(&book, {Visit("v1", "", "2026-01-04")});  // erased
  EXPECT_FALSE(book.View().FindVisitor("other").has_value());
  EXPECT_EQ(book.View().engagement_count(), 1);
}

TEST(Book, ConvertsWithTheRateOfTheDay) {
  Book book;
  const auto rate = [](std::string id, std::string_view day, int64_t micros) {
    crm::v1::ExchangeRate rate;
    rate.set_id(std::move(id));
    rate.set_currency_code("EUR");
    *rate.mutable_effective_date() = Date(day);
    rate.set_rate_micros(micros);
    return Wrap(rate);
  };
  Apply(&book, {rate("r1", "2026-01-01", 1'100'000), rate("r2", "2026-02-01", 1'200'000)});
  const BookView view = book.View();
  const Money ten{10'000'000, Currency::Of("EUR")};
  const auto on = [&](int month, int day) {
    return view.InReportingCurrency(ten, absl::CivilDay(2026, month, day));
  };
  EXPECT_EQ(on(1, 31)->micros, 11'000'000);
  EXPECT_EQ(on(2, 1)->micros, 12'000'000);
  EXPECT_EQ(on(2, 1)->currency, Currency::Of("USD"));
  const auto missing = view.InReportingCurrency(ten, absl::CivilDay(2025, 12, 31));
  ASSERT_THAT(missing, FailsWith(Reason::EXCHANGE_RATE_MISSING));
  EXPECT_EQ(missing.error().metadata().at("currency"), "EUR");
  EXPECT_EQ(missing.error().metadata().at("date"), "2025-12-31");
  const Money dollars{5, Currency::Of("USD")};
  EXPECT_EQ(view.InReportingCurrency(dollars, absl::CivilDay(1990, 1, 1))->micros, 5);
}

TEST(Book, SurvivesRecordsThatNoValidatorSaw) {
  Book book;
  records::v1::Record odd;
  auto* o = odd.mutable_opportunity();
  o->set_id("o1");
  o->set_account_id("o1");
  o->add_amount_changes()->mutable_amount()->set_units(INT64_MAX);
  o->mutable_amount_changes(0)->mutable_amount()->set_currency_code("USD");
  o->add_amount_changes()->mutable_amount()->set_currency_code("dollars");
  o->add_close_date_changes();
  records::v1::Record empty;
  records::v1::Record no_id;
  no_id.mutable_account();
  Apply(&book, {odd, empty, no_id});
  const BookView view = book.View();
  EXPECT_TRUE(view.opportunity(*view.FindOpportunity("o1")).amount_changes.empty());
  EXPECT_FALSE(view.ContentHash().empty());
}

TEST(Book, KnowsWhenADealWasFirstRecorded) {
  FakeRecords records("forecasting");
  const auto of_o1 = [&] {
    const BookView view = records.View();
    return view.opportunity(*view.FindOpportunity("o1"));
  };
  records.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open"), At("2026-02-01T10:00:00Z"));
  EXPECT_EQ(of_o1().first_recorded_time, At("2026-02-01T10:00:00Z"));
  const std::string hash = records.View().ContentHash();
  records.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open").Owner("ada"), At("2026-03-01"));
  EXPECT_EQ(of_o1().first_recorded_time, At("2026-02-01T10:00:00Z")) << "first, not last";
  // No part of what was recorded: equal records have equal hashes, whenever they came.
  Book book;
  Apply(&book, {Opportunity("o1", "acme").Stage("2026-01-05", "open").Build()});
  const BookView view = book.View();
  EXPECT_FALSE(view.opportunity(*view.FindOpportunity("o1")).first_recorded_time.has_value());
  EXPECT_EQ(view.ContentHash(), hash);
}

TEST(Book, AnEmptyViewHasNothing) {
  const BookView view;
  EXPECT_EQ(view.account_row_count(), 0u);
  EXPECT_FALSE(view.FindAccount("a1").has_value());
  EXPECT_EQ(view.account(AccountRow{7}).id, "");
  EXPECT_TRUE(view.engagements_of(AccountRow{7}).empty());
  EXPECT_TRUE(view.contacts_of(AccountRow{kNoRow}).empty());
  EXPECT_EQ(view.settings().stages.size(), 5u);
  EXPECT_EQ(view.ContentHash(), Book().View().ContentHash());
}

TEST(Book, AViewOfAnUnchangedBookIsTheSame) {
  Book book;
  Apply(&book, {Account("a1").Build()});
  const BookView view = book.View();
  EXPECT_EQ(book.View().accounts_by_id().data(), view.accounts_by_id().data());
  EXPECT_EQ(&book.View().campaigns(), &view.campaigns());
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
