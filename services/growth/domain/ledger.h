#pragma once
// The subscription ledger: from changes of recurring revenue to new, reactivation,
// expansion, contraction and churn, which sum to the change exactly (C20, C21).

#include <cstdint>
#include <span>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "services/growth/domain/facts.h"

namespace gtm::growth::domain {

enum class MovementType { kNew, kReactivation, kExpansion, kContraction, kChurn };

// The policy "day-net, version 1". The changes of an account on one day count as one:
//   no customer -> customer          new, or reactivation where it once was one
//   customer -> no customer          churn
//   customer -> customer             expansion (more) or contraction (less)
// whatever the source called them: a second subscription of a customer is expansion,
// a plan swapped on one day is its difference. A customer is an account with revenue
// above zero in any currency; a trial of 0 makes none.
// Foreign revenue is carried at the rate of the day it began and leaves at the same
// value, so that no movement is made of exchange rates alone.
struct LedgerEntry {
  absl::CivilDay day;
  uint32_t account = 0;
  MovementType type = MovementType::kNew;
  int64_t micros = 0;            // change of MRR, reporting currency
  int64_t incentive_micros = 0;  // of an expansion: driven by an incentive (GS-03)
  int64_t unstated_micros = 0;   // of an expansion: not stated whether driven
};

struct Ledger {
  std::vector<LedgerEntry> entries;  // by rising (day, account)
  // Days that left an account below zero: an error in the source.
  int64_t negative_balance_count = 0;
};

// An unstated expansion counts as driven where the account got a discount, coupon or
// credit within so many days before it (D17: "coupon in window"). A stated "none" is
// believed.
inline constexpr int kIncentiveWindowDays = 90;

// Error: INVALID_FIELDS where amounts exceed the range of Money.
Result<Ledger> BuildLedger(std::vector<Movement> movements, Currency reporting);

// One period's bridge from opening to closing MRR. Units: micros, customers.
struct RevenueBridge {
  int64_t opening = 0, fresh = 0, reactivation = 0, expansion = 0, contraction = 0, churn = 0;
  int64_t closing = 0;
  int64_t incentive_expansion = 0, unstated_expansion = 0;  // parts of expansion
  int64_t opening_customers = 0, new_customers = 0, reactivated_customers = 0, lost_customers = 0,
          closing_customers = 0;
  // The customers of the first day alone: what they paid before it, what they pay after
  // the last day, and that without anyone paying more (for net and gross retention).
  int64_t cohort_opening = 0, cohort_closing = 0, cohort_kept = 0;
};
// Bridges of the given periods (any order, overlapping or not). Linear in periods times
// (entries + accounts).
Result<std::vector<RevenueBridge>> Bridge(const Ledger& ledger, std::span<const DayRange> periods);

// How the customers of a period's first day expanded in it (GS-03).
struct ExpansionCounts {
  int64_t customers_at_start = 0;
  // Whose revenue grew by more than incentives explain.
  int64_t expanding_without_incentive = 0;
};
ExpansionCounts CountExpanding(const Ledger& ledger, const DayRange& period,
                               uint32_t account_count);

// Expansion of a period and how much of it was gone again by `until` (C20): per
// account, later contraction and churn up to what had been added.
struct Retreat {
  int64_t driven = 0, driven_gone = 0;  // by an incentive, micros
  int64_t own = 0, own_gone = 0;        // without or unstated, micros
};
Retreat MeasureRetreat(const Ledger& ledger, const DayRange& period, absl::CivilDay until,
                       uint32_t account_count);

}  // namespace gtm::growth::domain
