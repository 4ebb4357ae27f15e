#include "services/forecasting/domain/coaching.h"

#include "common/core/random.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_evidence.h"
#include "services/forecasting/domain/test_pipeline_scene.h"

namespace gtm::forecasting::domain {
namespace {

std::string TextOf(absl::CivilDay day) { return DayText(NumberOf(day)); }

// Deals with one contact each at Stage 2. In half of them a second person acts within two
// weeks; those are won with `cleared_share`, the others with a fifth, a month later.
std::vector<CoachingEffect> EffectsOf(int deal_count, double cleared_share, uint64_t seed) {
  PipelineScene scene;
  Random random(seed);
  std::vector<records::v1::Record> all;
  const absl::CivilDay today(2026, 6, 15);
  for (int i = 0; i < deal_count; ++i) {
    const absl::CivilDay start = today - 400 + i * 280 / deal_count;
    const std::string account = fmt::format("a{:03}", i);
    all.push_back(test::Account(account));
    for (const char* person : {"ann", "bob"}) {
      all.push_back(test::Contact(fmt::format("{}-{}", account, person), account));
    }
    test::Opportunity deal(fmt::format("d{:03}", i), account);
    deal.Stage(TextOf(start - 20), "discovery").Stage(TextOf(start), "evaluation");
    deal.Amount(TextOf(start), 10'000);
    const bool is_cleared = random.Uniform() < 0.5;
    const bool is_won = random.Uniform() < (is_cleared ? cleared_share : 0.2);
    deal.Stage(TextOf(start + 50), is_won ? "won" : "lost");
    all.push_back(deal);
    const auto touch = [&](const char* person, int day) {
      test::Engagement engagement(fmt::format("{}-{}-{}", account, person, day), account,
                                  TextOf(start + day), crm::v1::Engagement::TYPE_CALL);
      engagement.Set([&](auto& e) { e.set_contact_id(account + "-" + person); });
      all.push_back(engagement);
    };
    touch("ann", 0);
    if (is_cleared) touch("bob", 15);
  }
  scene.records().PutAll(all);
  const book::BookView view = scene.records().View();
  const PastAt past_at = [&](absl::Time as_of) -> Result<PastView> {
    PastView past;
    GTM_ASSIGN_OR_RETURN(past.table, DealsAt(view, as_of));
    past.facts = ReadEvidence(view, past.table);
    return past;
  };
  const DealTable now = DealsAt(view, test::At(kToday)).value();
  return MeasureCoaching(now, past_at, {}).value();
}

const CoachingEffect* Find(const std::vector<CoachingEffect>& effects, DealWarningType type) {
  for (const CoachingEffect& effect : effects) {
    if (effect.type == type) return &effect;
  }
  return nullptr;
}

TEST(MeasureCoaching, FindsTheDifferenceThatIsThere) {
  const auto effects = EffectsOf(300, 0.7, 5);
  const CoachingEffect* effect = Find(effects, DealWarningType::kSingleContact);
  ASSERT_NE(effect, nullptr);
  EXPECT_TRUE(effect->is_enough);
  ASSERT_TRUE(effect->difference.has_value());
  EXPECT_GT(effect->low, 0.2);
  EXPECT_LT(effect->low, 0.5);
  EXPECT_GT(effect->high, 0.5);
}

// Where clearing changes nothing, the interval holds 0 in about 95 of 100 companies.
TEST(MeasureCoaching, FindsNoneWhereThereIsNone) {
  int held = 0;
  constexpr int kCompanies = 40;
  for (uint64_t seed = 0; seed < kCompanies; ++seed) {
    const auto effects = EffectsOf(160, 0.2, seed);
    const CoachingEffect* effect = Find(effects, DealWarningType::kSingleContact);
    ASSERT_NE(effect, nullptr);
    held += effect->low <= 0 && 0 <= effect->high;
  }
  EXPECT_GE(held, 34);
}

TEST(MeasureCoaching, SaysThatFewDealsAreTooFew) {
  for (const CoachingEffect& effect : EffectsOf(20, 0.7, 5)) EXPECT_FALSE(effect.is_enough);
  PipelineScene empty;
  const DealTable now = DealsAt(empty.records().View(), test::At(kToday)).value();
  const PastAt never = [](absl::Time) -> Result<PastView> {
    ADD_FAILURE() << "asked about a past without deals";
    return PastView();
  };
  EXPECT_TRUE(MeasureCoaching(now, never, {}).value().empty());
}

// Nothing after the step that clears a warning is asked for.
TEST(MeasureCoaching, LeavesTimeForTheOutcome) {
  PipelineScene scene;
  scene.Put(test::Opportunity("o", "acme").Stage("2024-01-01", "discovery"));
  const book::BookView view = scene.records().View();
  absl::Time last = absl::InfinitePast();
  int count = 0;
  const PastAt past_at = [&](absl::Time as_of) -> Result<PastView> {
    EXPECT_GT(as_of, last);
    last = as_of;
    ++count;
    PastView past;
    GTM_ASSIGN_OR_RETURN(past.table, DealsAt(view, as_of));
    past.facts = ReadEvidence(view, past.table);
    return past;
  };
  const DealTable now = DealsAt(view, test::At(kToday)).value();
  ASSERT_TRUE(MeasureCoaching(now, past_at, {}).ok());
  EXPECT_EQ(count, kCoachingStepsMax + 1);
  EXPECT_EQ(now.as_of - last, absl::Hours(24 * kCoachingOutcomeDays));
}

}  // namespace
}  // namespace gtm::forecasting::domain
