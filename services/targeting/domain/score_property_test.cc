// Random definitions against random accounts (C03, TG-08): parts sum to their score bit for bit
// at every level, and the score that full data give lies in the range stated without them.
// GTM_SCORE_PAIRS sets how many pairs are drawn.

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/book/book.h"
#include "common/core/random.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"
#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {
namespace {

using criteria::ScoreRange;
using crm::v1::TriggerEvent;

constexpr const char* kWords[] = {"software", "retail", "mining", "banking"};
constexpr const char* kTools[] = {"Snowflake", "Redshift", "Slack", "Teams"};
const absl::Time kNow = test::At("2026-06-30");

int PairCount() {
  const char* count = std::getenv("GTM_SCORE_PAIRS");
  return count == nullptr ? 20'000 : std::atoi(count);
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Definition AnyDefinition() {
    DefinitionSpec spec;
    spec.id = "d";
    const auto any_count = [&](int max) { return 1 + Below(max); };
    for (int i = any_count(6); i > 0; --i) {
      spec.account_criteria.push_back(AnyCriterion(fmt::format("c{}", i), false));
    }
    if (Below(4) != 0) {
      for (int i = any_count(3); i > 0; --i) {
        spec.engagement_criteria.push_back(AnyCriterion(fmt::format("e{}", i), true));
      }
    }
    spec.fit_priority_weight = Below(1'001);
    spec.engagement_priority_weight = Below(1'001);
    spec.urgency_priority_weight = Below(2) == 0 ? 0 : Below(1'001);
    spec.target_min_fit_points = Below(101);
    spec.prospect_min_engagement_points = Below(101);
    spec.engagement_rule.half_life_days = 1 + Below(60);
    return Definition::Compile(std::move(spec), "definition").value();
  }

  // An account of which something may not be known.
  crm::v1::Account AnyAccount(const std::string& id) {
    crm::v1::Account a;
    a.set_id(id);
    const crm::v1::Account whole = Completed(a);
    if (Below(3) != 0) a.set_employee_count(whole.employee_count());
    if (Below(3) != 0) a.set_industry(whole.industry());
    if (Below(3) != 0) {
      *a.mutable_technologies() = whole.technologies();
      a.set_technologies_known(true);
    }
    if (Below(3) != 0) *a.mutable_custom_numbers() = whole.custom_numbers();
    return a;
  }
  // The same account with everything known, at random where it was not.
  crm::v1::Account Completed(crm::v1::Account a) {
    if (!a.has_employee_count()) a.set_employee_count(Below(3'000));
    if (a.industry().empty()) a.set_industry(kWords[Below(4)]);
    if (!a.technologies_known()) {
      for (const char* tool : kTools) {
        if (Below(2) == 0) a.add_technologies(tool);
      }
      a.set_technologies_known(true);
    }
    if (a.custom_numbers().empty()) (*a.mutable_custom_numbers())["seats"] = Below(3'000);
    return a;
  }

  TriggerEvent AnyTrigger(const std::string& id, const std::string& account_id) {
    TriggerEvent event;
    event.set_id(id);
    event.set_account_id(account_id);
    event.set_type(static_cast<TriggerEvent::Type>(1 + Below(3)));
    *event.mutable_occur_time() = test::Stamp(kNow - absl::Hours(24 * Below(400)));
    if (Below(3) != 0) event.set_has_authority(Below(3) != 0);
    if (Below(3) != 0) event.set_solves_problem(Below(3) != 0);
    *event.mutable_deadline_date() = test::Date("2026-12-31");
    return event;
  }
  TriggerEvent Completed(TriggerEvent event) {
    if (!event.has_has_authority()) event.set_has_authority(Below(2) == 0);
    if (!event.has_solves_problem()) event.set_solves_problem(Below(2) == 0);
    return event;
  }

  int Below(int bound) { return static_cast<int>(random_.Below(static_cast<uint64_t>(bound))); }

 private:
  criteria::Criterion AnyCriterion(const std::string& id, bool engagement) {
    criteria::Criterion criterion{id, "", "", 1 + Below(1'000), {}};
    if (Below(3) == 0) criterion.missing_share_bps = Below(10'001);
    const int share[] = {Below(10'001), Below(10'001), Below(10'001), Below(10'001)};
    criteria::Bands bands;
    double from = Below(3);
    for (int i = 0; i <= Below(4); ++i) {
      const double to = from + 1 + Below(engagement ? 4 : 900);
      bands.bands.push_back({from, to, share[i % 4], "band"});
      from = to;
    }
    if (engagement) {
      criterion.attribute =
          Below(2) == 0 ? "engagement.recent_points" : "engagement.active_contact_count";
      criterion.rule = bands;
      return criterion;
    }
    switch (Below(5)) {
      case 3:
        criterion.attribute = "account.industry";
        criterion.rule = criteria::Grid{"account.employee_count",
                                        {{}, {kWords[0]}},
                                        {{static_cast<double>(1 + Below(900))}, {}},
                                        {share[0], share[1], share[2], share[3]}};
        break;
      case 0:
        criterion.attribute = "account.industry";
        criterion.rule =
            criteria::Choices{{{kWords[0], share[0]}, {kWords[1], share[1]}}, share[2]};
        break;
      case 1:
        criterion.attribute = "account.technologies";
        criterion.rule =
            criteria::TechnologyPair{kTools[0], kTools[1], share[0], share[1], share[2], share[3]};
        break;
      case 2:
        criterion.attribute = "account.custom_number.seats";
        criterion.rule = bands;
        break;
      default:
        criterion.attribute = "account.employee_count";
        criterion.rule = bands;
    }
    return criterion;
  }

  Random random_;
};

int64_t SumOf(const criteria::ExplainedScore& score) {
  int64_t sum = 0;
  for (const criteria::Part& part : score.parts) sum += part.micropoints;
  return sum;
}

void ExpectWithin(const ScoreRange& range, const ScoreRange& known) {
  ASSERT_LE(range.low_micropoints, known.micropoints);
  ASSERT_GE(range.high_micropoints, known.micropoints);
}

class ScoreProperty : public testing::Test {
 protected:
  static void Check(const Definition& definition, const book::BookView& view,
                    const book::BookView& whole) {
    AccountScorer scorer(definition, view, kNow);
    AccountScorer knowing(definition, whole, kNow);
    for (const book::AccountRow row : view.accounts_by_id()) {
      const ExplainedAccountScore out = scorer.Explain(row);
      const AccountScore& score = out.score;
      ASSERT_EQ(score, scorer.Score(row));
      ASSERT_EQ(SumOf(out.fit), score.fit.micropoints);
      ASSERT_EQ(SumOf(out.priority), score.priority.micropoints);
      ASSERT_EQ(out.engagement.has_value(), definition.engagement() != nullptr);
      if (out.engagement) {
        ASSERT_EQ(SumOf(*out.engagement), score.engagement->micropoints);
      }
      ASSERT_EQ(out.urgency.has_value(), definition.scores_urgency());
      if (out.urgency) {
        ASSERT_EQ(SumOf(*out.urgency), score.urgency->micropoints);
      }
      const AccountScore full = knowing.Score(*whole.FindAccount(view.account(row).id));
      ExpectWithin(score.fit, full.fit);
      ExpectWithin(score.priority, full.priority);
      if (score.urgency) ExpectWithin(*score.urgency, *full.urgency);
      if (score.engagement) ExpectWithin(*score.engagement, *full.engagement);
      if (score.verdict != Verdict::kUndecided) {
        ASSERT_EQ(score.verdict, full.verdict);
      }
    }
  }
};

TEST_F(ScoreProperty, PartsSumAndFullDataFallIntoTheRange) {
  constexpr int kAccounts = 100;
  Generator any(20'261'128);
  const int rounds = std::max(1, PairCount() / kAccounts);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    std::vector<book::Book::Change> changes, whole_changes;
    for (int i = 0; i < kAccounts; ++i) {
      const std::string id = fmt::format("a{}", i);
      const crm::v1::Account account = any.AnyAccount(id);
      changes.push_back({test::Wrap(account)});
      whole_changes.push_back({test::Wrap(any.Completed(account))});
      for (int e = any.Below(4); e > 0; --e) {
        // Full data name the person, who may be another one or the same.
        const auto touch = [&](const std::string& contact) {
          return test::Engagement(fmt::format("{}e{}", id, e), id, "2026-06-20").Set([&](auto& m) {
            m.set_contact_id(contact);
          });
        };
        const std::string contact = fmt::format("c{}", any.Below(4));
        changes.push_back({touch(any.Below(3) == 0 ? "" : contact)});
        whole_changes.push_back({touch(contact)});
      }
      // Where nobody has asked, any number of triggers may exist.
      const bool asked = any.Below(4) != 0;
      for (int t = 1 + any.Below(3); t > 0; --t) {
        if (!asked) {
          whole_changes.push_back(
              {test::Wrap(any.Completed(any.AnyTrigger(fmt::format("{}t{}", id, t), id)))});
          continue;
        }
        const TriggerEvent event = any.AnyTrigger(fmt::format("{}t{}", id, t), id);
        changes.push_back({test::Wrap(event)});
        whole_changes.push_back({test::Wrap(any.Completed(event))});
      }
    }
    book::Book book, whole;
    book.Apply(std::move(changes), "e", 1);
    whole.Apply(std::move(whole_changes), "e", 1);
    Check(any.AnyDefinition(), book.View(), whole.View());
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
