#include "services/sponsorship/domain/plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>

#include "common/core/random.h"

namespace gtm::sponsorship::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kPoint = criteria::kMicropointsPerPoint;

// The five criteria of SP-04, each 0 to 100 in ten bands.
ProgramSpec FiveCriteria() {
  ProgramSpec spec;
  criteria::Bands tenths;
  for (int i = 0; i < 10; ++i) tenths.bands.push_back({i * 10.0, i * 10.0 + 10, i * 1000, ""});
  tenths.bands.back().max.reset();
  tenths.bands.back().share_bps = 10000;
  criteria::Bands money;
  money.bands = {{{}, 1e5, 1000, "small"}, {1e5, 1e6, 5000, "medium"}, {1e6, {}, 10000, "large"}};
  spec.criteria = {
      {"lifetime_value", "", "account.potential_lifetime_value", 30, money},
      {"account_influence", "", "account.market_influence", 20, tenths},
      {"person_influence", "", "contact.market_influence", 20, tenths},
      {"commitment", "", "contact.commitment", 20, tenths},
      {"growth_capacity", "", "account.growth_capacity", 10, tenths},
  };
  spec.effort = {60, 30, 30};
  return spec;
}

Program Make(ProgramSpec spec) { return *Program::Make(std::move(spec), "program"); }

// Candidates and executives for a test; keeps the text that they borrow.
class Scene {
 public:
  Candidate& AddCandidate(std::string id, std::optional<int32_t> commitment) {
    Candidate c;
    c.contact.id = Keep(std::move(id));
    c.contact.account_id = "a1";
    c.contact.commitment = commitment;
    c.contact.market_influence = 50;
    c.account.emplace();
    c.account->id = "a1";
    c.account->market_influence = 50;
    c.account->growth_capacity = 50;
    c.lifetime_value = 2e6;
    input.candidates.push_back(c);
    return input.candidates.back();
  }
  Executive& AddExecutive(std::string id, int32_t limit = 4) {
    Executive e;
    e.id = std::move(id);
    e.week_minutes = 480;
    e.slot_limit = limit;
    e.eligible = true;
    input.executives.push_back(e);
    return input.executives.back();
  }
  void AddLive(std::string id, std::string contact, std::string executive) {
    input.live.push_back({std::move(id), std::move(contact), std::move(executive)});
  }
  std::string_view Keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  PlanInput input;

 private:
  std::deque<std::string> texts_;
};

std::vector<std::string> PairNames(const PlanInput& input, const MatchPlan& plan) {
  std::vector<std::string> names;
  for (const PlannedPair& p : plan.pairs) {
    names.push_back(
        fmt::format("{}-{}", input.candidates[p.candidate].id(), input.executives[p.executive].id));
  }
  return names;
}

// What the record claims: prices bound the pairs and sum to the objective.
void ExpectProof(const MatchPlan& plan) {
  int64_t dual = 0;
  int64_t value = 0;
  for (const PlannedPair& p : plan.pairs) {
    dual += p.candidate_price_micropoints;
    value += p.value_micropoints;
    EXPECT_EQ(p.candidate_price_micropoints + plan.slot_prices_micropoints[p.executive],
              p.value_micropoints);
  }
  for (size_t j = 0; j < plan.capacities.size(); ++j) {
    dual += plan.slot_prices_micropoints[j] * plan.capacities[j].slot_count;
    EXPECT_LE(plan.used_slots[j], plan.capacities[j].slot_count);
  }
  EXPECT_EQ(value, plan.objective_micropoints);
  EXPECT_EQ(dual, plan.objective_micropoints);
}

TEST(CountSlots, D6BelowEightHoursIsFlagged) {
  Executive e{.id = "e", .week_minutes = 474, .eligible = true};  // 7.9 h
  EXPECT_TRUE(CountSlots(e, 120).below_wanted_time);
  EXPECT_EQ(CountSlots(e, 120).week_minutes_wanted, 480);
  EXPECT_EQ(CountSlots(e, 120).slot_count, 3);
  e.week_minutes = 480;
  EXPECT_FALSE(CountSlots(e, 120).below_wanted_time);
  EXPECT_EQ(CountSlots(e, 120).slot_count, 4);
  e.work_week_hours = 50;  // 20 % of a longer week is more
  EXPECT_TRUE(CountSlots(e, 120).below_wanted_time);
  EXPECT_EQ(CountSlots(e, 120).week_minutes_wanted, 600);
  e.work_week_hours = 20;  // and at least 8 hours of a shorter one
  EXPECT_EQ(CountSlots(e, 120).week_minutes_wanted, 480);
}

TEST(CountSlots, TakesTheSmallerOfWhatIsStated) {
  Executive e{.id = "e", .week_minutes = 480, .slot_limit = 2, .eligible = true};
  EXPECT_EQ(CountSlots(e, 60).slot_count, 2);
  EXPECT_EQ(CountSlots(e, 60).slot_count_by_time, 8);
  e.slot_limit.reset();
  EXPECT_EQ(CountSlots(e, 60).slot_count, 8);
  EXPECT_EQ(CountSlots(e, 481).slot_count, 0);
  e.week_minutes.reset();
  EXPECT_EQ(CountSlots(e, 60).slot_count, 0);
  EXPECT_FALSE(CountSlots(e, 60).below_wanted_time);  // unknown is not too little
  e.slot_limit = 3;
  EXPECT_EQ(CountSlots(e, 60).slot_count, 3);
  e.eligible = false;
  EXPECT_EQ(CountSlots(e, 60).slot_count, 0);
  e.eligible.reset();
  EXPECT_EQ(CountSlots(e, 60).slot_count, 0);
  EXPECT_FALSE(CountSlots(e, 60).eligibility_known);
}

TEST(CountSlots, HoursAreNeverExceeded) {
  for (int32_t minutes = 0; minutes <= 700; minutes += 7) {
    for (int32_t each = 1; each <= 300; each += 13) {
      const Capacity c = CountSlots({.id = "e", .week_minutes = minutes, .eligible = true}, each);
      EXPECT_LE(c.slot_count * each, minutes);
    }
  }
}

TEST(PlanMatches, D5TwentySlotsCutElevenInScoreOrder) {
  Scene scene;
  for (int i = 0; i < 31; ++i) {
    scene.AddCandidate(fmt::format("c{:02}", i), (i * 7) % 31 * 3);  // with ties within bands
  }
  for (int j = 0; j < 5; ++j) scene.AddExecutive(fmt::format("e{}", j));
  const Program program = Make(FiveCriteria());
  const auto plan = PlanMatches(program, scene.input);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->slot_count, 20);
  EXPECT_EQ(plan->pairs.size(), 20u);
  EXPECT_EQ(plan->cuts.size(), 11u);
  ExpectProof(*plan);
  // The list in score order, ties by id, cut at 20.
  std::vector<size_t> order(31);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return program.Score(scene.input.candidates[a]).micropoints >
           program.Score(scene.input.candidates[b]).micropoints;
  });
  for (size_t rank = 0; rank < 31; ++rank) {
    if (rank < 20) {
      EXPECT_EQ(plan->pairs[rank].candidate, order[rank]);
      EXPECT_EQ(plan->pairs[rank].rank, static_cast<int32_t>(rank) + 1);
    } else {
      EXPECT_EQ(plan->cuts[rank - 20].candidate, order[rank]);
      EXPECT_EQ(plan->cuts[rank - 20].reason, CutReason::kBelowCut);
    }
  }
  for (const int32_t used : plan->used_slots) EXPECT_EQ(used, 4);
}

TEST(PlanMatches, CutSaysExactlyWhatWasMissing) {
  Scene scene;
  for (const auto& [id, commitment] : {std::pair{"a", 95}, {"b", 75}, {"c", 75}, {"d", 35}}) {
    scene.AddCandidate(id, commitment);
  }
  scene.AddExecutive("e", 2);
  const auto plan = PlanMatches(Make(FiveCriteria()), scene.input);
  EXPECT_THAT(PairNames(scene.input, *plan), ElementsAre("a-e", "b-e"));
  ASSERT_EQ(plan->cuts.size(), 2u);
  EXPECT_EQ(plan->cuts[0].missing_micropoints, 1);  // level with b, which has the lower id
  EXPECT_EQ(plan->cuts[1].missing_micropoints, 8 * kPoint + 1);  // 20 points x (70 - 30) %
}

TEST(PlanMatches, AffinityDecidesWithinTheCutOnly) {
  ProgramSpec spec = FiveCriteria();
  spec.affinity.same_region = 50;
  Scene scene;
  scene.AddCandidate("a", 95).contact.region = "East";
  scene.AddCandidate("b", 75).contact.region = "West";
  scene.AddCandidate("c", 55).contact.region = "west ";
  scene.AddExecutive("x", 1).region = "WEST";
  scene.AddExecutive("y", 1).region = "East";
  const auto by_score = PlanMatches(Make(spec), scene.input);
  EXPECT_THAT(PairNames(scene.input, *by_score), ElementsAre("a-y", "b-x"));
  ExpectProof(*by_score);
  EXPECT_EQ(by_score->pairs[0].affinity.points, 50);
  EXPECT_EQ(by_score->pairs[0].runner_up_executive, 0);
  EXPECT_EQ(by_score->pairs[0].runner_up_loss_micropoints, 100 * kPoint);  // both would move

  // Total value lets a better match overtake a better score.
  scene.input.candidates[1].contact.region = "North";
  EXPECT_THAT(PairNames(scene.input, *PlanMatches(Make(spec), scene.input)),
              ElementsAre("a-y", "b-x"));
  spec.selection = Selection::kTotalValue;
  const auto by_value = PlanMatches(Make(spec), scene.input);
  EXPECT_THAT(PairNames(scene.input, *by_value), ElementsAre("a-y", "c-x"));
  ExpectProof(*by_value);
  ASSERT_EQ(by_value->cuts.size(), 1u);
  EXPECT_EQ(by_value->cuts[0].reason, CutReason::kOutbid);
  EXPECT_EQ(by_value->cuts[0].missing_micropoints, 46 * kPoint + 1);  // 50 - 20 x (70 - 50) %
}

TEST(PlanMatches, MissingDataIsAGapAndNotAZero) {
  ProgramSpec spec = FiveCriteria();
  spec.qualifying_score_points = 70;
  Scene scene;
  scene.AddCandidate("gap", {});  // 30 + 10 + 10 + ? + 5: 55 to 75
  scene.AddCandidate("low", 5);   // 55
  scene.AddCandidate("top", 95);  // 75
  scene.AddExecutive("e");
  const auto plan = PlanMatches(Make(spec), scene.input);
  EXPECT_THAT(PairNames(scene.input, *plan), ElementsAre("top-e"));
  ASSERT_EQ(plan->cuts.size(), 2u);
  EXPECT_EQ(plan->cuts[0].reason, CutReason::kNotEnoughData);
  EXPECT_EQ(plan->cuts[1].reason, CutReason::kScoreTooLow);
  EXPECT_EQ(plan->cuts[1].missing_micropoints, 15 * kPoint);
}

TEST(PlanMatches, TransitionsOutWhoDoesNotQualify) {
  ProgramSpec spec = FiveCriteria();
  spec.qualifying_score_points = 60;
  spec.keep_bonus_points = 3;
  Scene scene;
  scene.AddCandidate("gap", {});  // live, unknown: stays
  scene.AddCandidate("kept", 65);
  scene.AddCandidate("low", 5);
  scene.AddCandidate("moved", 95);
  scene.AddExecutive("e1");
  scene.AddExecutive("gone").eligible = false;
  scene.AddLive("s1", "kept", "e1");
  scene.AddLive("s2", "low", "e1");
  scene.AddLive("s3", "left", "e1");
  scene.AddLive("s4", "moved", "gone");
  scene.AddLive("s5", "gap", "e1");
  const auto plan = PlanMatches(Make(spec), scene.input);
  EXPECT_THAT(PairNames(scene.input, *plan), ElementsAre("moved-e1", "kept-e1", "gap-e1"));
  EXPECT_EQ(plan->pairs[1].live_sponsorship, 0);
  EXPECT_EQ(plan->pairs[0].live_sponsorship, -1);
  ASSERT_EQ(plan->transitions.size(), 3u);
  EXPECT_EQ(plan->transitions[0].live_sponsorship, 1u);
  EXPECT_EQ(plan->transitions[0].reason, TransitionReason::kNotQualified);
  EXPECT_EQ(plan->transitions[1].reason, TransitionReason::kContactLeft);
  EXPECT_EQ(plan->transitions[2].reason, TransitionReason::kExecutiveUnavailable);
  EXPECT_EQ(plan->transitions[2].next_executive, 0);
}

TEST(PlanMatches, KeepsALivePairForTheBonusAndNoMore) {
  ProgramSpec spec = FiveCriteria();
  spec.affinity.same_function = 5;
  spec.keep_bonus_points = 5;
  Scene scene;
  scene.AddCandidate("a", 55).contact.job_function = "it";
  scene.AddExecutive("cfo", 1).job_function = "finance";
  scene.AddExecutive("cio", 1).job_function = "it";
  scene.AddLive("s", "a", "cfo");
  EXPECT_THAT(PairNames(scene.input, *PlanMatches(Make(spec), scene.input)),
              ElementsAre("a-cfo"));  // a tie goes to the lower id
  spec.keep_bonus_points = 4;
  const auto plan = PlanMatches(Make(spec), scene.input);
  EXPECT_THAT(PairNames(scene.input, *plan), ElementsAre("a-cio"));
  EXPECT_EQ(plan->transitions[0].reason, TransitionReason::kRematched);
}

TEST(PlanMatches, ExclusionsPassTheSlotOn) {
  Scene scene;
  scene.AddCandidate("a", 95);
  scene.AddCandidate("b", 75);
  scene.AddExecutive("e", 1);
  scene.input.excluded = {{"a", "e"}};
  const auto plan = PlanMatches(Make(FiveCriteria()), scene.input);
  EXPECT_THAT(PairNames(scene.input, *plan), ElementsAre("b-e"));
  EXPECT_EQ(plan->cuts[0].reason, CutReason::kNoAllowedExecutive);
  EXPECT_EQ(plan->cuts[0].missing_micropoints, 0);
}

TEST(PlanMatches, NobodyAndNothing) {
  const Program program = Make(FiveCriteria());
  EXPECT_THAT(PlanMatches(program, {})->pairs, IsEmpty());
  Scene scene;
  scene.AddCandidate("a", 95);
  const auto plan = PlanMatches(program, scene.input);
  EXPECT_EQ(plan->cuts[0].reason, CutReason::kBelowCut);
}

TEST(PlanMatches, RefusesMoreThanItCanWeigh) {
  Scene scene;
  scene.AddCandidate("a", 95);
  for (size_t j = 0; j <= kPlanExecutivesMax; ++j) scene.AddExecutive(fmt::format("e{:05}", j));
  const Program program = Make(FiveCriteria());
  EXPECT_FALSE(PlanMatches(program, scene.input).ok());
  EXPECT_FALSE(RankAndCut(program, scene.input).ok());
}

// Random scenes: the plan is proven, within the slots, stable, and what a cut says is
// missing is exactly what changes it.
TEST(PlanMatches, HoldsItsPromisesOnRandomScenes) {
  Random random(9);
  int flips = 0;
  for (int round = 0; round < 300; ++round) {
    Scene scene;
    const std::string_view regions[] = {"", "east", "west", "north"};
    for (int i = 0; i < 12; ++i) {
      auto& c = scene.AddCandidate(fmt::format("c{:02}", i), static_cast<int>(random.Below(101)));
      c.contact.region = regions[random.Below(4)];
    }
    for (int j = 0; j < 4; ++j) {
      scene.AddExecutive(fmt::format("e{}", j), static_cast<int>(random.Below(4))).region =
          std::string(regions[random.Below(4)]);
    }
    if (random.Below(2) == 0) scene.AddLive("s", "c03", "e1");
    ProgramSpec spec = FiveCriteria();
    spec.affinity.same_region = static_cast<int>(random.Below(20));
    spec.same_region_required = random.Below(2) == 0;
    spec.keep_bonus_points = static_cast<int>(random.Below(10));
    const Program program = Make(spec);
    const auto plan = PlanMatches(program, scene.input);
    ASSERT_TRUE(plan.ok()) << plan.error().message();
    ExpectProof(*plan);
    ASSERT_EQ(plan->pairs.size() + plan->cuts.size(), 12u);
    for (const PlannedCut& cut : plan->cuts) {
      if (cut.missing_micropoints == 0) continue;
      // Somebody above the cut has exactly the missing score more, or one less by id.
      const bool reached =
          std::any_of(plan->pairs.begin(), plan->pairs.end(), [&](const PlannedPair& p) {
            const int64_t bonus = scene.input.live.empty() ? 0 : spec.keep_bonus_points * kPoint;
            const int64_t gap = p.score.micropoints - cut.score_micropoints;
            return std::abs(gap - cut.missing_micropoints) <= bonus + 1;
          });
      EXPECT_TRUE(reached);
      ++flips;
    }
    EXPECT_EQ(HashInput(program, "p", scene.input), HashInput(program, "p", scene.input));
  }
  EXPECT_GT(flips, 300);
}

TEST(HashInput, SeesEverythingThatDecides) {
  Scene scene;
  scene.AddCandidate("a", 95);
  scene.AddExecutive("e");
  const Program program = Make(FiveCriteria());
  const std::string base = HashInput(program, "p", scene.input);
  const auto changed = [&](auto change) {
    PlanInput input = scene.input;
    change(input);
    return HashInput(program, "p", input) != base;
  };
  EXPECT_NE(HashInput(program, "q", scene.input), base);
  EXPECT_TRUE(changed([](PlanInput& i) { i.candidates[0].contact.commitment = 5; }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.candidates[0].contact.region = "east"; }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.executives[0].slot_limit.reset(); }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.executives[0].eligible.reset(); }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.executives[0].interests = {"sailing"}; }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.live = {{"s", "a", "e"}}; }));
  EXPECT_TRUE(changed([](PlanInput& i) { i.excluded = {{"a", "e"}}; }));
  EXPECT_FALSE(changed([](PlanInput& i) { i.candidates[0].contact.display_name = "Ada"; }));
}

// A criterion of two attributes reads both of them.
TEST(Program, JudgesTwoAttributesTogether) {
  ProgramSpec spec = FiveCriteria();
  spec.criteria = {
      {"both", "", "contact.commitment", 10,
       criteria::Grid{"account.market_influence", {{50}, {}}, {{50}, {}}, {0, 2000, 5000, 10000}}}};
  const Program program = Make(spec);
  Scene scene;
  EXPECT_EQ(program.Score(scene.AddCandidate("a", 80)).micropoints, 100'000'000);
  EXPECT_EQ(program.Score(scene.AddCandidate("b", 20)).micropoints, 20'000'000);
  const criteria::ScoreRange gap = program.Score(scene.AddCandidate("c", std::nullopt));
  EXPECT_EQ(gap, (criteria::ScoreRange{0, 0, 100'000'000, 0}));
}

TEST(Program, RefusesWithEverythingThatIsWrong) {
  ProgramSpec spec = FiveCriteria();
  spec.criteria[1].attribute = "account.market_influense";
  spec.keep_bonus_points = -1;
  spec.effort = {};
  spec.affinity.same_region = 101;
  const auto program = Program::Make(spec, "program");
  ASSERT_FALSE(program.ok());
  std::vector<std::string> fields;
  for (const FieldViolation& v : program.error().violations()) fields.push_back(v.field);
  EXPECT_THAT(fields, ElementsAre("program.criteria[1].attribute",
                                  "program.affinity_weights.same_region_points",
                                  "program.keep_bonus_points", "program.sponsee_effort"));
}

TEST(FindAffinity, PartsSumAndGapsAreNamed) {
  TraitReader reader;
  Candidate c;
  const std::string_view interests[] = {"Sailing", "chess", "jazz", "sailing"};
  c.contact.interests = interests;
  c.contact.job_function = "finance";
  Executive e{.id = "e", .interests = {"JAZZ", "sailing ", "golf"}, .job_function = "it"};
  const AffinityWeights weights{
      .shared_interest = 4, .shared_interest_count_max = 3, .same_region = 7, .same_function = 5};
  const Affinity a = FindAffinity(weights, reader.Read(c), reader.Read(e));
  ASSERT_EQ(a.parts.size(), 3u);
  EXPECT_EQ(a.points, 8);
  EXPECT_EQ(a.parts[0].shared_count, 2);
  EXPECT_EQ(a.parts[0].points_max, 12);
  EXPECT_FALSE(a.parts[1].known);  // no region on either side
  EXPECT_TRUE(a.parts[2].known);
  EXPECT_EQ(a.parts[2].points, 0);
  EXPECT_EQ(AffinityPoints(weights, reader.Read(c), reader.Read(e)), a.points);
}

}  // namespace
}  // namespace gtm::sponsorship::domain
