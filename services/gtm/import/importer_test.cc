#include "services/gtm/import/importer.h"

#include <gmock/gmock.h>

#include "common/core/random.h"
#include "services/gtm/import/import_testing.h"

namespace gtm::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr std::string_view kAccounts = R"(
[defaults]
dates = ["%Y-%m-%d", "%d.%m.%Y"]
currency = "USD"
empty = ["NULL"]
[files.accounts]
path = "accounts.csv"
[values.sector]
map = { technolgy = "technology" }
[[record]]
kind = "account"
file = "accounts"
id = "crm-{id}"
[record.fields]
display_name = "name"
industry = { column = "sector", map = "sector", otherwise = "unknown" }
employee_count = { column = "staff", group_mark = "," }
annual_revenue = { column = "revenue", scale = 1_000_000 }
first_seen_date = "since"
technologies = { column = "tech", split = ";" }
custom_labels.tier = "tier"
custom_numbers.seats = "seats"
)";
constexpr std::string_view kHeader = "id,name,sector,staff,revenue,since,tech,tier,seats\n";

Result<CollectingSink> Accounts(const std::string& rows) {
  return RunImport(kAccounts, {{"accounts.csv", std::string(kHeader) + rows}});
}

TEST(Importer, FillsEveryKindOfField) {
  const auto run = Accounts("1,Acme,technolgy,\"2,822\",1100.04,2017-03-01,Slack; AWS,gold,12.5\n");
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_THAT(run->rejections, IsEmpty());
  EXPECT_THAT(
      run->texts,
      ElementsAre("account { id: \"crm-1\" display_name: \"Acme\" industry: \"technology\" "
                  "employee_count: 2822 annual_revenue { currency_code: \"USD\" units: "
                  "1100040000 } technologies: \"Slack\" technologies: \"AWS\" "
                  "first_seen_date { year: 2017 month: 3 day: 1 } custom_labels { key: "
                  "\"tier\" value: \"gold\" } custom_numbers { key: \"seats\" value: 12.5 } "
                  "}"));
}

TEST(Importer, LeavesEmptyCellsAbsent) {
  const auto run = Accounts("1,Acme,,NULL,, ,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->texts, ElementsAre("account { id: \"crm-1\" display_name: \"Acme\" industry: "
                                      "\"unknown\" }"));
}

TEST(Importer, TriesDateFormatsInOrder) {
  const auto run = Accounts("1,,,,,01.03.2017,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->texts[0], HasSubstr("first_seen_date { year: 2017 month: 3 day: 1 }"));
}

TEST(Importer, RejectsABadCellAndGoesOn) {
  const auto run = Accounts("1,A,,many,,2017-02-30,,,\n2,B,,,,,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->records.size(), 1u);
  ASSERT_EQ(run->rejections.size(), 2u);  // every bad cell of the row
  const Rejection& first = run->rejections[0];
  EXPECT_EQ(first.file, "accounts.csv");
  EXPECT_EQ(first.line, 2);
  EXPECT_EQ(first.kind, "account");
  EXPECT_EQ(first.column, "staff");
  EXPECT_EQ(first.field, "employee_count");
  EXPECT_EQ(first.value, "many");
  EXPECT_EQ(first.reason, RejectReason::kBadCell);
  EXPECT_THAT(first.description, HasSubstr("not a number"));
  EXPECT_THAT(run->rejections[1].description, HasSubstr("%Y-%m-%d or %d.%m.%Y"));
}

TEST(Importer, HoldsTheRulesOfTheContract) {
  const auto run = Accounts("1,A,,-5,,,,,\n2,B,,2.5,,,,,\n3,\xFF,,,,,,,\n" + std::string(200, 'x') +
                            ",C,,,,,,,\n,D,,,,,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->records, IsEmpty());
  ASSERT_EQ(run->rejections.size(), 5u);
  EXPECT_THAT(run->rejections[0].description, HasSubstr("below the smallest value allowed, 0"));
  EXPECT_THAT(run->rejections[1].description, HasSubstr("not a whole number"));
  EXPECT_THAT(run->rejections[2].description, HasSubstr("latin-1"));
  EXPECT_THAT(run->rejections[3].description, HasSubstr("1 to 128 bytes"));
  EXPECT_EQ(run->rejections[3].value.size(), 83u);
  EXPECT_EQ(run->rejections[4].reason, RejectReason::kMissingValue);
}

TEST(Importer, ReportsDamagedRowsOnce) {
  const auto run = Accounts("1,A\n2,\"B\"x,,,,,,,\n3,C,,,,,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->rejected, ElementsAre(Pair("account MALFORMED_ROW", 2)));
  EXPECT_EQ(run->rejections[0].description, "the row has 2 cells and the header has 9");
  EXPECT_EQ(run->rejections[1].line, 3);
  EXPECT_EQ(run->records.size(), 1u);
}

TEST(Importer, RejectsAnIdThatComesTwice) {
  const auto run = Accounts("1,A,,,,,,,\n1,B,,,,,,,\n");
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->rejected, ElementsAre(Pair("account DUPLICATE_ID", 1)));
  EXPECT_THAT(run->rejections[0].description, HasSubstr("line 2 gave this id already"));
}

constexpr std::string_view kDeals = R"(
[defaults]
time_zone = "Europe/Berlin"
[files.deals]
path = "deals.csv"
[files.prices]
path = "prices.csv"
[values.stage]
map = { Won = "won", Lost = "lost" }
otherwise = "reject"
[[record]]
kind = "opportunity"
file = "deals"
id = "id"
join = { file = "prices", as = "price", from = "product", to = "sku" }
skip = { when = { column = "open", empty = true }, reason = "no date" }
fields.product = "price.name"
[[record.append]]
to = "stage_changes"
fields = { change_time = "open", stage_id = { value = "engaging" } }
[[record.append]]
to = "stage_changes"
when = { column = "close", empty = false }
fields = { change_time = "close", stage_id = { column = "result", map = "stage" } }
[[record.append]]
to = "amount_changes"
[record.append.fields]
change_time = "open"
amount = { column = "price.amount", currency_column = "price.currency" }
[[record]]
kind = "seller"
file = "deals"
id = "owner"
distinct = true
)";
constexpr std::string_view kPrices = "sku,name,amount,currency\np1,One,9.99,EUR\np2,Two,5,USD\n";

Result<CollectingSink> Deals(const std::string& rows) {
  return RunImport(kDeals, {{"deals.csv", "id,product,open,close,result,owner\n" + rows},
                            {"prices.csv", std::string(kPrices)}});
}

TEST(Importer, BuildsHistoriesAndJoins) {
  const auto run = Deals("d1,p1,2024-07-01,2024-07-02,Won,ada\n");
  ASSERT_TRUE(run.ok()) << run.error().message();
  // Sellers come first: opportunities refer to them. Days begin in Berlin.
  EXPECT_THAT(run->texts,
              ElementsAre("seller { id: \"ada\" }",
                          "opportunity { id: \"d1\" stage_changes { change_time { seconds: "
                          "1719784800 } stage_id: \"engaging\" } stage_changes { change_time { "
                          "seconds: 1719871200 } stage_id: \"won\" } amount_changes { change_time "
                          "{ seconds: 1719784800 } amount { currency_code: \"EUR\" units: 9 nanos: "
                          "990000000 } } product: \"One\" }"));
}

TEST(Importer, NamesEveryReasonOfARejection) {
  const auto run = Deals(
      "d1,p9,2024-07-01,,,ada\n"               // no such product
      "d2,p1,2024-07-01,2024-07-02,?,ada\n"    // unknown result
      "d3,p1,2024-07-02,2024-07-01,Won,ada\n"  // closed before it opened
      "d4,p1,,,,ada\n");                       // skipped
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->counts, ElementsAre(Pair("seller", 1)));
  EXPECT_THAT(run->rejected,
              ElementsAre(Pair("opportunity HISTORY_ORDER", 1), Pair("opportunity NO_MATCH", 1),
                          Pair("opportunity SKIPPED", 1), Pair("opportunity UNKNOWN_VALUE", 1)));
  EXPECT_EQ(run->rejections[0].description, "prices.csv has no row with sku = \"p9\"");
  EXPECT_EQ(run->rejections[1].field, "stage_changes[1].stage_id");
}

constexpr std::string_view kSubscriptions = R"(
[defaults]
currency = "USD"
[files.subs]
path = "subs.csv"
[files.subs.ledger.balance]
by = "account"
start = "start"
end = "end"
amount = "mrr"
[[record]]
kind = "subscription_movement"
file = "subs"
id = "{id}-start"
[record.fields]
account_id = "account"
effective_date = "start"
type = "balance.start_type"
mrr_delta = "mrr"
[[record]]
kind = "subscription_movement"
file = "subs"
id = "{id}-end"
when = { column = "end", empty = false }
[record.fields]
account_id = "account"
effective_date = "end"
type = "balance.end_type"
mrr_delta = { column = "mrr", scale = -1 }
)";

TEST(Importer, TellsMovementsByTheBalanceOfTheirCustomer) {
  const auto run = RunImport(kSubscriptions, {{"subs.csv",
                                               "id,account,start,end,mrr\n"
                                               "s3,a,2024-03-01,,30\n"            // back again
                                               "s1,a,2024-01-01,2024-02-01,10\n"  // first
                                               "s2,a,2024-01-15,2024-01-20,20\n"  // on top
                                               "s4,b,2024-01-01,2024-01-10,5\n"
                                               "s5,b,2024-01-10,,7\n"}});  // renewed that day
  ASSERT_TRUE(run.ok()) << run.error().message();
  std::map<std::string, std::string> types;
  int64_t sum_a = 0;
  for (const record::Record& record : run->records) {
    const auto& movement = record.subscription_movement();
    types[movement.id()] = crm::v1::SubscriptionMovement::Type_Name(movement.type()).substr(5);
    if (movement.account_id() == "a") sum_a += movement.mrr_delta().units();
  }
  EXPECT_THAT(types, ElementsAre(Pair("s1-end", "CHURN"), Pair("s1-start", "NEW"),
                                 Pair("s2-end", "CONTRACTION"), Pair("s2-start", "EXPANSION"),
                                 Pair("s3-start", "REACTIVATION"), Pair("s4-end", "CONTRACTION"),
                                 Pair("s4-start", "NEW"), Pair("s5-start", "EXPANSION")));
  EXPECT_EQ(sum_a, 30);  // what remains
}

TEST(Importer, IsDeterministicAndReportsProgress) {
  std::string rows;
  for (int i = 0; i < 1'000; ++i) rows += fmt::format("{},n{},,,,,,,\n", i, i);
  const auto once = Accounts(rows);
  const auto twice = Accounts(rows);
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_EQ(once->texts, twice->texts);
  EXPECT_EQ(once->progress.row_count, 1'000);
  EXPECT_EQ(once->progress.byte_count, once->progress.total_byte_count);
  EXPECT_GT(once->progress.byte_count, 1'000);
}

TEST(Importer, MakesAValidRecordOrARejectionOfAnyCells) {
  Random random(9);
  const std::string words[] = {"",           "1",    "-1",       "1e9",  "99999999999999999999",
                               "2017-01-01", "\xFF", "0.000001", "TRUE", ";;",
                               "2017-13-45", "NaN",  "inf",      " x "};
  for (int round = 0; round < 500; ++round) {
    std::string row = "id" + std::to_string(round);
    for (int i = 0; i < 8; ++i) row += "," + words[random.Below(std::size(words))];
    const auto run = Accounts(row + "\n");
    ASSERT_TRUE(run.ok());
    ASSERT_NE(run->records.empty(), run->rejections.empty()) << row;
    for (const record::Record& record : run->records) {
      record::Record again;
      ASSERT_TRUE(again.ParseFromString(record.SerializeAsString())) << row;
    }
  }
}

TEST(Importer, StopsWhenTheSinkSaysSo) {
  class StoppingSink final : public Sink {
   public:
    bool OnRecord(SourcedRecord) override { return ++count < 3; }
    void OnRejection(Rejection) override {}
    int count = 0;
  };
  auto mapping = ParseMapping(kAccounts, "m.toml");
  ASSERT_TRUE(mapping.ok());
  const std::string rows = "1,,,,,,,,\n2,,,,,,,,\n3,,,,,,,,\n4,,,,,,,,\n";
  auto importer = Importer::Open(*std::move(mapping), "m.toml",
                                 MemoryOpener({{"accounts.csv", std::string(kHeader) + rows}}));
  ASSERT_TRUE(importer.ok());
  StoppingSink sink;
  const auto ended = (*importer)->Run(&sink);
  ASSERT_TRUE(ended.ok());
  EXPECT_FALSE(*ended);
  EXPECT_EQ(sink.count, 3);
}

TEST(Importer, TakesFilesWithoutHeaderAndOptionalFiles) {
  const auto run = RunImport(R"(
[files.a]
path = "a.csv"
separator = ";"
columns = ["id", "name"]
[files.b]
path = "b.csv"
optional = true
[[record]]
kind = "account"
file = "a"
id = "id"
fields.display_name = "name"
[[record]]
kind = "contact"
file = "b"
id = "id"
)",
                             MemoryFiles{{"a.csv", "7;x,y\n"}});
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_THAT(run->texts, ElementsAre("account { id: \"7\" display_name: \"x,y\" }"));
}

TEST(Importer, ReadsOtherCalendarsOfTime) {
  const auto run = RunImport(R"(
[files.a]
path = "a.csv"
[[record]]
kind = "engagement"
file = "a"
id = "id"
fields = { occur_time = { column = "at", dates = ["%Y-%m-%d", "excel"] }, type = "what" }
)",
                             MemoryFiles{{"a.csv",
                                          "id,at,what\n1,2023-11-14,Web Visit\n"
                                          "2,45000.5,EMAIL\n3,x,fax\n"}});
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_THAT(run->texts,
              ElementsAre("engagement { id: \"1\" occur_time { seconds: 1699920000 } type: "
                          "TYPE_WEB_VISIT }",
                          "engagement { id: \"2\" occur_time { seconds: 1678881600 } type: "
                          "TYPE_EMAIL }"));
  ASSERT_EQ(run->rejections.size(), 2u);
  EXPECT_THAT(run->rejections[1].description, HasSubstr("\"fax\" is none of call, email,"));
}

}  // namespace
}  // namespace gtm::importing
