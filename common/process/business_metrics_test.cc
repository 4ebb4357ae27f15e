#include "common/process/business_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"

namespace gtm::process {
namespace {

using test::FailsOn;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

Result<BusinessMetricsOptions> OptionsOf(const std::string& tenants, size_t tenants_max) {
  const std::vector<std::string> arguments = {"--business-metrics-tenants=" + tenants};
  const auto none = [](const std::string&) { return std::nullopt; };
  const auto config = config::Config::Load(config::ServiceKeys(), arguments, none);
  EXPECT_THAT(config, IsOk());
  return ReadBusinessOptions(*config, tenants_max);
}

TEST(BusinessOptions, TakeAListOfTenants) {
  const auto options = OptionsOf("acme,globex,acme", 100);
  ASSERT_THAT(options, IsOk());
  EXPECT_THAT(options->tenants, ElementsAre("acme", "globex"));
  EXPECT_THAT(OptionsOf("", 100)->tenants, SizeIs(0));
  std::string many = "t0";
  for (int i = 1; i <= 100; ++i) many += ",t" + std::to_string(i);
  EXPECT_THAT(OptionsOf(many, 100), FailsOn("--business-metrics-tenants"));
  EXPECT_THAT(OptionsOf("a,,b", 100), FailsOn("--business-metrics-tenants"));
}

class BusinessMetricsTest : public ::testing::Test {
 protected:
  BusinessMetricsTest() { fake_.Put(test::Account("a1")); }

  BusinessMetrics Make(bool ages = false) {
    BusinessMetricsOptions options;
    options.tenants = {test::TestTenant().value(), "nobody"};
    const auto gauges = [this](const records_client::Question& question, const std::string& tenant,
                               telemetry::GaugeSheet* sheet) -> Status {
      ++computed_;
      if (fails_) return Error(Reason::EXCHANGE_RATE_MISSING, "no rate");
      sheet->Set(telemetry::kSponsorUsed, {tenant}, question.view.account_row_count());
      return {};
    };
    return {metrics_, telemetry::NullLog(), {{"test", &fake_, gauges, ages}}, options};
  }

  test::FakeRecords fake_{"growth"};
  telemetry::Metrics metrics_;
  int computed_ = 0;
  bool fails_ = false;
};

TEST_F(BusinessMetricsTest, SaysNothingOfATenantWithoutRecords) {
  BusinessMetrics business = Make();
  EXPECT_TRUE(business.RunOnce());
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr("gtm_sponsor_capacity_used{tenant=\"test-tenant\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("nobody")));
  EXPECT_THAT(text, HasSubstr("gtm_job_runs_total{result=\"ok\",task=\"business_metrics\"} 1"));
}

TEST_F(BusinessMetricsTest, ComputesAgainOnlyWhatChanged) {
  BusinessMetrics business = Make();
  business.RunOnce();
  business.RunOnce();
  EXPECT_EQ(computed_, 1);
  fake_.Put(test::Account("a2"));
  business.RunOnce();
  EXPECT_EQ(computed_, 2);
  EXPECT_THAT(metrics_.Render(), HasSubstr("gtm_sponsor_capacity_used{tenant=\"test-tenant\"} 2"));
}

TEST_F(BusinessMetricsTest, ComputesAgesEachTime) {
  BusinessMetrics business = Make(true);
  business.RunOnce();
  business.RunOnce();
  EXPECT_EQ(computed_, 2);
}

TEST_F(BusinessMetricsTest, WhatCannotBeComputedIsGone) {
  BusinessMetrics business = Make(true);
  business.RunOnce();
  fails_ = true;
  EXPECT_FALSE(business.RunOnce());
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("gtm_sponsor_capacity_used{")));
  EXPECT_THAT(metrics_.Render(),
              HasSubstr("gtm_job_runs_total{result=\"error\",task=\"business_metrics\"} 1"));
  fails_ = false;
  fake_.set_unavailable(true);
  EXPECT_FALSE(business.RunOnce());
  fake_.set_unavailable(false);
  EXPECT_TRUE(business.RunOnce());
  EXPECT_THAT(metrics_.Render(), HasSubstr("gtm_sponsor_capacity_used{tenant"));
}

TEST_F(BusinessMetricsTest, StopsWhileItWaits) {
  BusinessMetrics business = Make();
  business.Start();
}

}  // namespace
}  // namespace gtm::process
