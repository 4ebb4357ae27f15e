#pragma once
// Accountability that separates learning from outcome (AL-14 to AL-17, C24, D12).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "common/core/result.h"

namespace gtm::growth::domain {

// A commitment as the rules need it; see gtm.growth.v1.Commitment.
struct Promise {
  std::string id;
  std::string owner;
  bool is_result_goal = false;  // else interim
  DayRange days;                // the result is due on days.end
  int64_t target_count = 0;     // at least 1
  std::optional<Money> budget;
  bool has_hypothesis = false;
  bool has_evidence = false;
  bool has_learning = false;
  std::optional<int64_t> result_count;
  std::optional<absl::CivilDay> result_day;
  std::optional<Money> spent;
  std::optional<int64_t> next_target_count;
};

// Numbers as in EvaluateCommitmentResponse.
enum class Outcome { kPending = 1, kOverdue = 2, kMet = 3, kMissed = 4 };
enum class Color { kNone = 1, kGreen = 2, kYellow = 3, kRed = 4 };

// From so many broken commitments of an owner on, the explanation says: coach, redeploy
// or remove (AL-16, "repeatedly").
inline constexpr int kBrokenRepeatedly = 3;

struct Reading {
  Outcome outcome = Outcome::kPending;
  std::optional<int64_t> attainment_bps;
  std::optional<Money> planned_unit_cost, actual_unit_cost, next_target_cost;
  std::vector<std::string_view> missing_learning_fields;
  bool learned() const { return missing_learning_fields.empty(); }
  Color color = Color::kNone;
  int owner_broken_count = 0;
  int owner_due_count = 0;
  std::string explanation;
};

// Reads `promise` as on `today`: a result known only later is not seen, and nor is what
// was learned from it. `of_owner` holds the owner's commitments, `promise` included.
// Worked case D12: target 100 for $100,000 planned $1,000 each; 60 are 60 % and $1,667
// each; without learning red, with hypothesis, evidence and learning yellow.
// Error: INVALID_FIELDS where a cost exceeds the range of Money.
Result<Reading> ReadPromise(const Promise& promise, std::span<const Promise> of_owner,
                            absl::CivilDay today);

}  // namespace gtm::growth::domain
