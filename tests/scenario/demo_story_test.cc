// The golden story: the demo company is loaded over the public API, the four questions are
// asked, and the answers are those of the golden text on every engine, byte for byte.

#include <gtest/gtest.h>

#include <set>

#include "common/testing/golden.h"
#include "services/gtm/demo/load.h"
#include "tests/scenario/platform_under_test.h"

namespace gtm::scenario {
namespace {

constexpr char kDay[] = "2026-08-20";

std::string TellStory(const std::string& engine) {
  PlatformUnderTest platform(engine);
  const cli::Client client = platform.client("");
  const demo::Options options{
      .seed = 1, .account_count = 300, .today = absl::CivilDay(2026, 8, 20)};
  const auto report = demo::LoadRecords(client, options, [](int64_t) {});
  EXPECT_TRUE(report.ok()) << report.error().message();
  const auto revision = demo::LoadDecisions(client);
  EXPECT_TRUE(revision.ok()) << revision.error().message();
  const std::vector<std::vector<std::string>> questions = {
      {"targets", "--limit", "10", "--definition", "demo-target"},
      {"targets", "explain", "acct-0000081", "--definition", "demo-target"},
      {"sponsors", "candidates"},
      {"sponsors", "capacity"},
      {"forecast"},
      {"signals"},
  };
  std::string story;
  for (std::vector<std::string> question : questions) {
    question.insert(question.end(), {"--as-of", kDay});
    story += "$ gtm";
    for (const std::string& word : question) story += " " + word;
    // A Book follows the records a moment later: ask for what was loaded.
    question.insert(question.end(), {"--min-revision", *revision});
    const Answer answer = platform.Ask(question);
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    story += "\n" + Timeless(answer.out) + "\n";
  }
  return story;
}

TEST(DemoStory, TheAnswersAreTheGoldenOnesOnEveryEngine) {
  for (const std::string& engine : Engines()) {
    SCOPED_TRACE(engine);
    test::ExpectGolden("tests/scenario/demo_story.golden.txt", TellStory(engine));
  }
}

// C14: repeated on the same records, wherever they are stored, a back-test is the same.
TEST(DemoStory, ABacktestHasTheSameHashOnEveryEngine) {
  std::set<std::string> hashes;
  for (const std::string& engine : Engines()) {
    PlatformUnderTest platform(engine);
    const demo::Options options{
        .seed = 4, .account_count = 60, .today = absl::CivilDay(2026, 8, 20)};
    const auto report = demo::LoadRecords(platform.client(""), options, [](int64_t) {});
    ASSERT_TRUE(report.ok()) << report.error().message();
    for (int i = 0; i < 2; ++i) {
      const Answer answer = platform.Ask({"forecast", "backtest", "--as-of", kDay, "-o", "json",
                                          "--min-revision", report->revision});
      ASSERT_EQ(answer.exit_code, 0) << answer.err;
      const std::string key = "\"result_sha256\": \"";
      const size_t at = answer.out.find(key);
      ASSERT_NE(at, std::string::npos) << answer.out;
      hashes.insert(answer.out.substr(at + key.size(), 64));
      EXPECT_NE(answer.out.find("\"calibration\""), std::string::npos);
    }
  }
  EXPECT_EQ(hashes.size(), 1u);
}

TEST(DemoStory, LoadingTwiceChangesNothing) {
  PlatformUnderTest platform("memory");
  const cli::Client client = platform.client("twice");
  const demo::Options options{.seed = 2, .account_count = 40, .today = absl::CivilDay(2026, 8, 20)};
  const auto first = demo::LoadRecords(client, options, [](int64_t) {});
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(demo::LoadDecisions(client).ok());
  const auto second = demo::LoadRecords(client, options, [](int64_t) {});
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(demo::LoadDecisions(client).ok());
  for (const auto& [kind, counts] : second->counts) {
    EXPECT_EQ(counts.created + counts.updated + counts.rejected, 0) << kind;
    EXPECT_EQ(counts.unchanged, first->counts.at(kind).created) << kind;
  }
}

TEST(DemoStory, TenantsDoNotSeeEachOther) {
  PlatformUnderTest platform("memory");
  const demo::Options options{.seed = 3, .account_count = 20, .today = absl::CivilDay(2026, 8, 20)};
  ASSERT_TRUE(demo::LoadRecords(platform.client("one"), options, [](int64_t) {}).ok());
  const Answer one = platform.Ask({"record", "list", "account", "--tenant", "one", "-o", "csv"});
  EXPECT_NE(one.out.find("acct-0000020"), std::string::npos) << one.out << one.err;
  const Answer two = platform.Ask({"record", "list", "account", "--tenant", "two", "-o", "json"});
  EXPECT_EQ(two.out.find("acct-"), std::string::npos) << two.out;
  const Answer other =
      platform.Ask({"record", "get", "account", "acct-0000001", "--tenant", "two"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.err.find("RECORD_NOT_FOUND"), std::string::npos) << other.err;
}

}  // namespace
}  // namespace gtm::scenario
