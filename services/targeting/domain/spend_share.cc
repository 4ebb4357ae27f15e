#include "services/targeting/domain/spend_share.h"

#include <algorithm>

#include "common/core/money.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kNanosPerMicro = 1'000;

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

}  // namespace

DayRange DaysBetween(const type::v1::Date& start, const type::v1::Date& end) {
  const absl::CivilDay first = DayOf(start);
  return {first, std::max(first, DayOf(end))};
}

DayRange CommonDays(const DayRange& a, const DayRange& b) {
  const absl::CivilDay start = std::max(a.start, b.start);
  return {start, std::max(start, std::min(a.end, b.end))};
}

int64_t CountOn(int64_t count, const DayRange& counted, const DayRange& days) {
  const int common = CommonDays(counted, days).day_count();
  if (common == 0) return 0;
  const auto share = MulDivRoundHalfEven(count, common, counted.day_count());
  return share.ok() ? *share : count;  // a share of a count cannot leave its range
}

Result<int64_t> SpendMicrosOn(const crm::v1::Spend& spend, const DayRange& days,
                              const book::BookView& view) {
  const DayRange paid = DaysBetween(spend.start_date(), spend.end_date());
  const int common = CommonDays(paid, days).day_count();
  if (common == 0) return 0;
  GTM_ASSIGN_OR_RETURN(const Currency currency,
                       Currency::Parse(spend.amount().currency_code(), "spend.amount"));
  GTM_ASSIGN_OR_RETURN(const int64_t units_micros,
                       MulDivRoundHalfEven(spend.amount().units(), kMicrosPerUnit, 1));
  GTM_ASSIGN_OR_RETURN(const int64_t micros,
                       AddMicros(units_micros, spend.amount().nanos() / kNanosPerMicro));
  GTM_ASSIGN_OR_RETURN(const Money amount,
                       view.InReportingCurrency({micros, currency}, paid.start));
  return MulDivRoundHalfEven(amount.micros, common, paid.day_count());
}

}  // namespace gtm::targeting::domain
