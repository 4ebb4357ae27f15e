#include "services/targeting/domain/attributes.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace gtm::targeting::domain {
namespace {

using criteria::Attribute;
using criteria::Value;
using criteria::ValueType;
using Field = AttributeField;

struct Row {
  Attribute attribute;
  Field field;
};

constexpr ValueType kNumber = ValueType::kNumber;
constexpr ValueType kWord = ValueType::kWord;
constexpr ValueType kWords = ValueType::kWords;

constexpr auto kAccountRows = std::to_array<Row>({
    {{"account.annual_revenue", kNumber,
      "Revenue of the last fiscal year in units of the reporting currency, at the rate of "
      "as_of; missing without a rate (TG-04)"},
     Field::kAccountAnnualRevenue},
    {{"account.contact_count", kNumber, "People recorded at the account (TG-11)"},
     Field::kAccountContactCount},
    {{"account.country", kWord, "Country"}, Field::kAccountCountry},
    {{"account.custom_label.*", kWord, "The tenant's own word, by its key"},
     Field::kAccountCustomLabel},
    {{"account.custom_number.*", kNumber, "The tenant's own number, by its key"},
     Field::kAccountCustomNumber},
    {{"account.employee_count", kNumber, "Employees (TG-04)"}, Field::kAccountEmployeeCount},
    {{"account.first_seen_age_days", kNumber, "Days since the account appeared in the CRM"},
     Field::kAccountFirstSeenAgeDays},
    {{"account.founded_year", kNumber, "Calendar year of the foundation"},
     Field::kAccountFoundedYear},
    {{"account.growth_capacity", kNumber, "Capacity to grow within a year, 0 to 100 (SP-04)"},
     Field::kAccountGrowthCapacity},
    {{"account.industry", kWord, "Industry (TG-04)"}, Field::kAccountIndustry},
    {{"account.leadership_change_age_days", kNumber,
      "Days since the last change of leadership; missing before the first (TG-04, UR-02)"},
     Field::kAccountLeadershipChangeAgeDays},
    {{"account.market_influence", kNumber, "Influence on its market, 0 to 100 (SP-04)"},
     Field::kAccountMarketInfluence},
    {{"account.potential_lifetime_value", kNumber,
      "Potential lifetime value in units of the reporting currency (SP-04)"},
     Field::kAccountPotentialLifetimeValue},
    {{"account.region", kWord, "Sales region"}, Field::kAccountRegion},
    {{"account.revenue_growth_bps", kNumber,
      "Growth of revenue over a year, in basis points (TG-04)"},
     Field::kAccountRevenueGrowthBps},
    {{"account.segment", kWord, "Segment"}, Field::kAccountSegment},
    {{"account.source", kWord, "Channel that the account came from"}, Field::kAccountSource},
    {{"account.technologies", kWords, "Technologies in use (TG-05)"}, Field::kAccountTechnologies},
    {{"engagement.active_contact_count", kNumber,
      "People who acted in the active window: breadth (TG-08, TG-11). So many or more where "
      "touches name nobody"},
     Field::kEngagementActiveContactCount},
    {{"engagement.last_touch_age_days", kNumber,
      "Days since the buyer last acted; missing before the first touch"},
     Field::kEngagementLastTouchAgeDays},
    {{"engagement.recent_points", kNumber,
      "Points of the buyer's touches, each halved with every half-life, after the cap of a "
      "person and day (TG-08, C18)"},
     Field::kEngagementRecentPoints},
    {{"engagement.touch_count", kNumber, "The buyer's touches in the active window (TG-12)"},
     Field::kEngagementTouchCount},
});

constexpr auto kContactRows = std::to_array<Row>({
    {{"contact.buying_role", kWord,
      "Usual role: economic_buyer, decision_maker, champion, coach, technical_evaluator, user, "
      "influencer, gatekeeper (TG-10)"},
     Field::kContactBuyingRole},
    {{"contact.commitment", kNumber, "Interest in and commitment to us, 0 to 100 (SP-04)"},
     Field::kContactCommitment},
    {{"contact.custom_label.*", kWord, "The tenant's own word, by its key"},
     Field::kContactCustomLabel},
    {{"contact.custom_number.*", kNumber, "The tenant's own number, by its key"},
     Field::kContactCustomNumber},
    {{"contact.job_function", kWord, "Function: finance, it, security (BE-06)"},
     Field::kContactJobFunction},
    {{"contact.market_influence", kNumber, "Influence on the market, 0 to 100 (SP-04)"},
     Field::kContactMarketInfluence},
    {{"contact.region", kWord, "Region in which the person can be met"}, Field::kContactRegion},
    {{"contact.seniority", kNumber, "Level, 1 (staff) to 5 (head of the company)"},
     Field::kContactSeniority},
    {{"engagement.last_touch_age_days", kNumber,
      "Days since the person last acted; missing before the first touch"},
     Field::kEngagementLastTouchAgeDays},
    {{"engagement.recent_points", kNumber,
      "Points of the person's touches, each halved with every half-life (TG-08)"},
     Field::kEngagementRecentPoints},
    {{"engagement.touch_count", kNumber, "The person's touches in the active window (TG-12)"},
     Field::kEngagementTouchCount},
});

template <size_t n>
constexpr std::array<Attribute, n> AttributesOf(const std::array<Row, n>& rows) {
  std::array<Attribute, n> attributes{};
  for (size_t i = 0; i < n; ++i) attributes[i] = rows[i].attribute;
  return attributes;
}
constexpr auto kAccountTable = AttributesOf(kAccountRows);
constexpr auto kContactTable = AttributesOf(kContactRows);

// Names of gtm.crm.v1.BuyingRole, in words.
constexpr std::string_view kRoleNames[] = {"",         "economic_buyer", "decision_maker",
                                           "champion", "coach",          "technical_evaluator",
                                           "user",     "influencer",     "gatekeeper"};

template <class T>
const T* Lookup(std::span<const std::pair<std::string_view, T>> sorted, std::string_view key) {
  const auto found =
      std::lower_bound(sorted.begin(), sorted.end(), key,
                       [](const auto& a, std::string_view b) { return a.first < b; });
  return found != sorted.end() && found->first == key ? &found->second : nullptr;
}

Value LabelValue(std::span<const std::pair<std::string_view, std::string_view>> labels,
                 const std::string& key) {
  const auto* label = Lookup(labels, key);
  return label != nullptr ? Value::Word(*label) : Value();
}

Value NumberValue(std::span<const std::pair<std::string_view, double>> numbers,
                  const std::string& key) {
  const auto* number = Lookup(numbers, key);
  return number != nullptr ? Value::Number(*number) : Value();
}

Value AgeDays(const std::optional<absl::CivilDay>& day, const ReadContext& context) {
  if (!day || *day > context.as_of_day) return {};
  return Value::Number(static_cast<double>(context.as_of_day - *day));
}

Value MoneyValue(const std::optional<Money>& money, const ReadContext& context) {
  if (!money) return {};
  const auto converted = context.view.InReportingCurrency(*money, context.as_of_day);
  if (!converted.ok()) return {};
  return Value::Number(static_cast<double>(converted->micros) / kMicrosPerUnit);
}

Value EngagementValue(Field field, const EngagementMeasure& engagement) {
  switch (field) {
    case Field::kEngagementActiveContactCount:
      return engagement.has_unnamed_touches
                 ? Value::AtLeast(static_cast<double>(engagement.active_contact_count))
                 : Value::Number(static_cast<double>(engagement.active_contact_count));
    case Field::kEngagementLastTouchAgeDays:
      return Value::Number(engagement.last_touch_age_days);
    case Field::kEngagementRecentPoints:
      return Value::Number(static_cast<double>(engagement.recent_micropoints) / 1e6);
    case Field::kEngagementTouchCount:
      return Value::Number(static_cast<double>(engagement.touch_count));
    default:
      return {};
  }
}

template <size_t n>
const Row* FindRow(const std::array<Row, n>& rows, std::span<const Attribute> table,
                   std::string_view name) {
  const Attribute* attribute = criteria::FindAttribute(table, name);
  return attribute != nullptr ? &rows[attribute - table.data()] : nullptr;
}

}  // namespace

std::span<const Attribute> AccountAttributes() { return kAccountTable; }
std::span<const Attribute> ContactAttributes() { return kContactTable; }

AttributeRef ResolveAttribute(std::string_view name) {
  const Row* row = FindRow(kAccountRows, kAccountTable, name);
  if (row == nullptr) row = FindRow(kContactRows, kContactTable, name);
  assert(row != nullptr && "CheckAttributes refuses unknown names");
  const std::string_view known = row->attribute.name;
  AttributeRef ref{row->field, ""};
  if (known.ends_with('*')) ref.key = name.substr(known.size() - 1);
  return ref;
}

bool ReadsEngagement(const AttributeRef& attribute) {
  return attribute.field >= Field::kEngagementActiveContactCount;
}

Value ReadAccount(const AttributeRef& attribute, const ReadContext& context, book::AccountRow row,
                  const book::AccountFacts& account, const EngagementMeasure& engagement) {
  switch (attribute.field) {
    case Field::kAccountAnnualRevenue:
      return MoneyValue(account.annual_revenue, context);
    case Field::kAccountContactCount:
      return Value::Number(static_cast<double>(context.view.contacts_of(row).size()));
    case Field::kAccountCountry:
      return Value::Word(account.country);
    case Field::kAccountCustomLabel:
      return LabelValue(account.custom_labels, attribute.key);
    case Field::kAccountCustomNumber:
      return NumberValue(account.custom_numbers, attribute.key);
    case Field::kAccountEmployeeCount:
      return Value::Number(account.employee_count);
    case Field::kAccountFirstSeenAgeDays:
      return AgeDays(account.first_seen_day, context);
    case Field::kAccountFoundedYear:
      return Value::Number(account.founded_year);
    case Field::kAccountGrowthCapacity:
      return Value::Number(account.growth_capacity);
    case Field::kAccountIndustry:
      return Value::Word(account.industry);
    case Field::kAccountLeadershipChangeAgeDays:
      return AgeDays(account.leadership_change_day, context);
    case Field::kAccountMarketInfluence:
      return Value::Number(account.market_influence);
    case Field::kAccountPotentialLifetimeValue:
      return MoneyValue(account.potential_lifetime_value, context);
    case Field::kAccountRegion:
      return Value::Word(account.region);
    case Field::kAccountRevenueGrowthBps:
      return Value::Number(account.revenue_growth_bps);
    case Field::kAccountSegment:
      return Value::Word(account.segment);
    case Field::kAccountSource:
      return Value::Word(account.source);
    case Field::kAccountTechnologies:
      if (!account.technologies_known && account.technologies.empty()) return {};
      return Value::Words(account.technologies);
    default:
      return EngagementValue(attribute.field, engagement);
  }
}

Value ReadContact(const AttributeRef& attribute, const book::ContactFacts& contact,
                  const EngagementMeasure& engagement) {
  switch (attribute.field) {
    case Field::kContactBuyingRole:
      return contact.buying_role < std::size(kRoleNames)
                 ? Value::Word(kRoleNames[contact.buying_role])
                 : Value();
    case Field::kContactCommitment:
      return Value::Number(contact.commitment);
    case Field::kContactCustomLabel:
      return LabelValue(contact.custom_labels, attribute.key);
    case Field::kContactCustomNumber:
      return NumberValue(contact.custom_numbers, attribute.key);
    case Field::kContactJobFunction:
      return Value::Word(contact.job_function);
    case Field::kContactMarketInfluence:
      return Value::Number(contact.market_influence);
    case Field::kContactRegion:
      return Value::Word(contact.region);
    case Field::kContactSeniority:
      return Value::Number(contact.seniority);
    default:
      return EngagementValue(attribute.field, engagement);
  }
}

}  // namespace gtm::targeting::domain
