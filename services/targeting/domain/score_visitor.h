#pragma once
// Scores of visitors who engage under an anonymous id, known or not (TG-08, TG-09, C04).
//
// fit and urgency are those of the account that the visitor is linked to; of an unknown one
// nothing is known, which leaves a range. engagement is what this visitor did, as one person.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

struct VisitorFacts {
  std::optional<book::AccountRow> account;  // linked, and recorded
  std::string contact_id;                   // of the link
  int64_t touch_count = 0;                  // in the active window
  std::optional<absl::Time> last_touch;     // until the instant
};

// Scores visitors of one view under one definition at one instant. What was read of a visitor
// is kept until another one is asked for. Not thread-safe; `definition` and `view` outlive it.
class VisitorScorer {
 public:
  // With `only`, no other visitor is ever asked for, which spares a look at every trigger.
  VisitorScorer(const Definition& definition, const book::BookView& view, absl::Time as_of,
                std::optional<book::VisitorRow> only = std::nullopt);

  // Whether anything was done until the instant; then it can be asked for.
  bool Exists(book::VisitorRow row) const;
  VisitorFacts Facts(book::VisitorRow row);
  AccountScore Score(book::VisitorRow row);
  ExplainedAccountScore Explain(book::VisitorRow row);
  // Appends every value that Score reads, in a canonical form, for hashing.
  void AppendInputs(book::VisitorRow row, std::string* out);

 private:
  // What was read of a visitor.
  struct Reading {
    std::optional<book::AccountRow> account;
    std::string contact_id;
    EngagementMeasure measure;
    std::vector<criteria::Value> fit_values;  // of an unknown visitor
    std::vector<criteria::Value> engagement_values;
  };
  const Reading& Read(book::VisitorRow row);
  std::optional<criteria::ScoreRange> UrgencyOf(const AccountScore* account) const;

  const Definition& definition_;
  ReadContext context_;
  EngagementMeter meter_;
  AccountScorer accounts_;
  std::optional<book::VisitorRow> read_;
  Reading reading_;  // of `read_`
};

// Numbers as in gtm.targeting.v1.VisitorStanding; kAny is no filter.
enum class VisitorStanding : uint8_t { kAny = 0, kUnknown = 1, kLinked = 2 };

struct VisitorFilter {
  VisitorStanding standing = VisitorStanding::kAny;
  int64_t min_engagement_micropoints = 0;
};
struct VisitorPosition {
  int64_t engagement_micropoints = 0;
  std::string visitor_id;
};
struct RankedVisitor {
  book::VisitorRow row{};
  AccountScore score;
};
struct VisitorPage {
  std::vector<RankedVisitor> visitors;  // by falling engagement, then by rising id
  bool more = false;
  int64_t total_count = 0;  // that pass the filter
  int64_t unknown_count = 0;
  int64_t linked_count = 0;
};
// A page of those behind `after`. Error: that of `check_alive`, asked now and then.
Result<VisitorPage> RankVisitors(const Definition& definition, const book::BookView& view,
                                 absl::Time as_of, const VisitorFilter& filter,
                                 const std::optional<VisitorPosition>& after, size_t page_size,
                                 const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
