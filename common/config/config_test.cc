#include "common/config/config.h"

#include <gtest/gtest.h>

#include "common/testing/golden.h"

namespace gtm::config {
namespace {

using Arguments = std::vector<std::string>;

std::optional<std::string> NoEnvironment(const std::string&) { return std::nullopt; }

TEST(Config, FlagsBeatEnvironmentBeatsDefaults) {
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "GTM_ADDRESS") return "127.0.0.1:1";
    if (name == "GTM_DRAIN_MS") return "5";
    return std::nullopt;
  };
  const auto config = Config::Load(ServeKeys(), Arguments{"--address=127.0.0.1:2"}, environment);
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->Text(kAddress), "127.0.0.1:2");
  EXPECT_EQ(config->Number(kDrainMs), 5);
  EXPECT_EQ(config->Number(kInflightMax), 512);
}

TEST(Config, EveryBadValueIsNamed) {
  const auto config = Config::Load(
      ServeKeys(), Arguments{"--nonsense", "--inflight-max", "many", "--drain-ms=-1", "--store"},
      NoEnvironment);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().violations().size(), 4u) << config.error().message();
}

TEST(Config, SecretsAreNotPrinted) {
  const auto config =
      Config::Load(ServeKeys(), Arguments{"--store", "postgres://u:hush@h/db"}, NoEnvironment);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->Describe().find("hush"), std::string::npos);
}

TEST(Config, IsDocumented) {
  test::ExpectSection("README.md", "configuration", MarkdownTable(ServeKeys()));
}

TEST(Config, DefaultsAreValidAndDescribed) {
  for (const auto keys : {ServeKeys(), RecordsKeys(), ServiceKeys()}) {
    EXPECT_TRUE(Config::Load(keys, Arguments{}, NoEnvironment).ok());
    for (const Key& key : keys) {
      EXPECT_FALSE(key.unit.empty()) << key.name;
      EXPECT_TRUE(key.meaning.ends_with(".")) << key.name;
      EXPECT_NE(HelpText(keys).find(EnvironmentName(key)), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace gtm::config
