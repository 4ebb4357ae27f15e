#include "services/gtm/demo/company.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "common/record/kinds.h"
#include "services/records/domain/validate.h"

namespace gtm::demo {
namespace {

using records::v1::Record;

std::vector<Record> Make(const Options& options) {
  std::vector<Record> records;
  Generate(options, Truth{}, [&](Record record) { records.push_back(std::move(record)); });
  return records;
}

Options Small(uint64_t seed, int accounts = 60) {
  return {.seed = seed, .account_count = accounts, .today = absl::CivilDay(2026, 8, 20)};
}

TEST(Demo, TheSameOptionsGiveTheSameBytes) {
  const auto a = Make(Small(5));
  const auto b = Make(Small(5));
  const auto c = Make(Small(6));
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(record::CanonicalBody(a[i]), record::CanonicalBody(b[i])) << i;
  }
  EXPECT_NE(a.size(), c.size());
}

TEST(Demo, EveryRecordIsValidAndNamedOnce) {
  std::set<std::pair<int, std::string>> seen;
  for (const Record& record : Make(Small(1, 200))) {
    records::domain::Violations violations;
    records::domain::ValidateRecord(record, {.name = "record"}, &violations);
    ASSERT_TRUE(violations.empty()) << violations.list()[0].field << ": "
                                    << violations.list()[0].description << record.DebugString();
    EXPECT_TRUE(seen.emplace(record::KindOf(record), record::IdOf(record)).second)
        << record::IdOf(record);
  }
}

TEST(Demo, NothingHappensAfterToday) {
  const Options options = Small(3);
  const int64_t end = absl::ToUnixSeconds(absl::FromCivil(options.today + 1, absl::UTCTimeZone()));
  for (const Record& record : Make(options)) {
    for (const auto& change : record.opportunity().stage_changes()) {
      EXPECT_LT(change.change_time().seconds(), end) << record.opportunity().id();
    }
    if (record.has_engagement()) {
      EXPECT_LT(record.engagement().occur_time().seconds(), end);
    }
  }
}

TEST(Demo, ALargerCompanyBeginsWithTheAccountsOfASmallerOne) {
  const auto small = Make(Small(9, 10));
  const auto large = Make(Small(9, 20));
  std::map<std::string, std::string> bodies;
  for (const Record& record : large) {
    if (record.has_account()) bodies[record.account().id()] = record.account().display_name();
  }
  for (const Record& record : small) {
    if (record.has_account()) {
      EXPECT_EQ(bodies[record.account().id()], record.account().display_name());
    }
  }
}

// The truth can be found again: deals of well-fitting industries are won more often, and
// more deals are won in the last two weeks of a quarter than their share of days.
TEST(Demo, TheTruthIsInTheRecords) {
  std::map<std::string, std::string> industry;
  std::map<bool, std::pair<int, int>> won_of_closed;  // by good industry
  int won = 0;
  int won_at_end = 0;
  for (const Record& record : Make(Small(11, 3'000))) {
    if (record.has_account()) industry[record.account().id()] = record.account().industry();
    if (!record.has_opportunity()) continue;
    const auto& deal = record.opportunity();
    const auto& last = deal.stage_changes(deal.stage_changes_size() - 1);
    if (deal.stage_changes_size() < 2 || deal.stage_changes(1).stage_id() != "discovery") continue;
    if (last.stage_id() != "won" && last.stage_id() != "lost") continue;
    const std::string& name = industry[deal.account_id()];
    const bool good = name == "banking" || name == "insurance";
    const bool bad = name == "education" || name == "media";
    if (good || bad) {
      won_of_closed[good].first += last.stage_id() == "won";
      ++won_of_closed[good].second;
    }
    if (last.stage_id() == "won") {
      ++won;
      const absl::CivilDay day = absl::ToCivilDay(
          absl::FromUnixSeconds(last.change_time().seconds()), absl::UTCTimeZone());
      const absl::CivilDay next(absl::CivilMonth(day.year(), (day.month() - 1) / 3 * 3 + 1) + 3);
      won_at_end += next - day <= 14;
    }
  }
  const auto rate = [&](bool good) {
    return static_cast<double>(won_of_closed[good].first) / won_of_closed[good].second;
  };
  EXPECT_GT(rate(true), rate(false) + 0.1);
  const double share = static_cast<double>(won_at_end) / won;
  const double expected = 14 * 2.0 / (14 * 2.0 + 77);
  EXPECT_NEAR(share, expected, 4 * std::sqrt(expected * (1 - expected) / won) + 0.02);
}

// Programs are touches of ours alone: they move no score, and each account gets one arm of an
// experiment.
TEST(Demo, ProgramsAreTouchesOfOursInOneArmEach) {
  std::map<std::string, std::set<std::string>> arms;
  std::map<std::string, int> touches;
  for (const Record& record : Make(Small(4, 300))) {
    const std::string& campaign = record.engagement().campaign_id();
    if (record.engagement().id().find("-x") == std::string::npos) continue;
    EXPECT_EQ(record.engagement().direction(), crm::v1::Engagement::DIRECTION_OUTBOUND);
    ++touches[campaign];
    if (campaign == "campaign-7" || campaign == "campaign-8") {
      arms[record.engagement().account_id()].insert(campaign);
    }
  }
  EXPECT_EQ(touches.size(), 5u);
  EXPECT_NEAR(touches["campaign-8"], 150, 40);
  for (const auto& [account, seen] : arms) EXPECT_EQ(seen.size(), 1u) << account;
}

// The truth can be found again: tools before deals that were won, second pages where it fits.
TEST(Demo, ToolsComeBeforeWinsAndSecondPagesWhereItFits) {
  std::set<std::string> tools, second_pages, first_pages;
  std::map<std::string, bool> won;
  for (const Record& record : Make(Small(5, 600))) {
    const std::string& id = record.engagement().id();
    const size_t end = id.find("-tool");
    if (end != std::string::npos) tools.insert(id.substr(0, end));
    const bool is_visit = record.engagement().type() == crm::v1::Engagement::TYPE_WEB_VISIT;
    if (is_visit) (id.ends_with('b') ? second_pages : first_pages).insert(id);
    if (!record.has_opportunity()) continue;
    const auto& deal = record.opportunity();
    if (deal.stage_changes_size() < 2 || deal.stage_changes(1).stage_id() != "discovery") continue;
    won[deal.id()] = deal.stage_changes(deal.stage_changes_size() - 1).stage_id() == "won";
  }
  const auto share = [&](bool is_won) {
    double with = 0, all = 0;
    for (const auto& [id, of_deal] : won) {
      if (of_deal != is_won) continue;
      ++all;
      with += static_cast<double>(tools.count(id));
    }
    return with / all;
  };
  EXPECT_NEAR(share(true), 0.55, 0.08);
  EXPECT_NEAR(share(false), 0.25, 0.08);
  EXPECT_GT(second_pages.size(), first_pages.size() / 3);
}

TEST(Demo, SizesHaveNames) {
  EXPECT_EQ(*AccountCountOf("huge"), 1'000'000);
  EXPECT_EQ(*AccountCountOf("17"), 17);
  for (const char* bad : {"", "0", "tiny", "1000001", "5x"}) EXPECT_FALSE(AccountCountOf(bad).ok());
}

}  // namespace
}  // namespace gtm::demo
