#include "common/book/settings.h"

namespace gtm::book {
namespace {

constexpr int kBuyingGroupMin = 7;
constexpr int kBuyingGroupMax = 11;

std::vector<Settings::Stage> DefaultStages() {
  return {{"stage_zero", "Stage 0", StageRole::kStageZero, 0},
          {"open", "Open", StageRole::kOpen, 1},
          {"contract", "Contract", StageRole::kContract, 2},
          {"won", "Won", StageRole::kWon, 3},
          {"lost", "Lost", StageRole::kLost, 4}};
}

StageRole RoleOf(crm::v1::Stage::Role role) {
  const bool known = role >= crm::v1::Stage::ROLE_STAGE_ZERO && role <= crm::v1::Stage::ROLE_LOST;
  return known ? static_cast<StageRole>(role) : StageRole::kOpen;
}

}  // namespace

Settings DecodeSettings(const crm::v1::TenantSettings& message) {
  Settings settings;
  const int month = message.fiscal_calendar().year_start_month();
  auto calendar =
      FiscalCalendar::Make(month == 0 ? 1 : month, message.fiscal_calendar().time_zone());
  if (calendar.ok()) settings.calendar = *calendar;
  auto currency = Currency::Parse(message.reporting_currency());
  if (currency.ok()) settings.reporting_currency = *currency;
  for (const crm::v1::Stage& stage : message.stages()) {
    settings.stages.push_back({stage.id(),
                               stage.display_name().empty() ? stage.id() : stage.display_name(),
                               RoleOf(stage.role()), stage.position()});
  }
  if (settings.stages.empty()) settings.stages = DefaultStages();
  const int size_min = message.buying_group_size_min();
  const int size_max = message.buying_group_size_max();
  settings.buying_group_size_min = size_min > 0 ? size_min : kBuyingGroupMin;
  settings.buying_group_size_max = size_max > 0 ? size_max : kBuyingGroupMax;
  settings.market_people_count = message.market_people_count();
  settings.market_account_count = message.market_account_count();
  return settings;
}

StageTable::StageTable(const Settings& settings) {
  for (const Settings::Stage& stage : settings.stages) {
    meanings_[stage.id] = {stage.role, stage.position};
  }
}

const StageTable::Meaning* StageTable::Find(std::string_view stage_id) const {
  const auto found = meanings_.find(absl::string_view(stage_id.data(), stage_id.size()));
  return found == meanings_.end() ? nullptr : &found->second;
}

}  // namespace gtm::book
