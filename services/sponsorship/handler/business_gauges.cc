#include "services/sponsorship/handler/business_gauges.h"

#include <map>

#include "services/sponsorship/domain/capacity.h"
#include "services/sponsorship/domain/gather.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"

namespace gtm::sponsorship::handler {
namespace {

// How much of its slots an executive has used; "" for one without slots and sponsees.
std::string LoadOf(int32_t slots, int32_t used) {
  if (used > slots) return "over";
  if (slots == 0) return "";
  if (used == slots) return "full";
  return used == 0 ? "idle" : "part";
}

}  // namespace

Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet) {
  const absl::CivilDay day = question.view.settings().calendar.DayOf(question.as_of);
  const domain::PlanInput input = domain::GatherInput(question.view, day);
  if (input.executives.empty() && input.live.empty()) return {};
  sheet->Set(telemetry::kSponsorUsed, {tenant}, static_cast<double>(input.live.size()));
  const auto message = ActiveProgram(question.view);
  if (message == nullptr) return {};
  GTM_ASSIGN_OR_RETURN(const domain::Program program, CompileProgram(*message));
  const auto capacities =
      domain::CountSlots(input.executives, program.spec().effort.week_minutes());
  sheet->Set(telemetry::kSponsorSlots, {tenant}, domain::TotalSlots(capacities));
  std::map<std::string, int32_t> used;  // by executive
  for (const domain::LiveSponsorship& live : input.live) ++used[live.executive_id];
  std::map<std::string, int32_t> loads = {{"idle", 0}, {"part", 0}, {"full", 0}, {"over", 0}};
  for (size_t i = 0; i < capacities.size(); ++i) {
    const std::string load = LoadOf(capacities[i].slot_count, used[input.executives[i].id]);
    if (!load.empty()) ++loads[load];
  }
  for (const auto& [load, count] : loads) sheet->Set(telemetry::kSponsors, {tenant, load}, count);
  return {};
}

}  // namespace gtm::sponsorship::handler
