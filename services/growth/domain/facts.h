#pragma once
// What the growth rules read: a tenant's records as small values, cut at one instant.
// Nothing in here happened after `today`. Plain data, cheap to make by hand in a test.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"

namespace gtm::growth::domain {

// What drove an expansion (GS-03).
enum class Incentive { kUnstated, kNone, kDriven };

// One change of an account's recurring revenue.
struct Movement {
  uint32_t account = 0;  // number of the account, any dense numbering
  absl::CivilDay day;    // first day on which it holds
  int64_t native_micros = 0;
  Currency currency = Currency::Of("USD");
  int64_t reporting_micros = 0;  // native_micros at the rate of `day`
  Incentive incentive = Incentive::kUnstated;
};

// One opportunity as it stood at the cut.
struct Deal {
  std::string id;
  std::optional<uint32_t> account;              // absent: the CRM does not say
  std::optional<uint32_t> seller;               // position in GrowthFacts::sellers
  absl::CivilDay first_day;                     // the first stage change
  std::optional<absl::CivilDay> qualified_day;  // became an SQO (TG-19)
  std::optional<absl::CivilDay> won_day;
  std::optional<absl::CivilDay> lost_day;
  std::optional<int64_t> won_micros;  // reporting currency; absent: won without an amount
  std::optional<bool> self_sourced;
};

struct Quota {
  DayRange days;
  int64_t micros = 0;  // reporting currency
};

struct SellerFact {
  std::string id;
  std::optional<absl::CivilDay> hire_day;
  std::optional<absl::CivilDay> leave_day;  // the day after the last day of work
  std::vector<Quota> quotas;
};

struct HeadcountFact {
  absl::CivilDay day;    // holds from then on
  std::string function;  // "" is the whole company
  int64_t employee_count = 0;
};

// Marketing qualified leads of a span of days.
struct LeadFact {
  DayRange days;
  int64_t mql_count = 0;
};

// Money spent over a span of days, evenly.
struct SpendFact {
  DayRange days;
  int64_t micros = 0;  // reporting currency
};

struct GrowthFacts {
  FiscalCalendar calendar;
  Currency currency = Currency::Of("USD");
  // The civil day of the cut; a period is complete when it ends on or before it.
  absl::CivilDay today;
  std::vector<Movement> movements;
  uint32_t account_count = 0;       // accounts that movements and deals number
  std::vector<Deal> deals;          // by rising id
  std::vector<SellerFact> sellers;  // by rising id
  std::vector<HeadcountFact> headcounts;
  std::vector<LeadFact> leads;
  std::vector<SpendFact> spends;
};

}  // namespace gtm::growth::domain
