#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;

// A clock that moves only where a test says so.
class StillClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  absl::Duration Monotonic() const override { return now_ - absl::UnixEpoch(); }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = test::At("2026-06-30");
};

class WatchTest : public TargetingHandlerTest {
 protected:
  void SetUp() override {
    // A definition that reads everything that a priority can hang on.
    v1::TargetDefinition definition = MakeDefinition("d1");
    definition.set_urgency_priority_weight(30);
    ASSERT_THAT(Create(definition, "2026-01-10"), IsOk());
    ASSERT_THAT(Propose("d1", "2026-01-10"), IsOk());
    for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d1", f, "2026-01-10"), IsOk());
  }

  // Runs a watch; `steps` are done one after the other while it waits, then the caller goes.
  Status Watch(const v1::WatchTargetsRequest& request, std::vector<std::function<void()>> steps) {
    size_t next = 0;
    bool gone = false;
    records_.set_while_waiting([&] {
      if (next < steps.size()) return steps[next++]();
      gone = true;
    });
    rpc::Call call = At("2026-06-30");
    call.is_cancelled = [&] { return gone; };
    TargetingHandler handler(records_, clock_);
    return handler.WatchTargets(call, request, [&](const v1::WatchTargetsResponse& message) {
      Take(message);
      return true;
    });
  }
  void Take(const v1::WatchTargetsResponse& message) {
    messages_.push_back(message);
    for (const auto& score : message.scores()) told_[score.account_id()] = score;
    for (const auto& id : message.removed_account_ids()) {
      EXPECT_EQ(told_.erase(id), 1u) << id;
    }
  }
  // Every score as of now, by ListTargets.
  std::map<std::string, v1::AccountScore> Recompute() {
    std::map<std::string, v1::AccountScore> all;
    v1::ListTargetsRequest request;
    request.set_page_size(1'000);
    rpc::Call call = At("2026-06-30");
    call.now = clock_.Now();
    v1::ListTargetsResponse response;
    EXPECT_THAT(handler_.ListTargets(call, request, &response), IsOk());
    for (const auto& score : response.targets()) all[score.account_id()] = score;
    return all;
  }
  void ExpectAllTold() {
    const auto all = Recompute();
    ASSERT_EQ(told_.size(), all.size());
    for (const auto& [id, score] : all) {
      EXPECT_EQ(told_[id].SerializeAsString(), score.SerializeAsString()) << id;
    }
  }
  void Touch(const std::string& id, const std::string& account, const std::string& day) {
    records_.Put(test::Engagement(id, account, day));
  }

  StillClock clock_;
  std::vector<v1::WatchTargetsResponse> messages_;
  std::map<std::string, v1::AccountScore> told_;
};

// C03: only what changed is scored again, and what was told is what a full recompute says,
// after every one of many random changes.
TEST_F(WatchTest, WhatWasToldEqualsAFullRecompute) {
  Random random(5);
  const char* industries[] = {"software", "mining", ""};
  const auto change = [&] {
    const std::string account = fmt::format("a{}", random.Below(40));
    switch (random.Below(9)) {
      case 6: {
        crm::v1::TriggerEvent event;
        event.set_id(fmt::format("t{}", random.Below(30)));
        event.set_account_id(account);
        event.set_type(crm::v1::TriggerEvent::TYPE_PERSONAL_DRIVE);
        *event.mutable_occur_time() = test::Stamp("2026-06-20");
        event.set_has_authority(random.Below(2) == 0);
        event.set_solves_problem(true);
        if (random.Below(3) > 0 ||
            records_.Find(records::v1::RECORD_KIND_TRIGGER_EVENT, event.id()) == nullptr) {
          records_.Put(test::Wrap(event));
        } else {
          records_.Delete(records::v1::RECORD_KIND_TRIGGER_EVENT, event.id());
        }
        break;
      }
      case 7: {  // the same account each time: nothing but the deal changes
        const uint64_t number = random.Below(20);
        records_.Put(test::Opportunity(fmt::format("o{}", number), fmt::format("a{}", number))
                         .Set([&](auto& o) {
                           if (random.Below(2) == 0) o.set_urgency_answer("new law");
                         }));
        break;
      }
      case 8: {
        crm::v1::VisitorLink link;
        link.set_id(fmt::format("w{}", random.Below(6)));
        link.set_account_id(account);
        records_.Put(test::Engagement(fmt::format("v{}", random.Below(1'000)), "", "2026-06-25")
                         .Set([&](auto& e) { e.set_visitor_id(link.id()); }));
        if (random.Below(2) == 0) records_.Put(test::Wrap(link));
        break;
      }
      case 0:
      case 1:
        PutAccount(account,
                   random.Below(4) == 0 ? std::nullopt : std::optional(random.Below(3'000)),
                   industries[random.Below(3)]);
        break;
      case 2:
        if (records_.Find(records::v1::RECORD_KIND_ACCOUNT, account) != nullptr) {
          records_.Delete(records::v1::RECORD_KIND_ACCOUNT, account);
        }
        break;
      case 3:
        records_.Put(test::Contact(fmt::format("c{}", random.Below(50)), account));
        break;
      default:
        Touch(fmt::format("e{}", random.Next() % 100'000), account,
              fmt::format("2026-06-{:02}", 1 + random.Below(28)));
    }
  };
  std::vector<std::function<void()>> steps;
  for (int i = 0; i < 300; ++i) {
    steps.emplace_back([&, i] {
      if (i > 0) ExpectAllTold();
      for (uint64_t n = 1 + random.Below(3); n > 0; --n) change();
    });
  }
  steps.emplace_back([&] { ExpectAllTold(); });
  for (int i = 0; i < 30; ++i) change();
  EXPECT_THAT(Watch({}, std::move(steps)), FailsWith(Reason::CANCELLED_BY_CALLER));
  EXPECT_GT(messages_.size(), 100u);
}

TEST_F(WatchTest, TellsOnlyWhatChangedOfTheAccountsAskedFor) {
  PutAccount("big", 2'000, "software");
  PutAccount("small", 10, "mining");
  v1::WatchTargetsRequest request;
  request.add_account_ids("big");
  request.set_changes_only(true);
  const auto nothing = [] {};
  EXPECT_THAT(Watch(request, {[&] { PutAccount("small", 3'000, "software"); }, nothing,
                              [&] { Touch("e1", "big", "2026-06-30"); },
                              [&] { records_.Delete(records::v1::RECORD_KIND_ACCOUNT, "big"); }}),
              FailsWith(Reason::CANCELLED_BY_CALLER));
  ASSERT_EQ(messages_.size(), 3u);
  EXPECT_EQ(messages_[0].scores_size(), 0);  // changes only
  ASSERT_EQ(messages_[1].scores_size(), 1);
  EXPECT_EQ(messages_[1].scores(0).account_id(), "big");
  EXPECT_EQ(messages_[1].definition().definition_id(), "d1");
  EXPECT_THAT(messages_[2].removed_account_ids(), ::testing::ElementsAre("big"));
}

// Engagement fades without any record: found at the refresh; and a stream that has nothing to
// tell says that it is alive.
TEST_F(WatchTest, ComputesEverythingAgainAfterTheRefresh) {
  PutAccount("big", 2'000, "software");
  Touch("e1", "big", "2026-06-30");
  v1::WatchTargetsRequest request;
  request.set_refresh_seconds(86'400);
  EXPECT_THAT(Watch(request, {[&] { clock_.Advance(absl::Seconds(6)); },
                              [&] { clock_.Advance(absl::Hours(24 * 100)); }}),
              FailsWith(Reason::CANCELLED_BY_CALLER));
  ASSERT_EQ(messages_.size(), 3u);
  EXPECT_EQ(messages_[0].scores_size(), 1);
  EXPECT_EQ(messages_[1].scores_size(), 0);
  ASSERT_EQ(messages_[2].scores_size(), 1);
  EXPECT_LT(messages_[2].scores(0).engagement().micropoints(),
            messages_[0].scores(0).engagement().micropoints());
}

TEST_F(WatchTest, FollowsTheDefinitionInForce) {
  PutAccount("big", 2'000, "software");
  EXPECT_THAT(Watch({}, {[&] { Activate("d2", "2026-06-29", "new weights"); }}),
              FailsWith(Reason::CANCELLED_BY_CALLER));
  EXPECT_EQ(messages_.front().definition().definition_id(), "d1");
  ASSERT_EQ(messages_.size(), 2u);
  EXPECT_EQ(messages_.back().definition().definition_id(), "d2");
  EXPECT_EQ(messages_.back().scores_size(), 1);
}

TEST_F(WatchTest, RefusesWhatItCannotWatch) {
  v1::WatchTargetsRequest request;
  request.set_refresh_seconds(1);
  EXPECT_THAT(Watch(request, {}), FailsOn("refresh_seconds"));
  request.set_refresh_seconds(0);
  request.set_definition_id("d9");
  EXPECT_THAT(Watch(request, {}), FailsWith(Reason::RECORD_NOT_FOUND));
}

}  // namespace
}  // namespace gtm::targeting::handler
