#include "services/forecasting/domain/test_pipeline_scene.h"

#include <stdexcept>

#include "fmt/format.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_evidence.h"

namespace gtm::forecasting::domain {
namespace {

using crm::v1::Engagement;

std::string TextOf(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

}  // namespace

PipelineScene::PipelineScene() : records_("forecasting") {
  records_.Put(test::TenantSettings().Set([](auto& settings) {
    settings.clear_stages();
    const auto add = [&](const char* id, crm::v1::Stage::Role role) {
      auto* stage = settings.add_stages();
      stage->set_id(id);
      stage->set_role(role);
      stage->set_position(settings.stages_size() - 1);
    };
    add("stage0", crm::v1::Stage::ROLE_STAGE_ZERO);
    add("discovery", crm::v1::Stage::ROLE_OPEN);
    add("evaluation", crm::v1::Stage::ROLE_OPEN);
    add("proposal", crm::v1::Stage::ROLE_OPEN);
    add("contract", crm::v1::Stage::ROLE_CONTRACT);
    add("won", crm::v1::Stage::ROLE_WON);
    add("lost", crm::v1::Stage::ROLE_LOST);
  }));
  for (const char* account : {"acme", "other"}) {
    records_.Put(test::Account(account));
    for (const char* person : {"ann", "bob", "cid", "dan"}) {
      records_.Put(test::Contact(fmt::format("{}-{}", account, person), account));
    }
  }
}

test::Opportunity PipelineScene::DealAt(const std::string& stage) {
  test::Opportunity deal("o1", "acme");
  deal.Owner("ada").Stage("2026-04-01", "stage0").Stage("2026-04-08", "discovery");
  for (const auto& [day, id] :
       {std::pair("2026-05-10", "evaluation"), std::pair("2026-05-20", "proposal"),
        std::pair("2026-05-28", "contract")}) {
    if (stage == "discovery") break;
    deal.Stage(day, id);
    if (stage == id) break;
  }
  deal.Amount("2026-04-08", 50'000).Close("2026-04-08", "2026-09-30");
  return deal;
}

void PipelineScene::Touch(const std::string& day, Engagement::Type type, const std::string& contact,
                          const std::string& account, Engagement::Direction direction,
                          const std::string& opportunity) {
  test::Engagement touch(fmt::format("e{:04}", ++touch_count_), account, day, type, direction);
  touch.Set([&](auto& engagement) {
    if (!contact.empty()) engagement.set_contact_id(account + "-" + contact);
    engagement.set_opportunity_id(opportunity);
  });
  records_.Put(touch);
}

void PipelineScene::RecordEveryType() {
  for (int type = Engagement::Type_MIN + 1; type <= Engagement::Type_MAX; ++type) {
    Touch("2026-05-01", static_cast<Engagement::Type>(type), "ann", "other");
  }
}

void PipelineScene::WinDeals() {
  std::vector<records::v1::Record> deals;
  for (int i = 0; i < 80; ++i) {
    const absl::CivilDay start = absl::CivilDay(2025, 3, 1) + 3 * i;
    test::Opportunity deal(fmt::format("w{:02}", i), "other");
    deal.Stage(TextOf(start), "discovery").Stage(TextOf(start + 10 + i % 10), "evaluation");
    deal.Stage(TextOf(start + 20 + i % 41), "won").Amount(TextOf(start), 20'000);
    deals.push_back(deal);
  }
  records_.PutAll(deals);
}

PipelineScene::Answer PipelineScene::Ask(std::string_view as_of,
                                         const InterrogationRules& rules) const {
  const book::BookView view = records_.View();
  Answer answer;
  answer.table = DealsAt(view, test::At(as_of)).value();
  answer.facts = ReadEvidence(view, answer.table);
  const DayRange days = {absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)};
  const PeriodForecast forecast =
      ForecastPeriod(answer.table, LearnModel(answer.table), days, Selection());
  answer.all = Interrogate(answer.table, answer.facts, forecast.chances, Selection(), rules);
  return answer;
}

const InterrogatedDeal& PipelineScene::Answer::deal(const std::string& id) const {
  for (const InterrogatedDeal& deal : all.deals) {
    if (table.deals[deal.chance.deal].id == id) return deal;
  }
  throw std::logic_error("no deal " + id);
}

const DealWarning* PipelineScene::Answer::Find(DealWarningType type, const std::string& id) const {
  for (const DealWarning& warning : deal(id).warnings) {
    if (warning.type == type) return &warning;
  }
  return nullptr;
}

}  // namespace gtm::forecasting::domain
