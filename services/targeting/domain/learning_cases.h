#pragma once
// Closed opportunities of a Book as cases to learn from: what a criterion could have read
// of the account just before each of them began.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/scorecard_leaks.h"
#include "services/targeting/domain/scorecard_table.h"

namespace gtm::targeting::domain {

// More are not learned from: the latest count.
inline constexpr size_t kLearnCasesMax = 50'000;
// Technologies, and keys of the tenant's own attributes, that are tried: the most frequent.
inline constexpr size_t kLearnTechnologiesMax = 40;
inline constexpr size_t kLearnKeysMax = 60;

// A column of the table, and the attribute that it was read from.
struct LearnedAttribute {
  std::string attribute;   // "account.industry"
  std::string technology;  // of "account.technologies": whether this one is in use
  bool is_engagement = false;
};

struct LearningCases {
  LearnTable table;                          // by rising start time, ties by id
  std::vector<LearnedAttribute> attributes;  // one a column
  std::vector<book::OpportunityRow> opportunities;
  std::vector<book::AccountRow> accounts;
  std::vector<absl::Time> start_times;  // the first stage
  OpenBlanks open_blanks;               // of opportunities that are open at as_of

  // The last instant before a case began: what was known then decides.
  absl::Time KnownTime(size_t row) const { return start_times[row] - absl::Seconds(1); }
};

struct CaseOptions {
  absl::Time as_of;
  EngagementRule engagement_rule;
  std::set<std::string, std::less<>> excluded_attributes;
};

// Opportunities that are won or lost at as_of and have a live account. Attributes with
// fewer than two values among the cases are left out.
LearningCases ReadCases(const book::BookView& view, const CaseOptions& options);

}  // namespace gtm::targeting::domain
