#include "services/targeting/domain/learning_checks.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "common/stats/level_break.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr std::string_view kContactCount = "account.contact_count";
constexpr std::string_view kFirstSeenAge = "account.first_seen_age_days";
constexpr std::string_view kLeadershipChangeAge = "account.leadership_change_age_days";
constexpr int32_t kWeekDays = 7;
constexpr int32_t kWeeksMax = 3 * 52;
constexpr double kClosedShare = 0.95;

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

std::string RateChange::Message() const {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + first_day;
  return fmt::format(
      "the share won changed in the week of {:04}-{:02}-{:02}: from {:.1f} % of those that began "
      "before to {:.1f} %; find out why, and learn again when the new share has lasted",
      day.year(), day.month(), day.day(), 100 * before, 100 * after);
}

std::optional<RateChange> FindRateChange(const LearningCases& cases, int32_t as_of_day) {
  const LearnTable& table = cases.table;
  const size_t count = table.row_count();
  if (count == 0) return {};
  std::vector<int32_t> lengths;
  for (size_t row = 0; row < count; ++row) {
    lengths.push_back(table.outcome_day[row] - table.start_day[row]);
  }
  std::sort(lengths.begin(), lengths.end());
  const int32_t patience =
      lengths[static_cast<size_t>(kClosedShare * static_cast<double>(count - 1))];
  const int32_t end = as_of_day - patience;  // exclusive
  const int32_t span = end - table.start_day.front();
  if (span < kWeekDays) return {};
  const int32_t week_count = std::min(kWeeksMax, span / kWeekDays);
  const int32_t begin = end - week_count * kWeekDays;
  std::vector<double> won(static_cast<size_t>(week_count), 0), all(won.size(), 0);
  for (size_t row = 0; row < count; ++row) {
    const int32_t day = table.start_day[row];
    if (day < begin || day >= end) continue;
    const auto week = static_cast<size_t>((day - begin) / kWeekDays);
    won[week] += table.won[row];
    all[week] += 1;
  }
  const auto found = stats::StrongestLevelBreak(won, all, {.is_binomial = true});
  if (!found) return {};
  return RateChange{begin + static_cast<int32_t>(found->at) * kWeekDays, found->before,
                    found->after, found->p_value};
}

}  // namespace gtm::targeting::domain
