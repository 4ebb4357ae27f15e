#pragma once
// The tenant's opportunities as they stood at one instant: all that the model knows.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "services/forecasting/domain/engagement.h"
#include "services/forecasting/domain/field_leaks.h"

namespace gtm::forecasting::domain {

// A civil day as a number: days since 1970-01-01.
using DayNumber = int32_t;
inline DayNumber NumberOf(absl::CivilDay day) {
  return static_cast<DayNumber>(day - absl::CivilDay(1970, 1, 1));
}
inline absl::CivilDay DayAt(DayNumber number) { return absl::CivilDay(1970, 1, 1) + number; }

enum class Outcome : uint8_t { kOpen, kWon, kLost };

// One opportunity that was in pipeline at or before the instant. Amounts in micros of the
// reporting currency; absent means unknown.
struct Deal {
  std::string id;
  std::string owner_seller_id;
  std::string segment;
  std::string stage_id;  // at the instant
  Outcome outcome = Outcome::kOpen;
  DayNumber clock_day = 0;  // the velocity clock started (TG-18)
  // It entered the pipeline (TG-19); of an open deal that is backdated, when it was first
  // recorded, where that is later.
  DayNumber qualified_day = 0;
  DayNumber stage_day = 0;   // it entered its stage
  DayNumber closed_day = 0;  // of kWon and kLost
  std::optional<int64_t> amount_micros;
  // Realized over expected: the amount at winning over the amount half-way between
  // pipeline entry and winning. Only of kWon with both known.
  std::optional<double> amount_ratio;
  std::optional<DayNumber> expected_close_day;
  // How engaged the buyer was while it was open (FC-14 to FC-18); empty where not recorded.
  std::vector<EngagementChange> engagement;
};

// An opportunity at Stage 0: its clock runs, it is in neither pipeline nor forecast.
struct StageZeroDeal {
  std::string owner_seller_id;
  std::string segment;
  std::string stage_id;
  DayNumber clock_day = 0;
  DayNumber stage_day = 0;
  std::optional<int64_t> amount_micros;
};

// All of them, by id.
struct DealTable {
  absl::Time as_of;
  FiscalCalendar calendar;
  Currency currency = Currency::Of("USD");
  DayNumber today = 0;
  // The part of today that lies after as_of, 0 to 1, in whole half hours (rounded down): a
  // forecast moves with the clock, but not with every call. A cut at the end of a day has 0.
  double today_left = 0;
  std::vector<Deal> deals;
  std::vector<StageZeroDeal> stage_zero;
  // Opportunities whose stage the settings do not know; they count as open.
  int64_t unknown_stage_count = 0;
  // Fields that give the outcome away: nothing is learned from them.
  std::vector<FieldLeak> leaks;
  // HashOf this table where it is known; not part of it.
  std::string sha256;

  DayNumber age_days(const Deal& deal) const { return today - deal.qualified_day; }
  bool Leaks(LeakField field) const;
};

// Sets today and today_left from as_of and the calendar.
void SetToday(DealTable* table);

// Hash (SHA-256, hex) of everything in the table but the instant itself: equal tables give
// equal forecasts.
std::string HashOf(const DealTable& table);

// Sums of money that stop at the ends of int64 instead of wrapping: a forecast over
// absurd amounts is absurd, never undefined.
int64_t AddClamped(int64_t a, int64_t b);
int64_t RoundClamped(double micros);

// Which deals an answer is about: empty selects all.
struct Selection {
  std::string owner_seller_id;
  std::string segment;
  // Owners, sorted by id: a manager and all who report to them.
  std::vector<std::string> team = {};
  bool Holds(std::string_view owner, std::string_view deal_segment) const {
    return (owner_seller_id.empty() || owner_seller_id == owner) &&
           (segment.empty() || segment == deal_segment) &&
           (team.empty() || std::binary_search(team.begin(), team.end(), owner));
  }
  bool Holds(const Deal& deal) const { return Holds(deal.owner_seller_id, deal.segment); }
  bool is_everything() const { return owner_seller_id.empty() && segment.empty() && team.empty(); }
  friend bool operator==(const Selection&, const Selection&) = default;
};

}  // namespace gtm::forecasting::domain
