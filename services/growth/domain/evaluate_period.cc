#include "services/growth/domain/evaluate_period.h"

#include <algorithm>
#include <map>
#include <set>

#include "services/growth/domain/false_signals.h"

namespace gtm::growth::domain {
namespace {

// A period with the two before it; index 0 is the period.
struct Window {
  DayRange days[3];
};

Window WindowOf(const FiscalCalendar& calendar, const FiscalPeriod& period) {
  Window window;
  for (int back = 0; back < 3; ++back) {
    window.days[back] = calendar.DaysOf(calendar.Shift(period, -back));
  }
  return window;
}

bool Reaches(const std::optional<absl::CivilDay>& first_day, const DayRange& days) {
  return first_day && *first_day <= days.start;
}

bool In(const std::optional<absl::CivilDay>& day, const DayRange& days) {
  return day && days.contains(*day);
}

int64_t CountQualified(const GrowthFacts& facts, const DayRange& days) {
  return std::count_if(facts.deals.begin(), facts.deals.end(),
                       [&days](const Deal& deal) { return In(deal.qualified_day, days); });
}

// Accounts by the day of their first won opportunity.
struct FirstWins {
  int64_t before = 0;  // before the period
  int64_t during = 0;
};
FirstWins CountFirstWins(const GrowthFacts& facts, const DayRange& days) {
  std::vector<std::optional<absl::CivilDay>> first(facts.account_count);
  for (const Deal& deal : facts.deals) {
    if (!deal.won_day || !deal.account) continue;
    auto& day = first[*deal.account];
    day = day ? std::min(*day, *deal.won_day) : *deal.won_day;
  }
  FirstWins wins;
  for (const auto& day : first) {
    wins.before += day && *day < days.start;
    wins.during += In(day, days);
  }
  return wins;
}

NetCustomerNumbers CustomerNumbers(const GrowthBasis& basis, const Window& window,
                                   std::span<const RevenueBridge> bridges) {
  NetCustomerNumbers numbers{.basis = basis.customer_basis};
  if (basis.customer_basis == CustomerBasis::kSubscriptions) {
    const auto moves = [](const RevenueBridge& bridge) {
      return CustomerMoves{bridge.new_customers + bridge.reactivated_customers,
                           bridge.lost_customers};
    };
    numbers.has_records = true;
    numbers.opening = bridges[0].opening_customers;
    numbers.moves = moves(bridges[0]);
    if (Reaches(basis.first_movement_day, window.days[1])) numbers.comparison = moves(bridges[1]);
    return numbers;
  }
  const FirstWins wins = CountFirstWins(basis.facts, window.days[0]);
  numbers.has_records = wins.before + wins.during > 0;
  numbers.opening = wins.before;
  numbers.moves.gained = wins.during;
  if (Reaches(basis.first_deal_day, window.days[1])) {
    numbers.comparison = CustomerMoves{CountFirstWins(basis.facts, window.days[1]).during, 0};
  }
  return numbers;
}

ExpansionPeriod ExpansionOf(const GrowthBasis& basis, const DayRange& days,
                            const RevenueBridge& bridge) {
  const ExpansionCounts counts = CountExpanding(basis.ledger, days, basis.facts.account_count);
  return {.customers_at_start = counts.customers_at_start,
          .expanding = counts.expanding_without_incentive,
          .expansion_micros = bridge.expansion,
          .incentive_micros = bridge.incentive_expansion,
          .unstated_micros = bridge.unstated_expansion};
}

ExpansionNumbers ExpansionNumbersOf(const GrowthBasis& basis, const Window& window,
                                    std::span<const RevenueBridge> bridges) {
  ExpansionNumbers numbers{.currency = basis.facts.currency,
                           .has_records = basis.first_movement_day.has_value(),
                           .opening_mrr_micros = bridges[0].opening};
  numbers.period = ExpansionOf(basis, window.days[0], bridges[0]);
  if (Reaches(basis.first_movement_day, window.days[1])) {
    numbers.comparison = ExpansionOf(basis, window.days[1], bridges[1]);
    const Retreat retreat =
        MeasureRetreat(basis.ledger, window.days[1], window.days[0].end, basis.facts.account_count);
    numbers.driven_micros = retreat.driven;
    numbers.driven_gone_micros = retreat.driven_gone;
    numbers.own_micros = retreat.own;
    numbers.own_gone_micros = retreat.own_gone;
  }
  return numbers;
}

std::vector<std::vector<SellerWin>> WinsBySeller(const GrowthFacts& facts) {
  std::vector<std::vector<SellerWin>> wins(facts.sellers.size());
  for (const Deal& deal : facts.deals) {
    if (!deal.seller || !deal.won_day) continue;
    wins[*deal.seller].push_back({deal.id, deal.first_day, *deal.won_day, deal.self_sourced});
  }
  return wins;
}

// New sellers whose 90 days ended within the year up to the end of the period, or still
// run. Sellers hired before the first recorded opportunity are left out: what they won
// first may not be recorded.
std::vector<SellerRamp> RampsOf(const GrowthBasis& basis, const FiscalPeriod& period) {
  const GrowthFacts& facts = basis.facts;
  const int per_year = period.unit == PeriodUnit::kMonth ? 12 : 4;
  const absl::CivilDay end = facts.calendar.DaysOf(period).end;
  const absl::CivilDay start =
      facts.calendar.DaysOf(facts.calendar.Shift(period, 1 - per_year)).start;
  const auto wins = WinsBySeller(facts);
  std::vector<SellerRamp> ramps;
  for (size_t i = 0; i < facts.sellers.size(); ++i) {
    const SellerFact& seller = facts.sellers[i];
    if (!seller.hire_day || *seller.hire_day >= end || *seller.hire_day + kRampDays < start) {
      continue;
    }
    if (!basis.first_deal_day || *seller.hire_day < *basis.first_deal_day) continue;
    ramps.push_back(JudgeRamp(seller.id, *seller.hire_day, seller.leave_day, wins[i], end));
  }
  return ramps;
}

Result<std::vector<SellerAttainment>> AttainmentsOf(const GrowthFacts& facts,
                                                    const DayRange& days) {
  std::vector<SellerAttainment> attainments;
  std::vector<std::vector<DayRange>> spans(facts.sellers.size());
  std::vector<int64_t> quotas(facts.sellers.size(), 0), bookings(facts.sellers.size(), 0);
  for (size_t i = 0; i < facts.sellers.size(); ++i) {
    for (const Quota& quota : facts.sellers[i].quotas) {
      // A quota is judged in the period that holds its last day.
      if (quota.micros <= 0 || !days.contains(quota.days.end - 1)) continue;
      if (facts.sellers[i].leave_day && *facts.sellers[i].leave_day < quota.days.end) continue;
      spans[i].push_back(quota.days);
      GTM_ASSIGN_OR_RETURN(quotas[i], AddMicros(quotas[i], quota.micros));
    }
  }
  for (const Deal& deal : facts.deals) {
    if (!deal.seller || !deal.won_day) continue;
    for (const DayRange& span : spans[*deal.seller]) {
      if (!span.contains(*deal.won_day)) continue;
      GTM_ASSIGN_OR_RETURN(bookings[*deal.seller],
                           AddMicros(bookings[*deal.seller], deal.won_micros.value_or(0)));
    }
  }
  for (size_t i = 0; i < facts.sellers.size(); ++i) {
    if (quotas[i] > 0) attainments.push_back({facts.sellers[i].id, quotas[i], bookings[i]});
  }
  return attainments;
}

WinRatePeriod WinRateOf(const GrowthFacts& facts, const DayRange& days) {
  WinRatePeriod period{.created = CountQualified(facts, days)};
  for (const Deal& deal : facts.deals) {
    period.won += In(deal.won_day, days);
    period.lost += In(deal.lost_day, days);
  }
  return period;
}

DayRange Overlap(const DayRange& a, const DayRange& b) {
  return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

// Sums an amount that is spread evenly over spans, within `days`; tells how many of the
// days any span covers.
struct Spread {
  int64_t total = 0;
  int covered_days = 0;
};
template <class Fact, class Amount>
Result<Spread> SpreadOver(const std::vector<Fact>& facts, const DayRange& days, Amount amount) {
  Spread spread;
  std::set<absl::CivilDay> covered;
  for (const Fact& fact : facts) {
    const DayRange part = Overlap(fact.days, days);
    if (part.day_count() <= 0 || fact.days.day_count() <= 0) continue;
    GTM_ASSIGN_OR_RETURN(const int64_t share, MulDivRoundHalfEven(amount(fact), part.day_count(),
                                                                  fact.days.day_count()));
    GTM_ASSIGN_OR_RETURN(spread.total, AddMicros(spread.total, share));
    for (absl::CivilDay day = part.start; day < part.end; ++day) covered.insert(day);
  }
  spread.covered_days = static_cast<int>(covered.size());
  return spread;
}

Result<MqlNumbers> MqlNumbersOf(const GrowthFacts& facts, const Window& window) {
  MqlNumbers numbers{.currency = facts.currency, .has_leads = true, .has_spend = true};
  MqlPeriod* const periods[] = {&numbers.period, &numbers.comparison};
  for (int back = 0; back < 2; ++back) {
    const DayRange& days = window.days[back];
    const int needed = static_cast<int>(kCoveredShare * days.day_count());
    GTM_ASSIGN_OR_RETURN(
        const Spread leads,
        SpreadOver(facts.leads, days, [](const LeadFact& fact) { return fact.mql_count; }));
    GTM_ASSIGN_OR_RETURN(
        const Spread spend,
        SpreadOver(facts.spends, days, [](const SpendFact& fact) { return fact.micros; }));
    *periods[back] = {leads.total, spend.total, CountQualified(facts, days)};
    numbers.has_leads = numbers.has_leads && leads.covered_days >= needed;
    numbers.has_spend = numbers.has_spend && spend.covered_days >= needed;
  }
  return numbers;
}

// Employees before `day` begins: the company's own count, else the sum of its functions.
std::optional<int64_t> EmployeesBefore(const GrowthFacts& facts, absl::CivilDay day) {
  std::map<std::string, const HeadcountFact*> latest;
  for (const HeadcountFact& fact : facts.headcounts) {
    if (fact.day >= day) continue;
    const HeadcountFact*& kept = latest[fact.function];
    if (kept == nullptr || kept->day <= fact.day) kept = &fact;
  }
  if (latest.empty()) return std::nullopt;
  if (const auto whole = latest.find(""); whole != latest.end()) {
    return whole->second->employee_count;
  }
  int64_t sum = 0;
  for (const auto& [function, fact] : latest) sum += fact->employee_count;
  return sum;
}

Result<int64_t> BookingsIn(const GrowthFacts& facts, const DayRange& days) {
  int64_t sum = 0;
  for (const Deal& deal : facts.deals) {
    if (!In(deal.won_day, days)) continue;
    GTM_ASSIGN_OR_RETURN(sum, AddMicros(sum, deal.won_micros.value_or(0)));
  }
  return sum;
}

Result<HeadcountNumbers> HeadcountNumbersOf(const GrowthBasis& basis, const Window& window,
                                            std::span<const RevenueBridge> bridges) {
  HeadcountNumbers numbers{.currency = basis.facts.currency,
                           .employees = EmployeesBefore(basis.facts, window.days[0].end),
                           .employees_before = EmployeesBefore(basis.facts, window.days[1].end),
                           .revenue_micros = bridges[0].closing,
                           .revenue_before_micros = bridges[0].opening};
  if (basis.customer_basis == CustomerBasis::kWonOpportunities) {
    GTM_ASSIGN_OR_RETURN(numbers.revenue_micros, BookingsIn(basis.facts, window.days[0]));
    GTM_ASSIGN_OR_RETURN(numbers.revenue_before_micros, BookingsIn(basis.facts, window.days[1]));
  }
  return numbers;
}

WinRateNumbers WinRateNumbersOf(const GrowthBasis& basis, const Window& window,
                                std::span<const RevenueBridge> bridges) {
  WinRateNumbers numbers{.period = WinRateOf(basis.facts, window.days[0]),
                         .comparison = WinRateOf(basis.facts, window.days[1]),
                         .comparison_is_whole = Reaches(basis.first_deal_day, window.days[1])};
  if (basis.customer_basis == CustomerBasis::kSubscriptions) {
    numbers.net_customers_up = bridges[0].closing_customers > bridges[0].opening_customers;
    numbers.arr_up = bridges[0].closing > bridges[0].opening;
  }
  return numbers;
}

}  // namespace

Result<GrowthBasis> MakeBasis(GrowthFacts facts) {
  GrowthBasis basis;
  basis.facts = std::move(facts);
  GTM_ASSIGN_OR_RETURN(basis.ledger, BuildLedger(basis.facts.movements, basis.facts.currency));
  for (const Movement& movement : basis.facts.movements) {
    auto& first = basis.first_movement_day;
    first = first ? std::min(*first, movement.day) : movement.day;
  }
  for (const Deal& deal : basis.facts.deals) {
    auto& first = basis.first_deal_day;
    first = first ? std::min(*first, deal.first_day) : deal.first_day;
  }
  basis.customer_basis = basis.facts.movements.empty() ? CustomerBasis::kWonOpportunities
                                                       : CustomerBasis::kSubscriptions;
  return basis;
}

FiscalPeriod LastCompletePeriod(const GrowthFacts& facts, PeriodUnit unit) {
  return facts.calendar.Shift(facts.calendar.PeriodOf(facts.today, unit), -1);
}

bool IsComplete(const GrowthFacts& facts, const FiscalPeriod& period) {
  return facts.calendar.DaysOf(period).end <= facts.today;
}

Result<SignalReport> EvaluatePeriod(const GrowthBasis& basis, const FiscalPeriod& period) {
  const GrowthFacts& facts = basis.facts;
  const Window window = WindowOf(facts.calendar, period);
  GTM_ASSIGN_OR_RETURN(const std::vector<RevenueBridge> bridges,
                       Bridge(basis.ledger, std::span(window.days, 2)));
  SignalReport report{.period = period,
                      .days = window.days[0],
                      .comparison_period = facts.calendar.Shift(period, -1),
                      .customer_basis = basis.customer_basis};
  report.ramps = RampsOf(basis, period);
  GTM_ASSIGN_OR_RETURN(report.attainments, AttainmentsOf(facts, window.days[0]));
  const OpportunityNumbers opportunities{
      .created = CountQualified(facts, window.days[0]),
      .created_before = CountQualified(facts, window.days[1]),
      .created_two_before = CountQualified(facts, window.days[2]),
      .three_whole_periods = Reaches(basis.first_deal_day, window.days[2])};
  report.signals = {JudgeNetCustomers(CustomerNumbers(basis, window, bridges)),
                    JudgeExpansion(ExpansionNumbersOf(basis, window, bridges)),
                    JudgeOpportunities(opportunities), JudgeFirstDeals(report.ramps),
                    JudgeQuota(report.attainments, facts.currency)};
  GTM_ASSIGN_OR_RETURN(const MqlNumbers mql, MqlNumbersOf(facts, window));
  GTM_ASSIGN_OR_RETURN(const HeadcountNumbers headcount,
                       HeadcountNumbersOf(basis, window, bridges));
  report.false_signals = {JudgeWinRate(WinRateNumbersOf(basis, window, bridges)), JudgeMql(mql),
                          JudgeHeadcount(headcount)};
  return report;
}

}  // namespace gtm::growth::domain
