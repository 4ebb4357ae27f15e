#include "services/growth/domain/growth_signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gtm::growth::domain {
namespace {

std::string Range(const Estimate& estimate) {
  return fmt::format("{:.1f} to {:.1f}", estimate.low.value_or(0), estimate.high.value_or(0));
}

std::string PercentRange(const Estimate& estimate) {
  return fmt::format("{:.1f} to {:.1f} %", estimate.low.value_or(0) * 100,
                     estimate.high.value_or(0) * 100);
}

Signal Unknown(Signal signal, std::string explanation, std::string what_would_change) {
  signal.status = SignalStatus::kUnknown;
  signal.explanation = std::move(explanation);
  signal.what_would_change = std::move(what_would_change);
  return signal;
}

// Net new customers of n moves: the share of gains, mapped to customers.
Estimate NetNewEstimate(const CustomerMoves& moves) {
  const int64_t count = moves.gained + moves.lost;
  Estimate estimate = ShareEstimate(moves.gained, count, kCustomerMovesMin);
  estimate.method = "wilson-net";
  const double n = static_cast<double>(count);
  if (count == 0) {
    // Nothing moved: the count is known, and tells nothing about what comes.
    estimate.value = estimate.low = estimate.high = 0;
    estimate.sufficiency = Sufficiency::kNotEnoughData;
    return estimate;
  }
  estimate.value = static_cast<double>(moves.gained - moves.lost);
  estimate.low = (2 * *estimate.low - 1) * n;
  estimate.high = (2 * *estimate.high - 1) * n;
  return estimate;
}

void AddCustomerFigures(const NetCustomerNumbers& numbers, Signal* signal) {
  const CustomerMoves& moves = numbers.moves;
  signal->figures = {{"opening_customers", numbers.opening},
                     {"gained_customers", moves.gained},
                     {"lost_customers", moves.lost},
                     {"net_new_customers", moves.gained - moves.lost},
                     {"closing_customers", numbers.opening + moves.gained - moves.lost}};
  if (!numbers.comparison) return;
  signal->figures.push_back(
      {"comparison.net_new_customers", numbers.comparison->gained - numbers.comparison->lost});
}

}  // namespace

Signal JudgeNetCustomers(const NetCustomerNumbers& numbers) {
  Signal signal{.kind = SignalKind::kNetNewCustomers, .rule_ids = {"GS-02"}};
  if (!numbers.has_records) {
    return Unknown(std::move(signal), "No customers are recorded.",
                   "Record subscription movements, or at least won opportunities.");
  }
  const CustomerMoves& moves = numbers.moves;
  AddCustomerFigures(numbers, &signal);
  signal.value = NetNewEstimate(moves);
  signal.gates = {MakeGate("GS-02", "net_customers_rise", 0, signal.value)};
  SignalStatus slowing = SignalStatus::kUnknown;
  if (numbers.comparison) {
    const CustomerMoves& before = *numbers.comparison;
    signal.comparison = NetNewEstimate(before);
    const int64_t n = moves.gained + moves.lost + before.gained + before.lost;
    const double change =
        static_cast<double>(moves.gained - moves.lost - before.gained + before.lost);
    signal.gates.push_back(MakeGate("GS-02", "net_new_customers_rise", 0,
                                    NormalEstimate(change, std::sqrt(static_cast<double>(n)),
                                                   "poisson-normal", n, n >= kCustomerMovesMin)));
    slowing = signal.gates.back().status;
  }
  const int64_t count = moves.gained + moves.lost;
  if (count < kCustomerMovesMin) {
    return Unknown(
        std::move(signal),
        fmt::format("{} customers gained and {} lost: too few to tell from chance.", moves.gained,
                    moves.lost),
        fmt::format("At least {} customers gained or lost in the period.", kCustomerMovesMin));
  }
  signal.status = signal.gates[0].status;
  if (signal.status == SignalStatus::kOk && slowing == SignalStatus::kAct) {
    signal.status = SignalStatus::kWatch;
  }
  signal.explanation =
      fmt::format("Net customers changed by {:+} ({} gained, {} lost; {} would be no surprise).",
                  moves.gained - moves.lost, moves.gained, moves.lost, Range(signal.value));
  signal.what_would_change = fmt::format(
      "OK needs clearly more customers gained than lost, and net new customers that do not fall "
      "behind the comparison.");
  if (numbers.basis == CustomerBasis::kWonOpportunities) {
    if (signal.status == SignalStatus::kOk) signal.status = SignalStatus::kWatch;
    signal.explanation +=
        " Counted from first won opportunities: customers who left are not recorded.";
    signal.what_would_change = "Record subscription movements, so that losses are seen.";
  }
  return signal;
}

namespace {

void AddExpansionFigures(const ExpansionNumbers& numbers, Signal* signal) {
  const auto money = [&numbers](int64_t micros) { return Money{micros, numbers.currency}; };
  const ExpansionPeriod& period = numbers.period;
  signal->figures = {
      {"opening_mrr", money(numbers.opening_mrr_micros)},
      {"customers_at_start", period.customers_at_start},
      {"customers_expanding_without_incentive", period.expanding},
      {"expansion_mrr", money(period.expansion_micros)},
      {"incentive_expansion_mrr", money(period.incentive_micros)},
      {"unstated_expansion_mrr", money(period.unstated_micros)},
      {"counted_expansion_mrr", money(period.expansion_micros - period.incentive_micros)}};
  if (!numbers.comparison) return;
  signal->figures.push_back(
      {"comparison.customers_at_start", numbers.comparison->customers_at_start});
  signal->figures.push_back(
      {"comparison.customers_expanding_without_incentive", numbers.comparison->expanding});
  signal->figures.push_back({"comparison.incentive_expansion_mrr", money(numbers.driven_micros)});
  signal->figures.push_back(
      {"comparison.incentive_expansion_gone_mrr", money(numbers.driven_gone_micros)});
  signal->figures.push_back({"comparison.own_expansion_mrr", money(numbers.own_micros)});
  signal->figures.push_back({"comparison.own_expansion_gone_mrr", money(numbers.own_gone_micros)});
}

// Share of expansion that no incentive drove; the range says what the unstated part
// could make of it.
Estimate OwnShare(const ExpansionPeriod& period) {
  Estimate share{.method = "exact"};
  if (period.expansion_micros <= 0) return share;
  const double total = static_cast<double>(period.expansion_micros);
  share.value = share.high = 1 - static_cast<double>(period.incentive_micros) / total;
  share.low = *share.value - static_cast<double>(period.unstated_micros) / total;
  share.method = "range of the unstated";
  share.sample_count = period.customers_at_start;
  share.sufficiency = Sufficiency::kEnough;
  return share;
}

// Why it is ACT, a sentence a gate.
std::string ActText(const std::vector<Gate>& gates) {
  std::string text;
  for (const Gate& gate : gates) {
    if (gate.status != SignalStatus::kAct) continue;
    text += gate.name == "customers_expand_on_their_own"
                ? " Nobody expanded on their own in two periods."
            : gate.name == "share_not_falling"
                ? " That is clearly fewer than before."
                : " Most of the expansion will retreat with its incentives (GS-03).";
  }
  return text;
}

// Gate 1: whether anyone expanded without an incentive.
Gate SomeoneExpands(const ExpansionNumbers& numbers, const Estimate& value) {
  Gate gate = MakeGate("GS-03", "customers_expand_on_their_own", 0, value);
  if (gate.status == SignalStatus::kUnknown) return gate;
  if (numbers.period.expanding > 0) {
    gate.status = SignalStatus::kOk;
  } else {
    const bool none_before = numbers.comparison && numbers.comparison->expanding == 0 &&
                             numbers.comparison->customers_at_start >= kExpansionCustomersMin;
    gate.status = none_before ? SignalStatus::kAct : SignalStatus::kWatch;
  }
  return gate;
}

// The fewest new opportunities x with x - 2 n1 + n2 > z sqrt(x + 4 n1 + n2): a quadratic
// in y = sqrt(x + 4 n1 + n2).
int64_t AcceleratingCount(double n1, double n2) {
  const double z = stats::NormalQuantile(0.5 + stats::kConfidence / 2);
  const double y = (z + std::sqrt(z * z + 24 * n1)) / 2;
  return std::max<int64_t>(0, static_cast<int64_t>(std::floor(y * y - 4 * n1 - n2)) + 1);
}

}  // namespace

Signal JudgeExpansion(const ExpansionNumbers& numbers) {
  Signal signal{.kind = SignalKind::kExpansionWithoutIncentives, .rule_ids = {"GS-03", "GS-04"}};
  if (!numbers.has_records) {
    return Unknown(std::move(signal), "No subscription movements are recorded.",
                   "Record subscription movements with their incentive.");
  }
  AddExpansionFigures(numbers, &signal);
  const ExpansionPeriod& period = numbers.period;
  signal.value = ShareEstimate(period.expanding, period.customers_at_start, kExpansionCustomersMin);
  signal.gates.push_back(SomeoneExpands(numbers, signal.value));
  if (numbers.comparison) {
    signal.comparison =
        ShareEstimate(numbers.comparison->expanding, numbers.comparison->customers_at_start,
                      kExpansionCustomersMin);
    signal.gates.push_back(MakeGate("GS-03", "share_not_falling", 0,
                                    ShareDifference(signal.value, *signal.comparison)));
  }
  signal.gates.push_back(
      MakeGate("GS-03", "expansion_not_driven_by_incentives", 0.5, OwnShare(period)));
  if (period.customers_at_start < kExpansionCustomersMin) {
    return Unknown(
        std::move(signal),
        fmt::format("{} of {} customers expanded without an incentive: too few customers to tell.",
                    period.expanding, period.customers_at_start),
        fmt::format("At least {} customers on the first day.", kExpansionCustomersMin));
  }
  const auto is = [](SignalStatus status) {
    return [status](const Gate& gate) { return gate.status == status; };
  };
  const bool act = std::any_of(signal.gates.begin(), signal.gates.end(), is(SignalStatus::kAct));
  const bool ok = signal.gates.front().status == SignalStatus::kOk &&
                  signal.gates.back().status == SignalStatus::kOk;
  signal.status = act ? SignalStatus::kAct : ok ? SignalStatus::kOk : SignalStatus::kWatch;
  signal.explanation = fmt::format(
      "{} of {} customers expanded by more than incentives explain ({}). Of {} expansion, {} was "
      "driven by an incentive and is not counted; for {} it is not stated.",
      period.expanding, period.customers_at_start, PercentRange(signal.value),
      Format(Money{period.expansion_micros, numbers.currency}),
      Format(Money{period.incentive_micros, numbers.currency}),
      Format(Money{period.unstated_micros, numbers.currency}));
  signal.explanation += ActText(signal.gates);
  signal.what_would_change =
      "OK needs customers who expand, at least half of the expansion stated as free of discount, "
      "coupon and credit, and a share that does not fall. If they do not expand, ask: satisfied? "
      "usage above the prior month? easy to expand?";
  return signal;
}

Signal JudgeOpportunities(const OpportunityNumbers& numbers) {
  Signal signal{.kind = SignalKind::kNewQualifiedOpportunities, .rule_ids = {"GS-05"}};
  const double n0 = static_cast<double>(numbers.created);
  const double n1 = static_cast<double>(numbers.created_before);
  const double n2 = static_cast<double>(numbers.created_two_before);
  const int64_t total = numbers.created + numbers.created_before + numbers.created_two_before;
  const bool enough = numbers.three_whole_periods && total >= kOpportunitiesMin;
  const auto count_estimate = [enough](int64_t count) {
    const stats::Interval interval = stats::PoissonExactInterval(count, 1);
    return Estimate{.value = static_cast<double>(count),
                    .low = interval.low,
                    .high = interval.high,
                    .method = "poisson-exact",
                    .success_count = count,
                    .sample_count = count,
                    .sufficiency = enough ? Sufficiency::kEnough : Sufficiency::kNotEnoughData};
  };
  signal.value = count_estimate(numbers.created);
  signal.comparison = count_estimate(numbers.created_before);
  signal.gates = {MakeGate("GS-05", "acceleration", 0,
                           NormalEstimate(n0 - 2 * n1 + n2, std::sqrt(n0 + 4 * n1 + n2),
                                          "poisson-normal", total, enough)),
                  MakeGate("GS-05", "growth", 0,
                           NormalEstimate(n0 - n1, std::sqrt(n0 + n1), "poisson-normal",
                                          numbers.created + numbers.created_before, enough))};
  signal.figures = {
      {"new_qualified_opportunities", numbers.created},
      {"comparison.new_qualified_opportunities", numbers.created_before},
      {"before_comparison.new_qualified_opportunities", numbers.created_two_before},
      {"change", numbers.created - numbers.created_before},
      {"acceleration", numbers.created - 2 * numbers.created_before + numbers.created_two_before}};
  if (!enough) {
    return Unknown(std::move(signal),
                   numbers.three_whole_periods
                       ? fmt::format("{} new qualified opportunities in three periods: too few to "
                                     "tell acceleration from chance.",
                                     total)
                       : "The records do not reach back over three whole periods.",
                   fmt::format("Three whole periods with at least {} new qualified opportunities.",
                               kOpportunitiesMin));
  }
  const SignalStatus acceleration = signal.gates[0].status;
  const bool act =
      acceleration == SignalStatus::kAct || signal.gates[1].status == SignalStatus::kAct;
  signal.status = act                                 ? SignalStatus::kAct
                  : acceleration == SignalStatus::kOk ? SignalStatus::kOk
                                                      : SignalStatus::kWatch;
  signal.explanation = fmt::format(
      "{} new qualified opportunities after {} and {}: change {:+}, acceleration {:+} (noise band "
      "{}).",
      numbers.created, numbers.created_before, numbers.created_two_before,
      numbers.created - numbers.created_before,
      numbers.created - 2 * numbers.created_before + numbers.created_two_before,
      Range(signal.gates[0].value));
  signal.what_would_change = fmt::format(
      "OK needs an acceleration whose noise band lies above 0: after {} and {}, at "
      "least {} new qualified opportunities.",
      numbers.created_before, numbers.created_two_before, AcceleratingCount(n1, n2));
  return signal;
}

}  // namespace gtm::growth::domain
