#include "services/gtm/import/mapping.h"

#include <gmock/gmock.h>

#include <fstream>

#include "services/gtm/import/import_testing.h"

namespace gtm::importing {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

std::vector<FieldViolation> MistakesOf(std::string_view toml) {
  const auto mapping = ParseMapping(toml, "m.toml");
  if (mapping.ok()) return {};
  return mapping.error().violations();
}

auto Mistake(const std::string& field, const std::string& description) {
  return Contains(AllOf(Field(&FieldViolation::field, field),
                        Field(&FieldViolation::description, HasSubstr(description))));
}

// A mapping of one account block, with the line of `fields.x` known: 6.
std::string WithField(const std::string& assignment) {
  return "[files.a]\npath = \"a.csv\"\n[[record]]\nkind = \"account\"\nfile = \"a\"\n" +
         assignment + "\nid = \"id\"\n";
}

TEST(ParseMapping, SuggestsTheFieldThatWasMeant) {
  EXPECT_THAT(MistakesOf(WithField("fields.employe_count = \"n\"")),
              Mistake("m.toml:6",
                      "Account has no field \"employe_count\"; did you mean "
                      "\"employee_count\"?"));
}

TEST(ParseMapping, TellsHowToFillWhatAColumnCannot) {
  EXPECT_THAT(MistakesOf(WithField("fields.id = \"n\"")), Mistake("m.toml:6", "a key of its own"));
  EXPECT_THAT(MistakesOf(WithField("fields.etag = \"n\"")),
              Mistake("m.toml:6", "cannot be imported"));
  EXPECT_THAT(MistakesOf(WithField("fields.custom_labels = \"n\"")),
              Mistake("m.toml:6", "name a key: custom_labels.my_key"));
  EXPECT_THAT(MistakesOf(WithField("fields.annual_revenue = \"n\"")),
              Mistake("m.toml:6", "set currency or currency_column"));
}

TEST(ParseMapping, NamesLineAndRemedyOfEveryMistake) {
  const auto mistakes = MistakesOf(R"(nam = "x"
[defaults]
currency = "dollar"
time_zone = "Mars/Base"
[files.a]
path = "../secret.csv"
[values.v]
otherwise = "explode"
[[record]]
kind = "acount"
file = "b"
[[record]]
kind = "target_definition"
file = "a"
[[record]]
kind = "account"
file = "a"
id = { column = "a", value = "b" }
fields.industry = { column = "x", map = "w" }
append = { to = "stages" }
)");
  EXPECT_THAT(mistakes, Mistake("m.toml:1", "unknown key \"nam\"; did you mean \"name\"?"));
  EXPECT_THAT(mistakes, Mistake("m.toml:3", "ISO 4217"));
  EXPECT_THAT(mistakes, Mistake("m.toml:4", "IANA time zone"));
  EXPECT_THAT(mistakes, Mistake("m.toml:5", "inside the data folder"));
  EXPECT_THAT(mistakes, Mistake("m.toml:8", "\"keep\", \"reject\" or \"empty\""));
  EXPECT_THAT(mistakes, Mistake("m.toml:9", "did you mean \"account\"?"));
  EXPECT_THAT(mistakes, Mistake("m.toml:9", "there is no [files.b]"));
  EXPECT_THAT(mistakes, Mistake("m.toml:12", "is a decision"));
  EXPECT_THAT(mistakes, Mistake("m.toml:18", "exactly one of column, template, value"));
  EXPECT_THAT(mistakes, Mistake("m.toml:19", "there is no [values.w]"));
  EXPECT_THAT(mistakes, Mistake("m.toml:20", "Account has no field \"stages\""));
}

TEST(ParseMapping, TakesTheExampleOfTheReadme) {
  std::ifstream file("services/gtm/mappings/README.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t begin = text.find("```toml\n") + 8;
  const auto mapping = ParseMapping(text.substr(begin, text.find("```", begin) - begin), "README");
  ASSERT_TRUE(mapping.ok()) << mapping.error().message();
  ASSERT_EQ(mapping->blocks.size(), 1u);
  EXPECT_EQ(mapping->blocks[0].fields.size(), 5u);
  EXPECT_EQ(mapping->blocks[0].appends.size(), 1u);
}

TEST(ParseMapping, RefusesWhatIsNotToml) {
  EXPECT_THAT(MistakesOf("[files\n"), Mistake("m.toml:1", "is not TOML"));
}

TEST(ParseMapping, RefusesAnEmptyMapping) {
  EXPECT_THAT(MistakesOf("name = \"x\"\n"), Mistake("m.toml:1", "nothing would be imported"));
}

TEST(ParseMapping, ChecksConditionsAndScales) {
  EXPECT_THAT(MistakesOf(WithField("when = { column = \"a\" }")),
              Mistake("m.toml:6", "exactly one of is"));
  EXPECT_THAT(MistakesOf(WithField("fields.founded_year = { column = \"a\", scale = 0 }")),
              Mistake("m.toml:6", "scale must be"));
  EXPECT_THAT(MistakesOf(WithField("fields.founded_year = { column = \"a\", scale = \"1/0\" }")),
              Mistake("m.toml:6", "scale must be"));
}

TEST(OpenImport, NamesColumnsThatAreNotThere) {
  const auto run = RunImport(WithField("fields.industry = \"secter\""),
                             MemoryFiles{{"a.csv", "id,sector\n1,x\n"}});
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.error().violations(),
              Mistake("m.toml:6", "a.csv has no column \"secter\"; did you mean \"sector\"?"));
}

TEST(OpenImport, NamesFilesThatAreNotThere) {
  const auto run = RunImport(WithField(""), MemoryFiles{});
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.error().violations(), Mistake("a.csv", "is --data the right folder?"));
}

TEST(OpenImport, RefusesAmbiguousHeaders) {
  const auto run = RunImport(WithField(""), MemoryFiles{{"a.csv", "id,id\n1,2\n"}});
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.error().violations(), Mistake("a.csv", "the column \"id\" twice"));
}

TEST(Scale, IsExact) {
  const auto run =
      RunImport("[defaults]\ncurrency = \"EUR\"\n" +
                    WithField("fields = { annual_revenue = { column = \"m\", scale = \"1/12\" }, "
                              "potential_lifetime_value = { column = \"m\", scale = 0.01 } }"),
                MemoryFiles{{"a.csv", "id,m\n1,33432\n"}});
  ASSERT_TRUE(run.ok()) << run.error().message();
  const auto& account = run->records[0].account();
  EXPECT_EQ(account.annual_revenue().units(), 2786);
  EXPECT_EQ(account.annual_revenue().nanos(), 0);
  EXPECT_EQ(account.potential_lifetime_value().units(), 334);
  EXPECT_EQ(account.potential_lifetime_value().nanos(), 320'000'000);
}

TEST(Nearest, FindsTypingSlipsAndNothingFarOff) {
  EXPECT_EQ(Nearest("close_dat", {"open_date", "close_date"}), "close_date");
  EXPECT_EQ(Nearest("zebra", {"open_date", "close_date"}), "");
}

}  // namespace
}  // namespace gtm::importing
