#include "services/forecasting/domain/target.h"

#include <algorithm>

#include "gtm/crm/v1/people.pb.h"

namespace gtm::forecasting::domain {
namespace {

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

}  // namespace

Result<std::optional<Target>> TargetFromQuotas(const book::BookView& view, const DayRange& days,
                                               const Selection& selection,
                                               absl::CivilDay rate_day) {
  Target target;
  target.from_quotas = true;
  if (!selection.segment.empty()) return std::optional<Target>();
  for (const auto& seller : view.sellers()) {
    if (!selection.owner_seller_id.empty() && seller->id() != selection.owner_seller_id) continue;
    bool has_quota = false;
    for (const auto& quota : seller->quotas()) {
      const absl::CivilDay start = DayOf(quota.start_date()), end = DayOf(quota.end_date());
      const auto overlap = std::min(end, days.end) - std::max(start, days.start);
      if (overlap <= 0) continue;
      GTM_ASSIGN_OR_RETURN(const Currency currency,
                           Currency::Parse(quota.amount().currency_code()));
      GTM_ASSIGN_OR_RETURN(const int64_t whole,
                           MulDivRoundHalfEven(quota.amount().units(), kMicrosPerUnit, 1));
      const Money amount{whole + quota.amount().nanos() / 1000, currency};
      GTM_ASSIGN_OR_RETURN(const Money converted, view.InReportingCurrency(amount, rate_day));
      GTM_ASSIGN_OR_RETURN(const int64_t share,
                           MulDivRoundHalfEven(converted.micros, overlap, end - start));
      GTM_ASSIGN_OR_RETURN(target.micros, AddMicros(target.micros, share));
      has_quota = true;
    }
    target.quota_count += has_quota;
  }
  if (target.quota_count == 0) return std::optional<Target>();
  return std::optional<Target>(target);
}

}  // namespace gtm::forecasting::domain
