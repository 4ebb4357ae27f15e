#pragma once
// Columns that give the outcome away: filled in at or after closing, or kept up to date until
// then. A card that learns from them looks wise on the past and knows nothing of the future.

#include <span>
#include <string>
#include <vector>

#include "services/targeting/domain/scorecard_table.h"

namespace gtm::targeting::domain {

enum class LeakReason : uint8_t {
  // Alone it tells the outcome better than what is known beforehand ever does. Refused.
  kTooGood = 1,
  // Its name says that it is the latest state, which moves with the outcome, and it does
  // tell the outcome. Refused.
  kLatestState = 2,
  // Blank far more often on cases that are still open than on closed ones: filled in at
  // closing. Refused.
  kFilledAtClosing = 3,
  // Blank far more often on lost cases than on won ones, or the other way round: perhaps
  // filled in as a case goes well. Told, and nothing is learned from the blank.
  kBlankTellsOutcome = 4,
};

struct ColumnLeak {
  size_t column = 0;
  LeakReason reason = LeakReason::kTooGood;
  bool refused = false;
  double auc = 0.5;  // of the column alone, on held-back folds
  double blank_won_share = 0, blank_lost_share = 0, blank_open_share = 0;
  double gap_at_least = 0;  // lower end of the interval of the difference of shares
  std::string Message(const LearnColumn& column) const;
};

// From an AUC of so much alone on, at 99 % confidence, a column is too good to be true, and
// from so much on a column that is named after the latest state.
inline constexpr double kTooGoodAuc = 0.85;
inline constexpr double kLatestStateAuc = 0.6;
// Blank shares that surely differ by so much, at 99.9 %.
inline constexpr double kBlankGapMin = 0.15;
inline constexpr double kBlankConfidence = 0.999;
inline constexpr int64_t kBlankCountMin = 30;

// How often each column is blank on cases that are still open; empty where unknown.
struct OpenBlanks {
  int64_t count = 0;
  std::vector<int64_t> blank;  // [column]
};

// The gravest of each column that has any, by column.
std::vector<ColumnLeak> FindColumnLeaks(const LearnTable& table, const OpenBlanks& open = {});

// A word of the name says that the value is the latest: "last_activity", "loss reason".
bool IsNamedAfterLatestState(const std::string& name);

}  // namespace gtm::targeting::domain
