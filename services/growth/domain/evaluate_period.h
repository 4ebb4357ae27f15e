#pragma once
// From the facts to the eight signals of a period: takes the numbers of the period and
// of the two before it, and lets the rules judge them.

#include <span>
#include <vector>

#include "services/growth/domain/facts.h"
#include "services/growth/domain/growth_signals.h"
#include "services/growth/domain/ledger.h"
#include "services/growth/domain/signal.h"

namespace gtm::growth::domain {

struct SignalReport {
  FiscalPeriod period;
  DayRange days;
  FiscalPeriod comparison_period;
  CustomerBasis customer_basis = CustomerBasis::kSubscriptions;
  std::vector<Signal> signals;        // five
  std::vector<Signal> false_signals;  // three
  std::vector<SellerRamp> ramps;      // by seller id
  std::vector<SellerAttainment> attainments;
};

// The facts with what is computed from them once for any number of periods.
struct GrowthBasis {
  GrowthFacts facts;
  Ledger ledger;
  CustomerBasis customer_basis = CustomerBasis::kSubscriptions;
  // The first days that the records tell of; absent without such records.
  std::optional<absl::CivilDay> first_movement_day;
  std::optional<absl::CivilDay> first_deal_day;
};
Result<GrowthBasis> MakeBasis(GrowthFacts facts);

// The last month or quarter that is over at facts.today.
FiscalPeriod LastCompletePeriod(const GrowthFacts& facts, PeriodUnit unit);
// True where every day of the period is over at facts.today.
bool IsComplete(const GrowthFacts& facts, const FiscalPeriod& period);

// Signals of a complete month or quarter. Error: INVALID_FIELDS on overflow of money.
Result<SignalReport> EvaluatePeriod(const GrowthBasis& basis, const FiscalPeriod& period);

}  // namespace gtm::growth::domain
