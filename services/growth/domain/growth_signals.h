#pragma once
// The five signals of growth (GS-01 to GS-09), each a pure function of a few numbers
// of the period and of the period before it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "services/growth/domain/signal.h"

namespace gtm::growth::domain {

// Customers that came (new and back) and left.
struct CustomerMoves {
  int64_t gained = 0;
  int64_t lost = 0;
};

struct NetCustomerNumbers {
  CustomerBasis basis = CustomerBasis::kSubscriptions;
  bool has_records = false;  // any movement, or any won opportunity, at all
  int64_t opening = 0;
  CustomerMoves moves;
  // Absent where the records do not reach back to its first day.
  std::optional<CustomerMoves> comparison;
};
// Signal 1 (GS-02). Value: net new customers, gained - lost.
//   gate 1: the number of net customers rises. Of n moves, is the share of gains above
//     one half (Wilson)? Mapped to customers: [(2 low - 1) n, (2 high - 1) n] > 0.
//   gate 2: net new customers do not fall behind the comparison; the change with its
//     Poisson noise, sqrt(gained + lost + gained' + lost').
// OK: gate 1 OK and gate 2 not ACT. ACT: gate 1 ACT. From won opportunities at most
// WATCH, since nobody is seen to leave.
Signal JudgeNetCustomers(const NetCustomerNumbers& numbers);

struct ExpansionPeriod {
  int64_t customers_at_start = 0;
  int64_t expanding = 0;  // of those, by more than incentives explain
  int64_t expansion_micros = 0;
  int64_t incentive_micros = 0;  // part of expansion_micros
  int64_t unstated_micros = 0;   // part of expansion_micros
};
struct ExpansionNumbers {
  Currency currency = Currency::Of("USD");
  bool has_records = false;  // any subscription movement at all
  int64_t opening_mrr_micros = 0;
  ExpansionPeriod period;
  std::optional<ExpansionPeriod> comparison;
  // Of the comparison period's expansion, what was gone by the end of the period.
  int64_t driven_gone_micros = 0, driven_micros = 0;
  int64_t own_gone_micros = 0, own_micros = 0;
};
// Signal 2 (GS-03, C20, D17). Value: share of the customers of the first day who
// expanded by more than incentives explain.
//   gate 1: some did; none in two periods running is ACT.
//   gate 2: the share does not fall behind the comparison (Newcombe).
//   gate 3: at least half of the expansion is not driven by an incentive; the interval
//     is what it would be if all, or none, of the unstated part were driven.
// ACT: any gate ACT. OK: gates 1 and 3 OK. Else WATCH.
Signal JudgeExpansion(const ExpansionNumbers& numbers);

struct OpportunityNumbers {
  // New qualified opportunities of the period, the one before and the one before that.
  int64_t created = 0, created_before = 0, created_two_before = 0;
  bool three_whole_periods = false;  // the records reach back to the first of them
};
// Signal 3 (GS-05). Value: new qualified opportunities with the exact Poisson interval.
//   gate 1: they accelerate: created - 2 before + two_before > 0, with Poisson noise
//     sqrt(created + 4 before + two_before).
//   gate 2: they do not fall: created - before, noise sqrt(created + before).
// ACT: any gate ACT. OK: gate 1 OK. Else WATCH. If nothing changes, ACT comes up in
// about 3 % of periods.
Signal JudgeOpportunities(const OpportunityNumbers& numbers);

// How far a new seller came (GS-06, D7). Numbers as in SellerRamp.State.
enum class RampState { kMet = 1, kNotMet = 2, kRunning = 3, kSourceUnknown = 4, kLeft = 5 };
struct SellerWin {
  std::string opportunity_id;
  absl::CivilDay first_day;  // first stage change
  absl::CivilDay won_day;
  std::optional<bool> self_sourced;
};
struct SellerRamp {
  std::string seller_id;
  RampState state = RampState::kRunning;
  absl::CivilDay hire_day;
  std::optional<int32_t> first_deal_days;  // days from the hire to the first own win
  bool suspiciously_fast = false;
  std::string first_deal_id;
};
// Judges one seller at the end of a period. A deal that began before the hire is
// inherited, whatever is recorded. Day 90 still counts; day 91 does not.
SellerRamp JudgeRamp(std::string seller_id, absl::CivilDay hire_day,
                     std::optional<absl::CivilDay> leave_day, std::span<const SellerWin> wins,
                     absl::CivilDay period_end);

// Signal 4 (GS-06, GS-07). Value: share of the sellers judged (MET or NOT_MET) whose
// 90 days ended within the year up to the end of the period, that met it. Sellers who
// still run, left, or have unknown sources are not judged (censoring).
//   gate: most of them (50 %); Wilson.
Signal JudgeFirstDeals(std::span<const SellerRamp> ramps);

struct SellerAttainment {
  std::string seller_id;
  int64_t quota_micros = 0;  // above 0
  int64_t bookings_micros = 0;
};
// Signal 5 (GS-08, GS-09, D8). Value: share of sellers at quota, of all whose quota
// ended in the period: a fact about those sellers and no sample, so that the share
// itself is held against the gates. The interval says how far the rate behind it is
// known.
//   gate 1: 70 % of sellers at quota. It decides.
//   gate 2: 80 % of sellers at 80 % of quota. Told on its own.
Signal JudgeQuota(std::span<const SellerAttainment> sellers, Currency currency);

}  // namespace gtm::growth::domain
