// Replay of a draft definition over three years, month by month (C02), next to scoring every
// account once at the last instant; and, of a quarter of the accounts that have deals and triggers
// besides, a ranked page where the definition scores urgency: the ratios in one run count.
//
//   replay_bench [--accounts N] [--touches N] [--rounds N]

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/random.h"
#include "services/targeting/domain/rank_targets.h"
#include "services/targeting/domain/replay.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kDaySeconds = 86'400;
const absl::CivilDay kFirstDay(2023, 7, 1);
constexpr int kMonths = 36;

int64_t SecondsOf(absl::CivilDay day) {
  return absl::ToUnixSeconds(absl::FromCivil(day, absl::UTCTimeZone()));
}

// Opportunities of four accounts in ten, every other of which answers why now, and triggers of
// one in twenty.
void AddDeals(const std::string& id, Random* random,
              google::protobuf::RepeatedPtrField<records::v1::Record>* page) {
  const uint64_t drawn = random->Below(20);
  for (uint64_t i = 0; i < 2 && drawn < 8; ++i) {
    crm::v1::Opportunity* const deal = page->Add()->mutable_opportunity();
    deal->set_id(fmt::format("{}-o{}", id, i));
    deal->set_account_id(id);
    if (drawn % 2 == 0) deal->set_urgency_answer("By the audit in autumn.");
    auto* const change = deal->add_stage_changes();
    change->set_stage_id("open");
    change->mutable_change_time()->set_seconds(SecondsOf(kFirstDay));
  }
  if (drawn != 19) return;
  crm::v1::TriggerEvent* const trigger = page->Add()->mutable_trigger_event();
  trigger->set_id(id + "-t");
  trigger->set_account_id(id);
  trigger->set_type(crm::v1::TriggerEvent::TYPE_AUTHORITY_SHIFT);
  trigger->set_has_authority(true);
  trigger->set_solves_problem(true);
  trigger->mutable_occur_time()->set_seconds(SecondsOf(absl::CivilDay(2026, 5, 1)));
}

// Accounts with touches spread over the three years.
void Fill(int accounts, int touches, bool with_deals, book::Book* book) {
  constexpr int kAccountsAPage = 2'000;
  Random random(3);
  const char* industries[] = {"software", "retail", "mining", "finance", "health"};
  const char* technologies[] = {"Snowflake", "Redshift", "Oracle"};
  const auto day_count = static_cast<uint64_t>(absl::CivilDay(2026, 7, 1) - kFirstDay);
  for (int first = 0; first < accounts; first += kAccountsAPage) {
    google::protobuf::RepeatedPtrField<records::v1::Record> page;
    for (int i = first; i < std::min(accounts, first + kAccountsAPage); ++i) {
      const std::string id = fmt::format("a{:07}", i);
      crm::v1::Account* const account = page.Add()->mutable_account();
      account->set_id(id);
      account->set_employee_count(static_cast<int64_t>(std::exp(5.5 + 1.8 * random.Normal())));
      account->set_industry(industries[random.Below(5)]);
      account->set_region(random.Below(2) == 0 ? "emea" : "amer");
      account->add_technologies(technologies[random.Below(3)]);
      if (with_deals) AddDeals(id, &random, &page);
      for (int t = 0; t < touches; ++t) {
        crm::v1::Engagement* const touch = page.Add()->mutable_engagement();
        touch->set_id(fmt::format("{}-{}", id, t));
        touch->set_account_id(id);
        touch->set_contact_id(fmt::format("{}-c{}", id, random.Below(3)));
        touch->set_type(static_cast<crm::v1::Engagement::Type>(1 + random.Below(14)));
        touch->set_direction(crm::v1::Engagement::DIRECTION_INBOUND);
        touch->mutable_occur_time()->set_seconds(
            SecondsOf(kFirstDay) + static_cast<int64_t>(random.Below(day_count)) * kDaySeconds +
            static_cast<int64_t>(random.Below(kDaySeconds)));
      }
    }
    book->ApplyPage(&page, "bench", 1);
  }
}

DefinitionSpec Spec(int target_from, int employees_weight) {
  DefinitionSpec spec;
  spec.id = fmt::format("from{}", target_from);
  spec.account_criteria = {
      {"employees", "", "account.employee_count", employees_weight,
       criteria::Bands{{{50, 1000, 5000, ""}, {1000, {}, 10000, ""}}}},
      {"industry", "", "account.industry", 30,
       criteria::Choices{{{"software", 10000}, {"finance", 5000}}, 0}},
      {"region", "", "account.region", 10, criteria::Choices{{{"emea", 10000}}, 2000}},
      {"warehouse", "", "account.technologies", 20,
       criteria::TechnologyPair{"Snowflake", "Redshift", 10000, 5000, 0, 2500}}};
  spec.engagement_criteria = {{"recent", "", "engagement.recent_points", 60,
                               criteria::Bands{{{1, 5, 5000, ""}, {5, {}, 10000, ""}}}},
                              {"breadth", "", "engagement.active_contact_count", 40,
                               criteria::Bands{{{1, 3, 5000, ""}, {3, {}, 10000, ""}}}}};
  spec.target_min_fit_points = target_from;
  spec.prospect_min_engagement_points = 30;
  return spec;
}

double WallSeconds(const std::function<void()>& work) {
  const absl::Time start = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - start);
}

void Run(int accounts, int touches, int rounds) {
  book::Book book;
  const double fill = WallSeconds([&] { Fill(accounts, touches, false, &book); });
  const book::BookView view = book.View();
  fmt::print("{} accounts, {} touches over three years, read in {:.0f} s\n", accounts,
             view.engagement_count(), fill);
  const Definition draft = Definition::Compile(Spec(65, 40), "definition").value();
  const Definition baseline = Definition::Compile(Spec(60, 50), "definition").value();
  ReplayQuestion question;
  question.draft = &draft;
  question.baseline = [&](absl::Time) { return &baseline; };
  for (int month = 1; month <= kMonths; ++month) {
    const absl::CivilDay end(absl::CivilMonth(kFirstDay) + month);
    question.instants.push_back(absl::FromCivil(end, absl::UTCTimeZone()) - absl::Nanoseconds(1));
  }
  question.days = {kFirstDay, absl::CivilDay(2026, 7, 1)};
  question.as_of = question.instants.back();
  question.moved_max = 20;
  const auto alive = [] { return Status(); };
  double replay = 1e9, once = 1e9;
  int64_t targets = 0;
  for (int round = 0; round < rounds; ++round) {
    once = std::min(once, WallSeconds([&] {
                      targets =
                          RankTargets(draft, view, question.as_of, {}, std::nullopt, 100, alive)
                              .value()
                              .verdict_counts[static_cast<size_t>(Verdict::kTarget)];
                    }));
    replay = std::min(replay, WallSeconds([&] {
                        const Replay result = ReplayDefinition(question, view, alive).value();
                        if (result.steps.back().sides[kDraft].verdicts[1] != targets) std::abort();
                      }));
  }
  fmt::print(
      "replay of {} months against a baseline: {:.2f} s; every account scored once: {:.2f} s; "
      "{:.1f} x for {} x the work; {:.0f} % are targets\n",
      kMonths, replay, once, replay / once, 2 * kMonths,
      100.0 * static_cast<double>(targets) / accounts);
}

void RunUrgency(int accounts, int touches, int rounds) {
  book::Book book;
  Fill(accounts, touches, true, &book);
  const book::BookView view = book.View();
  const absl::Time as_of = absl::FromCivil(absl::CivilDay(2026, 7, 1), absl::UTCTimeZone());
  const Definition plain = Definition::Compile(Spec(65, 40), "definition").value();
  DefinitionSpec spec = Spec(65, 40);
  spec.fit_priority_weight = 50;
  spec.engagement_priority_weight = 30;
  spec.urgency_priority_weight = 20;
  const Definition urgent = Definition::Compile(spec, "definition").value();
  double without = 1e9, with = 1e9;
  const auto rank = [&](const Definition& definition, double* best) {
    *best = std::min(*best, WallSeconds([&] {
      const auto alive = [] { return Status(); };
      RankTargets(definition, view, as_of, {}, std::nullopt, 100, alive).value();
    }));
  };
  for (int round = 0; round < rounds; ++round) {
    rank(plain, &without);
    rank(urgent, &with);
  }
  fmt::print(
      "{} accounts with {} opportunities and {} triggers: a ranked page with urgency {:.2f} s, "
      "{:.2f} x one without\n",
      accounts, view.opportunities_by_id().size(), view.trigger_events().size(), with,
      with / without);
}

}  // namespace
}  // namespace gtm::targeting::domain

int main(int argc, char** argv) {
  int accounts = 1'000'000, touches = 12, rounds = 3;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--accounts") accounts = std::stoi(argv[i + 1]);
    if (name == "--touches") touches = std::stoi(argv[i + 1]);
    if (name == "--rounds") rounds = std::stoi(argv[i + 1]);
  }
  gtm::targeting::domain::Run(accounts, touches, rounds);
  gtm::targeting::domain::RunUrgency(accounts / 4, touches, rounds);
  return 0;
}
