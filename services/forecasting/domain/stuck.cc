#include "services/forecasting/domain/stuck.h"

#include <algorithm>

#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {
namespace {

// One-sided: the other tail of the interval is not looked at.
double UpperShare(int64_t count, int64_t total) {
  return stats::ClopperPearsonInterval(count, total, 2 * kStuckConfidence - 1).high;
}

}  // namespace

bool IsRare(int64_t count, int64_t total) {
  return total > 0 && UpperShare(count, total) <= kStuckShareMax;
}

StuckJudgement JudgeLength(const std::vector<int32_t>& won_days, int32_t days) {
  StuckJudgement judgement;
  judgement.won_count = static_cast<int64_t>(won_days.size());
  if (won_days.empty()) return judgement;
  judgement.longest_days = won_days.back();
  judgement.as_long_count =
      won_days.end() - std::lower_bound(won_days.begin(), won_days.end(), days);
  judgement.share_high = UpperShare(judgement.as_long_count, judgement.won_count);
  if (!CanBeRare(judgement.won_count)) return judgement;
  judgement.verdict =
      judgement.share_high <= kStuckShareMax ? StuckVerdict::kStuck : StuckVerdict::kNotStuck;
  return judgement;
}

}  // namespace gtm::forecasting::domain
