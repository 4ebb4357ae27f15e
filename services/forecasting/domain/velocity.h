#pragma once
// At which age deals are won and lost, how fast they move through the stages, and whether
// they become more, bigger and faster (TG-18, FC-31).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/survival.h"
#include "services/forecasting/domain/trend.h"

namespace gtm::forecasting::domain {

// First ages of the buckets, in days; the last is open.
inline constexpr int32_t kAgeBuckets[] = {0, 30, 60, 90, 120, 180, 270, 365, 545};

struct AgeBucket {
  int32_t from_days = 0;
  int32_t to_days = 0;        // behind the last; 0: open
  int64_t reached_count = 0;  // watched at its first age, or from within it
  int64_t won_count = 0;
  int64_t lost_count = 0;
  int64_t open_count = 0;
  int64_t open_micros = 0;
};

struct VelocityGroup {
  std::string key;
  bool all = false;
  int64_t count = 0;
  AgeQuantile median_days, p90_days;       // from pipeline entry to closing
  std::optional<Survival::Share> won;      // in the end
  std::vector<AgeBucket> by_pipeline_age;  // as kAgeBuckets
  std::vector<AgeBucket> by_clock_age;
};

enum class VelocityGrouping { kNone, kSegment, kOwner };

// All together first, then by key. `watched_from`: deals that closed before that day are
// missing (CloseRates::truncated_before; 0: none are).
std::vector<VelocityGroup> MeasureVelocity(const DealTable& table, DayNumber watched_from,
                                           const Selection& selection, VelocityGrouping grouping);

// One stay of an opportunity in a stage.
struct StageVisit {
  std::string stage_id;
  DayNumber enter_day = 0;
  DayNumber last_day = 0;  // of leaving, or the instant's day
  enum class Next : int8_t { kStill = -1, kForward = 0, kLost = 1, kBack = 2 };
  Next next = Next::kStill;
};

struct StageVelocity {
  std::string stage_id;
  int64_t visit_count = 0;
  int64_t open_count = 0;
  std::optional<Survival::Share> forward, lost, back;
  AgeQuantile median_days, p90_days;
};

// By stage id.
std::vector<StageVelocity> MeasureStages(const std::vector<StageVisit>& visits,
                                         DayNumber watched_from);

// More, bigger, faster.
struct QuarterVelocity {
  FiscalPeriod quarter;
  int64_t created_count = 0;
  int64_t won_count = 0;
  int64_t won_micros = 0;
  int64_t priced_count = 0;  // won with an amount above 0
  std::optional<double> median_cycle_days;
};
inline constexpr int kVelocityQuarters = 8;  // whole ones, before the running one

// The last kVelocityQuarters whole quarters and the running one, oldest first.
std::vector<QuarterVelocity> MeasureQuarters(const DealTable& table, const Selection& selection);

struct QuarterTrends {
  std::optional<Trend> created, won, amount, cycle;
  int created_values = 0, won_values = 0, amount_values = 0, cycle_values = 0;
};
// Over the whole quarters from the first with anything in it; deals created or closed in
// quarters that the history does not hold whole (`watched_from`) are left out.
QuarterTrends FindTrends(const DealTable& table, const std::vector<QuarterVelocity>& quarters,
                         DayNumber watched_from);

}  // namespace gtm::forecasting::domain
