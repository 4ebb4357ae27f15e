#include "common/book/facts.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/testing/record_builders.h"

namespace gtm::book {
namespace {

using test::At;

// A deal by its stages: {"2026-01-05", role}.
class Deal {
 public:
  explicit Deal(std::initializer_list<std::pair<const char*, StageRole>> stages) {
    for (const auto& [time, role] : stages) stages_.push_back({At(time), "s", role, 0});
    facts_.stage_changes = stages_;
  }
  const OpportunityFacts& facts() const { return facts_; }

 private:
  std::vector<StageChange> stages_;
  OpportunityFacts facts_;
};

constexpr auto kZero = StageRole::kStageZero;
constexpr auto kOpen = StageRole::kOpen;
constexpr auto kContract = StageRole::kContract;
constexpr auto kWon = StageRole::kWon;
constexpr auto kLost = StageRole::kLost;

TEST(AsOf, TheLastEntryAtOrBeforeCounts) {
  const Deal deal({{"2026-01-05", kZero}, {"2026-02-01", kOpen}});
  EXPECT_EQ(StageAt(deal.facts(), At("2026-01-04")), nullptr);
  EXPECT_EQ(StageAt(deal.facts(), At("2026-01-05"))->role, kZero);
  EXPECT_EQ(StageAt(deal.facts(), At("2026-01-31T23:59:59Z"))->role, kZero);
  EXPECT_EQ(StageAt(deal.facts(), At("2026-02-01"))->role, kOpen);
  EXPECT_EQ(StageAt(deal.facts(), absl::InfiniteFuture())->role, kOpen);
}

TEST(AsOf, AmountsAndCloseDatesAreUnknownBeforeTheirFirstEntry) {
  const std::vector<AmountChange> amounts = {{At("2026-01-05"), {5, Currency::Of("USD")}},
                                             {At("2026-01-07"), {7, Currency::Of("USD")}}};
  const std::vector<CloseDateChange> dates = {{At("2026-01-06"), absl::CivilDay(2026, 3, 31)}};
  OpportunityFacts facts;
  facts.amount_changes = amounts;
  facts.close_date_changes = dates;
  EXPECT_EQ(AmountAt(facts, At("2026-01-04")), nullptr);
  EXPECT_EQ(AmountAt(facts, At("2026-01-06"))->amount.micros, 5);
  EXPECT_EQ(AmountAt(facts, At("2026-01-08"))->amount.micros, 7);
  EXPECT_EQ(CloseDateAt(facts, At("2026-01-05")), nullptr);
  EXPECT_EQ(CloseDateAt(facts, At("2026-01-06"))->day, absl::CivilDay(2026, 3, 31));
}

TEST(AsOf, StageZeroAndClosedDealsAreNotInPipeline) {
  const Deal deal({{"2026-01-05", kZero},
                   {"2026-02-01", kOpen},
                   {"2026-03-01", kContract},
                   {"2026-04-01", kLost},
                   {"2026-05-01", kOpen},
                   {"2026-06-01", kWon}});
  const auto in_pipeline = [&](const char* time) { return InPipelineAt(deal.facts(), At(time)); };
  EXPECT_FALSE(in_pipeline("2026-01-01"));
  EXPECT_FALSE(in_pipeline("2026-01-10"));
  EXPECT_TRUE(in_pipeline("2026-02-10"));
  EXPECT_TRUE(in_pipeline("2026-03-10"));
  EXPECT_FALSE(in_pipeline("2026-04-10"));
  EXPECT_TRUE(in_pipeline("2026-05-10"));
  EXPECT_FALSE(in_pipeline("2026-06-10"));
}

TEST(AsOf, ADealQualifiesOnceAndNotByBeingLost) {
  const Deal deal({{"2026-01-05", kZero}, {"2026-02-01", kContract}, {"2026-03-01", kOpen}});
  EXPECT_EQ(QualifiedTime(deal.facts(), At("2026-01-31")), std::nullopt);
  EXPECT_EQ(QualifiedTime(deal.facts(), At("2026-06-01")), At("2026-02-01"));
  const Deal won({{"2026-01-05", kZero}, {"2026-02-01", kWon}});
  EXPECT_EQ(QualifiedTime(won.facts(), At("2026-06-01")), At("2026-02-01"));
  const Deal lost({{"2026-01-05", kZero}, {"2026-02-01", kLost}});
  EXPECT_EQ(QualifiedTime(lost.facts(), At("2026-06-01")), std::nullopt);
}

TEST(AsOf, ADealIsWonWhenItsLastRunOfWonStagesBegan) {
  const Deal deal({{"2026-01-05", kOpen},
                   {"2026-02-01", kWon},
                   {"2026-03-01", kOpen},
                   {"2026-04-01", kWon},
                   {"2026-05-01", kWon}});
  EXPECT_EQ(WonTime(deal.facts(), At("2026-01-10")), std::nullopt);
  EXPECT_EQ(WonTime(deal.facts(), At("2026-02-10")), At("2026-02-01"));
  EXPECT_EQ(WonTime(deal.facts(), At("2026-03-10")), std::nullopt);
  EXPECT_EQ(WonTime(deal.facts(), At("2026-06-01")), At("2026-04-01"));
  EXPECT_EQ(LostTime(deal.facts(), At("2026-06-01")), std::nullopt);
  const Deal lost({{"2026-01-05", kLost}});
  EXPECT_EQ(LostTime(lost.facts(), At("2026-01-05")), At("2026-01-05"));
}

TEST(AsOf, NothingIsKnownOfADealWithoutHistory) {
  const OpportunityFacts facts;
  EXPECT_EQ(StageAt(facts, absl::InfiniteFuture()), nullptr);
  EXPECT_FALSE(InPipelineAt(facts, absl::InfiniteFuture()));
  EXPECT_EQ(QualifiedTime(facts, absl::InfiniteFuture()), std::nullopt);
  EXPECT_EQ(WonTime(facts, absl::InfiniteFuture()), std::nullopt);
}

TEST(UnixSeconds, KeepToTheirRange) {
  EXPECT_EQ(UnixSeconds(-5), 0);
  EXPECT_EQ(UnixSeconds(1'767'225'600), 1'767'225'600);
  EXPECT_EQ(UnixSeconds(int64_t{1} << 40), int64_t{UINT32_MAX});
}

}  // namespace
}  // namespace gtm::book
