// Public data sets through the mapping files of the project: rows in, rows left out and why,
// sane bounds of the answers, and the same bytes on every engine. Skipped where the data
// are not on this machine.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include "tests/scenario/platform_under_test.h"

namespace gtm::scenario {
namespace {

using nlohmann::json;

std::string DataFolder(const std::string& name) {
  return std::string(GTM_SOURCE_ROOT) + "/../shared/data/" + name;
}

Answer Import(PlatformUnderTest& platform, const std::string& name) {
  return platform.Ask({"import", "--tenant", name, "--mapping",
                       std::string(GTM_SOURCE_ROOT) + "/services/gtm/mappings/" + name + ".toml",
                       "--data", DataFolder(name), "-o", "csv"});
}

json AskJson(PlatformUnderTest& platform, std::vector<std::string> question) {
  question.insert(question.end(), {"-o", "json"});
  const Answer answer = platform.Ask(question);
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  return json::parse(answer.out, nullptr, false);
}

// kind -> "created,updated,unchanged,rejected,skipped".
std::map<std::string, std::string> Counts(const std::string& csv) {
  std::map<std::string, std::string> counts;
  size_t at = 0;
  while (at < csv.size()) {
    const size_t end = std::min(csv.find('\n', at), csv.size());
    std::string line = csv.substr(at, end - at);
    while (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t comma = line.find(',');
    if (comma != std::string::npos) counts[line.substr(0, comma)] = line.substr(comma + 1);
    at = end + 1;
  }
  return counts;
}

class RealData : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(DataFolder("maven_crm"))) {
      GTEST_SKIP() << "the public data sets are not on this machine";
    }
  }
};

TEST_P(RealData, MavenIsImportedCountedAndAnswered) {
  PlatformUnderTest platform(GetParam());
  const Answer first = Import(platform, "maven_crm");
  EXPECT_EQ(first.exit_code, 0) << first.err;
  auto counts = Counts(first.out);
  EXPECT_EQ(counts["account"], "85,0,0,0,0");
  EXPECT_EQ(counts["seller"], "35,0,0,0,0");
  // 500 prospecting rows have no engage date: they cannot be placed in time.
  EXPECT_EQ(counts["opportunity"], "8300,0,0,0,500");
  counts = Counts(Import(platform, "maven_crm").out);
  EXPECT_EQ(counts["opportunity"], "0,0,8300,0,500") << "a second import changes nothing";

  // The third quarter of 2017 ended at 2,982,255 USD.
  const json forecast =
      AskJson(platform, {"forecast", "--tenant", "maven_crm", "--as-of", "2017-08-14"});
  const auto units = [&](const char* point) {
    return std::stod(
        forecast.at("forecast").at("bookings").at(point).at("units").get<std::string>());
  };
  EXPECT_GT(units("p10"), 2.0e6);
  EXPECT_LT(units("p90"), 5.0e6);
  EXPECT_LT(units("p10"), units("p50"));
  EXPECT_LT(units("p50"), units("p90"));
  EXPECT_EQ(platform.Ask({"signals", "--tenant", "maven_crm", "--as-of", "2017-10-01"}).exit_code,
            0);
}

TEST_P(RealData, RavenstackMovementsAddUp) {
  PlatformUnderTest platform(GetParam());
  const Answer first = Import(platform, "ravenstack_saas");
  auto counts = Counts(first.out);
  EXPECT_EQ(counts["account"], "500,0,0,0,0");
  EXPECT_EQ(counts["subscription_movement"], "5408,0,0,0,0");
  EXPECT_EQ(counts["engagement"], "27000,0,0,0,0");
  const Answer signals = platform.Ask(
      {"signals", "--tenant", "ravenstack_saas", "--as-of", "2024-12-31", "-o", "csv"});
  EXPECT_EQ(signals.exit_code, 0) << signals.err;
  EXPECT_NE(signals.out.find("Net customers changed by +86"), std::string::npos) << signals.out;
}

TEST_P(RealData, OlistNeedsAMappingAndNoCode) {
  PlatformUnderTest platform(GetParam());
  const Answer first = Import(platform, "olist_funnel");
  auto counts = Counts(first.out);
  EXPECT_EQ(counts["account"], "8000,0,0,0,0");
  // One deal was won before its first contact.
  EXPECT_EQ(counts["opportunity"], "7999,0,0,1,0");
  EXPECT_EQ(first.exit_code, 3) << "done in part";
}

// The answers of every engine, compared byte for byte.
TEST(RealDataOnEveryEngine, TheAnswersAreTheSameBytes) {
  if (!std::filesystem::exists(DataFolder("maven_crm"))) {
    GTEST_SKIP() << "the public data sets are not on this machine";
  }
  std::map<std::string, std::string> answers;
  for (const std::string& engine : Engines()) {
    PlatformUnderTest platform(engine);
    Import(platform, "maven_crm");
    Import(platform, "ravenstack_saas");
    std::string text;
    for (const std::vector<std::string>& question : std::vector<std::vector<std::string>>{
             {"forecast", "--tenant", "maven_crm", "--as-of", "2017-08-14", "-o", "json"},
             {"signals", "--tenant", "maven_crm", "--as-of", "2017-10-01", "-o", "json"},
             {"signals", "--tenant", "ravenstack_saas", "--as-of", "2024-12-31", "-o", "json"}}) {
      const Answer answer = platform.Ask(question);
      EXPECT_EQ(answer.exit_code, 0) << answer.err;
      text += Timeless(answer.out);
    }
    answers[engine] = text;
  }
  for (const auto& [engine, text] : answers) EXPECT_EQ(text, answers["memory"]) << engine;
}

INSTANTIATE_TEST_SUITE_P(Engines, RealData, testing::Values("memory", "sqlite"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::scenario
