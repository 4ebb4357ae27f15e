#include "services/targeting/domain/replay.h"

#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

using test::At;

// Another definition, which reads what moves with time.
DefinitionSpec OtherSpec() {
  DefinitionSpec spec = TestSpec();
  spec.id = "d2";
  spec.account_criteria.push_back(
      {"leadership", "", "account.leadership_change_age_days", 40,
       criteria::Bands{{{0, 90, 10000, "new"}, {90, 365, 4000, "this year"}}}});
  spec.account_criteria.push_back({"breadth", "", "engagement.active_contact_count", 30,
                                   criteria::Bands{{{1, 2, 4000, ""}, {2, {}, 10000, ""}}}});
  spec.target_min_fit_points = 45;
  spec.engagement_rule.half_life_days = 30;
  return spec;
}

// Accounts of all kinds, with touches over a year.
void Fill(test::FakeRecords* records, int count) {
  Random random(11);
  const char* industries[] = {"Software", "Retail", "Mining", ""};
  const char* technologies[] = {"Snowflake", "Redshift", "Oracle"};
  std::vector<records::v1::Record> all;
  for (int i = 0; i < count; ++i) {
    const std::string id = fmt::format("a{:03}", i);
    all.push_back(test::Account(id).Set([&](crm::v1::Account& a) {
      if (random.Below(5) > 0) a.set_employee_count(static_cast<int64_t>(random.Below(3'000)));
      a.set_industry(industries[random.Below(4)]);
      a.add_technologies(technologies[random.Below(3)]);
      if (random.Below(2) == 0) {
        *a.mutable_leadership_change_date() =
            test::Date(fmt::format("2026-{:02}-15", 1 + random.Below(12)));
      }
      if (random.Below(3) == 0) {
        *a.mutable_first_seen_date() =
            test::Date(fmt::format("2026-{:02}-03", 1 + random.Below(9)));
      }
    }));
    for (uint64_t n = random.Below(12); n > 0; --n) {
      const std::string day =
          fmt::format("2026-{:02}-{:02}", 1 + random.Below(12), 1 + random.Below(28));
      all.push_back(test::Engagement(fmt::format("e{}-{}", i, n), id, day).Set([&](auto& e) {
        e.set_contact_id(fmt::format("c{}-{}", i, random.Below(3)));
      }));
    }
  }
  records->PutAll(all);
}

std::vector<absl::Time> MonthEnds() {
  std::vector<absl::Time> instants;
  for (int month = 1; month <= 12; ++month) {
    instants.push_back(At(fmt::format("2026-{:02}-28", month)));
  }
  return instants;
}

// Every instant is what scoring every account as of it would have said (C02, C03).
TEST(ReplayDefinition, EqualsScoringAtEveryInstant) {
  test::FakeRecords records("targeting");
  Fill(&records, 150);
  const book::BookView view = records.View();
  const Definition draft = Compiled(OtherSpec()), baseline = Compiled();
  const ReplayQuestion question = {&draft,
                                   [&](absl::Time time) { return time < At("2026-03-01") ? nullptr : &baseline; },
                                   MonthEnds(),
                                   {absl::CivilDay(2026, 1, 1), absl::CivilDay(2027, 1, 1)},
                                   At("2027-01-01"),
                                   10};
  const Replay replay = ReplayDefinition(question, view, [] { return Status(); }).value();
  ASSERT_EQ(replay.steps.size(), 12u);
  int64_t entering = 0, leaving = 0;
  for (const ReplayStep& step : replay.steps) {
    ReplayStep expected{step.as_of};
    for (const book::AccountRow row : view.accounts_by_id()) {
      const auto seen = view.account(row).first_seen_day;
      if (seen && *seen > absl::ToCivilDay(step.as_of, absl::UTCTimeZone())) continue;
      ++expected.account_count;
      std::array<bool, 2> is_target{};
      for (size_t side = 0; side < kReplaySideCount; ++side) {
        const Definition* definition = side == kDraft ? &draft : question.baseline(step.as_of);
        if (definition == nullptr) continue;
        const AccountScore score = AccountScorer(*definition, view, step.as_of).Score(row);
        ++expected.sides[side].verdicts[static_cast<size_t>(score.verdict)];
        expected.sides[side].prospect_count += score.prospect;
        is_target[side] = score.verdict == Verdict::kTarget;
      }
      expected.entering_count += is_target[kDraft] && !is_target[kBaseline];
      expected.leaving_count += !is_target[kDraft] && is_target[kBaseline];
    }
    EXPECT_EQ(step.account_count, expected.account_count);
    EXPECT_EQ(step.sides, expected.sides);
    EXPECT_EQ(step.entering_count, expected.entering_count);
    EXPECT_EQ(step.leaving_count, expected.leaving_count);
    entering = step.entering_count;
    leaving = step.leaving_count;
  }
  EXPECT_GT(entering, 0);
  EXPECT_GT(leaving, 0);
  EXPECT_EQ(replay.entering.size(), std::min<size_t>(10, static_cast<size_t>(entering)));
  EXPECT_EQ(replay.leaving.size(), std::min<size_t>(10, static_cast<size_t>(leaving)));
}

// What happens later, or is decided after as_of, changes nothing.
TEST(ReplayDefinition, NeverSeesWhatComesLater) {
  test::FakeRecords records("targeting");
  Fill(&records, 60);
  const Definition draft = Compiled(OtherSpec()), baseline = Compiled();
  const auto ask = [&] {
    const ReplayQuestion question = {&draft,
                                     [&](absl::Time) { return &baseline; },
                                     {At("2026-06-01"), At("2026-06-30")},
                                     {absl::CivilDay(2026, 1, 1), absl::CivilDay(2027, 1, 1)},
                                     At("2026-06-30"),
                                     5};
    return ReplayDefinition(question, records.View(), [] { return Status(); }).value();
  };
  const Replay before = ask();
  records.Put(test::Engagement("later", "a001", "2026-07-01"));
  records.Put(test::Opportunity("o1", "a001").Stage("2026-07-02", "open"));
  const Replay after = ask();
  for (size_t i = 0; i < before.steps.size(); ++i) {
    EXPECT_EQ(before.steps[i].sides, after.steps[i].sides);
  }
  EXPECT_EQ(after.outcomes[kDraft].targets.opportunity_count, 0);
  EXPECT_EQ(after.outcomes[kDraft].others.opportunity_count, 0);
}

// An opportunity counts for what its account was when it entered the pipeline.
TEST(ReplayDefinition, CountsOutcomesByWhatTheAccountWasThen) {
  test::FakeRecords records("targeting");
  records.Put(test::Account("big").Set([](auto& a) {
    a.set_employee_count(2'000);
    a.set_industry("software");
    a.add_technologies("Snowflake");
  }));
  records.Put(test::Account("small").Set([](auto& a) {
    a.set_employee_count(10);
    a.set_industry("mining");
    a.add_technologies("Redshift");
  }));
  for (const char* account : {"big", "small"}) {
    records.Put(test::Opportunity(fmt::format("{}-won", account), account)
                    .Stage("2026-02-01", "open")
                    .Stage("2026-03-01", "won")
                    .Amount("2026-02-01", account[0] == 'b' ? 100 : 7));
    records.Put(
        test::Opportunity(fmt::format("{}-open", account), account).Stage("2026-02-01", "open"));
  }
  const Definition draft = Compiled();
  const ReplayQuestion question = {&draft,
                                   [](absl::Time) { return nullptr; },
                                   {At("2026-06-30")},
                                   {absl::CivilDay(2026, 1, 1), absl::CivilDay(2026, 7, 1)},
                                   At("2026-06-30"),
                                   5};
  const Replay replay = ReplayDefinition(question, records.View(), [] { return Status(); }).value();
  const ReplaySideOutcomes& side = replay.outcomes[kDraft];
  EXPECT_EQ(side.targets.opportunity_count, 2);
  EXPECT_EQ(side.targets.won_count, 1);
  EXPECT_EQ(side.targets.won_micros, 100 * kMicrosPerUnit);
  EXPECT_EQ(side.others.won_micros, 7 * kMicrosPerUnit);
  // Without a baseline every target enters.
  ASSERT_EQ(replay.entering.size(), 1u);
  EXPECT_EQ(records.View().account(replay.entering[0].row).id, "big");
}

}  // namespace
}  // namespace gtm::targeting::domain
