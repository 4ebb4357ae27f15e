#include "services/forecasting/domain/revenue_algebra.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace gtm::forecasting::domain {
namespace {

using Wide = __int128;

std::optional<int64_t> Within(Wide value, int64_t largest) {
  if (value > largest) return std::nullopt;
  return static_cast<int64_t>(value);
}

Error TooMany(const char* field, const char* what) {
  return InvalidField(field, fmt::format("the plan needs more than 10^12 {}; ask for less revenue, "
                                         "a higher price or a higher close rate",
                                         what));
}

Error Impossible(std::string why) { return InvalidField("algebra", std::move(why)); }

// Names what is missing, or what is too much.
Status CheckMissing(const RevenueAlgebra& a) {
  std::vector<std::string> missing;
  if (!a.revenue_micros) missing.emplace_back("revenue_amount");
  if (!a.price_micros) missing.emplace_back("price_amount");
  if (!a.close_rate_ppm) missing.emplace_back("close_rate_ppm");
  if (!a.lead_count) missing.emplace_back("lead_count");
  if (missing.size() == 1) return {};
  if (missing.empty()) {
    return Impossible(
        "all four of revenue_amount, price_amount, close_rate_ppm and lead_count are given; leave "
        "out the one to solve for");
  }
  std::string names = missing.front();
  for (size_t i = 1; i < missing.size(); ++i) {
    names += (i + 1 == missing.size() ? " and " : ", ") + missing[i];
  }
  return Impossible(fmt::format("{} are missing; give all but one of them", names));
}

// Deals that the revenue needs, at most kPlanCountMax.
std::optional<int64_t> DealsFor(int64_t revenue_micros, int64_t price_micros) {
  return MulDivUp(revenue_micros, 1, price_micros);
}

Result<SolvedAlgebra> SolveLeads(SolvedAlgebra s) {
  const auto deals = DealsFor(s.revenue_micros, s.price_micros);
  if (!deals) return TooMany("algebra.revenue_amount", "deals");
  s.deal_count = *deals;
  const auto leads = MulDivUp(*deals, kPpm, s.close_rate_ppm);
  if (!leads) return TooMany("algebra.close_rate_ppm", "qualified leads");
  s.lead_count = *leads;
  return s;
}

Result<SolvedAlgebra> SolveCloseRate(SolvedAlgebra s) {
  const auto deals = DealsFor(s.revenue_micros, s.price_micros);
  if (!deals) return TooMany("algebra.revenue_amount", "deals");
  if (*deals > s.lead_count) {
    const int64_t price = static_cast<int64_t>(
        (static_cast<Wide>(s.revenue_micros) + s.lead_count - 1) / s.lead_count);
    return Impossible(fmt::format(
        "{} deals are needed of {} qualified leads, which is more than every one of them; plan at "
        "least {} leads, or a price of at least {:.6f}",
        *deals, s.lead_count, *deals, static_cast<double>(price) / kPpm));
  }
  s.deal_count = *deals;
  s.close_rate_ppm = *MulDivUp(*deals, kPpm, s.lead_count);
  return s;
}

// Whole deals that the leads bring.
Result<int64_t> DealsOf(const SolvedAlgebra& s) {
  const int64_t deals = *MulDivDown(s.lead_count, s.close_rate_ppm, kPpm);
  if (deals > 0) return deals;
  return Impossible(fmt::format(
      "{} qualified leads at a close rate of {:.4f} % bring no whole deal; plan at least {} leads",
      s.lead_count, static_cast<double>(s.close_rate_ppm) / 1e4,
      *MulDivUp(1, kPpm, s.close_rate_ppm)));
}

Result<SolvedAlgebra> SolveRevenue(SolvedAlgebra s) {
  GTM_ASSIGN_OR_RETURN(s.deal_count, DealsOf(s));
  const auto revenue = Within(static_cast<Wide>(s.deal_count) * s.price_micros, INT64_MAX);
  if (!revenue) {
    return InvalidField("algebra.price_amount",
                        "the revenue is beyond 9.2e12 units; give a lower price or fewer leads");
  }
  s.revenue_micros = *revenue;
  return s;
}

Result<SolvedAlgebra> SolvePrice(SolvedAlgebra s) {
  GTM_ASSIGN_OR_RETURN(s.deal_count, DealsOf(s));
  s.price_micros = s.revenue_micros / s.deal_count + (s.revenue_micros % s.deal_count != 0);
  return s;
}

}  // namespace

std::optional<int64_t> MulDivUp(int64_t a, int64_t b, int64_t c) {
  return Within((static_cast<Wide>(a) * b + c - 1) / c, kPlanCountMax);
}

std::optional<int64_t> MulDivDown(int64_t a, int64_t b, int64_t c) {
  return Within(static_cast<Wide>(a) * b / c, kPlanCountMax);
}

Result<SolvedAlgebra> Solve(const RevenueAlgebra& algebra) {
  GTM_RETURN_IF_ERROR(CheckMissing(algebra));
  SolvedAlgebra s;
  s.revenue_micros = algebra.revenue_micros.value_or(0);
  s.price_micros = algebra.price_micros.value_or(0);
  s.close_rate_ppm = algebra.close_rate_ppm.value_or(0);
  s.lead_count = algebra.lead_count.value_or(0);
  if (!algebra.revenue_micros) {
    s.solved = AlgebraVariable::kRevenue;
    return SolveRevenue(s);
  }
  if (!algebra.price_micros) {
    s.solved = AlgebraVariable::kPrice;
    return SolvePrice(s);
  }
  if (!algebra.close_rate_ppm) {
    s.solved = AlgebraVariable::kCloseRate;
    return SolveCloseRate(s);
  }
  s.solved = AlgebraVariable::kLeads;
  return SolveLeads(s);
}

}  // namespace gtm::forecasting::domain
