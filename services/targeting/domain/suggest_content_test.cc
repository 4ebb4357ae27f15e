#include "services/targeting/domain/suggest_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::Engagement;
using test::At;
using ::testing::ElementsAre;

constexpr std::string_view kNow = "2026-06-30";

class Company {
 public:
  Company() { Add(test::TenantSettings()); }
  void Add(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  void Person(const std::string& id, crm::v1::BuyingRole role, const std::string& function = "") {
    Add(test::Account("a-" + id));
    Add(test::Contact(id, "a-" + id).Set([&](crm::v1::Contact& c) {
      c.set_buying_role(role);
      c.set_job_function(function);
    }));
  }
  void Act(const std::string& who, const std::string& content, std::string_view time,
           Engagement::Type type = Engagement::TYPE_CONTENT_READ,
           Engagement::Direction direction = Engagement::DIRECTION_INBOUND) {
    Add(test::Engagement(fmt::format("e{}", seq_), "a-" + who, time, type, direction)
            .Set([&](Engagement& e) {
              e.set_contact_id(who);
              e.set_content_id(content);
              e.set_campaign_id("campaign");
            }));
  }
  // A person who read it, and moved on or not.
  void Read(const std::string& content, crm::v1::BuyingRole role, bool moved,
            const std::string& function = "") {
    const std::string id = fmt::format("x{:04}", ++count_);
    Person(id, role, function);
    Act(id, content, "2026-02-01");
    if (moved) Act(id, "", "2026-02-20", Engagement::TYPE_MEETING);
  }
  ContentAdvice Suggest(const std::string& who, std::vector<std::string> candidates = {}) {
    view_ = book_.View();
    const auto efficacy = LearnContent(view_, {.as_of = At(kNow)}, [] { return Status(); }).value();
    return SuggestContent(view_, efficacy, *view_.FindContact(who),
                          {.as_of = At(kNow), .candidates = std::move(candidates)});
  }
  ChannelPreference Channel(const std::string& who) {
    view_ = book_.View();
    return PreferredChannel(view_, *view_.FindContact(who), At(kNow));
  }

 private:
  book::Book book_;
  book::BookView view_;
  int64_t seq_ = 0;
  int count_ = 0;
};

std::vector<std::string> KeysOf(const ContentAdvice& advice) {
  std::vector<std::string> keys;
  for (const auto& suggestion : advice.suggestions) keys.push_back(suggestion.key);
  return keys;
}

// A guide moves finance on, a video moves users on.
class Learned : public Company {
 public:
  Learned() {
    for (int i = 0; i < 30; ++i) {
      Read("guide", crm::v1::BUYING_ROLE_ECONOMIC_BUYER, i < 20);
      Read("video", crm::v1::BUYING_ROLE_ECONOMIC_BUYER, i < 5);
      Read("guide", crm::v1::BUYING_ROLE_USER, i < 4);
      Read("video", crm::v1::BUYING_ROLE_USER, i < 20);
    }
    Read("rare", crm::v1::BUYING_ROLE_USER, true);
    Person("cfo", crm::v1::BUYING_ROLE_ECONOMIC_BUYER);
    Person("user", crm::v1::BUYING_ROLE_USER);
  }
};

TEST(SuggestContent, LearnsWhatMovesWhichRole) {  // BE-06, BE-13
  Learned company;
  const ContentAdvice cfo = company.Suggest("cfo");
  EXPECT_THAT(KeysOf(cfo), ElementsAre("guide", "rare", "video"));
  EXPECT_EQ(cfo.suggestions[0].chance.basis, SuggestionBasis::kStepAndRole);
  EXPECT_EQ(cfo.suggestions[0].chance.step_role.person_count, 30);
  EXPECT_EQ(cfo.suggestions[0].chance.step_role.moved_count, 20);
  EXPECT_EQ(cfo.suggestions[0].reason,
            "people identifying the problem, role economic buyer: 20 of 30 moved on");
  EXPECT_EQ(company.Suggest("user").suggestions[0].key, "video");
}

TEST(SuggestContent, AFewStayNearTheAverage) {  // C27
  Learned company;
  const ContentAdvice user = company.Suggest("user");
  for (const ContentSuggestion& suggestion : user.suggestions) {
    if (suggestion.key != "rare") continue;
    EXPECT_EQ(suggestion.chance.basis, SuggestionBasis::kNotEnoughData);
    EXPECT_LT(suggestion.chance.value, 0.6) << "one of one is no certainty";
  }
}

TEST(SuggestContent, NeverSuggestsWhatThePersonHasMet) {
  Learned company;
  company.Act("cfo", "guide", "2026-06-01", Engagement::TYPE_EMAIL, Engagement::DIRECTION_OUTBOUND);
  const ContentAdvice advice = company.Suggest("cfo");
  EXPECT_THAT(KeysOf(advice), ElementsAre("rare", "video"));
  EXPECT_THAT(advice.met_keys, ElementsAre("guide"));
  EXPECT_EQ(advice.met_candidate_count, 1);
}

TEST(SuggestContent, FallsBackWhereTheRoleIsNotKnownAndWhereNothingIs) {
  Learned company;
  company.Person("who", crm::v1::BUYING_ROLE_UNSPECIFIED);
  EXPECT_EQ(company.Suggest("who").suggestions[0].chance.basis, SuggestionBasis::kStep);
  const ContentAdvice brand_new = company.Suggest("who", {"new"});
  ASSERT_EQ(brand_new.suggestions.size(), 1u);
  EXPECT_EQ(brand_new.suggestions[0].chance.basis, SuggestionBasis::kNotEnoughData);
  EXPECT_TRUE(brand_new.suggestions[0].chance.known) << "the average stands in";
  Company empty;
  empty.Person("p", crm::v1::BUYING_ROLE_USER);
  EXPECT_FALSE(empty.Suggest("p", {"new"}).suggestions[0].chance.known);
}

// Guides are written for functions: security, finance, procurement.
TEST(SuggestContent, LearnsWhatMovesWhichFunctionWhereTheRoleSaysTooLittle) {  // BE-06
  constexpr auto kUnknown = crm::v1::BUYING_ROLE_UNSPECIFIED;
  Company company;
  for (int i = 0; i < 30; ++i) {
    company.Read("soc2", kUnknown, i < 24, "Security");
    company.Read("savings", kUnknown, i < 4, "Security");
    company.Read("soc2", kUnknown, i < 4, "finance");
    company.Read("savings", kUnknown, i < 24, "finance");
  }
  company.Person("ciso", kUnknown, "security");
  company.Person("cfo", crm::v1::BUYING_ROLE_ECONOMIC_BUYER, "FINANCE");
  company.Person("who", kUnknown, "legal");
  const ContentSuggestion ciso = company.Suggest("ciso").suggestions[0];
  EXPECT_EQ(ciso.key, "soc2");
  EXPECT_EQ(ciso.chance.basis, SuggestionBasis::kStepAndFunction);
  EXPECT_EQ(ciso.chance.step_function.person_count, 30);
  EXPECT_EQ(ciso.chance.step_function.moved_count, 24);
  EXPECT_EQ(ciso.reason, "people identifying the problem, function security: 24 of 30 moved on");
  const ContentSuggestion cfo = company.Suggest("cfo").suggestions[0];
  EXPECT_EQ(cfo.key, "savings");
  EXPECT_EQ(cfo.chance.basis, SuggestionBasis::kStepAndFunction) << "nobody of the role met it";
  EXPECT_EQ(company.Suggest("who").suggestions[0].chance.basis, SuggestionBasis::kStep);
  for (int i = 0; i < 20; ++i) {
    company.Read("soc2", crm::v1::BUYING_ROLE_ECONOMIC_BUYER, true, "finance");
  }
  EXPECT_EQ(company.Suggest("cfo").suggestions[0].chance.basis, SuggestionBasis::kStepAndRole)
      << "the role where enough of it met the content";
}

TEST(LearnContent, FallsBackToCampaignsWhereNobodyNamesContent) {
  Company company;
  company.Person("p", crm::v1::BUYING_ROLE_USER);
  company.Read("", crm::v1::BUYING_ROLE_USER, true);
  EXPECT_THAT(KeysOf(company.Suggest("p")), ElementsAre("campaign"));
}

TEST(SuggestContentProperty, ChancesLieInTheirIntervalsAndComeByTheirLowEnd) {
  Random random(515);
  for (int round = 0; round < 40; ++round) {
    Company company;
    for (int i = 0; i < 60; ++i) {
      company.Read(fmt::format("k{}", random.Below(4)),
                   static_cast<crm::v1::BuyingRole>(random.Below(4)), random.Below(3) == 0);
    }
    company.Person("p", static_cast<crm::v1::BuyingRole>(random.Below(4)));
    double before = 1;
    for (const ContentSuggestion& suggestion : company.Suggest("p").suggestions) {
      const MoveChance& chance = suggestion.chance;
      EXPECT_TRUE(chance.interval.contains(chance.value));
      EXPECT_GT(chance.interval.low, 0);
      EXPECT_LT(chance.interval.high, 1);
      EXPECT_LE(chance.interval.low, before);
      EXPECT_LE(chance.step_role.person_count, chance.step.person_count);
      before = chance.interval.low;
    }
  }
}

TEST(PreferredChannel, IsAsRecordedElseAsThePersonActs) {  // BE-11
  Company company;
  company.Person("p", crm::v1::BUYING_ROLE_USER);
  EXPECT_EQ(company.Channel("p").source, ChannelSource::kNone);
  for (int i = 0; i < 6; ++i) company.Act("p", "", "2026-05-01", Engagement::TYPE_CHAT);
  company.Act("p", "", "2026-05-02", Engagement::TYPE_CALL, Engagement::DIRECTION_MUTUAL);
  company.Act("p", "", "2026-05-03", Engagement::TYPE_WEB_VISIT);
  const ChannelPreference learned = company.Channel("p");
  EXPECT_EQ(learned.channel, "chat");
  EXPECT_EQ(learned.act_count, 6);
  EXPECT_EQ(learned.total_count, 7) << "a meeting of both is not the person's own choice";
  EXPECT_TRUE(learned.clear);
  company.Add(
      test::Contact("p", "a-p").Set([](crm::v1::Contact& c) { c.set_preferred_channel("phone"); }));
  EXPECT_EQ(company.Channel("p").channel, "phone");
  EXPECT_EQ(company.Channel("p").source, ChannelSource::kRecorded);
}

}  // namespace
}  // namespace gtm::targeting::domain
