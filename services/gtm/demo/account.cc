// Accounts and the people in them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "services/gtm/demo/build.h"
#include "services/gtm/demo/company.h"
#include "services/gtm/demo/names.h"

namespace gtm::demo {
namespace {

using records::v1::Record;

constexpr std::array<const char*, 8> kIndustries = {"banking", "insurance",  "logistics", "retail",
                                                    "energy",  "healthcare", "education", "media"};
// Truth: how well an industry fits, in log odds.
constexpr std::array<double, 8> kIndustryFit = {0.9, 0.7, 0.4, 0.0, 0.1, -0.1, -0.9, -0.6};
constexpr std::array<const char*, 4> kRegions = {"Americas", "Northern Europe", "Southern Europe",
                                                 "Asia Pacific"};
constexpr std::array<const char*, 4> kCountries = {"US", "DE", "ES", "SG"};
constexpr std::array<const char*, 3> kSegments = {"small", "mid-market", "enterprise"};
constexpr std::array<const char*, 10> kNameHeads = {"Amber", "Birch", "Cedar",  "Delta", "Ember",
                                                    "Fjord", "Grove", "Harbor", "Iris",  "Juniper"};
constexpr std::array<const char*, 10> kNameTails = {"Works",  "Holdings", "Labs",  "Freight",
                                                    "Mutual", "Retail",   "Power", "Health",
                                                    "Media",  "Group"};
constexpr std::array<const char*, 8> kInterests = {"sailing", "jazz",    "running", "chess",
                                                   "cooking", "cycling", "history", "robotics"};
constexpr std::array<const char*, 6> kFunctions = {"finance",     "it",    "security",
                                                   "procurement", "sales", "executive"};

void AddTechnologies(crm::v1::Account* account, double fit, Random& random) {
  if (random.Uniform() < 0.2) return;  // not known
  account->set_technologies_known(true);
  const double modern = 1 / (1 + std::exp(-fit));
  account->add_technologies(random.Uniform() < modern ? "Snowflake" : "Redshift");
  account->add_technologies(random.Uniform() < 0.5 + 0.2 * fit / 2 ? "Salesforce" : "Zoho");
  account->add_technologies(random.Uniform() < 0.5 ? "Slack" : "Teams");
}

void EmitContact(const Context& context, AccountFacts* account, int index, Random& random) {
  Record record;
  auto* contact = record.mutable_contact();
  contact->set_id(fmt::format("{}-p{}", account->id, index + 1));
  contact->set_account_id(account->id);
  contact->set_display_name(PersonName(random));
  contact->set_email(fmt::format("p{}@{}.example", index + 1, account->id));
  const size_t function = random.Below(kFunctions.size());
  contact->set_job_function(kFunctions[function]);
  contact->set_seniority(1 + static_cast<int>(random.Below(index == 0 ? 5 : 4)));
  contact->set_region(kRegions[account->region]);
  static constexpr std::array<crm::v1::BuyingRole, 5> kRoles = {
      crm::v1::BUYING_ROLE_ECONOMIC_BUYER, crm::v1::BUYING_ROLE_CHAMPION,
      crm::v1::BUYING_ROLE_TECHNICAL_EVALUATOR, crm::v1::BUYING_ROLE_USER,
      crm::v1::BUYING_ROLE_INFLUENCER};
  contact->set_buying_role(kRoles[static_cast<size_t>(index) % kRoles.size()]);
  for (int k = 0; k < 2; ++k) contact->add_interests(kInterests[random.Below(kInterests.size())]);
  // The head of one account in eight is a candidate for sponsorship.
  if (index == 0 && account->index % 8 == 0) {
    contact->set_sponsorship_candidate(true);
    contact->set_nominated_by_function(account->index % 16 == 0 ? "sales" : "customer_success");
    contact->set_market_influence(static_cast<int>(random.Below(101)));
    contact->set_commitment(
        std::clamp(static_cast<int>(50 + 15 * account->fit + 15 * random.Normal()), 0, 100));
  }
  account->contact_ids.push_back(contact->id());
  context.sink(std::move(record));
}

void EmitTrigger(const Context& context, const AccountFacts& account, Random& random) {
  Record record;
  auto* trigger = record.mutable_trigger_event();
  trigger->set_id(account.id + "-trigger");
  trigger->set_account_id(account.id);
  trigger->set_contact_id(account.contact_ids.front());
  const uint64_t type = random.Below(3);
  trigger->set_type(static_cast<crm::v1::TriggerEvent::Type>(type + 1));
  const int ago = static_cast<int>(random.Below(240));
  SetTime(trigger->mutable_occur_time(), context.options.today - ago, 36'000);
  if (type == 0 && random.Uniform() < 0.4) {
    trigger->set_phase(random.Uniform() < 0.5 ? crm::v1::TriggerEvent::PHASE_ANNOUNCED
                                              : crm::v1::TriggerEvent::PHASE_SETTLED);
  }
  if (type == 1) SetDate(trigger->mutable_deadline_date(), context.options.today + 120 - ago / 2);
  trigger->set_has_authority(random.Uniform() < 0.7);
  trigger->set_solves_problem(random.Uniform() < 0.8);
  context.sink(std::move(record));
}

}  // namespace

AccountFacts GenerateAccount(const Context& context, int index, Random& random) {
  AccountFacts facts;
  facts.index = index;
  facts.id = fmt::format("acct-{:07}", index + 1);
  facts.region = static_cast<int>(random.Below(kRegions.size()));
  const size_t industry = random.Below(kIndustries.size());
  const double log_size = 5.6 + 1.5 * random.Normal();
  const auto employees = static_cast<int64_t>(std::exp(log_size)) + 5;
  facts.segment = employees < 150 ? 0 : employees < 1'500 ? 1 : 2;
  facts.fit = std::clamp(kIndustryFit[industry] + 0.35 * (log_size - 5.6) + 0.35 * random.Normal(),
                         -2.5, 2.5);

  Record record;
  auto* account = record.mutable_account();
  account->set_id(facts.id);
  account->set_display_name(fmt::format("{} {} {}", kNameHeads[random.Below(kNameHeads.size())],
                                        kNameTails[random.Below(kNameTails.size())], index + 1));
  account->set_industry(kIndustries[industry]);
  account->set_country(kCountries[facts.region]);
  account->set_region(kRegions[facts.region]);
  account->set_segment(kSegments[facts.segment]);
  if (random.Uniform() < 0.88) account->set_employee_count(employees);
  if (random.Uniform() < 0.75) {
    SetUsd(account->mutable_annual_revenue(),
           static_cast<int64_t>(static_cast<double>(employees) * 180'000 *
                                std::exp(0.4 * random.Normal())));
  }
  if (random.Uniform() < 0.7) {
    account->set_revenue_growth_bps(
        static_cast<int>(800 + 900 * random.Normal() + 300 * facts.fit));
  }
  AddTechnologies(account, facts.fit, random);
  if (random.Uniform() < 0.15) {
    SetDate(account->mutable_leadership_change_date(),
            context.options.today - static_cast<int>(random.Below(400)));
  }
  SetDate(account->mutable_first_seen_date(), context.start - static_cast<int>(random.Below(200)));
  SetUsd(account->mutable_potential_lifetime_value(),
         static_cast<int64_t>(
             20'000 * std::exp(0.8 * facts.segment + 0.3 * facts.fit + 0.4 * random.Normal())));
  account->set_market_influence(
      std::clamp(static_cast<int>(30 + 15 * facts.segment + 15 * random.Normal()), 0, 100));
  account->set_growth_capacity(std::clamp(static_cast<int>(50 + 20 * random.Normal()), 0, 100));
  context.sink(std::move(record));

  facts.sponsored = index % 8 == 0 && random.Uniform() < 0.4;
  const int people = 3 + static_cast<int>(random.Below(5));  // 5 on average
  for (int i = 0; i < people; ++i) EmitContact(context, &facts, i, random);
  if (random.Uniform() < 0.12) EmitTrigger(context, facts, random);
  GenerateDeals(context, facts, random);
  GenerateEngagements(context, facts, random);
  return facts;
}

}  // namespace gtm::demo
