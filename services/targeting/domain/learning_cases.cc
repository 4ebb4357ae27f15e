#include "services/targeting/domain/learning_cases.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace gtm::targeting::domain {
namespace {

constexpr std::string_view kTechnologies = "account.technologies";

struct Case {
  absl::Time start_time;
  std::string_view id;
  book::OpportunityRow opportunity;
  book::AccountRow account;
  bool won = false;
  absl::Time outcome_time;
};

enum class Which { kClosed, kOpen };

std::vector<Case> FindCases(const book::BookView& view, absl::Time as_of, Which which) {
  std::vector<Case> cases;
  for (const book::OpportunityRow row : view.opportunities_by_id()) {
    const book::OpportunityFacts facts = view.opportunity(row);
    if (!book::IsRow(facts.account) || !view.is_live(facts.account)) continue;
    const auto won = book::WonTime(facts, as_of);
    const auto lost = book::LostTime(facts, as_of);
    const absl::Time start_time = facts.stage_changes.front().time;
    if (start_time > as_of || (won || lost) != (which == Which::kClosed)) continue;
    cases.push_back({start_time, facts.id, row, facts.account, won.has_value(),
                     won    ? *won
                     : lost ? *lost
                            : absl::InfiniteFuture()});
  }
  std::stable_sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return std::tie(a.start_time, a.id) < std::tie(b.start_time, b.id);
  });
  if (cases.size() > kLearnCasesMax) {
    cases.erase(cases.begin(), cases.end() - static_cast<ptrdiff_t>(kLearnCasesMax));
  }
  return cases;
}

// The most frequent names, by name.
std::vector<std::string> MostFrequent(const std::map<std::string, int64_t, std::less<>>& counts,
                                      size_t count_max) {
  std::vector<std::pair<std::string, int64_t>> ranked(counts.begin(), counts.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (ranked.size() > count_max) ranked.resize(count_max);
  std::vector<std::string> names;
  for (auto& [name, count] : ranked) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

// What the tenant has beside the fixed attributes.
struct OwnNames {
  std::map<std::string, int64_t, std::less<>> labels, numbers, technologies;
};

OwnNames CountOwnNames(const book::BookView& view, const std::vector<Case>& cases) {
  OwnNames names;
  const auto count = [](auto* counts, std::string_view name) {
    const auto found = counts->find(name);
    if (found != counts->end()) {
      ++found->second;
    } else {
      counts->emplace(name, 1);
    }
  };
  for (const Case& one : cases) {
    const book::AccountFacts account = view.account(one.account);
    for (const auto& [key, label] : account.custom_labels) count(&names.labels, key);
    for (const auto& [key, number] : account.custom_numbers) count(&names.numbers, key);
    for (const std::string_view technology : account.technologies) {
      count(&names.technologies, technology);
    }
  }
  return names;
}

std::vector<LearnedAttribute> AttributesToTry(const OwnNames& own, const CaseOptions& options) {
  std::vector<LearnedAttribute> attributes;
  const auto add = [&](std::string name, std::string technology = "") {
    if (options.excluded_attributes.contains(name)) return;
    const bool is_engagement = ReadsEngagement(ResolveAttribute(name));
    attributes.push_back({std::move(name), std::move(technology), is_engagement});
  };
  for (const criteria::Attribute& attribute : AccountAttributes()) {
    const std::string name(attribute.name);
    if (name == kTechnologies) {
      for (std::string& technology : MostFrequent(own.technologies, kLearnTechnologiesMax)) {
        add(name, std::move(technology));
      }
    } else if (name.ends_with('*')) {
      const auto& keys = attribute.type == criteria::ValueType::kNumber ? own.numbers : own.labels;
      for (const std::string& key : MostFrequent(keys, kLearnKeysMax)) {
        add(name.substr(0, name.size() - 1) + key);
      }
    } else {
      add(name);
    }
  }
  return attributes;
}

// Fills one column a row at a time.
class ColumnWriter {
 public:
  ColumnWriter(const LearnedAttribute& attribute, bool is_number)
      : technology_(attribute.technology), is_number_(is_number) {
    column_.name = attribute.attribute;
    if (!technology_.empty()) {
      column_.name += ":" + technology_;
      column_.words = {"no", "yes"};
    }
  }
  void Add(const criteria::Value& value) {
    if (is_number_) {
      const double* number = value.number();
      column_.numbers.push_back(number != nullptr ? *number
                                                  : std::numeric_limits<double>::quiet_NaN());
    } else if (!technology_.empty()) {
      column_.codes.push_back(value.known() ? Uses(value) : kMissingWord);
    } else {
      column_.codes.push_back(value.known() ? CodeOf(value.words()[0]) : kMissingWord);
    }
  }
  LearnColumn Take() { return std::move(column_); }

 private:
  uint32_t Uses(const criteria::Value& value) const {
    for (const std::string_view word : value.words()) {
      if (criteria::SameWord(word, technology_)) return 1;
    }
    return 0;
  }
  // Words that differ in case only are one, as they are to criteria.
  uint32_t CodeOf(std::string_view word) {
    std::string lower(word);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    const auto [entry, fresh] = codes_.emplace(std::move(lower), column_.words.size());
    if (fresh) column_.words.emplace_back(word);
    return entry->second;
  }

  std::string technology_;
  bool is_number_;
  LearnColumn column_;
  absl::flat_hash_map<std::string, uint32_t> codes_;
};

// What criteria can read of the account just before the case began, by attribute.
template <class Use>
void ReadValues(const book::BookView& view, const CaseOptions& options, const Case& one,
                const std::vector<AttributeRef>& refs, Use use) {
  const absl::Time known_time = one.start_time - absl::Seconds(1);
  const ReadContext context{view, known_time, view.settings().calendar.DayOf(known_time)};
  EngagementMeter meter(options.engagement_rule, known_time);
  const EngagementMeasure measure = meter.Measure(view.engagements_of(one.account));
  const book::AccountFacts account = view.account(one.account);
  for (size_t i = 0; i < refs.size(); ++i) {
    use(i, ReadAccount(refs[i], context, one.account, account, measure));
  }
}

bool HasTwoValues(const LearnColumn& column, size_t row_count) {
  for (size_t row = 1; row < row_count; ++row) {
    if (column.is_missing(row) != column.is_missing(0)) return true;
    if (column.is_missing(row)) continue;
    if (column.is_number() ? column.numbers[row] != column.numbers[0]
                           : column.codes[row] != column.codes[0]) {
      return true;
    }
  }
  return false;
}

}  // namespace

LearningCases ReadCases(const book::BookView& view, const CaseOptions& options) {
  const std::vector<Case> found = FindCases(view, options.as_of, Which::kClosed);
  const std::vector<LearnedAttribute> attributes =
      AttributesToTry(CountOwnNames(view, found), options);
  std::vector<AttributeRef> refs;
  std::vector<ColumnWriter> writers;
  for (const LearnedAttribute& attribute : attributes) {
    const auto* known = criteria::FindAttribute(AccountAttributes(), attribute.attribute);
    refs.push_back(ResolveAttribute(attribute.attribute));
    writers.emplace_back(attribute, known->type == criteria::ValueType::kNumber);
  }
  LearningCases cases;
  const FiscalCalendar& calendar = view.settings().calendar;
  for (const Case& one : found) {
    ReadValues(view, options, one, refs,
               [&](size_t i, const criteria::Value& value) { writers[i].Add(value); });
    cases.table.won.push_back(one.won ? 1 : 0);
    const absl::CivilDay epoch(1970, 1, 1);
    cases.table.start_day.push_back(static_cast<int32_t>(calendar.DayOf(one.start_time) - epoch));
    cases.table.outcome_day.push_back(
        static_cast<int32_t>(calendar.DayOf(one.outcome_time) - epoch));
    cases.opportunities.push_back(one.opportunity);
    cases.accounts.push_back(one.account);
    cases.start_times.push_back(one.start_time);
  }
  std::vector<int64_t> open_blank(refs.size(), 0);
  const std::vector<Case> open = FindCases(view, options.as_of, Which::kOpen);
  for (const Case& one : open) {
    ReadValues(view, options, one, refs, [&](size_t i, const criteria::Value& value) {
      open_blank[i] += value.known() ? 0 : 1;
    });
  }
  cases.open_blanks.count = static_cast<int64_t>(open.size());
  for (size_t i = 0; i < writers.size(); ++i) {
    LearnColumn column = writers[i].Take();
    if (!HasTwoValues(column, found.size())) continue;
    cases.table.columns.push_back(std::move(column));
    cases.attributes.push_back(attributes[i]);
    cases.open_blanks.blank.push_back(open_blank[i]);
  }
  return cases;
}

}  // namespace gtm::targeting::domain
