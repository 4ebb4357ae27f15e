#include <gtest/gtest.h>

#include <functional>

#include "services/records/domain/sample_records.h"
#include "services/records/domain/validate.h"

namespace gtm::records::domain {
namespace {

using record::Record;

google::protobuf::Timestamp At(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

struct Case {
  const char* name;
  record::Kind kind;
  std::function<void(Record*)> change;
  const char* field;  // of the one violation; "" where the record is good
};

void AddAmount(Record* r, int64_t seconds, const char* currency, int64_t units) {
  auto* change = r->mutable_opportunity()->add_amount_changes();
  *change->mutable_change_time() = At(seconds);
  *change->mutable_amount() = MakeMoney(currency, units, 0);
}

void AddQuota(Record* r, int from, int to) {
  auto* quota = r->mutable_seller()->add_quotas();
  *quota->mutable_start_date() = MakeDate(2024, from, 1);
  *quota->mutable_end_date() = MakeDate(2024, to, 1);
  *quota->mutable_amount() = MakeMoney("USD", 1, 0);
}

std::vector<Case> RevenueCases() {
  using Movement = crm::v1::SubscriptionMovement;
  const auto movement = [](Movement::Type type, int64_t units) {
    return [=](Record* r) {
      r->mutable_subscription_movement()->set_type(type);
      *r->mutable_subscription_movement()->mutable_mrr_delta() = MakeMoney("USD", units, 0);
    };
  };
  const auto kind = v1::RECORD_KIND_SUBSCRIPTION_MOVEMENT;
  const char* delta = "record.subscription_movement.mrr_delta";
  return {
      {"new", kind, movement(Movement::TYPE_NEW, 5), ""},
      {"trial", kind, movement(Movement::TYPE_NEW, 0), ""},
      {"negative new", kind, movement(Movement::TYPE_NEW, -5), delta},
      {"negative expansion", kind, movement(Movement::TYPE_EXPANSION, -5), delta},
      {"negative reactivation", kind, movement(Movement::TYPE_REACTIVATION, -1), delta},
      {"churn", kind, movement(Movement::TYPE_CHURN, -5), ""},
      {"positive churn", kind, movement(Movement::TYPE_CHURN, 5), delta},
      {"positive contraction", kind, movement(Movement::TYPE_CONTRACTION, 5), delta},
      {"rate of a word", v1::RECORD_KIND_EXCHANGE_RATE,
       [](Record* r) { r->mutable_exchange_rate()->set_currency_code("eur"); },
       "record.exchange_rate.currency_code"},
      {"spend ends as it starts", v1::RECORD_KIND_SPEND,
       [](Record* r) { *r->mutable_spend()->mutable_end_date() = r->spend().start_date(); },
       "record.spend.end_date"},
      {"negative spend", v1::RECORD_KIND_SPEND,
       [](Record* r) { r->mutable_spend()->mutable_amount()->set_units(-1); },
       "record.spend.amount"},
      {"more accepted than handed over", v1::RECORD_KIND_LEAD_COUNT,
       [](Record* r) {
         r->mutable_lead_count()->set_handed_over_count(4);
         r->mutable_lead_count()->set_accepted_count(5);
       },
       "record.lead_count.accepted_count"},
      {"leads backwards", v1::RECORD_KIND_LEAD_COUNT,
       [](Record* r) { *r->mutable_lead_count()->mutable_end_date() = MakeDate(2020, 1, 1); },
       "record.lead_count.end_date"},
      {"campaign backwards", v1::RECORD_KIND_CAMPAIGN,
       [](Record* r) {
         *r->mutable_campaign()->mutable_start_date() = MakeDate(2020, 1, 2);
         *r->mutable_campaign()->mutable_end_date() = MakeDate(2020, 1, 1);
       },
       "record.campaign.end_date"},
      {"campaign without end", v1::RECORD_KIND_CAMPAIGN,
       [](Record* r) { *r->mutable_campaign()->mutable_start_date() = MakeDate(2020, 1, 2); }, ""},
  };
}

std::vector<Case> PeopleCases() {
  const auto seller = v1::RECORD_KIND_SELLER;
  const auto opportunity = v1::RECORD_KIND_OPPORTUNITY;
  return {
      {"own parent", v1::RECORD_KIND_ACCOUNT,
       [](Record* r) { r->mutable_account()->set_parent_account_id(r->account().id()); },
       "record.account.parent_account_id"},
      {"two currencies", opportunity,
       [](Record* r) {
         AddAmount(r, 1, "USD", 1);
         AddAmount(r, 2, "EUR", 1);
       },
       "record.opportunity.amount_changes[1].amount"},
      {"negative amount", opportunity, [](Record* r) { AddAmount(r, 1, "USD", -1); },
       "record.opportunity.amount_changes[0].amount"},
      {"quotas side by side", seller,
       [](Record* r) {
         AddQuota(r, 4, 7);
         AddQuota(r, 1, 4);
       },
       ""},
      {"quotas over each other", seller,
       [](Record* r) {
         AddQuota(r, 4, 7);
         AddQuota(r, 1, 5);
       },
       "record.seller.quotas[0].start_date"},
      {"quota inside an earlier one", seller,
       [](Record* r) {
         AddQuota(r, 1, 12);
         AddQuota(r, 2, 3);
         AddQuota(r, 12, 12);
         r->mutable_seller()->mutable_quotas()->RemoveLast();
       },
       "record.seller.quotas[1].start_date"},
      {"quota backwards", seller, [](Record* r) { AddQuota(r, 5, 5); },
       "record.seller.quotas[0].end_date"},
      {"left before hired", seller,
       [](Record* r) {
         *r->mutable_seller()->mutable_hire_date() = MakeDate(2024, 1, 1);
         *r->mutable_seller()->mutable_leave_date() = MakeDate(2024, 1, 1);
       },
       "record.seller.leave_date"},
  };
}

std::vector<Case> SettingsCases() {
  const auto kind = v1::RECORD_KIND_TENANT_SETTINGS;
  const auto zone = [](const char* name) {
    return [name](Record* r) {
      r->mutable_tenant_settings()->mutable_fiscal_calendar()->set_time_zone(name);
    };
  };
  const char* zone_field = "record.tenant_settings.fiscal_calendar.time_zone";
  return {
      {"Berlin", kind, zone("Europe/Berlin"), ""},
      {"no such zone", kind, zone("Europe/Atlantis"), zone_field},
      {"a file", kind, zone("/etc/passwd"), zone_field},
      {"up the tree", kind, zone("../../etc/passwd"), zone_field},
      {"currency of two letters", kind,
       [](Record* r) { r->mutable_tenant_settings()->set_reporting_currency("US"); },
       "record.tenant_settings.reporting_currency"},
      {"stage twice", kind,
       [](Record* r) {
         for (int i = 0; i < 2; ++i) {
           auto* stage = r->mutable_tenant_settings()->add_stages();
           stage->set_id("open");
           stage->set_role(crm::v1::Stage::ROLE_OPEN);
         }
       },
       "record.tenant_settings.stages[1].id"},
      {"group sizes", kind,
       [](Record* r) { r->mutable_tenant_settings()->set_buying_group_size_min(12); },
       "record.tenant_settings.buying_group_size_min"},
      {"another id", kind, [](Record* r) { r->mutable_tenant_settings()->set_id("mine"); },
       "record.tenant_settings.id"},
  };
}

TEST(CheckKindRules, WorkedCases) {
  for (const auto& cases : {RevenueCases(), PeopleCases(), SettingsCases()}) {
    for (const Case& one : cases) {
      Record record = MinimalRecord(one.kind);
      one.change(&record);
      Violations violations;
      ValidateRecord(record, Path{nullptr, "record"}, &violations);
      if (*one.field == '\0') {
        EXPECT_TRUE(violations.empty()) << one.name << ": " << violations.list()[0].description;
        continue;
      }
      ASSERT_EQ(violations.size(), 1u) << one.name;
      EXPECT_EQ(violations.list()[0].field, one.field) << one.name;
    }
  }
}

}  // namespace
}  // namespace gtm::records::domain
