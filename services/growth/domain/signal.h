#pragma once
// The vocabulary of signals: statuses, gates, figures, estimates and the policy with
// every threshold. Numbers of the enums as in gtm.growth.v1.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/money.h"
#include "common/stats/intervals.h"

namespace gtm::growth::domain {

enum class SignalKind {
  kNetNewCustomers = 1,
  kExpansionWithoutIncentives = 2,
  kNewQualifiedOpportunities = 3,
  kFirstDeal = 4,
  kQuota = 5,
  kFalseWinRate = 11,
  kFalseMql = 12,
  kFalseHeadcount = 13,
};

// One meaning each; see gtm.growth.v1.SignalStatus.
enum class SignalStatus { kOk = 1, kWatch = 2, kAct = 3, kUnknown = 4 };

enum class CustomerBasis { kSubscriptions = 1, kWonOpportunities = 2 };

// Numbers as in gtm.type.v1.Sufficiency.
enum class Sufficiency { kEnough = 1, kNotEnoughData = 2, kNoData = 3 };

// See gtm.type.v1.Estimate. Without a value: no data.
struct Estimate {
  std::optional<double> value, low, high;
  double confidence = stats::kConfidence;
  std::string_view method = "exact";
  int64_t success_count = 0;
  int64_t sample_count = 0;
  Sufficiency sufficiency = Sufficiency::kNoData;
};

// A share of counted cases, with Wilson's interval. Enough from `trials_min` trials on.
Estimate ShareEstimate(int64_t successes, int64_t trials, int64_t trials_min);
// A number that is known: low = value = high.
Estimate KnownEstimate(double value, int64_t sample_count);
// value +- the normal quantile times `standard_deviation`.
Estimate NormalEstimate(double value, double standard_deviation, std::string_view method,
                        int64_t sample_count, bool enough);
// The difference of two shares, a - b, by Newcombe's (1998) combination of Wilson
// intervals; no data where either has no trials.
Estimate ShareDifference(const Estimate& a, const Estimate& b);

struct Gate {
  std::string_view rule_id;
  std::string_view name;
  double threshold = 0;
  Estimate value;
  SignalStatus status = SignalStatus::kUnknown;
};

// Where an estimate lies: whole interval at or above the threshold kOk, below kAct,
// both kWatch; kUnknown without enough data. A threshold of 0 must be exceeded.
SignalStatus StatusOf(const Estimate& estimate, double threshold);
Gate MakeGate(std::string_view rule_id, std::string_view name, double threshold,
              const Estimate& value);

struct Figure {
  std::string name;
  std::variant<int64_t, double, Money> value;
};

struct Signal {
  SignalKind kind = SignalKind::kNetNewCustomers;
  SignalStatus status = SignalStatus::kUnknown;
  Estimate value;
  std::optional<Estimate> comparison;
  std::vector<Gate> gates;
  std::vector<Figure> figures;
  std::vector<std::string_view> rule_ids;
  std::string explanation;
  std::string what_would_change;
};

// Names the rules and this policy; part of every provenance.
inline constexpr std::string_view kRulesVersion = "growth-signals/1";

// The policy of kRulesVersion: thresholds of the sources, and the smallest numbers
// that may carry a verdict (C27).
inline constexpr int kRampDays = 90;               // GS-06
inline constexpr int kTooFastDays = 30;            // GS-06: "first month is too fast"
inline constexpr double kRampShare = 0.5;          // GS-07: "consistently slower" = most are
inline constexpr double kQuotaShare = 0.70;        // GS-08
inline constexpr double kSecondQuotaShare = 0.80;  // GS-09: 80 % of sellers ...
inline constexpr int64_t kSecondQuotaBps = 8'000;  // ... at 80 % of quota
// Fewer cannot reach 95 % even if all moved one way (2 * 0.5^6 = 3 %).
inline constexpr int64_t kCustomerMovesMin = 6;
inline constexpr int64_t kExpansionCustomersMin = 10;
// Poisson counts are near normal from here on.
inline constexpr int64_t kOpportunitiesMin = 20;
inline constexpr int64_t kRampSellersMin = 5;
// With fewer, one seller moves the share by more than 20 points.
inline constexpr int64_t kQuotaSellersMin = 5;
// Revenue per employee counts as level down to this ratio (GS-14: "level or improve").
inline constexpr double kLevelRatio = 0.98;
// Share of a period's days that lead counts and spend must cover.
inline constexpr double kCoveredShare = 0.90;

}  // namespace gtm::growth::domain
