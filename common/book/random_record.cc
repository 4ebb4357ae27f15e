#include <fmt/format.h>

#include "common/book/book_testing.h"
#include "common/testing/record_builders.h"

namespace gtm::book {
namespace {

using crm::v1::Account;
using crm::v1::Contact;
using crm::v1::Engagement;
using crm::v1::Opportunity;
using records::v1::Record;

constexpr std::string_view kWords[] = {"", "alpha", "beta", "gamma", "delta"};
constexpr std::string_view kStages[] = {"stage_zero", "open", "contract", "won", "lost", "odd"};

std::string Id(std::string_view prefix, uint64_t number) {
  return fmt::format("{}{}", prefix, number);
}

class Generator {
 public:
  Generator(Random* random, int id_count)
      : random_(*random), id_count_(static_cast<uint64_t>(id_count)) {}

  std::string Word() { return std::string(kWords[random_.Below(std::size(kWords))]); }
  std::string SomeId(std::string_view prefix) { return Id(prefix, random_.Below(id_count_)); }
  std::string MaybeId(std::string_view prefix) { return Often() ? SomeId(prefix) : ""; }
  bool Often() { return random_.Below(3) != 0; }
  int Number(int bound) { return static_cast<int>(random_.Below(bound)); }
  absl::Time Time() { return test::At("2026-01-01") + absl::Hours(Number(5'000)); }

  template <class Message>
  void Custom(Message* m) {
    for (int i = Number(3); i > 0; --i) (*m->mutable_custom_labels())[Word()] = Word();
    for (int i = Number(3); i > 0; --i) (*m->mutable_custom_numbers())[Word()] = random_.Uniform();
  }
  void Fill(Account* m);
  void Fill(Contact* m);
  void Fill(Opportunity* m);
  void Fill(Engagement* m);
  void Fill(crm::v1::TenantSettings* m);
  void FillOther(Record* record);

 private:
  Random& random_;
  const uint64_t id_count_;
};

void Generator::Fill(Account* m) {
  m->set_id(SomeId("a"));
  m->set_display_name(Word() + Word() + Word());
  m->set_industry(Word());
  m->set_country(Word());
  m->set_parent_account_id(MaybeId("a"));
  m->set_owner_seller_id(MaybeId("s"));
  if (Often()) m->set_employee_count(Number(1'000'000));
  if (Often()) *m->mutable_annual_revenue() = test::MoneyOf(Number(1'000'000), "EUR", 250'000);
  if (Often()) m->set_revenue_growth_bps(Number(9'000) - 4'500);
  if (Often()) m->set_market_influence(Number(101));
  if (Often()) *m->mutable_first_seen_date() = test::Date("2024-02-29");
  for (int i = Number(4); i > 0; --i) m->add_technologies(Word());
  m->set_technologies_known(Often());
  Custom(m);
}

void Generator::Fill(Contact* m) {
  m->set_id(SomeId("c"));
  m->set_account_id(MaybeId("a"));
  m->set_display_name(Word() + " " + Word());
  m->set_job_title(Word());
  m->set_job_function(Word());
  if (Often()) m->set_seniority(1 + Number(5));
  m->set_buying_role(static_cast<crm::v1::BuyingRole>(Number(9)));
  if (Often()) m->set_commitment(Number(101));
  m->set_sponsorship_candidate(Often());
  for (int i = Number(3); i > 0; --i) m->add_interests(Word());
  Custom(m);
}

void Generator::Fill(Opportunity* m) {
  m->set_id(SomeId("o"));
  m->set_account_id(MaybeId("a"));
  m->set_display_name(Word());
  m->set_segment(Word());
  m->set_campaign_id(MaybeId("m"));
  m->set_type(static_cast<Opportunity::Type>(Number(4)));
  absl::Time time = Time();
  for (int i = 1 + Number(5); i > 0; --i, time += absl::Hours(1 + Number(900))) {
    auto* change = m->add_stage_changes();
    *change->mutable_change_time() = test::Stamp(time);
    change->set_stage_id(std::string(kStages[Number(std::size(kStages))]));
    if (Often()) {
      auto* amount = m->add_amount_changes();
      *amount->mutable_change_time() = test::Stamp(time);
      *amount->mutable_amount() = test::MoneyOf(Number(100'000));
    }
    if (Often()) {
      auto* close = m->add_close_date_changes();
      *close->mutable_change_time() = test::Stamp(time);
      *close->mutable_close_date() = test::Date("2026-09-30");
    }
  }
  for (int i = Number(4); i > 0; --i) {
    auto* member = m->add_buying_group();
    member->set_contact_id(SomeId("c"));
    member->set_role(static_cast<crm::v1::BuyingRole>(Number(9)));
    if (Often()) *member->mutable_since_time() = test::Stamp(Time());
  }
  if (Often()) m->set_self_sourced(Often());
  if (Often()) m->set_urgency_answer("why now");
  if (Often()) m->mutable_conditions()->set_budget(Often());
  if (Often()) m->mutable_conditions()->set_urgent_need(Often());
  if (Often()) m->set_term_months(1 + Number(60));
}

void Generator::Fill(Engagement* m) {
  const uint64_t number = random_.Below(uint64_t{25} * id_count_);
  m->set_id(Id("e", number));
  // Several share a second.
  *m->mutable_occur_time() =
      test::Stamp(test::At("2026-02-01") + absl::Hours(static_cast<int64_t>(number % 7)));
  if (number % 5 != 0) m->set_account_id(Id("a", number % id_count_));
  // Visitors too, some of whom change: an engagement can be told to be another visitor's.
  if (Often()) m->set_visitor_id(SomeId("w"));
  if (number % 3 != 0) m->set_contact_id(Id("c", number % id_count_));
  m->set_type(static_cast<Engagement::Type>(1 + Number(21)));
  m->set_content_id(MaybeId("k"));
  m->set_participant_id(MaybeId("s"));
  m->set_channel(MaybeId("ch"));
  m->set_direction(static_cast<Engagement::Direction>(Number(4)));
  m->set_campaign_id(MaybeId("m"));
  m->set_opportunity_id(MaybeId("o"));
  m->set_count(Number(2) == 0 ? 0 : Number(100'000));
}

void Generator::Fill(crm::v1::TenantSettings* m) {
  m->set_id("settings");
  m->mutable_fiscal_calendar()->set_year_start_month(1 + Number(12));
  m->set_reporting_currency(Often() ? "USD" : "EUR");
  for (const std::string_view stage : kStages) {
    if (!Often()) continue;
    auto* added = m->add_stages();
    added->set_id(std::string(stage));
    added->set_role(static_cast<crm::v1::Stage::Role>(1 + Number(5)));
    added->set_position(Number(6));
  }
}

void Generator::FillOther(Record* record) {
  switch (Number(6)) {
    case 4:
    case 5: {
      auto* link = record->mutable_visitor_link();
      link->set_id(SomeId("w"));
      link->set_account_id(SomeId("a"));
      link->set_contact_id(MaybeId("c"));
      return;
    }
    case 0: {
      auto* rate = record->mutable_exchange_rate();
      rate->set_id(SomeId("x"));
      rate->set_currency_code(Often() ? "EUR" : "GBP");
      *rate->mutable_effective_date() = test::Date(Often() ? "2026-01-01" : "2026-03-01");
      rate->set_rate_micros(1'000'000 + Number(500'000));
      return;
    }
    case 1:
      record->mutable_seller()->set_id(SomeId("s"));
      record->mutable_seller()->set_team(Word());
      return;
    case 2:
      record->mutable_subscription_movement()->set_id(SomeId("v"));
      record->mutable_subscription_movement()->set_reason(Word());
      return;
    default:
      record->mutable_target_definition()->set_id(SomeId("d"));
  }
}

}  // namespace

Record RandomRecord(Random* random, int id_count) {
  Generator g(random, id_count);
  Record record;
  const int choice = g.Number(100);
  if (choice < 18) {
    g.Fill(record.mutable_account());
  } else if (choice < 36) {
    g.Fill(record.mutable_contact());
  } else if (choice < 54) {
    g.Fill(record.mutable_opportunity());
  } else if (choice < 88) {
    g.Fill(record.mutable_engagement());
  } else if (choice < 91) {
    g.Fill(record.mutable_tenant_settings());
  } else {
    g.FillOther(&record);
  }
  return record;
}

}  // namespace gtm::book
