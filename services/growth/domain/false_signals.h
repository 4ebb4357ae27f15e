#pragma once
// The three signals that look like growth and are none (GS-11 to GS-14, C19). ACT means
// that the false signal is there; OK that it is not.

#include <cstdint>
#include <optional>

#include "services/growth/domain/signal.h"

namespace gtm::growth::domain {

struct WinRatePeriod {
  int64_t created = 0;  // new qualified opportunities
  int64_t won = 0;
  int64_t lost = 0;
};
struct WinRateNumbers {
  WinRatePeriod period, comparison;
  bool comparison_is_whole = false;  // the records reach back to its first day
  // The exception (GS-12): both must be known and risen.
  std::optional<bool> net_customers_up;
  std::optional<bool> arr_up;
};
// False signal 1 (GS-11, GS-12, D9, D10). Value: won / created, the rate that shrinking
// the denominator improves.
// ACT: the rate rose while clearly fewer were created (Poisson noise). WATCH: fewer were
// created, within noise. OK: otherwise, and always where net customers, ARR and the win
// rate rose together.
Signal JudgeWinRate(const WinRateNumbers& numbers);

struct MqlPeriod {
  int64_t mql = 0;
  int64_t spend_micros = 0;
  int64_t qualified = 0;  // new qualified opportunities
};
struct MqlNumbers {
  Currency currency = Currency::Of("USD");
  MqlPeriod period, comparison;
  bool has_leads = false;  // lead counts cover both periods
  bool has_spend = false;  // so does spend
};
// False signal 2 (GS-13). Value: new qualified opportunities per MQL.
// ACT: MQLs rose beyond noise with more spend, qualified opportunities did not rise
// beyond noise, and their noise excludes that they rose in step with the MQLs. WATCH:
// the same, but in step is not excluded. OK: otherwise.
Signal JudgeMql(const MqlNumbers& numbers);

struct HeadcountNumbers {
  Currency currency = Currency::Of("USD");
  // On the last day of the period and of the comparison period.
  std::optional<int64_t> employees, employees_before;
  // Recurring revenue on the same days; of tenants without subscriptions, bookings of
  // the two periods.
  int64_t revenue_micros = 0, revenue_before_micros = 0;
};
// False signal 3 (GS-14, D11). Value: revenue per employee as a ratio to the
// comparison. Facts, not samples.
// ACT: more employees and a ratio below 0.98 ("level"). WATCH: more employees and a
// ratio of 0.98 to 1. OK: otherwise.
Signal JudgeHeadcount(const HeadcountNumbers& numbers);

}  // namespace gtm::growth::domain
