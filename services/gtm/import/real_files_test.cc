// The mappings of services/gtm/mappings over the public data sets, where a checkout has
// them beside it. Numbers are those of the files; any change of the engine shows here.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "services/gtm/import/import_testing.h"

namespace gtm::importing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// Runs from the root of the project.
Result<CollectingSink> RunReal(const std::string& name) {
  const std::string folder = "../shared/data/" + name;
  std::ifstream in("services/gtm/mappings/" + name + ".toml");
  const std::string mapping((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return RunImport(mapping, FolderOpener(folder));
}

#define SKIP_WITHOUT(name)                                                                  \
  if (!std::filesystem::exists("../shared/data/" name)) {                                   \
    GTEST_SKIP() << "the data set " name " is not beside this checkout; nothing is tested"; \
  }

TEST(RealFiles, MavenCrm) {
  SKIP_WITHOUT("maven_crm");
  const auto run = RunReal("maven_crm");
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_THAT(run->counts, ElementsAre(Pair("account", 85), Pair("opportunity", 8'300),
                                       Pair("seller", 35), Pair("tenant_settings", 1)));
  EXPECT_THAT(run->rejected, ElementsAre(Pair("opportunity SKIPPED", 500)));
  int64_t won_units = 0;
  int won = 0;
  int without_account = 0;
  for (const record::Record& record : run->records) {
    EXPECT_NE(record.account().industry(), "technolgy");
    if (!record.has_opportunity()) continue;
    const auto& opportunity = record.opportunity();
    EXPECT_NE(opportunity.product(), "GTXPro");
    without_account += opportunity.account_id().empty() ? 1 : 0;
    if (opportunity.stage_changes().rbegin()->stage_id() != "won") continue;
    ++won;
    won_units += opportunity.amount_changes().rbegin()->amount().units();
  }
  EXPECT_EQ(won, 4'238);
  EXPECT_EQ(won_units, 10'005'534);
  EXPECT_EQ(without_account, 1'088);
}

TEST(RealFiles, RavenstackSaas) {
  SKIP_WITHOUT("ravenstack_saas");
  const auto run = RunReal("ravenstack_saas");
  ASSERT_TRUE(run.ok()) << run.error().message();
  // 5,000 starts of which 778 are trials, and 408 ends of paid subscriptions.
  EXPECT_THAT(run->counts,
              ElementsAre(Pair("account", 500), Pair("engagement", 27'000),
                          Pair("subscription_movement", 5'408), Pair("tenant_settings", 1)));
  EXPECT_THAT(run->rejected, IsEmpty());
  std::map<std::string, int> types;
  std::map<std::string, int64_t> balance;
  for (const record::Record& record : run->records) {
    if (!record.has_subscription_movement()) continue;
    const auto& movement = record.subscription_movement();
    ++types[crm::v1::SubscriptionMovement::Type_Name(movement.type()).substr(5)];
    balance[movement.account_id()] += movement.mrr_delta().units();
  }
  for (const auto& [account, units] : balance) EXPECT_GE(units, 0) << account;
  EXPECT_EQ(types["NEW"] + types["EXPANSION"] + types["REACTIVATION"], 5'000);
  EXPECT_EQ(types["CONTRACTION"] + types["CHURN"], 408);
  // Each of 500 accounts has one first paid subscription; 778 trials count as new, at zero.
  EXPECT_THAT(types,
              ElementsAre(Pair("CHURN", 9), Pair("CONTRACTION", 399), Pair("EXPANSION", 3'713),
                          Pair("NEW", 1'278), Pair("REACTIVATION", 9)));
}

TEST(RealFiles, OlistFunnel) {
  SKIP_WITHOUT("olist_funnel");
  const auto run = RunReal("olist_funnel");
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_THAT(run->counts, ElementsAre(Pair("account", 8'000), Pair("contact", 8'000),
                                       Pair("engagement", 8'000), Pair("opportunity", 7'999),
                                       Pair("seller", 22), Pair("tenant_settings", 1)));
  // One lead was won two days before its first contact.
  EXPECT_THAT(run->rejected, ElementsAre(Pair("opportunity HISTORY_ORDER", 1)));
}

}  // namespace
}  // namespace gtm::importing
