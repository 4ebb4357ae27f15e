#pragma once
// The demo company: a generated seller of software with known truth, so that every
// answer of the platform can be compared with what is really so. No real data.
//
// The same options give the same records, byte for byte. Accounts are generated one
// after the other from streams of their own, so that a million accounts need no more
// memory than one, and a larger company begins with the accounts of a smaller one.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/random.h"
#include "common/core/result.h"
#include "gtm/records/v1/record.pb.h"

namespace gtm::demo {

struct Options {
  uint64_t seed = 1;
  int account_count = 300;  // 1 to 1,000,000
  // The day on which the company is looked at. History covers the three fiscal years
  // (calendar years) that end with the year of this day.
  absl::CivilDay today;
  // Average engagements an account; the event volume of benchmarks.
  double engagements_per_account = 40;
};

// "small" (300), "medium" (3,000), "large" (50,000), "huge" (1,000,000) or a number.
// Error: INVALID_FIELDS ("size").
Result<int> AccountCountOf(std::string_view size);

// What is really so: the parameters that the records are drawn from.
struct Truth {
  // Win and loss hazards of an open deal a day, before the factors below. Rising to
  // the peak age, then falling: hazard(age) = peak * (age / peak_age) * exp(1 - age / peak_age).
  double win_hazard_peak = 0.0095;
  double loss_hazard_peak = 0.0120;
  int hazard_peak_age_days = 60;
  // Factor on both hazards in the last 14 days of a quarter.
  double quarter_end_factor = 2.0;
  // A seller of tenure d days wins with the factor 1 - exp(-(d + 30) / ramp_days).
  double ramp_days = 75;
  // Win hazard factor of a deal with a sponsored contact.
  double sponsor_factor = 1.35;
  // Log odds of fit: win hazard factor exp(fit_effect * fit), fit in about -2..2.
  double fit_effect = 0.55;
  // Share of deals that are never closed though dead (stale pipeline).
  double zombie_share = 0.06;
  // Chance that a Stage 0 becomes an SQO.
  double qualify_share = 0.62;
  // Realised over expected amount: log-normal.
  double amount_ratio_log_mean = -0.06;
  double amount_ratio_log_sd = 0.18;
  // Monthly churn hazard of a customer; that of a sale closed within 30 days is
  // quick_sale_churn_factor times as high (GS-18).
  double monthly_churn = 0.010;
  double quick_sale_churn_factor = 2.5;
  // Planted false signals, all from the last complete quarter on (GS-03, GS-13, GS-14): share of
  // expansion that is bought with coupons, growth of MQLs and spend, growth of staff.
  double coupon_share = 0.55;
  double mql_growth = 1.8;
  double headcount_growth = 1.6;
  // Chance that a trigger came before a deal that was won, and before another (UR-13).
  double trigger_share_won = 0.45;
  double trigger_share_other = 0.20;
  // Chance that a tool (a calculator, a diagnostic) was used before a deal that was won, and before
  // another (BE-02).
  double tool_share_won = 0.55;
  double tool_share_other = 0.25;
  // Log odds that who comes to the web site looks at a second page: stay_bias + stay_fit * fit
  // (BE-10).
  double stay_bias = 0.2;
  double stay_fit = 0.8;
  // In a region without an open deal, the busiest seller holds this share of the meetings,
  // whatever comes of them (D4).
  double busy_share = 0.65;
};

// One seller as generated, for owners of deals.
struct SellerFacts {
  std::string id;
  int region = 0;
  absl::CivilDay hired;
  absl::CivilDay left;  // far future while employed
};

// Receives records in the order in which they should be written.
using Sink = std::function<void(records::v1::Record record)>;

// Generates the whole company. `options` must be valid (asserted).
void Generate(const Options& options, const Truth& truth, const Sink& sink);

// ---- Parts of Generate, exposed for tests ------------------------------------------

// First day of history.
absl::CivilDay HistoryStart(const Options& options);
// Hazards a day at an age, and the chance that a deal of given fit is ever won.
double HazardShape(const Truth& truth, int age_days);

// Shared by the parts.
struct Context {
  const Options& options;
  const Truth& truth;
  const Sink& sink;
  absl::CivilDay start;
  std::vector<SellerFacts> sellers;
};
void GenerateCompany(Context* context, Random& random);  // settings, people, money, leads

// A deal as generated.
struct DealFacts {
  enum class Outcome { kOpen, kWon, kLost };
  std::string id;
  std::string seller_id;
  absl::CivilDay created;
  absl::CivilDay qualified;  // where was_qualified
  bool was_qualified = false;
  Outcome outcome = Outcome::kOpen;
  absl::CivilDay closed;  // unless open
};

// An account as its deals see it.
struct AccountFacts {
  std::string id;
  int index = 0;
  int region = 0;
  int segment = 0;  // 0 small, 1 mid-market, 2 enterprise
  double fit = 0;
  bool sponsored = false;
  bool regulated = false;  // banking, insurance, energy, healthcare
  std::vector<std::string> contact_ids;
  std::vector<DealFacts> deals;  // filled by GenerateDeals
};
AccountFacts GenerateAccount(const Context& context, int index, Random& random);
void GenerateDeals(const Context& context, AccountFacts* account, Random& random);
// What was added later is drawn from `own`, so that all else is as it was.
void GenerateEngagements(const Context& context, const AccountFacts& account, Random& random,
                         Random& own);
// Triggers and call summaries round the deals, and interviews after them.
void GenerateDiscovery(const Context& context, const AccountFacts& account, Random& own);
// Subscription of a customer from the day of the first win on.
void GenerateSubscription(const Context& context, const AccountFacts& account, Random& random,
                          absl::CivilDay start, int64_t mrr_units, bool quick_sale,
                          const std::string& opportunity_id);

}  // namespace gtm::demo
