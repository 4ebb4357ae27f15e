#include "services/targeting/domain/learning_checks.h"

#include <algorithm>

namespace gtm::targeting::domain {
namespace {

constexpr std::string_view kContactCount = "account.contact_count";
constexpr std::string_view kFirstSeenAge = "account.first_seen_age_days";
constexpr std::string_view kLeadershipChangeAge = "account.leadership_change_age_days";

bool IsReadAsOfTheBeginning(const LearnedAttribute& attribute) {
  return attribute.is_engagement || attribute.attribute == kFirstSeenAge ||
         attribute.attribute == kLeadershipChangeAge;
}

LearnColumn Pick(const LearnColumn& column, const std::vector<uint32_t>& rows) {
  LearnColumn some;
  some.name = column.name;
  some.words = column.words;
  some.trend = column.trend;
  for (const uint32_t row : rows) {
    if (column.is_number()) {
      some.numbers.push_back(column.numbers[row]);
    } else {
      some.codes.push_back(column.codes[row]);
    }
  }
  return some;
}

}  // namespace

std::vector<AttributeLeak> FindAttributeLeaks(const LearningCases& cases,
                                              const std::vector<uint32_t>& rows) {
  LearnTable table;
  OpenBlanks open;
  open.count = cases.open_blanks.count;
  for (const uint32_t row : rows) table.won.push_back(cases.table.won[row]);
  std::vector<AttributeLeak> leaks;
  std::vector<size_t> looked_at;
  for (size_t c = 0; c < cases.attributes.size(); ++c) {
    if (cases.attributes[c].attribute == kContactCount) {
      leaks.push_back({std::string(kContactCount), kGrowsWithWork,
                       "account.contact_count is known as of today only, and people are recorded "
                       "as deals are worked on: many are a sign of a long deal, not of a good one",
                       true});
    } else if (!IsReadAsOfTheBeginning(cases.attributes[c])) {
      looked_at.push_back(c);
      table.columns.push_back(Pick(cases.table.columns[c], rows));
      open.blank.push_back(cases.open_blanks.blank[c]);
    }
  }
  for (const ColumnLeak& leak : FindColumnLeaks(table, open)) {
    const std::string& attribute = cases.attributes[looked_at[leak.column]].attribute;
    // One technology stands for the list.
    if (!leaks.empty() && leaks.back().attribute == attribute) continue;
    leaks.push_back({attribute, static_cast<int>(leak.reason),
                     attribute + " " + leak.Message(table.columns[leak.column]), leak.refused});
  }
  return leaks;
}

}  // namespace gtm::targeting::domain
