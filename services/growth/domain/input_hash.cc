#include "services/growth/domain/input_hash.h"

#include "common/core/sha256.h"
#include "services/growth/domain/signal.h"

namespace gtm::growth::domain {
namespace {

int64_t NumberOf(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }

class Writer {
 public:
  Writer& Number(int64_t number) {
    hash_.Update(number);
    return *this;
  }
  Writer& Text(std::string_view text) {
    hash_.UpdateText(text);
    return *this;
  }
  Writer& Day(absl::CivilDay day) { return Number(NumberOf(day)); }
  Writer& Days(const DayRange& days) { return Day(days.start).Day(days.end); }
  Writer& Day(const std::optional<absl::CivilDay>& day) {
    Number(day.has_value());
    return day ? Day(*day) : *this;
  }
  template <class T>
  Writer& Maybe(const std::optional<T>& number) {
    Number(number.has_value());
    return number ? Number(static_cast<int64_t>(*number)) : *this;
  }
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

void WriteDeals(const GrowthFacts& facts, Writer* writer) {
  writer->Number(static_cast<int64_t>(facts.deals.size()));
  for (const Deal& deal : facts.deals) {
    writer->Text(deal.id).Maybe(deal.account).Maybe(deal.seller).Day(deal.first_day);
    writer->Day(deal.qualified_day).Day(deal.won_day).Day(deal.lost_day);
    writer->Maybe(deal.won_micros).Maybe(deal.self_sourced);
  }
}

void WriteSellers(const GrowthFacts& facts, Writer* writer) {
  writer->Number(static_cast<int64_t>(facts.sellers.size()));
  for (const SellerFact& seller : facts.sellers) {
    writer->Text(seller.id).Day(seller.hire_day).Day(seller.leave_day);
    writer->Number(static_cast<int64_t>(seller.quotas.size()));
    for (const Quota& quota : seller.quotas) writer->Days(quota.days).Number(quota.micros);
  }
}

}  // namespace

std::string InputHash(const GrowthFacts& facts, std::string_view question) {
  Writer writer;
  writer.Text(kRulesVersion).Text(question).Text(facts.currency.code()).Day(facts.today);
  writer.Number(facts.calendar.year_start_month());
  writer.Number(static_cast<int64_t>(facts.movements.size()));
  for (const Movement& movement : facts.movements) {
    writer.Number(movement.account).Day(movement.day).Text(movement.currency.code());
    writer.Number(movement.native_micros).Number(movement.reporting_micros);
    writer.Number(static_cast<int64_t>(movement.incentive));
  }
  WriteDeals(facts, &writer);
  WriteSellers(facts, &writer);
  writer.Number(static_cast<int64_t>(facts.headcounts.size()));
  for (const HeadcountFact& fact : facts.headcounts) {
    writer.Day(fact.day).Text(fact.function).Number(fact.employee_count);
  }
  writer.Number(static_cast<int64_t>(facts.leads.size()));
  for (const LeadFact& fact : facts.leads) writer.Days(fact.days).Number(fact.mql_count);
  writer.Number(static_cast<int64_t>(facts.spends.size()));
  for (const SpendFact& fact : facts.spends) writer.Days(fact.days).Number(fact.micros);
  return writer.HexDigest();
}

}  // namespace gtm::growth::domain
