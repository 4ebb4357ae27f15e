// Visitors: scored before anybody knows who they are, linked once, and parted without a trace
// (TG-08, TG-09, C04).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;

class VisitorsTest : public TargetingHandlerTest {
 protected:
  void SetUp() override { Activate("d1", "2026-01-10"); }

  void Visit(const std::string& id, const std::string& visitor_id, const std::string& day,
             int count = 1) {
    records_.Put(test::Engagement(id, "", day).Set([&](auto& e) {
      e.set_visitor_id(visitor_id);
      e.set_count(count);
    }));
  }
  void Link(const std::string& visitor_id, const std::string& account_id,
            const std::string& contact_id = "") {
    crm::v1::VisitorLink link;
    link.set_id(visitor_id);
    link.set_account_id(account_id);
    link.set_contact_id(contact_id);
    records_.Put(test::Wrap(link));
  }
  v1::VisitorScore Score(const std::string& id, std::string_view time = "2026-06-30") {
    rpc::Call call = At(time);
    v1::ScoreVisitorRequest request;
    request.set_visitor_id(id);
    v1::ScoreVisitorResponse response;
    EXPECT_THAT(handler_.ScoreVisitor(call, request, &response), IsOk());
    EXPECT_EQ(response.definition().definition_id(), "d1");
    EXPECT_EQ(response.provenance().input_sha256().size(), 64u);
    return response.score();
  }
  std::string AccountBytes(const std::string& id) {
    rpc::Call call = At("2026-06-30");
    v1::ScoreAccountRequest request;
    request.set_account_id(id);
    v1::ScoreAccountResponse response;
    EXPECT_THAT(handler_.ScoreAccount(call, request, &response), IsOk());
    // Without the revision, which every commit moves.
    response.mutable_provenance()->clear_revision();
    return CanonicalBytes(response);
  }
  v1::ListVisitorsResponse List(const v1::ListVisitorsRequest& request = {}) {
    rpc::Call call = At("2026-06-30");
    v1::ListVisitorsResponse response;
    EXPECT_THAT(handler_.ListVisitors(call, request, &response), IsOk());
    return response;
  }
  static std::vector<std::string> Ids(const v1::ListVisitorsResponse& response) {
    std::vector<std::string> ids;
    for (const auto& visitor : response.visitors()) ids.push_back(visitor.visitor_id());
    return ids;
  }
};

TEST_F(VisitorsTest, AnUnknownVisitorIsScoredByWhatItDidAndARangeForTheRest) {
  Visit("v1", "w", "2026-06-30", 3);
  const v1::VisitorScore score = Score("w");
  EXPECT_EQ(score.standing(), v1::VISITOR_STANDING_UNKNOWN);
  EXPECT_EQ(score.account_id(), "");
  EXPECT_GT(score.engagement().micropoints(), 0);
  EXPECT_EQ(score.engagement().known_weight_bps(), 10'000);
  EXPECT_EQ(score.fit().micropoints(), 0);
  EXPECT_EQ(score.fit().known_weight_bps(), 0);
  EXPECT_EQ(score.fit().high_micropoints(), 100'000'000);
  EXPECT_EQ(score.verdict(), v1::TARGET_VERDICT_UNDECIDED);
  EXPECT_FALSE(score.prospect()) << "TG-09: enough must be known of who it is";
  EXPECT_GT(score.deciding_criterion_ids_size(), 0);
  EXPECT_EQ(score.touch_count(), 3);
  EXPECT_EQ(score.last_touch_time().seconds(), absl::ToUnixSeconds(test::At("2026-06-30")));
}

TEST_F(VisitorsTest, NothingIsSeenBeforeItHappened) {
  Visit("v1", "w", "2026-06-10");
  rpc::Call call = At("2026-06-09");
  v1::ScoreVisitorRequest request;
  request.set_visitor_id("w");
  v1::ScoreVisitorResponse response;
  EXPECT_THAT(handler_.ScoreVisitor(call, request, &response), FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_visitor_id("nobody");
  call = At("2026-06-30");
  EXPECT_THAT(handler_.ScoreVisitor(call, request, &response), FailsWith(Reason::RECORD_NOT_FOUND));
}

// C04: linked, what the visitor did counts for the account, once; parted, every byte of the
// account's score is what it was, and so is the visitor's.
TEST_F(VisitorsTest, MergeAndSplitIsIdentity) {
  PutAccount("acme", 2'822, "software");
  records_.Put(test::Contact("c1", "acme"));
  records_.Put(test::Engagement("e1", "acme", "2026-06-20"));
  Visit("v1", "w", "2026-06-29", 2);
  Visit("v2", "w", "2026-06-01");
  const std::string account = AccountBytes("acme");
  const std::string visitor = CanonicalBytes(Score("w"));

  Link("w", "acme", "c1");
  EXPECT_NE(AccountBytes("acme"), account);
  const v1::VisitorScore linked = Score("w");
  EXPECT_EQ(linked.standing(), v1::VISITOR_STANDING_LINKED);
  EXPECT_EQ(linked.account_id(), "acme");
  EXPECT_EQ(linked.contact_id(), "c1");
  EXPECT_GT(linked.fit().micropoints(), 0) << "profile match and engagement, now that it is known";
  const std::string merged = AccountBytes("acme");
  Link("w", "acme", "c1");  // told twice: counted once
  EXPECT_EQ(AccountBytes("acme"), merged);

  records_.Delete(records::v1::RECORD_KIND_VISITOR_LINK, "w");
  EXPECT_EQ(AccountBytes("acme"), account);
  EXPECT_EQ(CanonicalBytes(Score("w")), visitor);
}

// The account is then scored as if the visits had been recorded as its own.
TEST_F(VisitorsTest, ALinkedVisitCountsAsMuchAsOneOfTheAccount) {
  PutAccount("acme", 2'822, "software");
  records_.Put(test::Contact("c1", "acme"));
  Visit("v1", "w", "2026-06-29", 2);
  Link("w", "acme", "c1");
  const std::string linked = AccountBytes("acme");
  records_.Delete(records::v1::RECORD_KIND_VISITOR_LINK, "w");
  records_.Put(test::Engagement("e9", "acme", "2026-06-29").Set([](auto& e) {
    e.set_contact_id("c1");
    e.set_count(2);
  }));
  EXPECT_EQ(AccountBytes("acme"), linked);
}

TEST_F(VisitorsTest, ALinkToAnAccountThatIsNotRecordedLeavesTheVisitorUnknown) {
  Visit("v1", "w", "2026-06-29");
  Link("w", "ghost");
  EXPECT_EQ(Score("w").standing(), v1::VISITOR_STANDING_UNKNOWN);
  PutAccount("ghost", 2'000, "software");
  EXPECT_EQ(Score("w").standing(), v1::VISITOR_STANDING_LINKED);
}

TEST_F(VisitorsTest, RanksByEngagementFiltersAndPages) {
  PutAccount("acme", 2'822, "software");
  Random random(3);
  for (int i = 0; i < 57; ++i) {
    Visit(fmt::format("v{}", i), fmt::format("w{:02}", i), "2026-06-29",
          1 + static_cast<int>(random.Below(6)));
  }
  Visit("later", "future", "2026-07-01");
  Link("w07", "acme");
  v1::ListVisitorsRequest request;
  request.set_page_size(1'000);
  const v1::ListVisitorsResponse whole = List(request);
  EXPECT_EQ(whole.total_count(), 57);
  EXPECT_EQ(whole.unknown_count(), 56);
  EXPECT_EQ(whole.linked_count(), 1);
  for (int i = 1; i < whole.visitors_size(); ++i) {
    const auto key = [&](int at) {
      const v1::VisitorScore& v = whole.visitors(at);
      return std::pair(-v.engagement().micropoints(), v.visitor_id());
    };
    ASSERT_LT(key(i - 1), key(i));
  }
  for (const int page_size : {1, 10, 57}) {
    std::vector<std::string> paged;
    request.set_page_size(page_size);
    request.clear_page_token();
    do {
      const v1::ListVisitorsResponse page = List(request);
      for (const std::string& id : Ids(page)) paged.push_back(id);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(paged, Ids(whole)) << page_size;
  }
  v1::ListVisitorsRequest linked;
  linked.set_standing(v1::VISITOR_STANDING_LINKED);
  EXPECT_THAT(Ids(List(linked)), ::testing::ElementsAre("w07"));
  linked.set_standing(v1::VISITOR_STANDING_UNKNOWN);
  const int64_t most = whole.visitors(0).engagement().micropoints();
  linked.set_min_engagement_micropoints(most);
  const v1::ListVisitorsResponse keen = List(linked);
  EXPECT_GT(keen.total_count(), 0);
  EXPECT_LT(keen.total_count(), 56);
  for (const auto& visitor : keen.visitors()) {
    EXPECT_EQ(visitor.engagement().micropoints(), most);
  }
}

TEST_F(VisitorsTest, NamesWhatIsWrong) {
  rpc::Call call = At("2026-06-30");
  v1::ScoreVisitorResponse scored;
  EXPECT_THAT(handler_.ScoreVisitor(call, {}, &scored), FailsOn("visitor_id"));
  v1::ListVisitorsRequest request;
  request.set_standing(static_cast<v1::VisitorStanding>(9));
  request.set_min_engagement_micropoints(-1);
  v1::ListVisitorsResponse listed;
  const Status status = handler_.ListVisitors(call, request, &listed);
  EXPECT_THAT(status, FailsOn("standing"));
  EXPECT_THAT(status, FailsOn("min_engagement_micropoints"));
}

}  // namespace
}  // namespace gtm::targeting::handler
