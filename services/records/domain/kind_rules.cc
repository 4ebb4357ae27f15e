#include "services/records/domain/kind_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "common/core/fiscal_calendar.h"
#include "services/records/domain/value_rules.h"

namespace gtm::records::domain {
namespace {

using record::Record;
using type::v1::Date;
using type::v1::Money;

void CheckNotNegative(const Money& amount, const Path& path, Violations* violations) {
  if (SignOf(amount) < 0) violations->Add(path, "negative; give 0 or more");
}

// [start, end) must hold at least one day.
void CheckSpan(const Date& start, const Date& end, const Path& end_path, Violations* violations) {
  if (DayNumber(end) <= DayNumber(start)) {
    violations->Add(end_path, "not after start_date; give the day after the last day");
  }
}

void Check(const crm::v1::Account& account, const Path& path, Violations* violations) {
  if (!account.parent_account_id().empty() && account.parent_account_id() == account.id()) {
    violations->Add(path.Field("parent_account_id"),
                    "is the account itself; leave it empty for an account without parent");
  }
}

void Check(const crm::v1::Opportunity& opportunity, const Path& path, Violations* violations) {
  const Path changes = path.Field("amount_changes");
  for (int i = 0; i < opportunity.amount_changes_size(); ++i) {
    const Money& amount = opportunity.amount_changes(i).amount();
    const Path item = changes.Item(i);
    CheckNotNegative(amount, item.Field("amount"), violations);
    const std::string& first = opportunity.amount_changes(0).amount().currency_code();
    if (amount.currency_code() != first) {
      violations->Add(item.Field("amount"),
                      fmt::format("{} after {}; give all amounts of an opportunity in one "
                                  "currency",
                                  amount.currency_code(), first));
    }
  }
}

void Check(const crm::v1::Campaign& campaign, const Path& path, Violations* violations) {
  if (campaign.has_start_date() && campaign.has_end_date()) {
    CheckSpan(campaign.start_date(), campaign.end_date(), path.Field("end_date"), violations);
  }
}

void Check(const crm::v1::Spend& spend, const Path& path, Violations* violations) {
  CheckSpan(spend.start_date(), spend.end_date(), path.Field("end_date"), violations);
  CheckNotNegative(spend.amount(), path.Field("amount"), violations);
}

void Check(const crm::v1::LeadCount& count, const Path& path, Violations* violations) {
  CheckSpan(count.start_date(), count.end_date(), path.Field("end_date"), violations);
  if (count.has_accepted_count() && count.has_handed_over_count() &&
      count.accepted_count() > count.handed_over_count()) {
    violations->Add(path.Field("accepted_count"),
                    fmt::format("{} accepted of {} handed over; count the same leads in both",
                                count.accepted_count(), count.handed_over_count()));
  }
}

void Check(const crm::v1::Seller& seller, const Path& path, Violations* violations) {
  if (seller.has_hire_date() && seller.has_leave_date() &&
      DayNumber(seller.leave_date()) <= DayNumber(seller.hire_date())) {
    violations->Add(path.Field("leave_date"),
                    "not after hire_date; give the day after the last day of work");
  }
  const Path quotas = path.Field("quotas");
  std::vector<int> order;
  for (int i = 0; i < seller.quotas_size(); ++i) {
    const auto& quota = seller.quotas(i);
    const Path item = quotas.Item(i);
    CheckSpan(quota.start_date(), quota.end_date(), item.Field("end_date"), violations);
    CheckNotNegative(quota.amount(), item.Field("amount"), violations);
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return DayNumber(seller.quotas(a).start_date()) < DayNumber(seller.quotas(b).start_date());
  });
  int latest = 0;  // position in `order` of the quota that ends last so far
  for (size_t i = 1; i < order.size(); ++i) {
    const auto& before = seller.quotas(order[latest]);
    const auto& quota = seller.quotas(order[i]);
    if (DayNumber(quota.start_date()) < DayNumber(before.end_date())) {
      const Path item = quotas.Item(order[i]);
      violations->Add(
          item.Field("start_date"),
          fmt::format("overlaps quotas[{}]; give spans that do not overlap", order[latest]));
    }
    if (DayNumber(quota.end_date()) > DayNumber(before.end_date())) latest = static_cast<int>(i);
  }
}

void Check(const crm::v1::SubscriptionMovement& movement, const Path& path,
           Violations* violations) {
  using Movement = crm::v1::SubscriptionMovement;
  const int sign = SignOf(movement.mrr_delta());
  const bool loss =
      movement.type() == Movement::TYPE_CONTRACTION || movement.type() == Movement::TYPE_CHURN;
  if (loss ? sign > 0 : sign < 0) {
    violations->Add(
        path.Field("mrr_delta"),
        fmt::format("{} for {}; give {} for this type", sign > 0 ? "positive" : "negative",
                    Movement::Type_Name(movement.type()), loss ? "0 or less" : "0 or more"));
  }
}

void Check(const crm::v1::ExchangeRate& rate, const Path& path, Violations* violations) {
  if (auto problem = CurrencyProblem(rate.currency_code()); !problem.empty()) {
    violations->Add(path.Field("currency_code"), std::move(problem));
  }
}

// Names are looked up in files: nothing that leads out of the time zone folder.
bool LooksLikeZone(std::string_view name) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '-' ||
           c == '/';
  };
  return std::all_of(name.begin(), name.end(), allowed) && (name.empty() || name[0] != '/');
}

void Check(const crm::v1::TenantSettings& settings, const Path& path, Violations* violations) {
  const auto& calendar = settings.fiscal_calendar();
  if (!LooksLikeZone(calendar.time_zone())) {
    const Path calendar_path = path.Field("fiscal_calendar");
    violations->Add(calendar_path.Field("time_zone"),
                    "no IANA time zone; use one such as Europe/Berlin");
    return;
  }
  const auto made = FiscalCalendar::Make(
      calendar.year_start_month() == 0 ? 1 : calendar.year_start_month(), calendar.time_zone());
  if (!made.ok()) {
    for (const FieldViolation& violation : made.error().violations()) {
      violations->Add(path.Field(violation.field), violation.description);
    }
  }
  if (!settings.reporting_currency().empty()) {
    if (auto problem = CurrencyProblem(settings.reporting_currency()); !problem.empty()) {
      violations->Add(path.Field("reporting_currency"), std::move(problem));
    }
  }
  std::set<std::string_view> ids;
  const Path stages = path.Field("stages");
  for (int i = 0; i < settings.stages_size(); ++i) {
    if (!ids.insert(settings.stages(i).id()).second) {
      const Path item = stages.Item(i);
      violations->Add(item.Field("id"), "is there twice; give each stage an id of its own");
    }
  }
  const int smallest = settings.buying_group_size_min();
  const int largest = settings.buying_group_size_max();
  // 0 means the default of 7 and of 11 (TG-11).
  if ((smallest == 0 ? 7 : smallest) > (largest == 0 ? 11 : largest)) {
    violations->Add(path.Field("buying_group_size_min"),
                    "more than buying_group_size_max; give both, the smaller one here");
  }
}

void Check(const crm::v1::ApiKey& key, const Path& path, Violations* violations) {
  const bool is_hex =
      std::all_of(key.secret_sha256().begin(), key.secret_sha256().end(),
                  [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
  if (key.secret_sha256().size() != 64 || !is_hex) {
    violations->Add(path.Field("secret_sha256"),
                    "no SHA-256; give 64 lower-case hexadecimal digits");
  }
}

}  // namespace

void CheckKindRules(const Record& record, const Path& payload, Violations* violations) {
  switch (record.payload_case()) {
    case Record::kAccount:
      return Check(record.account(), payload, violations);
    case Record::kOpportunity:
      return Check(record.opportunity(), payload, violations);
    case Record::kCampaign:
      return Check(record.campaign(), payload, violations);
    case Record::kSpend:
      return Check(record.spend(), payload, violations);
    case Record::kLeadCount:
      return Check(record.lead_count(), payload, violations);
    case Record::kSeller:
      return Check(record.seller(), payload, violations);
    case Record::kSubscriptionMovement:
      return Check(record.subscription_movement(), payload, violations);
    case Record::kExchangeRate:
      return Check(record.exchange_rate(), payload, violations);
    case Record::kTenantSettings:
      return Check(record.tenant_settings(), payload, violations);
    case Record::kApiKey:
      return Check(record.api_key(), payload, violations);
    default:
      return;
  }
}

}  // namespace gtm::records::domain
