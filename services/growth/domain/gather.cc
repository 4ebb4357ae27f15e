#include "services/growth/domain/gather.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace gtm::growth::domain {
namespace {

namespace crm = gtm::crm::v1;

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

Money MoneyOf(const type::v1::Money& money) {
  // Validated by records: a known code, no fraction of a micro.
  const Result<Currency> currency = Currency::Parse(money.currency_code());
  return {money.units() * kMicrosPerUnit + money.nanos() / 1000,
          currency.ok() ? *currency : Currency::Of("XXX")};
}

// Gives accounts dense numbers in order of first appearance.
class Numbering {
 public:
  uint32_t Of(std::string_view id) {
    return numbers_.try_emplace(std::string(id), static_cast<uint32_t>(numbers_.size()))
        .first->second;
  }
  uint32_t count() const { return static_cast<uint32_t>(numbers_.size()); }

 private:
  absl::flat_hash_map<std::string, uint32_t> numbers_;
};

Incentive IncentiveOf(const book::BookView& view, const crm::SubscriptionMovement& movement) {
  switch (movement.incentive()) {
    case crm::SubscriptionMovement::INCENTIVE_DISCOUNT:
    case crm::SubscriptionMovement::INCENTIVE_COUPON:
    case crm::SubscriptionMovement::INCENTIVE_CREDIT:
      return Incentive::kDriven;
    case crm::SubscriptionMovement::INCENTIVE_NONE:
      return Incentive::kNone;
    default:
      break;
  }
  // Not stated, but the opportunity that brought it may say so.
  if (const auto row = view.FindOpportunity(movement.opportunity_id()); row) {
    const auto discount = view.opportunity(*row).discount_bps;
    if (discount) return *discount > 0 ? Incentive::kDriven : Incentive::kNone;
  }
  return Incentive::kUnstated;
}

Status GatherMovements(const book::BookView& view, Numbering* accounts, GrowthFacts* facts) {
  for (const auto& movement : view.subscription_movements()) {
    const absl::CivilDay day = DayOf(movement->effective_date());
    if (day > facts->today) continue;
    const Money native = MoneyOf(movement->mrr_delta());
    GTM_ASSIGN_OR_RETURN(const Money reporting, view.InReportingCurrency(native, day));
    facts->movements.push_back({.account = accounts->Of(movement->account_id()),
                                .day = day,
                                .native_micros = native.micros,
                                .currency = native.currency,
                                .reporting_micros = reporting.micros,
                                .incentive = IncentiveOf(view, *movement)});
  }
  return {};
}

using SellerPositions = absl::flat_hash_map<std::string, uint32_t>;

Status GatherSellers(const book::BookView& view, SellerPositions* positions, GrowthFacts* facts) {
  for (const auto& seller : view.sellers()) {
    SellerFact fact{.id = seller->id()};
    if (seller->has_hire_date()) fact.hire_day = DayOf(seller->hire_date());
    if (fact.hire_day && *fact.hire_day > facts->today) continue;
    if (seller->has_leave_date() && DayOf(seller->leave_date()) <= facts->today) {
      fact.leave_day = DayOf(seller->leave_date());
    }
    for (const auto& quota : seller->quotas()) {
      const DayRange days{DayOf(quota.start_date()), DayOf(quota.end_date())};
      if (days.end > facts->today || days.day_count() <= 0) continue;
      GTM_ASSIGN_OR_RETURN(const Money amount,
                           view.InReportingCurrency(MoneyOf(quota.amount()), days.start));
      fact.quotas.push_back({days, amount.micros});
    }
    positions->emplace(fact.id, static_cast<uint32_t>(facts->sellers.size()));
    facts->sellers.push_back(std::move(fact));
  }
  return {};
}

Status GatherDeals(const book::BookView& view, absl::Time as_of, const SellerPositions& positions,
                   Numbering* accounts, GrowthFacts* facts) {
  const FiscalCalendar& calendar = facts->calendar;
  const auto day_of = [&calendar](const std::optional<absl::Time>& time) {
    return time ? std::optional(calendar.DayOf(*time)) : std::nullopt;
  };
  for (const book::OpportunityRow row : view.opportunities_by_id()) {
    const book::OpportunityFacts opportunity = view.opportunity(row);
    const std::optional<absl::Time> won = book::WonTime(opportunity, as_of);
    const absl::Time first = opportunity.stage_changes.front().time;
    if (first > as_of) continue;
    Deal deal{.id = std::string(opportunity.id),
              .first_day = calendar.DayOf(first),
              .qualified_day = day_of(book::QualifiedTime(opportunity, as_of)),
              .won_day = day_of(won),
              .lost_day = day_of(book::LostTime(opportunity, as_of)),
              .self_sourced = opportunity.self_sourced};
    if (!opportunity.account_id.empty()) deal.account = accounts->Of(opportunity.account_id);
    if (const auto it = positions.find(std::string(opportunity.owner_seller_id));
        it != positions.end()) {
      deal.seller = it->second;
    }
    if (const book::AmountChange* amount = won ? book::AmountAt(opportunity, *won) : nullptr) {
      GTM_ASSIGN_OR_RETURN(const Money value,
                           view.InReportingCurrency(amount->amount, *deal.won_day));
      deal.won_micros = value.micros;
    }
    facts->deals.push_back(std::move(deal));
  }
  return {};
}

Status GatherCosts(const book::BookView& view, GrowthFacts* facts) {
  for (const auto& headcount : view.headcounts()) {
    const absl::CivilDay day = DayOf(headcount->effective_date());
    if (day > facts->today) continue;
    facts->headcounts.push_back({day, headcount->function(), headcount->employee_count()});
  }
  for (const auto& lead : view.lead_counts()) {
    const DayRange days{DayOf(lead->start_date()), DayOf(lead->end_date())};
    if (days.end > facts->today || !lead->has_mql_count()) continue;
    facts->leads.push_back({days, lead->mql_count()});
  }
  for (const auto& spend : view.spends()) {
    const DayRange days{DayOf(spend->start_date()), DayOf(spend->end_date())};
    if (days.start > facts->today) continue;
    // Money that keeps customers or runs systems buys no leads (GS-13).
    if (spend->goal() == crm::SPEND_GOAL_RETENTION || spend->goal() == crm::SPEND_GOAL_OPERATIONS) {
      continue;
    }
    GTM_ASSIGN_OR_RETURN(const Money amount,
                         view.InReportingCurrency(MoneyOf(spend->amount()), days.start));
    facts->spends.push_back({days, amount.micros});
  }
  return {};
}

}  // namespace

Result<GrowthFacts> Gather(const book::BookView& view, absl::Time as_of) {
  GrowthFacts facts{.calendar = view.settings().calendar,
                    .currency = view.settings().reporting_currency,
                    .today = view.settings().calendar.DayOf(as_of)};
  Numbering accounts;
  SellerPositions positions;
  GTM_RETURN_IF_ERROR(GatherMovements(view, &accounts, &facts));
  GTM_RETURN_IF_ERROR(GatherSellers(view, &positions, &facts));
  GTM_RETURN_IF_ERROR(GatherDeals(view, as_of, positions, &accounts, &facts));
  GTM_RETURN_IF_ERROR(GatherCosts(view, &facts));
  facts.account_count = accounts.count();
  return facts;
}

}  // namespace gtm::growth::domain
