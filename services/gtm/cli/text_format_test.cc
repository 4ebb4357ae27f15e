#include "services/gtm/cli/text_format.h"

#include <gtest/gtest.h>

#include "gtm/crm/v1/account.pb.h"
#include "services/gtm/cli/flatten.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {
namespace {

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("Zürich"), 6);
  EXPECT_EQ(DisplayWidth("東京"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("█▌"), 2);
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2);  // damaged bytes are characters of their own
}

TEST(Fit, NeverSplitsACharacter) {
  EXPECT_EQ(Fit("東京都", 6), "東京都");
  EXPECT_EQ(Fit("東京都", 5), "東京…");
  EXPECT_EQ(Fit("東京都", 4), "東…");
  EXPECT_EQ(Fit("abc", 0), "");
}

TEST(Printable, DropsWhatSteersATerminal) {
  EXPECT_EQ(Printable("a\x07\u202Eb\tc"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b c");
}

TEST(Numbers, ReadAsPeopleWriteThem) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(-1'234'567), "-1,234,567");
  EXPECT_EQ(Thousands(INT64_MIN), "-9,223,372,036,854,775,808");
  EXPECT_EQ(Fixed(-1234.56, 1), "-1,234.6");
  EXPECT_EQ(Fixed(-0.04, 1), "0.0");
  EXPECT_EQ(Fixed(1.0 / 0.0, 1), "∞");
  EXPECT_EQ(Percent(0.7349), "73.5 %");
  EXPECT_EQ(Points(73'500'000), "73.5");
}

TEST(MoneyPlain, IsExact) {
  type::v1::Money money;
  EXPECT_EQ(MoneyPlain(money), "");
  money.set_currency_code("USD");
  EXPECT_EQ(MoneyPlain(money), "0.00");
  money.set_units(-3);
  money.set_nanos(-1'230'000);
  EXPECT_EQ(MoneyPlain(money), "-3.00123");
}

TEST(Bar, FillsToAnEighth) {
  EXPECT_EQ(Bar(0, 4), "");
  EXPECT_EQ(Bar(1, 4), "████");
  EXPECT_EQ(Bar(0.5, 4), "██");
  EXPECT_EQ(Bar(1.0 / 32, 4), "▏");
  EXPECT_EQ(Bar(7, 2), "██");
  EXPECT_EQ(Bar(-1, 2), "");
}

TEST(ParseTimeFlag, TakesDaysToTheirEndAndInstants) {
  EXPECT_EQ(TimeText(ParseTimeFlag("2017-11-15", "--as-of").value()), "2017-11-16 00:00:00Z");
  EXPECT_EQ(TimeText(ParseTimeFlag("2017-11-15T09:30:00+01:00", "--as-of").value()),
            "2017-11-15 08:30:00Z");
  const auto bad = ParseTimeFlag("yesterday", "--as-of");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().violations().front().field, "--as-of");
  EXPECT_FALSE(ParseTimeFlag("infinite-future", "--as-of").ok());
}

TEST(ParseMoneyFlag, TakesWhatPeopleType) {
  EXPECT_EQ(MoneyText(ParseMoneyFlag("1.5M EUR", "--target").value()), "1,500,000 EUR");
  EXPECT_EQ(MoneyText(ParseMoneyFlag("1,500,000", "--target").value()), "1,500,000 USD");
  EXPECT_EQ(MoneyText(ParseMoneyFlag("250k", "--target").value()), "250,000 USD");
  EXPECT_FALSE(ParseMoneyFlag("lots", "--target").ok());
  EXPECT_FALSE(ParseMoneyFlag("", "--target").ok());
  EXPECT_FALSE(ParseMoneyFlag("5 dollars", "--target").ok());
}

crm::v1::Account Acme() {
  crm::v1::Account account;
  account.set_id("a\"1");
  account.set_display_name("Acme\n& Söhne");
  account.set_employee_count(9'007'199'254'740'993);
  account.mutable_annual_revenue()->set_currency_code("EUR");
  account.mutable_annual_revenue()->set_units(12);
  account.mutable_first_seen_date()->set_year(2017);
  account.mutable_first_seen_date()->set_month(3);
  account.mutable_first_seen_date()->set_day(1);
  account.add_technologies("Slack");
  for (const char* key : {"zeta", "alpha", "mid"}) (*account.mutable_custom_labels())[key] = "x";
  return account;
}

TEST(JsonText, IsStableAndEscaped) {
  EXPECT_EQ(
      JsonText(Acme(), false),
      "{\"id\":\"a\\\"1\",\"display_name\":\"Acme\\n& Söhne\","
      "\"employee_count\":\"9007199254740993\","
      "\"annual_revenue\":{\"currency_code\":\"EUR\",\"units\":\"12\"},"
      "\"technologies\":[\"Slack\"],\"first_seen_date\":{\"year\":2017,\"month\":3,\"day\":1},"
      "\"custom_labels\":{\"alpha\":\"x\",\"mid\":\"x\",\"zeta\":\"x\"}}");
}

TEST(Flatten, ListsFieldsInTheOrderOfTheContract) {
  std::string lines;
  for (const FlatField& field : Flatten(Acme(), true)) {
    lines += field.path + "=" + field.value + "|" + field.raw + "\n";
  }
  EXPECT_EQ(lines,
            "id=a\"1|a\"1\ndisplay_name=Acme\n& Söhne|Acme\n& Söhne\n"
            "employee_count=9007199254740993|9007199254740993\n"
            "annual_revenue=12 EUR|12.00\ntechnologies[0]=Slack|Slack\n"
            "first_seen_date=2017-03-01|2017-03-01\ncustom_labels.alpha=x|x\n"
            "custom_labels.mid=x|x\ncustom_labels.zeta=x|x\n");
}

}  // namespace
}  // namespace gtm::cli
