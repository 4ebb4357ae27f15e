#include "services/targeting/domain/score_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "services/targeting/domain/rank_targets.h"
#include "services/targeting/domain/score_contact.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = At("2026-06-30");

class ScoreAccount : public ::testing::Test {
 protected:
  void PutAccount(const std::string& id, std::optional<int64_t> employees,
                  const std::string& industry, std::vector<std::string> technologies) {
    records_.Put(test::Account(id).Set([&](crm::v1::Account& a) {
      if (employees) a.set_employee_count(*employees);
      a.set_industry(industry);
      for (const std::string& technology : technologies) a.add_technologies(technology);
    }));
  }
  ExplainedAccountScore Explain(const std::string& id, const Definition& definition) {
    const book::BookView view = records_.View();
    return AccountScorer(definition, view, kNow).Explain(*view.FindAccount(id));
  }

  test::FakeRecords records_{"targeting"};
  const Definition definition_ = Compiled();
};

TEST_F(ScoreAccount, AddsFitAndEngagementByTheirWeights) {
  PutAccount("acme", 2822, "Software", {"Redshift", "Snowflake"});
  records_.Put(test::Contact("c1", "acme"));
  records_.Put(test::Engagement("e1", "acme", "2026-06-30").Set([](auto& e) {
    e.set_contact_id("c1");
    e.set_count(2);
  }));
  const ExplainedAccountScore out = Explain("acme", definition_);
  // Fit: 50 + 30 + half of 20 points. Engagement: 2 points -> 30, one person -> 20.
  EXPECT_EQ(out.score.fit.micropoints, 90'000'000);
  EXPECT_EQ(out.score.engagement->micropoints, 50'000'000);
  EXPECT_EQ(out.score.priority.micropoints, 74'000'000);
  EXPECT_EQ(out.priority.parts[0].micropoints, 54'000'000);
  EXPECT_EQ(out.priority.parts[1].micropoints, 20'000'000);
  EXPECT_EQ(out.fit.parts[0].observed, "2822");
  EXPECT_EQ(out.fit.parts[0].matched, "enterprise");
  EXPECT_EQ(out.score.verdict, Verdict::kTarget);
  EXPECT_TRUE(out.score.prospect);
  EXPECT_EQ(out.score.fit.known_weight_bps, 10'000);
}

TEST_F(ScoreAccount, IsUndecidedWhereMissingDataDecide) {
  PutAccount("gap", 2822, "", {});
  const ExplainedAccountScore out = Explain("gap", definition_);
  EXPECT_EQ(out.score.fit.micropoints, 50'000'000);
  EXPECT_EQ(out.score.fit.low_micropoints, 50'000'000);
  EXPECT_EQ(out.score.fit.high_micropoints, 100'000'000);
  EXPECT_EQ(out.score.verdict, Verdict::kUndecided);
  EXPECT_THAT(out.deciding_criterion_ids, ElementsAre("industry", "warehouse"));
  EXPECT_FALSE(out.score.prospect);
}

TEST_F(ScoreAccount, DecidesInSpiteOfMissingDataWhereTheyCannotTurnIt) {
  PutAccount("sure", 2822, "software", {});
  EXPECT_EQ(Explain("sure", definition_).score.verdict, Verdict::kTarget);
  PutAccount("never", 10, "", {"Redshift"});  // at most 0 + 30 + 0
  const ExplainedAccountScore never = Explain("never", definition_);
  EXPECT_EQ(never.score.verdict, Verdict::kNotTarget);
  EXPECT_THAT(never.deciding_criterion_ids, IsEmpty());
}

TEST_F(ScoreAccount, IsAProspectOnlyWithInterestThatIsReal) {  // TG-09
  PutAccount("quiet", 2822, "software", {"Snowflake"});
  EXPECT_FALSE(Explain("quiet", definition_).score.prospect);
  DefinitionSpec spec = TestSpec();
  spec.prospect_min_engagement_points = 0;
  EXPECT_FALSE(Explain("quiet", Compiled(spec)).score.prospect) << "any engagement is needed";
}

TEST_F(ScoreAccount, TakesTheFitAsPriorityWhereEngagementIsNotScored) {
  PutAccount("acme", 2822, "software", {});
  DefinitionSpec spec = TestSpec();
  spec.engagement_criteria.clear();
  const ExplainedAccountScore out = Explain("acme", Compiled(spec));
  EXPECT_FALSE(out.score.engagement.has_value());
  EXPECT_EQ(out.score.priority, out.score.fit);
  ASSERT_EQ(out.priority.parts.size(), 1u);
  EXPECT_EQ(out.priority.parts[0].micropoints, out.score.fit.micropoints);
}

// UR-01 to UR-07: urgency is the third part of a priority, and what it is made of is told.
TEST_F(ScoreAccount, AddsUrgencyWhereTheDefinitionGivesItWeight) {
  PutAccount("acme", 2822, "Software", {"Redshift", "Snowflake"});
  crm::v1::TriggerEvent shift;
  shift.set_id("new-boss");
  shift.set_account_id("acme");
  shift.set_type(crm::v1::TriggerEvent::TYPE_AUTHORITY_SHIFT);
  *shift.mutable_occur_time() = test::Stamp("2026-06-30");
  shift.set_has_authority(true);
  shift.set_solves_problem(true);
  records_.Put(test::Wrap(shift));
  DefinitionSpec spec = TestSpec();
  spec.fit_priority_weight = 50;
  spec.engagement_priority_weight = 30;
  spec.urgency_priority_weight = 20;
  spec.urgency_rules.authority_shift_points = 70;
  const ExplainedAccountScore out = Explain("acme", Compiled(spec));
  // Fit 90, no engagement, urgency 70 points: 45 + 0 + 14.
  ASSERT_TRUE(out.score.urgency.has_value());
  EXPECT_EQ(out.score.urgency->micropoints, 70'000'000);
  EXPECT_EQ(out.score.priority.micropoints, 59'000'000);
  ASSERT_EQ(out.priority.parts.size(), 3u);
  EXPECT_EQ(out.priority.parts[2].criterion_id, "urgency");
  EXPECT_EQ(out.priority.parts[2].micropoints, 14'000'000);
  ASSERT_EQ(out.urgency->parts.size(), 1u);
  EXPECT_EQ(out.urgency->parts[0].criterion_id, "new-boss");
  EXPECT_FALSE(Explain("acme", definition_).score.urgency.has_value());
  // Without engagement the other two share the priority.
  spec.engagement_criteria.clear();
  const ExplainedAccountScore two = Explain("acme", Compiled(spec));
  EXPECT_EQ(two.priority.parts.size(), 2u);
  EXPECT_EQ(two.score.priority.micropoints, 84'285'714);  // (50 * 90 + 20 * 70) / 70
}

TEST_F(ScoreAccount, ReadsAgesAsOfTheQuestion) {
  records_.Put(test::Account("acme").Set([](crm::v1::Account& a) {
    *a.mutable_leadership_change_date() = test::Date("2026-06-01");
    (*a.mutable_custom_numbers())["seats"] = 120;
    (*a.mutable_custom_labels())["tier"] = "Gold";
  }));
  DefinitionSpec spec = TestSpec();
  spec.account_criteria = {
      {"leadership", "", "account.leadership_change_age_days", 1,
       criteria::Bands{{{0, 90, 10000, "recent"}}}},
      {"seats", "", "account.custom_number.seats", 1, criteria::Bands{{{100, {}, 10000, ""}}}},
      {"tier", "", "account.custom_label.tier", 1, criteria::Choices{{{"gold", 10000}}, 0}}};
  const Definition definition = Compiled(spec);
  const book::BookView view = records_.View();
  const auto row = *view.FindAccount("acme");
  const auto now = AccountScorer(definition, view, kNow).Explain(row);
  EXPECT_EQ(now.score.fit.micropoints, 100'000'000);
  EXPECT_EQ(now.fit.parts[0].observed, "29");
  const auto before = AccountScorer(definition, view, At("2026-05-01")).Explain(row);
  EXPECT_FALSE(before.fit.parts[0].known) << "it had not happened yet";
  const auto later = AccountScorer(definition, view, At("2026-12-01")).Explain(row);
  EXPECT_EQ(later.fit.parts[0].matched, "no band");
}

TEST_F(ScoreAccount, GivesEqualInputsForEqualScoresOnly) {
  PutAccount("a", 2822, "software", {});
  PutAccount("b", 2822, "", {"software"});
  const book::BookView view = records_.View();
  AccountScorer scorer(definition_, view, kNow);
  const auto inputs = [&](std::string_view id) {
    std::string text;
    scorer.AppendInputs(*view.FindAccount(id), &text);
    return text;
  };
  EXPECT_EQ(inputs("a"), inputs("a"));
  EXPECT_NE(inputs("a"), inputs("b"));
}

// Random accounts: parts sum at every level, and score and explanation agree.
TEST_F(ScoreAccount, SumsBitForBitOverGeneratedAccounts) {
  Random random(11);
  const char* kIndustries[] = {"", "software", "retail", "mining"};
  std::vector<records::v1::Record> records;
  for (int i = 0; i < 400; ++i) {
    const std::string id = "a" + std::to_string(i);
    records.push_back(test::Account(id).Set([&](crm::v1::Account& a) {
      if (random.Below(3) != 0) a.set_employee_count(random.Below(3'000));
      a.set_industry(kIndustries[random.Below(4)]);
      if (random.Below(2) == 0) a.add_technologies("Snowflake");
      if (random.Below(2) == 0) a.add_technologies("Redshift");
    }));
    for (uint64_t e = random.Below(5); e > 0; --e) {
      records.push_back(test::Engagement(id + "e" + std::to_string(e), id, "2026-06-20"));
    }
  }
  records_.PutAll(records);
  const book::BookView view = records_.View();
  DefinitionSpec spec = TestSpec();
  spec.fit_priority_weight = 7;
  spec.engagement_priority_weight = 4;  // does not divide evenly
  const Definition definition = Compiled(spec);
  AccountScorer scorer(definition, view, kNow);
  const auto sum = [](const criteria::ExplainedScore& score) {
    int64_t total = 0;
    for (const criteria::Part& part : score.parts) total += part.micropoints;
    return total;
  };
  for (const book::AccountRow row : view.accounts_by_id()) {
    const ExplainedAccountScore out = scorer.Explain(row);
    ASSERT_EQ(out.score, scorer.Score(row));
    ASSERT_EQ(sum(out.fit), out.score.fit.micropoints);
    ASSERT_EQ(sum(*out.engagement), out.score.engagement->micropoints);
    ASSERT_EQ(sum(out.priority), out.score.priority.micropoints);
    ASSERT_LE(out.score.priority.low_micropoints, out.score.priority.high_micropoints);
    ASSERT_LE(out.score.priority.micropoints, out.score.priority.low_micropoints);
  }
}

TEST(CompileDefinition, NamesEveryViolation) {
  DefinitionSpec spec = TestSpec();
  spec.account_criteria[0].attribute = "account.employees_count";
  spec.person_criteria[0].attribute = "account.industry";
  spec.engagement_criteria[0].weight = -1;
  spec.engagement_rule.half_life_days = 0;
  spec.target_min_fit_points = 101;
  const auto definition = Definition::Compile(spec, "definition");
  for (const char* field :
       {"definition.account_criteria[0].attribute", "definition.person_criteria[0].attribute",
        "definition.engagement_criteria[0].weight", "definition.engagement_rule.half_life_days",
        "definition.target_min_fit_points"}) {
    EXPECT_THAT(definition, test::FailsOn(field));
  }
}

TEST(Attributes, AreSortedAndEachIsReadable) {
  for (const auto& table : {AccountAttributes(), ContactAttributes()}) {
    EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const criteria::Attribute& attribute : table) {
      std::string name(attribute.name);
      if (name.back() == '*') name.back() = 'k';
      EXPECT_EQ(ResolveAttribute(name).key, attribute.name.back() == '*' ? "k" : "");
      EXPECT_FALSE(attribute.meaning.empty());
    }
  }
}

// ---- People (TG-06, TG-10)

TEST(ScoreContact, WeighsByTheBuyingRole) {
  test::FakeRecords records("targeting");
  const auto put = [&](const std::string& id, crm::v1::BuyingRole role) {
    records.Put(test::Contact(id, "acme").Set([&](crm::v1::Contact& c) {
      c.set_job_function("finance");
      c.set_buying_role(role);
    }));
  };
  put("boss", crm::v1::BUYING_ROLE_DECISION_MAKER);
  put("first", crm::v1::BUYING_ROLE_USER);
  put("new", crm::v1::BUYING_ROLE_UNSPECIFIED);
  const Definition definition = Compiled();
  const book::BookView view = records.View();
  const auto score = [&](const char* id) {
    return ContactScorer(definition, view, kNow).Explain(*view.FindContact(id));
  };
  EXPECT_EQ(score("boss").weighted_micropoints, 70'000'000);
  EXPECT_EQ(score("first").weighted_micropoints, 21'000'000);
  EXPECT_EQ(score("first").weighted_high_micropoints, 30'000'000);
  EXPECT_EQ(score("new").weighted_micropoints, 70'000'000) << "an unknown role is not held against";
  EXPECT_EQ(score("boss").fit.range.known_weight_bps, 7'000);
  // Ranked, page by page, by the weighted score, ties by id.
  std::vector<std::string> ids;
  std::optional<PersonPosition> after;
  for (bool more = true; more;) {
    const RankedPeople page =
        RankPeople(definition, view, kNow, {}, after, 1, [] { return Status(); }).value();
    ASSERT_EQ(page.people.size(), 1u);
    EXPECT_EQ(page.total_count, 3);
    ids.emplace_back(view.contact(page.people[0]).id);
    after = {ContactScorer(definition, view, kNow).Score(page.people[0]), ids.back()};
    more = page.more;
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"boss", "new", "first"}));
  const PeopleFilter strong{{}, 70'000'000};
  EXPECT_EQ(RankPeople(definition, view, kNow, strong, {}, 10, [] { return Status(); })
                .value()
                .total_count,
            2);
}

TEST(ScoreContact, NeedsCriteriaForPeople) {
  test::FakeRecords records("targeting");
  records.Put(test::Contact("c"));
  DefinitionSpec spec = TestSpec();
  spec.person_criteria.clear();
  const Definition definition = Compiled(spec);
  const book::BookView view = records.View();
  EXPECT_THAT(CheckScoresPeople(definition), test::FailsWith(Reason::DATA_MISSING));
  EXPECT_THAT(RankPeople(definition, view, kNow, {}, {}, 10, [] { return Status(); }),
              test::FailsWith(Reason::DATA_MISSING));
}

// ---- Ranking

class RankTargetsTest : public ScoreAccount {
 protected:
  static Status Alive() { return {}; }
  RankedPage Rank(const TargetFilter& filter, std::optional<TargetPosition> after = {},
                  size_t page_size = 100) {
    return RankTargets(definition_, view_, kNow, filter, after, page_size, Alive).value();
  }
  std::vector<std::string> Ids(const RankedPage& page) {
    std::vector<std::string> ids;
    for (const RankedTarget& target : page.targets) {
      ids.emplace_back(view_.account(target.row).id);
    }
    return ids;
  }
  book::BookView view_;
};

TEST_F(RankTargetsTest, OrdersByPriorityThenId) {
  PutAccount("b", 2000, "software", {"Snowflake"});
  PutAccount("a", 2000, "software", {"Snowflake"});
  PutAccount("c", 100, "retail", {"Redshift"});
  PutAccount("d", 2000, "retail", {"Snowflake"});
  view_ = records_.View();
  const RankedPage page = Rank({});
  EXPECT_THAT(Ids(page), ElementsAre("a", "b", "d", "c"));
  EXPECT_FALSE(page.more);
  EXPECT_EQ(page.total_count, 4);
  EXPECT_EQ(page.verdict_counts[1], 3);
  EXPECT_EQ(page.verdict_counts[2], 1);
}

TEST_F(RankTargetsTest, FiltersByVerdictPrioritySegmentAndOwner) {
  PutAccount("a", 2000, "software", {"Snowflake"});
  PutAccount("low", 10, "retail", {"Redshift"});
  records_.Put(test::Account("seg").Set([](crm::v1::Account& a) {
    a.set_employee_count(2000);
    a.set_industry("software");
    a.set_segment("EMEA");
    a.set_owner_seller_id("s1");
  }));
  view_ = records_.View();
  TargetFilter targets;
  targets.verdicts[1] = true;
  EXPECT_THAT(Ids(Rank(targets)), ElementsAre("a", "seg"));
  TargetFilter segment;
  segment.segment = "emea";
  EXPECT_THAT(Ids(Rank(segment)), ElementsAre("seg"));
  TargetFilter owner;
  owner.owner_seller_id = "s1";
  EXPECT_THAT(Ids(Rank(owner)), ElementsAre("seg"));
  TargetFilter high;
  high.min_priority_micropoints = 55'000'000;
  EXPECT_THAT(Ids(Rank(high)), ElementsAre("a"));
  TargetFilter prospects;
  prospects.prospects_only = true;
  EXPECT_THAT(Ids(Rank(prospects)), IsEmpty());
}

TEST_F(RankTargetsTest, PagesGiveEveryTargetOnceInOneOrder) {
  Random random(9);
  for (int i = 0; i < 137; ++i) {
    PutAccount("a" + std::to_string(i), random.Below(2'000), i % 2 ? "software" : "retail", {});
  }
  records_.Delete(records::v1::RECORD_KIND_ACCOUNT, "a7");
  view_ = records_.View();
  const auto whole = Ids(Rank({}, {}, 1'000));
  EXPECT_EQ(whole.size(), 136u);
  for (const size_t page_size : {1, 7, 68, 136}) {
    std::vector<std::string> paged;
    std::optional<TargetPosition> after;
    for (bool more = true; more;) {
      const RankedPage page = Rank({}, after, page_size);
      ASSERT_EQ(page.total_count, 136);
      for (const std::string& id : Ids(page)) paged.push_back(id);
      more = page.more;
      after = {page.targets.back().score.priority.micropoints, paged.back()};
    }
    EXPECT_EQ(paged, whole) << page_size;
  }
}

TEST_F(RankTargetsTest, StopsWhereTheCallerHasGone) {
  PutAccount("a", 1, "", {});
  view_ = records_.View();
  EXPECT_THAT(RankTargets(definition_, view_, kNow, {}, {}, 10,
                          []() -> Status { return Error(Reason::CANCELLED_BY_CALLER, "gone"); }),
              test::FailsWith(Reason::CANCELLED_BY_CALLER));
}

}  // namespace
}  // namespace gtm::targeting::domain
