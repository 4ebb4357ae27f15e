#include "services/forecasting/domain/read_stages.h"

#include <algorithm>

namespace gtm::forecasting::domain {
namespace {

using book::StageChange;
using book::StageRole;

bool IsClosed(const StageChange& stage) {
  return stage.role == StageRole::kWon || stage.role == StageRole::kLost;
}

StageVisit::Next NextOf(const StageChange& stage, const StageChange& next) {
  if (next.role == StageRole::kWon) return StageVisit::Next::kForward;
  if (next.role == StageRole::kLost) return StageVisit::Next::kLost;
  // Stage 0 lies before every stage in pipeline, whatever its position says.
  if (next.role == StageRole::kStageZero && stage.role != StageRole::kStageZero) {
    return StageVisit::Next::kBack;
  }
  if (stage.role == StageRole::kStageZero && next.role != StageRole::kStageZero) {
    return StageVisit::Next::kForward;
  }
  return next.position >= stage.position ? StageVisit::Next::kForward : StageVisit::Next::kBack;
}

}  // namespace

std::vector<StageVisit> StageVisitsAt(const book::BookView& view, const DealTable& table,
                                      const Selection& selection) {
  std::vector<StageVisit> visits;
  for (const book::OpportunityRow row : view.opportunities_by_id()) {
    const book::OpportunityFacts facts = view.opportunity(row);
    std::string_view segment = facts.segment;
    if (segment.empty() && book::IsRow(facts.account))
      segment = view.account(facts.account).segment;
    if (!selection.Holds(facts.owner_seller_id, segment)) continue;
    const auto& changes = facts.stage_changes;
    for (size_t i = 0; i < changes.size() && changes[i].time <= table.as_of;) {
      size_t next = i + 1;
      while (next < changes.size() && changes[next].stage_id == changes[i].stage_id) ++next;
      if (!IsClosed(changes[i])) {
        StageVisit visit;
        visit.stage_id = std::string(changes[i].stage_id);
        visit.enter_day = NumberOf(table.calendar.DayOf(changes[i].time));
        visit.last_day = table.today;
        if (next < changes.size() && changes[next].time <= table.as_of) {
          visit.last_day = NumberOf(table.calendar.DayOf(changes[next].time));
          visit.next = NextOf(changes[i], changes[next]);
        }
        visits.push_back(std::move(visit));
      }
      i = next;
    }
  }
  return visits;
}

}  // namespace gtm::forecasting::domain
