#pragma once
// Whether an account's engagement speeds up or slows down, beyond noise (FC-15, FC-21).

#include <array>
#include <cstdint>
#include <vector>

namespace gtm::forecasting::domain {

// The last four weeks against up to twelve before.
inline constexpr int kTrendWeeks = 16;
inline constexpr int kRecentWeeks = 4;
inline constexpr int kEarlierWeeksMin = 4;
// Share of steady accounts that get a verdict by chance, at most, both sides together.
inline constexpr double kFalseAlarmMax = 0.05;

// Buyer touches by week, oldest first; the last week ends at the instant.
using WeeklyTouches = std::array<int32_t, kTrendWeeks>;

struct AccountWeeks {
  WeeklyTouches touches{};
  // Whole weeks since the week after the account's first touch, at most kTrendWeeks: before
  // it was met, silence says nothing, and the week of the meeting is never silent.
  int known_weeks = 0;
};

// What all accounts of the tenant have in common.
struct TrendBaseline {
  // Weekly counts are negative binomial with this shape: variance = mean + mean^2 / shape.
  double shape = 1;
  WeeklyTouches tenant_touches{};
};
// From the scatter of each account around its own mean (moments, pooled), leaning on shape
// 1 where there is little: bursts are the rule.
TrendBaseline LearnTrendBaseline(const std::vector<AccountWeeks>& accounts);

enum class TrendVerdict { kAccelerating = 1, kSteady = 2, kDecelerating = 3, kNotEnoughData = 4 };

struct AccountTrend {
  TrendVerdict verdict = TrendVerdict::kNotEnoughData;
  int earlier_weeks = 0;
  int64_t earlier_count = 0;
  int64_t recent_count = 0;
  // What the recent weeks would hold without change, and the band that they leave with a
  // chance of at most kFalseAlarmMax, half on either side.
  double expected_count = 0;
  int64_t band_low = 0;
  int64_t band_high = 0;
};

// Given the total of all weeks, the share of the recent ones is beta-binomial under no
// change, whatever the account's own level: exact for the stated counts. Weeks weigh as the
// rest of the tenant has them, so that holidays, seasons and new ways of recording are no
// verdict on one account. NOT_ENOUGH_DATA where even complete silence would not stand out.
AccountTrend TrendOf(const AccountWeeks& account, const TrendBaseline& baseline);

}  // namespace gtm::forecasting::domain
