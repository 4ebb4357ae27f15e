#include "services/forecasting/domain/coaching.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "services/forecasting/domain/interrogation.h"

namespace gtm::forecasting::domain {
namespace {

using Type = DealWarningType;
constexpr Type kTypes[] = {Type::kNoBuyerActivity, Type::kSingleContact,    Type::kNoNegotiation,
                           Type::kNoLegalReview,   Type::kNoSecurityReview, Type::kNoNextStep,
                           Type::kDecelerating,    Type::kCloseDateOverdue, Type::kMissingAmount};
constexpr int32_t kAgeEdges[] = {30, 60, 120, 240};
constexpr double kNormal95 = 1.959964;

int AgeBand(int32_t age) {
  return static_cast<int>(std::upper_bound(std::begin(kAgeEdges), std::end(kAgeEdges), age) -
                          std::begin(kAgeEdges));
}

// Deals of equal stage and age.
struct Stratum {
  std::array<double, 2> count{};  // kept, cleared
  std::array<double, 2> won{};
};

struct Strata {
  std::map<std::pair<std::string, int>, Stratum> by_key;
  std::set<std::string> seen;  // deals that are counted
};

CoachingEffect Compare(Type type, const Strata& strata) {
  CoachingEffect effect;
  effect.type = type;
  double sum = 0, weight = 0, variance = 0;
  int64_t matched_kept = 0, matched_cleared = 0, matched_won = 0;
  for (const auto& [key, stratum] : strata.by_key) {
    const auto [n0, n1] = stratum.count;
    const auto [b, a] = stratum.won;
    effect.kept_count += std::lround(n0);
    effect.cleared_count += std::lround(n1);
    effect.kept_won_count += std::lround(b);
    effect.cleared_won_count += std::lround(a);
    if (n0 == 0 || n1 == 0) continue;
    const double n = n0 + n1;
    matched_kept += std::lround(n0);
    matched_cleared += std::lround(n1);
    matched_won += std::lround(a + b);
    sum += (a * n0 - b * n1) / n;
    weight += n1 * n0 / n;
    variance += (a * (n1 - a) * n0 * n0 * n0 + b * (n0 - b) * n1 * n1 * n1) / (n1 * n0 * n * n);
  }
  effect.matched_count = matched_kept + matched_cleared;
  if (weight == 0) return effect;
  effect.difference = sum / weight;
  const double half = kNormal95 * std::sqrt(variance) / weight;
  effect.low = std::max(-1.0, *effect.difference - half);
  effect.high = std::min(1.0, *effect.difference + half);
  effect.is_enough = matched_kept >= kCoachingDealsMin && matched_cleared >= kCoachingDealsMin &&
                     matched_won >= kCoachingWinsMin && variance > 0;
  return effect;
}

// What one look back found: types of warnings by open deal.
struct Look {
  std::map<std::string, uint32_t, std::less<>> masks;
  std::map<std::string, std::pair<std::string, int>, std::less<>> keys;  // stage and age band
};

Look LookAt(const PastView& past, const InterrogationRules& rules) {
  Look look;
  const std::vector<uint32_t> masks = WarningMasks(past.table, past.facts, rules);
  for (size_t i = 0; i < past.facts.deals.size(); ++i) {
    const Deal& deal = past.table.deals[past.facts.deals[i].deal];
    look.masks[deal.id] = masks[i];
    look.keys[deal.id] = {deal.stage_id, AgeBand(past.table.age_days(deal))};
  }
  return look;
}

}  // namespace

Result<std::vector<CoachingEffect>> MeasureCoaching(const DealTable& now, const PastAt& past_at,
                                                    const InterrogationRules& rules) {
  std::map<std::string_view, const Deal*> outcomes;
  DayNumber first = now.today;
  for (const Deal& deal : now.deals) {
    outcomes[deal.id] = &deal;
    first = std::min(first, deal.qualified_day);
  }
  std::array<Strata, std::size(kTypes)> strata;
  std::optional<Look> before;
  for (int step = kCoachingStepsMax; step >= 0; --step) {
    const absl::Time time =
        now.as_of - absl::Hours(24 * (kCoachingOutcomeDays + step * kCoachingStepDays));
    const DayNumber today = NumberOf(now.calendar.DayOf(time));
    if (today < first) continue;
    GTM_ASSIGN_OR_RETURN(const PastView past, past_at(time));
    Look look = LookAt(past, rules);
    for (size_t t = 0; before && t < std::size(kTypes); ++t) {
      const uint32_t bit = MaskOf(kTypes[t]);
      for (const auto& [id, mask] : before->masks) {
        const auto later = look.masks.find(id);
        if ((mask & bit) == 0 || later == look.masks.end()) continue;
        const auto outcome = outcomes.find(id);
        if (outcome == outcomes.end() || !strata[t].seen.insert(id).second) continue;
        const Deal& deal = *outcome->second;
        const bool is_won =
            deal.outcome == Outcome::kWon && deal.closed_day - today <= kCoachingOutcomeDays;
        const size_t is_cleared = (later->second & bit) == 0 ? 1 : 0;
        Stratum& stratum = strata[t].by_key[before->keys.at(id)];
        stratum.count[is_cleared] += 1;
        stratum.won[is_cleared] += is_won;
      }
    }
    before = std::move(look);
  }
  std::vector<CoachingEffect> effects;
  for (size_t t = 0; t < std::size(kTypes); ++t) {
    if (!strata[t].by_key.empty()) effects.push_back(Compare(kTypes[t], strata[t]));
  }
  return effects;
}

}  // namespace gtm::forecasting::domain
