#include "services/growth/domain/false_signals.h"

#include <fmt/format.h>

#include <cmath>

namespace gtm::growth::domain {
namespace {

// The difference of two Poisson counts with its noise.
Estimate CountChange(int64_t now, int64_t before, bool enough) {
  const double n = static_cast<double>(now + before);
  return NormalEstimate(static_cast<double>(now - before), std::sqrt(n), "poisson-normal",
                        now + before, enough);
}

// won / created. Not a share of cases: what is won now was created before.
Estimate RateEstimate(const WinRatePeriod& period, bool enough) {
  Estimate estimate{
      .method = "poisson-ratio", .success_count = period.won, .sample_count = period.created};
  if (period.created == 0) return estimate;
  const double created = static_cast<double>(period.created);
  const stats::Interval won = stats::PoissonExactInterval(period.won, created);
  estimate.value = static_cast<double>(period.won) / created;
  estimate.low = won.low;
  estimate.high = won.high;
  estimate.sufficiency = enough ? Sufficiency::kEnough : Sufficiency::kNotEnoughData;
  return estimate;
}

void AddWinRateFigures(const WinRateNumbers& numbers, Signal* signal) {
  const WinRatePeriod& now = numbers.period;
  const WinRatePeriod& before = numbers.comparison;
  signal->figures = {{"created_opportunities", now.created},
                     {"won_opportunities", now.won},
                     {"lost_opportunities", now.lost},
                     {"comparison.created_opportunities", before.created},
                     {"comparison.won_opportunities", before.won},
                     {"comparison.lost_opportunities", before.lost}};
  if (now.won + now.lost > 0) {
    signal->figures.push_back(
        {"won_of_closed", static_cast<double>(now.won) / static_cast<double>(now.won + now.lost)});
  }
  if (before.won + before.lost > 0) {
    signal->figures.push_back(
        {"comparison.won_of_closed",
         static_cast<double>(before.won) / static_cast<double>(before.won + before.lost)});
  }
}

std::string_view Rose(const std::optional<bool>& up) {
  return !up ? "unknown" : *up ? "up" : "not up";
}

}  // namespace

Signal JudgeWinRate(const WinRateNumbers& numbers) {
  Signal signal{.kind = SignalKind::kFalseWinRate, .rule_ids = {"GS-11", "GS-12"}};
  const WinRatePeriod& now = numbers.period;
  const WinRatePeriod& before = numbers.comparison;
  const bool enough = numbers.comparison_is_whole && now.created > 0 && before.created > 0 &&
                      now.created + before.created >= kOpportunitiesMin;
  signal.value = RateEstimate(now, enough);
  signal.comparison = RateEstimate(before, enough);
  AddWinRateFigures(numbers, &signal);
  const Estimate created = CountChange(now.created, before.created, enough);
  signal.gates = {MakeGate("GS-11", "created_opportunities_rise", 0, created)};
  signal.what_would_change =
      "OK needs at least as many new qualified opportunities as before, or net customers, ARR and "
      "win rate rising together. Better: do not steer by the win rate, but by net customers and "
      "accelerating opportunities.";
  if (!enough) {
    signal.explanation = fmt::format(
        "{} and {} new qualified opportunities in the period and the one before: not "
        "enough to tell.",
        now.created, before.created);
    return signal;
  }
  const bool rate_up = *signal.value.value > *signal.comparison->value;
  const bool real =
      rate_up && numbers.net_customers_up.value_or(false) && numbers.arr_up.value_or(false);
  if (!rate_up || real || now.created >= before.created) {
    signal.status = SignalStatus::kOk;
  } else {
    signal.status = *created.high < 0 ? SignalStatus::kAct : SignalStatus::kWatch;
  }
  signal.explanation = fmt::format(
      "Win rate {:.1f} % after {:.1f} %; created {} after {}, won {} after {}; net customers {}, "
      "ARR {}.",
      *signal.value.value * 100, *signal.comparison->value * 100, now.created, before.created,
      now.won, before.won, Rose(numbers.net_customers_up), Rose(numbers.arr_up));
  if (real) signal.explanation += " All three rise together: real (GS-12).";
  if (signal.status == SignalStatus::kAct) {
    signal.explanation += " The rate rose because less was created: no growth.";
  }
  return signal;
}

Signal JudgeMql(const MqlNumbers& numbers) {
  Signal signal{.kind = SignalKind::kFalseMql, .rule_ids = {"GS-13"}};
  const MqlPeriod& now = numbers.period;
  const MqlPeriod& before = numbers.comparison;
  const bool enough = numbers.has_leads && numbers.has_spend && before.mql > 0 &&
                      now.mql + before.mql >= kOpportunitiesMin && before.qualified > 0;
  signal.figures = {{"mql", now.mql},
                    {"spend", Money{now.spend_micros, numbers.currency}},
                    {"new_qualified_opportunities", now.qualified},
                    {"comparison.mql", before.mql},
                    {"comparison.spend", Money{before.spend_micros, numbers.currency}},
                    {"comparison.new_qualified_opportunities", before.qualified}};
  signal.value = RateEstimate({.created = now.mql, .won = now.qualified}, enough);
  signal.comparison = RateEstimate({.created = before.mql, .won = before.qualified}, enough);
  const Estimate mql = CountChange(now.mql, before.mql, enough);
  const Estimate qualified = CountChange(now.qualified, before.qualified, enough);
  signal.gates = {MakeGate("GS-13", "qualified_opportunities_rise", 0, qualified)};
  signal.what_would_change =
      "OK needs qualified opportunities that rise with the leads. Reward qualified opportunities, "
      "not leads.";
  if (!enough) {
    signal.explanation = !numbers.has_leads   ? "Lead counts do not cover both periods."
                         : !numbers.has_spend ? "Spend does not cover both periods."
                                              : "Too few leads or qualified opportunities to tell.";
    return signal;
  }
  const bool bought = *mql.low > 0 && now.spend_micros > before.spend_micros;
  const double in_step = static_cast<double>(before.qualified) *
                         (static_cast<double>(now.mql) / static_cast<double>(before.mql) - 1);
  if (!bought || *qualified.low > 0) {
    signal.status = SignalStatus::kOk;
  } else {
    signal.status = *qualified.high < in_step ? SignalStatus::kAct : SignalStatus::kWatch;
  }
  signal.explanation = fmt::format(
      "MQLs {} after {}, spend {} after {}, new qualified opportunities {} after {}.", now.mql,
      before.mql, Format(Money{now.spend_micros, numbers.currency}),
      Format(Money{before.spend_micros, numbers.currency}), now.qualified, before.qualified);
  if (signal.status == SignalStatus::kAct) {
    signal.explanation += " Spend bought leads, and leads did not become opportunities.";
  }
  return signal;
}

Signal JudgeHeadcount(const HeadcountNumbers& numbers) {
  Signal signal{.kind = SignalKind::kFalseHeadcount, .rule_ids = {"GS-14"}};
  signal.figures = {{"revenue", Money{numbers.revenue_micros, numbers.currency}},
                    {"comparison.revenue", Money{numbers.revenue_before_micros, numbers.currency}}};
  signal.what_would_change = "OK needs revenue per employee that stays level or improves.";
  if (numbers.employees.value_or(0) <= 0 || numbers.employees_before.value_or(0) <= 0 ||
      numbers.revenue_before_micros <= 0) {
    signal.explanation = "Headcount or revenue of the two periods is not recorded.";
    return signal;
  }
  const int64_t now = *numbers.employees;
  const int64_t before = *numbers.employees_before;
  const double per_employee = static_cast<double>(numbers.revenue_micros) /
                              static_cast<double>(numbers.revenue_before_micros) *
                              static_cast<double>(before) / static_cast<double>(now);
  signal.value = KnownEstimate(per_employee, now);
  signal.comparison = KnownEstimate(1, before);
  signal.figures.push_back({"employees", now});
  signal.figures.push_back({"comparison.employees", before});
  signal.gates = {MakeGate("GS-14", "revenue_per_employee_ratio", 1, signal.value)};
  if (now <= before || per_employee >= 1) {
    signal.status = SignalStatus::kOk;
  } else {
    signal.status = per_employee < kLevelRatio ? SignalStatus::kAct : SignalStatus::kWatch;
  }
  signal.explanation =
      fmt::format("Employees {} after {}; revenue per employee is {:.2f} of what it was.", now,
                  before, per_employee);
  if (signal.status == SignalStatus::kAct) {
    signal.explanation += " Growth of cost, not of revenue.";
  }
  return signal;
}

}  // namespace gtm::growth::domain
