// Answers written as bytes say what the messages of ListTargets say, byte for byte.

#include "services/targeting/handler/score_bytes.h"

#include <map>

#include "common/core/random.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::IsOk;

constexpr int kAccountCount = 600;

class ScoreBytesTest : public TargetingHandlerTest {
 protected:
  // Every kind of rule, labels of one's own, and text that needs two bytes for its length.
  static v1::TargetDefinition Definition() {
    v1::TargetDefinition definition = MakeDefinition("d1");
    auto* band = definition.mutable_account_criteria(0)->mutable_bands()->add_bands();
    band->set_min(5'000);
    band->set_share_bps(3'333);
    band->set_label(std::string(60, 'L'));
    definition.mutable_account_criteria(0)->mutable_bands()->mutable_bands(0)->set_max(5'000);
    auto* pair = definition.add_account_criteria();
    pair->set_id("warehouse");
    pair->set_attribute("account.technologies");
    pair->set_weight(7);
    pair->mutable_technology_pair()->set_favorable("Snowflake");
    pair->mutable_technology_pair()->set_alternative("Redshift");
    pair->mutable_technology_pair()->set_favorable_share_bps(10'000);
    pair->mutable_technology_pair()->set_neither_share_bps(2'500);
    auto* number = definition.add_account_criteria();
    number->set_id("temperature");
    number->set_attribute("account.custom_number.temperature");
    number->set_weight(3);
    number->mutable_bands()->add_bands()->set_share_bps(4'000);
    definition.set_prospect_min_engagement_points(10);
    definition.set_urgency_priority_weight(20);
    definition.mutable_urgency_rules()->set_mandate_points(77);
    return definition;
  }

  static double AnyNumber(Random* random) {
    constexpr double kNumbers[] = {0, -0.0, 1e15, -1e15, 1e16, 1e300, 0.1, -2.5, 123456789.25};
    const uint64_t which = random->Below(std::size(kNumbers) + 2);
    if (which < std::size(kNumbers)) return kNumbers[which];
    return which == std::size(kNumbers) ? random->Normal() * 1e6 : -1.0 * random->Below(1'000'000);
  }

  static records::v1::Record AnyAccount(const std::string& id, Random* random) {
    return test::Account(id).Set([&](crm::v1::Account& a) {
      constexpr const char* kIndustries[] = {"", "software", "Software", "Größe & Söhne"};
      constexpr const char* kTools[] = {"Snowflake", "Redshift", "SAP",   "Jira",
                                        "Excel",     "Kafka",    "redis", "Oracle"};
      if (random->Below(3) != 0) a.set_employee_count(static_cast<int64_t>(random->Below(9'000)));
      a.set_industry(kIndustries[random->Below(4)]);
      if (random->Below(9) == 0) a.set_industry(std::string(300, 'w'));
      for (const char* tool : kTools) {
        if (random->Below(2) == 0) a.add_technologies(tool);
      }
      a.set_technologies_known(random->Below(2) == 0);
      if (random->Below(2) == 0) (*a.mutable_custom_numbers())["temperature"] = AnyNumber(random);
    });
  }

  void PutAccounts() {
    Random random(5);
    std::vector<records::v1::Record> records;
    for (int i = 0; i < kAccountCount; ++i) {
      const std::string id = "a" + std::to_string(i);
      records.push_back(AnyAccount(id, &random));
      for (uint64_t e = random.Below(4); e > 0; --e) {
        records.push_back(test::Engagement(id + "e" + std::to_string(e), id, "2026-01-20"));
      }
      for (uint64_t t = random.Below(3); t > 0; --t) {
        crm::v1::TriggerEvent event;
        event.set_id(id + "t" + std::to_string(t));
        event.set_account_id(id);
        event.set_type(static_cast<crm::v1::TriggerEvent::Type>(1 + random.Below(3)));
        *event.mutable_occur_time() = test::Stamp("2026-01-10");
        if (random.Below(2) == 0) event.set_has_authority(random.Below(3) != 0);
        if (random.Below(4) != 0) event.set_solves_problem(true);
        *event.mutable_deadline_date() = test::Date("2026-05-01");
        records.push_back(test::Wrap(event));
      }
    }
    records_.PutAll(records);
  }

  // All accounts as the messages of ListTargets, by id.
  std::map<std::string, v1::AccountScore> List(v1::ScoreDetail detail) {
    rpc::Call call = At("2026-02-01");
    v1::ListTargetsRequest request;
    request.set_detail(detail);
    request.set_page_size(1'000);
    v1::ListTargetsResponse response;
    EXPECT_THAT(handler_.ListTargets(call, request, &response), IsOk());
    std::map<std::string, v1::AccountScore> scores;
    for (const auto& score : response.targets()) scores[score.account_id()] = score;
    return scores;
  }
};

TEST_F(ScoreBytesTest, SayWhatTheMessagesSay) {
  PutAccounts();
  ASSERT_THAT(Create(Definition(), "2026-01-14"), IsOk());
  ASSERT_THAT(Propose("d1", "2026-01-14"), IsOk());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d1", f, "2026-01-14"), IsOk());
  rpc::Call call = At("2026-02-01");
  const auto explained = List(v1::SCORE_DETAIL_PARTS);
  ASSERT_EQ(explained.size(), static_cast<size_t>(kAccountCount));
  std::map<int, int> verdicts;
  for (const auto& [id, message] : explained) {
    v1::ScoreAccountRequest request;
    request.set_account_id(id);
    v1::ScoreAccountResponse response;
    // The fixture holds the bytes equal to those of the message that they are read as.
    ASSERT_THAT(handler_.ScoreAccount(call, request, &response), IsOk());
    ASSERT_EQ(CanonicalBytes(response.score()), CanonicalBytes(message)) << id;
    ++verdicts[response.score().verdict()];
  }
  EXPECT_EQ(verdicts.size(), 3u) << "an example of each";
}

TEST_F(ScoreBytesTest, SayTheSameInBatches) {
  PutAccounts();
  ASSERT_THAT(Create(Definition(), "2026-01-14"), IsOk());
  ASSERT_THAT(Propose("d1", "2026-01-14"), IsOk());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d1", f, "2026-01-14"), IsOk());
  rpc::Call call = At("2026-02-01");
  for (const auto detail : {v1::SCORE_DETAIL_UNSPECIFIED, v1::SCORE_DETAIL_PARTS}) {
    const auto listed = List(detail);
    v1::BatchScoreAccountsRequest request;
    request.set_detail(detail);
    for (const auto& [id, message] : listed) request.add_account_ids(id);
    request.add_account_ids("ghost");
    v1::BatchScoreAccountsResponse response;
    ASSERT_THAT(handler_.BatchScoreAccounts(call, request, &response), IsOk());
    ASSERT_EQ(response.scores_size(), kAccountCount);
    for (const auto& score : response.scores()) {
      ASSERT_EQ(CanonicalBytes(score), CanonicalBytes(listed.at(score.account_id())));
    }
    EXPECT_EQ(response.missing_account_ids_size(), 1);
    EXPECT_EQ(response.provenance().rules_version(), "target_definition d1 version 1");
  }
}

// A definition without engagement, and one that is only tried.
TEST_F(ScoreBytesTest, LeaveOutWhatIsNotScored) {
  PutAccount("acme", 2'822, "software");
  v1::TargetDefinition definition = Definition();
  definition.clear_engagement_criteria();
  definition.clear_prospect_min_engagement_points();
  definition.clear_urgency_priority_weight();
  ASSERT_THAT(Create(definition, "2026-01-14"), IsOk());
  rpc::Call call = At("2026-02-01");
  v1::ScoreAccountRequest request;
  request.set_account_id("acme");
  request.set_definition_id("d1");
  v1::ScoreAccountResponse response;
  ASSERT_THAT(handler_.ScoreAccount(call, request, &response), IsOk());
  EXPECT_FALSE(response.score().has_engagement());
  EXPECT_FALSE(response.score().has_urgency());
  EXPECT_EQ(response.score().priority().parts_size(), 1);
  EXPECT_FALSE(response.definition().review_overdue());
}

}  // namespace
}  // namespace gtm::targeting::handler
