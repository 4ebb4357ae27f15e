#pragma once
// A small market for tests of reach: accounts that are surely targets, surely none, or undecided
// under TestSpec().

#include <string>
#include <string_view>

#include "common/testing/fake_records.h"
#include "common/testing/record_builders.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {

class Market {
 public:
  Market() { records_.Put(test::TenantSettings()); }

  void Target(const std::string& id, const std::string& segment = "") {
    Put(id, 2'000, "software", segment);
  }
  void Other(const std::string& id) { Put(id, 10, "mining", ""); }
  // Its industry is not known: 50 points for its size, and up to 100.
  void Undecided(const std::string& id) { Put(id, 2'000, "", ""); }
  void Person(const std::string& id, const std::string& account,
              crm::v1::BuyingRole role = crm::v1::BUYING_ROLE_UNSPECIFIED) {
    records_.Put(test::Contact(id, account).Set([&](auto& c) { c.set_buying_role(role); }));
  }
  void Campaign(const std::string& id, const std::string& channel, const std::string& arm = "") {
    records_.Put(test::Campaign(id).Set([&](auto& c) {
      c.set_channel(channel);
      c.set_experiment_arm(arm);
    }));
  }
  // "in" for what the buyer did, "out" for what we did.
  void Touch(const std::string& account, std::string_view time, std::string_view direction = "in",
             const std::string& person = "", const std::string& campaign = "", int count = 0,
             const std::string& content = "") {
    using Engagement = crm::v1::Engagement;
    records_.Put(test::Engagement("e" + std::to_string(++number_), account, time,
                                  Engagement::TYPE_EMAIL,
                                  direction == "in" ? Engagement::DIRECTION_INBOUND
                                                    : Engagement::DIRECTION_OUTBOUND)
                     .Set([&](auto& e) {
                       e.set_contact_id(person);
                       e.set_campaign_id(campaign);
                       e.set_count(count);
                       e.set_content_id(content);
                     }));
  }
  void Spend(const std::string& campaign, std::string_view start, std::string_view end,
             int64_t units, const std::string& channel = "") {
    crm::v1::Spend spend;
    spend.set_id("s" + std::to_string(++number_));
    spend.set_campaign_id(campaign);
    spend.set_channel(channel);
    *spend.mutable_start_date() = test::Date(start);
    *spend.mutable_end_date() = test::Date(end);
    *spend.mutable_amount() = test::MoneyOf(units);
    records_.Put(test::Wrap(spend));
  }
  void Put(const records::v1::Record& record) { records_.Put(record); }

  book::BookView View() const { return records_.View(); }
  Audience Judge(absl::Time as_of) const { return Judge(View(), as_of); }
  Audience Judge(const book::BookView& view, absl::Time as_of) const {
    return JudgeAccounts(definition_, view, as_of, [] { return Status(); }).value();
  }
  const Definition& definition() const { return definition_; }

 private:
  void Put(const std::string& id, int64_t employees, const std::string& industry,
           const std::string& segment) {
    records_.Put(test::Account(id).Set([&](crm::v1::Account& a) {
      a.set_employee_count(employees);
      a.set_industry(industry);
      a.set_segment(segment);
    }));
  }

  test::FakeRecords records_{"targeting"};
  const Definition definition_ = Compiled();
  int number_ = 0;
};

inline Status StillAlive() { return {}; }

}  // namespace gtm::targeting::domain
