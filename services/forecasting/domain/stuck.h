#pragma once
// Whether a deal has lasted longer than deals that are won ever do.

#include <cstdint>
#include <vector>

namespace gtm::forecasting::domain {

// A deal is stuck where, with kStuckConfidence, at most this share of won deals lasted as
// long. Without a longer one that takes 59 won deals.
inline constexpr double kStuckShareMax = 0.05;
inline constexpr double kStuckConfidence = 0.95;

enum class StuckVerdict { kStuck = 1, kNotStuck = 2, kNotEnoughData = 3 };

struct StuckJudgement {
  StuckVerdict verdict = StuckVerdict::kNotEnoughData;
  int64_t won_count = 0;
  int64_t as_long_count = 0;  // of these, lasted at least as long
  double share_high = 1;      // upper bound of their share (Clopper and Pearson)
  int32_t longest_days = 0;   // of the won
};

// Whether `count` of `total` show, with kStuckConfidence, a share of at most kStuckShareMax;
// and whether that many could at all (59 or more).
bool IsRare(int64_t count, int64_t total);
inline bool CanBeRare(int64_t total) { return IsRare(0, total); }

// `won_days` rises. NOT_ENOUGH_DATA where no length at all could be called stuck.
StuckJudgement JudgeLength(const std::vector<int32_t>& won_days, int32_t days);

}  // namespace gtm::forecasting::domain
