#include "services/records/store/decide.h"

#include <gtest/gtest.h>

#include "common/core/random.h"

namespace gtm::records::store {
namespace {

TEST(EncodeOutcome, GivesTheSameOutcomeBack) {
  WriteOutcome outcome;
  outcome.seq = 1'234'567;
  outcome.erased_count = 9;
  outcome.outcomes.push_back({Operation::kErase, false, 7, -5, INT64_MAX});
  outcome.outcomes.push_back({Operation::kCreate, true, 0, 0, 1'700'000'000'000'000});
  const std::string bytes = EncodeOutcome(outcome);
  ASSERT_TRUE(DecodeOutcome(bytes).has_value());
  EXPECT_EQ(*DecodeOutcome(bytes), outcome);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeOutcome(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeOutcome(bytes + "x").has_value());
}

TEST(UpperBoundOfPrefix, IsTheNextStringInUtf8) {
  EXPECT_EQ(UpperBoundOfPrefix("ab"), "ac");
  EXPECT_EQ(UpperBoundOfPrefix("a\x7F"), "a\xC2\x80");
  EXPECT_EQ(UpperBoundOfPrefix("\xC2\xBF"), "\xC3\x80");
  EXPECT_EQ(UpperBoundOfPrefix("\xDF\xBF"), "\xE0\xA0\x80");
  EXPECT_EQ(UpperBoundOfPrefix("\xED\x9F\xBF"), "\xEE\x80\x80");
  EXPECT_EQ(UpperBoundOfPrefix("\xEF\xBF\xBF"), "\xF0\x90\x80\x80");
  EXPECT_EQ(UpperBoundOfPrefix("z\xF4\x8F\xBF\xBF"), "{");
  std::string last_id;
  while (last_id.size() < 128) last_id += "\xF4\x8F\xBF\xBF";
  EXPECT_GT(UpperBoundOfPrefix(""), last_id);
}

TEST(UpperBoundOfPrefix, SeparatesExactlyTheStringsWithThePrefix) {
  Random random(7);
  const std::vector<std::string> letters = {
      "a", "b", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"};
  auto word = [&](size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text += letters[random.Below(letters.size())];
    return text;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string prefix = word(1 + random.Below(3));
    const std::string id = word(1 + random.Below(5));
    const bool inside = id >= prefix && id < UpperBoundOfPrefix(prefix);
    EXPECT_EQ(inside, id.starts_with(prefix)) << prefix << " " << id;
  }
}

TEST(PageBudget, AlwaysTakesTheFirstRow) {
  PageBudget budget(2, 100);
  EXPECT_TRUE(budget.Take(1'000));
  EXPECT_FALSE(budget.Take(1));
  PageBudget rows(2, 100);
  EXPECT_TRUE(rows.Take(1));
  EXPECT_TRUE(rows.Take(99));
  EXPECT_FALSE(rows.Take(0));
}

WriteRequest Put(std::string request_id, std::string id, std::string body) {
  WriteRequest request;
  request.request_id = request_id;
  request.fingerprint = "f:" + body;
  Mutation mutation;
  mutation.key = {11, std::move(id)};
  mutation.body = std::move(body);
  request.mutations.push_back(std::move(mutation));
  return request;
}

TEST(DecideGroup, LetsLaterRequestsSeeEarlierOnes) {
  std::vector<WriteRequest> requests = {Put("r1", "acme", "1"), Put("r2", "acme", "2"),
                                        Put("r1", "acme", "1"), Put("r1", "acme", "3")};
  requests[1].mutations[0].expected_version = 11;
  GroupState state;
  state.head.head.seq = 10;
  state.head.commit_time_us = 500;
  const GroupPlan plan = DecideGroup(requests, state, 400, {});
  ASSERT_EQ(plan.results.size(), 4u);
  EXPECT_EQ(plan.results[0]->outcomes[0],
            (MutationOutcome{Operation::kCreate, false, 11, 500, 500}));
  EXPECT_EQ(plan.results[1]->outcomes[0],
            (MutationOutcome{Operation::kUpdate, false, 12, 500, 500}));
  EXPECT_TRUE(plan.results[2]->replayed);
  EXPECT_EQ(plan.results[2]->seq, 11);
  EXPECT_EQ(plan.results[3].error().reason(), Reason::REQUEST_ID_REUSED);
  EXPECT_EQ(plan.seq, 12);
  EXPECT_EQ(plan.log.size(), 2u);
  EXPECT_EQ(plan.requests.size(), 2u);
  EXPECT_EQ(plan.commit_time_us, 500) << "commit times never go back";
}

TEST(DecideGroup, LeavesNothingOfARequestThatFails) {
  std::vector<WriteRequest> requests = {Put("r1", "a", "1"), Put("r2", "a", "2")};
  Mutation second = requests[0].mutations[0];
  second.key.id = "b";
  second.mode = Mode::kUpdate;
  requests[0].mutations.push_back(second);
  const GroupPlan plan = DecideGroup(requests, GroupState(), 1, {});
  EXPECT_EQ(plan.results[0].error().reason(), Reason::RECORD_NOT_FOUND);
  EXPECT_EQ(plan.results[1]->outcomes[0].operation, Operation::kCreate);
  EXPECT_EQ(plan.seq, 1);
  EXPECT_EQ(plan.requests.size(), 1u);
}

}  // namespace
}  // namespace gtm::records::store
