#include "services/growth/handler/business_gauges.h"

#include <gtest/gtest.h>

#include <map>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"

namespace gtm::growth::handler {
namespace {

using test::IsOk;

// By metric and labels: "gtm_signal_state acme quota ok".
std::map<std::string, double> GaugesOf(test::FakeRecords& fake) {
  const auto question = fake.Ask(test::MakeCall("2026-07-15"), {});
  EXPECT_THAT(question, IsOk());
  telemetry::GaugeSheet sheet;
  EXPECT_THAT(AddBusinessGauges(*question, "acme", &sheet), IsOk());
  std::map<std::string, double> gauges;
  for (const auto& row : sheet.rows()) {
    std::string name(row.def->name);
    for (const std::string& value : row.values) name += " " + value;
    gauges[name] = row.number;
  }
  return gauges;
}

TEST(GrowthGauges, AreUnknownAndWithoutValueWhereThereIsNoData) {
  test::FakeRecords fake("growth");
  fake.Put(test::Account("a1"));
  const auto gauges = GaugesOf(fake);
  EXPECT_EQ(gauges.size(), 20u) << "five signals in four states, and no value";
  EXPECT_EQ(gauges.at("gtm_signal_state acme quota unknown"), 1);
  EXPECT_EQ(gauges.at("gtm_signal_state acme quota ok"), 0);
}

TEST(GrowthGauges, TellTheLastCompleteQuarter) {
  test::FakeRecords fake("growth");
  for (int i = 0; i < 10; ++i) {
    const std::string id = "s" + std::to_string(i);
    fake.Put(test::Seller(id).Set([](auto& seller) {
      auto* quota = seller.add_quotas();
      *quota->mutable_start_date() = test::Date("2026-04-01");
      *quota->mutable_end_date() = test::Date("2026-07-01");
      *quota->mutable_amount() = test::MoneyOf(1'000);
    }));
    fake.Put(test::Opportunity("w" + id, "a" + id)
                 .Stage("2026-01-05", "open")
                 .Stage("2026-06-30", "won")
                 .Amount("2026-01-05", i < 6 ? 1'000 : 100)
                 .Owner(id));
  }
  const auto gauges = GaugesOf(fake);
  EXPECT_DOUBLE_EQ(gauges.at("gtm_signal_value acme quota"), 0.6);
  EXPECT_EQ(gauges.at("gtm_signal_state acme quota act"), 1) << "below the gate of 70 %";
  EXPECT_EQ(gauges.at("gtm_signal_state acme quota unknown"), 0);
}

}  // namespace
}  // namespace gtm::growth::handler
