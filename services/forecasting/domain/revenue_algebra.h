#pragma once
// Revenue = price x deals, deals = close rate x qualified leads: any one from the other
// three (FC-02). Exact in integers; deals are whole.

#include <cstdint>
#include <optional>

#include "common/core/result.h"

namespace gtm::forecasting::domain {

// A rate of one, in millionths.
inline constexpr int64_t kPpm = 1'000'000;
// Most of anything that a plan counts.
inline constexpr int64_t kPlanCountMax = 1'000'000'000'000;

// What is known. Money in micros, above 0; the rate in millionths, 1 to kPpm; leads 1 to
// kPlanCountMax. Exactly one is absent.
struct RevenueAlgebra {
  std::optional<int64_t> revenue_micros;
  std::optional<int64_t> price_micros;
  std::optional<int64_t> close_rate_ppm;
  std::optional<int64_t> lead_count;
};

// Numbers as in SolvedAlgebra.Variable.
enum class AlgebraVariable { kRevenue = 1, kPrice = 2, kCloseRate = 3, kLeads = 4 };

struct SolvedAlgebra {
  AlgebraVariable solved = AlgebraVariable::kRevenue;
  int64_t revenue_micros = 0;
  int64_t price_micros = 0;
  int64_t close_rate_ppm = 0;
  int64_t lead_count = 0;
  int64_t deal_count = 0;
};

// Deals that revenue needs are rounded up, and so are the leads that deals need, the rate
// and the price; deals that leads bring are rounded down. So what is solved is enough, and
// one unit less is not: of leads, of a micro of price, of a millionth of the rate.
// 1,000,000 at a price of 50,000 and a rate of 25 %: 20 deals, 80 leads.
// Error: INVALID_FIELDS on "algebra" where not exactly one is absent, where no whole deal
// comes of the leads, where more deals are needed than there are leads; "algebra.x" where
// the answer is beyond the range.
Result<SolvedAlgebra> Solve(const RevenueAlgebra& algebra);

// a / b and a * b / c, rounded up or down, in 128 bits; b, c > 0, all not negative. Absent
// beyond kPlanCountMax.
std::optional<int64_t> MulDivUp(int64_t a, int64_t b, int64_t c);
std::optional<int64_t> MulDivDown(int64_t a, int64_t b, int64_t c);

}  // namespace gtm::forecasting::domain
