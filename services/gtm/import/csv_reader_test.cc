#include "services/gtm/import/csv_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "common/core/random.h"

namespace gtm::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  std::vector<std::vector<std::string>> rows;
  std::vector<int64_t> lines;
  std::vector<std::pair<int64_t, std::string>> problems;
};

Read ReadAll(const std::string& text, const CsvFormat& format = {}) {
  std::istringstream in(text);
  CsvReader reader(in, format);
  Read read;
  CsvRow row;
  std::string problem;
  while (true) {
    const CsvReader::Outcome outcome = reader.Next(&row, &problem);
    if (outcome == CsvReader::Outcome::kEnd) break;
    if (outcome == CsvReader::Outcome::kMalformed) {
      read.problems.emplace_back(row.line, problem);
      continue;
    }
    read.rows.push_back(row.cells);
    read.lines.push_back(row.line);
  }
  return read;
}

TEST(CsvReader, ReadsPlainRows) {
  const Read read = ReadAll("a,b\n1,2\n3,\n");
  EXPECT_THAT(read.rows,
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2"), ElementsAre("3", "")));
  EXPECT_THAT(read.lines, ElementsAre(1, 2, 3));
}

TEST(CsvReader, KeepsSeparatorsQuotesAndLineEndsInsideQuotes) {
  const Read read = ReadAll("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\nnext,row,x\n");
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("a,b", "say \"hi\"", "two\nlines"),
                                     ElementsAre("next", "row", "x")));
  EXPECT_THAT(read.lines, ElementsAre(1, 3));
}

TEST(CsvReader, TakesByteOrderMarkAndEveryLineEnd) {
  const Read read = ReadAll(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r3,4\n5,6");
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2"),
                                     ElementsAre("3", "4"), ElementsAre("5", "6")));
  EXPECT_THAT(read.lines, ElementsAre(1, 2, 3, 4));
}

TEST(CsvReader, PassesOverBlankLines) {
  const Read read = ReadAll("\n\na\n\nb\n");
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("a"), ElementsAre("b")));
  EXPECT_THAT(read.lines, ElementsAre(3, 5));
}

TEST(CsvReader, ReportsDamagedQuotesAndGoesOn) {
  const Read read = ReadAll("a,b\n\"x\"y,2\n5\" pipe,3\n1,2\n\"open,4\n");
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
  ASSERT_EQ(read.problems.size(), 3u);
  EXPECT_EQ(read.problems[0].first, 2);
  EXPECT_THAT(read.problems[0].second, HasSubstr("follows a closing quote"));
  EXPECT_EQ(read.problems[1].first, 3);
  EXPECT_THAT(read.problems[2].second, HasSubstr("line 5 is never closed"));
}

TEST(CsvReader, BoundsACellWhoseQuoteIsNeverClosed) {
  const Read read = ReadAll("\"" + std::string(kCellBytesMax + 10, 'x') + "\nlost\nkept,1\n");
  ASSERT_EQ(read.problems.size(), 1u);
  EXPECT_THAT(read.problems[0].second, HasSubstr("not closed within 1 MiB"));
  EXPECT_THAT(read.rows.back(), ElementsAre("kept", "1"));
}

TEST(CsvReader, HonorsSeparatorAndLatin1) {
  const Read read = ReadAll("a;M\xFCnchen\n", {.separator = ';', .latin1 = true});
  EXPECT_THAT(read.rows, ElementsAre(ElementsAre("a", "M\xC3\xBCnchen")));
}

TEST(CsvReader, RefusesUtf16WithARemedy) {
  const Read read =
      ReadAll(std::string("\xFF\xFE"
                          "a\0,\0",
                          6));
  ASSERT_EQ(read.problems.size(), 1u);
  EXPECT_THAT(read.problems[0].second, HasSubstr("save it as UTF-8"));
}

TEST(CsvReader, ReadsAcrossItsBuffer) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += std::to_string(i) + ",\"x\"\"" + std::to_string(i) + "\"\n";
  const Read read = ReadAll(text);
  ASSERT_EQ(read.rows.size(), 20'000u);
  EXPECT_THAT(read.rows[19'999], ElementsAre("19999", "x\"19999"));
  EXPECT_TRUE(read.problems.empty());
}

// Writes a cell as RFC 4180 says.
std::string Quoted(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

TEST(CsvReader, ReadsBackWhateverWasWritten) {
  Random random(7);
  const std::string alphabet = "ab,;\"\n\r \t\xC3\xBC";
  for (int round = 0; round < 300; ++round) {
    std::vector<std::vector<std::string>> rows(1 + random.Below(8));
    std::string text;
    for (auto& row : rows) {
      row.resize(1 + random.Below(5));
      for (std::string& cell : row) {
        const size_t size = random.Below(12);
        for (size_t i = 0; i < size; ++i) cell += alphabet[random.Below(alphabet.size())];
        text += (&cell == &row.front() ? "" : ",") + Quoted(cell);
      }
      text += random.Below(2) == 0 ? "\n" : "\r\n";
    }
    const Read read = ReadAll(text);
    ASSERT_EQ(read.rows, rows) << "round " << round;
    ASSERT_TRUE(read.problems.empty());
  }
}

TEST(CsvReader, EndsOnAnyBytes) {
  Random random(8);
  const std::string alphabet("a,\"\n\r\0\xFF\xEF\xBB\xBF", 10);
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    const size_t size = random.Below(60);
    for (size_t i = 0; i < size; ++i) text += alphabet[random.Below(alphabet.size())];
    const Read read = ReadAll(text);
    ASSERT_LE(read.rows.size() + read.problems.size(), size + 1);
    ASSERT_TRUE(std::is_sorted(read.lines.begin(), read.lines.end()));
  }
}

}  // namespace
}  // namespace gtm::importing
