#include "services/targeting/domain/spend.h"

#include <algorithm>

namespace gtm::targeting::domain {
namespace {

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

}  // namespace

Result<Money> SpendOn(const book::BookView& view, const DayRange& days) {
  constexpr int64_t kNanosPerMicro = 1'000;
  Money sum{0, view.settings().reporting_currency};
  for (const auto& spend : view.spends()) {
    const DayRange own = {DayOf(spend->start_date()), DayOf(spend->end_date())};
    const int64_t shared = std::min(own.end, days.end) - std::max(own.start, days.start);
    if (shared <= 0 || own.day_count() <= 0) continue;
    GTM_ASSIGN_OR_RETURN(const Currency currency,
                         Currency::Parse(spend->amount().currency_code(), "amount.currency_code"));
    const Money whole = {
        spend->amount().units() * kMicrosPerUnit + spend->amount().nanos() / kNanosPerMicro,
        currency};
    GTM_ASSIGN_OR_RETURN(Money part, view.InReportingCurrency(whole, own.end - 1));
    GTM_ASSIGN_OR_RETURN(part.micros, MulDivRoundHalfEven(part.micros, shared, own.day_count()));
    GTM_ASSIGN_OR_RETURN(sum, Add(sum, part));
  }
  return sum;
}

}  // namespace gtm::targeting::domain
