#include "services/gtm/cli/table.h"

#include <gtest/gtest.h>

namespace gtm::cli {
namespace {

Table Small() {
  return {{{"name", "name", Align::kLeft, true}, {"amount", "amount", Align::kRight, false}},
          {{"Zürich", Cell("1,234 USD", "1234.00")}, {"東京", Cell("5 USD", "5.00")}, {"", ""}}};
}

TEST(RenderTable, AlignsByDisplayWidth) {
  EXPECT_EQ(RenderTable(Small(), {}),
            "name       amount\n"
            "Zürich  1,234 USD\n"
            "東京        5 USD\n"
            "\n");
}

TEST(RenderTable, CutsElasticColumnsOnANarrowTerminal) {
  Table table{{{"id", "id", Align::kLeft, false}, {"text", "text", Align::kLeft, true}},
              {{"1", "a long explanation of things"}}};
  EXPECT_EQ(RenderTable(table, {.width = 16}),
            "id  text\n"
            "1   a long expl…\n");
  // Never below eight columns, even where that is too wide.
  EXPECT_EQ(RenderTable(table, {.width = 5}),
            "id  text\n"
            "1   a long …\n");
}

TEST(RenderTable, ColorsOnlyWhereAsked) {
  Table table{{{"s", "s", Align::kLeft, false}}, {{Cell("ok", Tone::kGood)}}};
  EXPECT_EQ(RenderTable(table, {}), "s\nok\n");
  EXPECT_EQ(RenderTable(table, {.color = true}), "\x1b[2ms\x1b[0m\n\x1b[32mok\x1b[0m\n");
}

TEST(RenderTable, KeepsControlCharactersFromTheTerminal) {
  Table table{{{"s", "s", Align::kLeft, false}}, {{"a\x1b[31mb\nc"}}};
  EXPECT_EQ(RenderTable(table, {}), "s\na\xEF\xBF\xBD[31mb c\n");
}

TEST(RenderCsv, WritesRawValuesUnderStableNames) {
  EXPECT_EQ(RenderCsv(Small()), "name,amount\nZürich,1234.00\n東京,5.00\n,\n");
}

TEST(CsvCell, QuotesAsRfc4180Says) {
  EXPECT_EQ(CsvCell("plain"), "plain");
  EXPECT_EQ(CsvCell(""), "");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(CsvCell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(CsvCell(" padded"), "\" padded\"");
}

TEST(CsvCell, DisarmsFormulasAndLeavesNumbers) {
  EXPECT_EQ(CsvCell("=1+1"), "'=1+1");
  EXPECT_EQ(CsvCell("@cmd"), "'@cmd");
  EXPECT_EQ(CsvCell("-12.5"), "-12.5");
  EXPECT_EQ(CsvCell("-1+2"), "'-1+2");
}

}  // namespace
}  // namespace gtm::cli
