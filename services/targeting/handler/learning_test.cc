#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "common/core/random.h"
#include "services/targeting/domain/learn_definition.h"
#include "services/targeting/domain/score_account.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::IsEmpty;
using ::testing::Not;
using Request = v1::LearnTargetDefinitionRequest;
using Response = v1::LearnTargetDefinitionResponse;

constexpr char kNow[] = "2026-06-30";

// A company whose past is known: software wins and retail loses, large wins, and the country
// means nothing.
class LearningTest : public TargetingHandlerTest {
 protected:
  struct Past {
    int deal_count = 600;
    double effect = 1.5;  // log odds of software, of large; 0: all is chance
    uint64_t seed = 7;
    double later_log_odds = 0;  // of those in the second half
    double pair = 0;            // log odds of software that is large, and retail that is small
    bool leaks = false;         // with labels that are written when the outcome is known
  };

  void Record(const Past& past) {
    std::vector<records::v1::Record> records{test::TenantSettings()};
    Random random(past.seed);
    const absl::Time begin = test::At("2024-01-01");
    for (int i = 0; i < past.deal_count; ++i) {
      const std::string id = fmt::format("a{:04d}", i);
      const bool software = random.Uniform() < 0.5;
      const double log_size = 4 + 4 * random.Uniform();
      const auto employees = static_cast<int64_t>(std::exp(log_size));
      const bool northern = random.Uniform() < 0.5;
      const double log_odds = past.effect * ((software ? 1 : -1) + (log_size - 6) / 2) +
                              past.pair * (software == (log_size > 6) ? 1 : -1) +
                              0.2 * random.Normal() +
                              (2 * i >= past.deal_count ? past.later_log_odds : 0);
      const bool won = random.Uniform() < 1 / (1 + std::exp(-log_odds));
      records.push_back(test::Account(id).Set([&](crm::v1::Account& a) {
        if (past.leaks) {
          const bool says = random.Uniform() < 0.97;
          (*a.mutable_custom_labels())["verdict"] = won == says ? "good" : "bad";
          (*a.mutable_custom_labels())["last_step"] =
              won == (random.Uniform() < 0.8) ? "contract" : "call";
        }
        a.set_industry(software ? "software" : "retail");
        a.set_employee_count(employees);
        a.set_country(northern ? "Norway" : "Spain");
        if (random.Uniform() < 0.1) a.clear_employee_count();
      }));
      const absl::Time start = begin + absl::Hours(24 * 800 * i / past.deal_count);
      const absl::Time end = start + absl::Hours(24 * (5 + static_cast<int>(random.Below(40))));
      const auto text = [](absl::Time t) {
        return absl::FormatTime("%Y-%m-%d", t, absl::UTCTimeZone());
      };
      records.push_back(test::Opportunity("o" + id, id)
                            .Stage(text(start), "open")
                            .Stage(text(end), won ? "won" : "lost"));
    }
    records_.PutAll(records);
  }
  Response Learn(const Request& request = {}, std::string_view now = kNow) {
    rpc::Call call = At(now);
    Response response;
    EXPECT_THAT(handler_.LearnTargetDefinition(call, request, &response), IsOk());
    return response;
  }
  Status Try(const Request& request) {
    rpc::Call call = At(kNow);
    Response response;
    return handler_.LearnTargetDefinition(call, request, &response);
  }
};

const v1::AttributeEffect* EffectOf(const Response& response, const std::string& attribute) {
  for (const auto& effect : response.effects()) {
    if (effect.attribute() == attribute) return &effect;
  }
  return nullptr;
}

TEST_F(LearningTest, FindsWhatMakesAccountsWin) {
  Record({});
  Activate("d1", "2026-01-14");
  const Response out = Learn();
  EXPECT_EQ(out.verdict(), Response::VERDICT_LEARNED) << out.explanation();
  EXPECT_GT(out.skill().auc().low(), 0.7);
  EXPECT_LE(out.skill().auc().low(), out.skill().auc().value());
  EXPECT_GT(out.skill().log_loss_gain().low(), 0);
  const auto* industry = EffectOf(out, "account.industry");
  ASSERT_NE(industry, nullptr);
  EXPECT_NEAR(industry->range_log_odds(), 3.0, 0.6);
  const auto* employees = EffectOf(out, "account.employee_count");
  ASSERT_NE(employees, nullptr);
  EXPECT_GT(employees->range_log_odds(), 1.4) << "3 less what shrinkage takes";
  EXPECT_LT(employees->range_log_odds(), 3.6);
  EXPECT_EQ(employees->levels(employees->levels_size() - 1).label(), "missing");
  const auto* country = EffectOf(out, "account.country");
  if (country != nullptr) {
    EXPECT_LT(country->range_log_odds(), 0.8) << "it means nothing";
  }
  // The agreed definition asks for software above 1,000 people: worse, but no noise.
  EXPECT_EQ(out.agreed().definition_id(), "d1");
  EXPECT_EQ(out.agreed().version_number(), 1);
  EXPECT_GT(out.agreed().priority().auc().value(), 0.6);
  EXPECT_GT(out.agreed().auc_gain().value(), 0);
  EXPECT_NEAR(out.agreed().auc_gain().value(),
              out.skill().auc().value() - out.agreed().priority().auc().value(), 1e-9);
  // Bands go down from the highest scores, and hold all that was held back.
  int count = 0;
  for (const auto& band : out.skill().bands()) count += band.count();
  EXPECT_EQ(count, out.held_back().count());
  EXPECT_GT(out.skill().bands(0).lift(), 1.2);
  ASSERT_EQ(out.chances_size(), 11);
  for (int i = 1; i < 11; ++i) {
    EXPECT_GE(out.chances(i).chance().value(), out.chances(i - 1).chance().value());
  }
  EXPECT_EQ(out.provenance().input_sha256().size(), 64u);
}

// Where what the size means depends on the industry, the draft judges both together: a grid that
// people can sign. Where it does not, there is none.
TEST_F(LearningTest, ProposesAPairOnlyWhereItPays) {
  Record({.deal_count = 2'000, .effect = 0.3, .pair = 1.5});
  const Response out = Learn();
  ASSERT_EQ(out.verdict(), Response::VERDICT_LEARNED) << out.explanation();
  EXPECT_GT(out.pair_gain().low(), 0);
  ASSERT_GE(out.pairs_size(), 1);
  const v1::PairEffect& pair = out.pairs(0);
  EXPECT_EQ(pair.first_attribute(), "account.employee_count");
  EXPECT_EQ(pair.second_attribute(), "account.industry");
  int count = 0;
  double best = 0, least = 100;
  for (const auto& cell : pair.cells()) {
    count += cell.count();
    EXPECT_LE(cell.won_count(), cell.count());
    if (cell.first_label().empty()) continue;
    best = std::max(best, cell.points());
    least = std::min(least, cell.points());
  }
  EXPECT_EQ(count, out.learned_from().count());
  EXPECT_GT(best, least + 10);
  const auto& criteria = out.proposed_definition().account_criteria();
  const auto grid = std::find_if(criteria.begin(), criteria.end(),
                                 [](const auto& criterion) { return criterion.has_grid(); });
  ASSERT_NE(grid, criteria.end());
  EXPECT_EQ(grid->grid().second_attribute(), "account.industry");
  v1::TargetDefinition draft = out.proposed_definition();
  draft.set_id("learned");
  EXPECT_THAT(Create(draft, kNow), IsOk());
}

TEST_F(LearningTest, ProposesNoPairWhereEffectsAdd) {
  Record({.deal_count = 2'000});
  const Response out = Learn();
  EXPECT_TRUE(out.has_pair_gain()) << "it was tried";
  EXPECT_EQ(out.pairs_size(), 0);
}

// It began after all that was learned from, and of that every outcome was known by then.
TEST_F(LearningTest, JudgesByWhatCameLater) {
  Record({});
  const Response out = Learn();
  EXPECT_GT(out.held_back().first_start_time().seconds(),
            out.learned_from().last_start_time().seconds());
  EXPECT_EQ(out.held_back().count(), 180);
  EXPECT_LT(out.learned_from().count(), 420) << "those that were still open at the cut are left";
  domain::LearnTargetOptions options;
  options.as_of = test::At(kNow);
  const domain::LearnedTarget learned = domain::LearnTarget(records_.View(), options);
  const auto& table = learned.cases.table;
  const int32_t cut_day = table.start_day[learned.held_back.rows.front()];
  for (const uint32_t row : learned.learned_from.rows) EXPECT_LT(table.outcome_day[row], cut_day);
  Request half;
  half.set_held_back_bps(5'000);
  EXPECT_EQ(Learn(half).held_back().count(), 300);
}

// C02: no look-ahead. What closes after as_of is not known.
TEST_F(LearningTest, KnowsNothingOfTheFuture) {
  Record({});
  Request then;
  *then.mutable_point()->mutable_as_of() = test::Stamp("2025-01-01");
  const Response early = Learn(then);
  EXPECT_LT(early.learned_from().count() + early.held_back().count(), 280);
  EXPECT_LT(early.held_back().last_start_time().seconds(), test::Stamp("2025-01-01").seconds());
}

// The draft is what CreateTargetDefinition takes, and nothing is in force by it.
TEST_F(LearningTest, ProposesADraftThatPeopleSign) {
  Record({});
  Activate("d1", "2026-01-14");
  v1::TargetDefinition agreed = Stored("d1");
  agreed.add_rubric_questions("Is there a project?");
  agreed.set_follow_up("Call within two days.");
  agreed.set_urgency_priority_weight(20);
  agreed.mutable_urgency_rules()->set_review_days(30);
  records_.Put(test::Wrap(agreed));
  const Response out = Learn();
  v1::TargetDefinition draft = out.proposed_definition();
  EXPECT_THAT(draft.id(), IsEmpty());
  EXPECT_EQ(draft.rubric_questions_size(), 1);
  EXPECT_EQ(draft.follow_up(), agreed.follow_up());
  EXPECT_EQ(draft.urgency_rules().review_days(), 30);
  EXPECT_EQ(draft.urgency_priority_weight(), 0);
  EXPECT_THAT(draft.text(), ::testing::HasSubstr("Urgency has no weight"));
  EXPECT_EQ(draft.previous_definition_id(), "d1");
  EXPECT_EQ(draft.person_criteria_size(), 1) << "what is not learned stays as it was agreed";
  draft.set_id("learned");
  ASSERT_THAT(Create(draft, kNow), IsOk());
  EXPECT_THAT(created_.missing_for_proposal(), IsEmpty());
  ASSERT_THAT(Propose("learned", kNow), IsOk());
  EXPECT_EQ(Stored("learned").state(), v1::TargetDefinition::STATE_PROPOSED);
  EXPECT_EQ(Stored("d1").state(), v1::TargetDefinition::STATE_ACTIVE);
  // Compared with itself it gains nothing.
  Request same;
  same.set_compared_definition_id("learned");
  const Response again = Learn(same);
  EXPECT_NEAR(again.agreed().auc_gain().value(), 0, 1e-9);
}

// Points are log odds on another scale: a point is worth the same in every criterion.
TEST_F(LearningTest, PointsOfTheDraftFollowTheCard) {
  Record({});
  domain::LearnTargetOptions options;
  options.as_of = test::At(kNow);
  const book::BookView view = records_.View();
  const domain::LearnedTarget learned = domain::LearnTarget(view, options);
  const auto definition = domain::Definition::Compile(learned.definition.spec, "d").value();
  std::optional<double> base;
  int compared = 0;
  for (uint32_t row = 0; row < learned.cases.accounts.size(); ++row) {
    domain::AccountScorer scorer(definition, view, learned.cases.KnownTime(row));
    const double points =
        static_cast<double>(scorer.Score(learned.cases.accounts[row]).priority.micropoints) / 1e6;
    double log_odds = learned.selection.card.intercept;
    for (size_t c = 0; c < learned.selection.card.columns.size(); ++c) {
      const auto& effect = learned.selection.card.columns[c];
      if (!domain::IsWorthACriterion(effect)) continue;
      log_odds += effect.log_odds[effect.bins.LevelOf(learned.cases.table.columns[c], row)];
    }
    for (const domain::PairEffect& pair : learned.selection.card.pairs) {
      if (!domain::IsWorthACriterion(pair)) continue;
      log_odds += pair.log_odds[pair.CellOf(learned.cases.table, row)];
    }
    const double rest = log_odds - points * learned.definition.range_log_odds / 100;
    if (!base) base = rest;
    EXPECT_NEAR(rest, *base, 0.06) << "shares are whole hundredths of a weight";
    ++compared;
  }
  EXPECT_GT(compared, 400);
}

TEST_F(LearningTest, SaysThatThereIsNoSignal) {
  Record({.effect = 0});
  Activate("d1", "2026-01-14");
  const Response out = Learn();
  EXPECT_EQ(out.verdict(), Response::VERDICT_NO_SIGNAL);
  EXPECT_FALSE(out.has_proposed_definition());
  EXPECT_THAT(out.chances(), IsEmpty());
  EXPECT_TRUE(out.has_agreed());
  EXPECT_THAT(out.explanation(), ::testing::HasSubstr("no better than chance"));
}

// The rate of false alarms is the one that is stated: 1 in 100 of companies of chance.
TEST_F(LearningTest, SeldomTakesChanceForASignal) {
  int alarms = 0;
  constexpr int kCompanies = 60;
  for (int i = 0; i < kCompanies; ++i) {
    Record({.deal_count = 300, .effect = 0, .seed = static_cast<uint64_t>(100 + i)});
    alarms += Learn().verdict() == Response::VERDICT_LEARNED ? 1 : 0;
  }
  EXPECT_LE(alarms, 3) << "binomial: more than 3 of 60 has a chance of 0.003 at a rate of 0.01";
}

TEST_F(LearningTest, AsksForEnoughData) {
  EXPECT_EQ(Learn().verdict(), Response::VERDICT_NOT_ENOUGH_DATA) << "nothing at all";
  Record({.deal_count = 80});
  const Response out = Learn();
  EXPECT_EQ(out.verdict(), Response::VERDICT_NOT_ENOUGH_DATA);
  EXPECT_THAT(out.explanation(), ::testing::HasSubstr("of 80 closed opportunities"));
  EXPECT_FALSE(out.has_skill());
  EXPECT_THAT(out.effects(), IsEmpty());
}

TEST_F(LearningTest, KeepsToATrendAndLeavesOutWhatItMust) {
  Record({});
  Request request;
  auto* trend = request.add_trends();
  trend->set_attribute("account.employee_count");
  trend->set_direction(Request::Trend::DIRECTION_RISING);
  request.add_excluded_attributes("account.industry");
  const Response out = Learn(request);
  EXPECT_EQ(EffectOf(out, "account.industry"), nullptr);
  const auto* employees = EffectOf(out, "account.employee_count");
  ASSERT_NE(employees, nullptr);
  double last = -100;
  for (const auto& level : employees->levels()) {
    if (level.label() == "missing") continue;
    EXPECT_GE(level.log_odds().value(), last - 1e-12) << level.label();
    last = level.log_odds().value();
  }
  trend->set_direction(Request::Trend::DIRECTION_FALLING);
  const Response against = Learn(request);
  EXPECT_EQ(EffectOf(against, "account.employee_count"), nullptr) << "the data say the opposite";
}

// What gives the outcome away is flagged and left out, unless people vouch for it.
TEST_F(LearningTest, LeavesOutWhatGivesTheOutcomeAway) {
  Record({.leaks = true});
  const Response out = Learn();
  std::map<std::string, v1::LeakyAttribute> leaks;
  for (const auto& leak : out.leaky_attributes()) leaks[leak.attribute()] = leak;
  ASSERT_TRUE(leaks.contains("account.custom_label.verdict"));
  const auto& verdict = leaks["account.custom_label.verdict"];
  EXPECT_EQ(verdict.reason(), v1::LeakyAttribute::REASON_TOO_GOOD);
  EXPECT_TRUE(verdict.left_out());
  EXPECT_THAT(verdict.explanation(), ::testing::HasSubstr("account.custom_label.verdict tells"));
  ASSERT_TRUE(leaks.contains("account.custom_label.last_step"));
  EXPECT_EQ(leaks["account.custom_label.last_step"].reason(),
            v1::LeakyAttribute::REASON_LATEST_STATE);
  EXPECT_EQ(EffectOf(out, "account.custom_label.verdict"), nullptr);
  EXPECT_EQ(EffectOf(out, "account.custom_label.last_step"), nullptr);
  EXPECT_LT(out.skill().auc().value(), 0.95);
  Request keep;
  keep.set_keep_leaky_attributes(true);
  const Response vouched = Learn(keep);
  EXPECT_NE(EffectOf(vouched, "account.custom_label.verdict"), nullptr);
  EXPECT_EQ(vouched.leaky_attributes_size(), out.leaky_attributes_size());
  EXPECT_FALSE(vouched.leaky_attributes(0).left_out());
}

TEST_F(LearningTest, TellsWhenTheShareWonChanged) {
  EXPECT_FALSE((Record({.effect = 0.3}), Learn().has_rate_change()));
  Record({.effect = 0.3, .later_log_odds = -2});
  const Response out = Learn();
  ASSERT_TRUE(out.has_rate_change());
  EXPECT_LT(out.rate_change().after(), out.rate_change().before() - 0.2);
  const int64_t turn = test::Stamp("2025-02-04").seconds();
  EXPECT_NEAR(static_cast<double>(out.rate_change().change_time().seconds()),
              static_cast<double>(turn), 40.0 * 86'400);
}

TEST_F(LearningTest, GivesTheSameBytesForTheSameQuestion) {
  Record({});
  Activate("d1", "2026-01-14");
  EXPECT_EQ(CanonicalBytes(Learn()), CanonicalBytes(Learn()));
  Request other;
  other.set_held_back_bps(2'000);
  EXPECT_NE(Learn(other).provenance().input_sha256(), Learn().provenance().input_sha256());
}

TEST_F(LearningTest, NamesEveryFieldThatIsWrong) {
  Request request;
  request.set_held_back_bps(9'000);
  EXPECT_THAT(Try(request), FailsOn("held_back_bps"));
  request.Clear();
  request.add_excluded_attributes("account.industri");
  EXPECT_THAT(Try(request), FailsOn("excluded_attributes[0]"));
  request.Clear();
  auto* trend = request.add_trends();
  trend->set_attribute("account.industry");
  EXPECT_THAT(Try(request), FailsOn("trends[0].attribute"));
  EXPECT_THAT(Try(request), FailsOn("trends[0].direction"));
  request.Clear();
  request.set_compared_definition_id("nobody");
  EXPECT_THAT(Try(request), FailsWith(Reason::RECORD_NOT_FOUND));
}

}  // namespace
}  // namespace gtm::targeting::handler
