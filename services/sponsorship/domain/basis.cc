#include "services/sponsorship/domain/basis.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gtm::sponsorship::domain {
namespace {

std::optional<Change> FindLiveChange(const Basis& basis, const PlanInput& input) {
  std::vector<std::string> then = basis.live_ids;
  std::vector<std::string> now;
  for (const LiveSponsorship& live : input.live) now.push_back(live.id);
  std::sort(then.begin(), then.end());
  std::sort(now.begin(), now.end());
  std::vector<std::string> differing;
  std::set_symmetric_difference(then.begin(), then.end(), now.begin(), now.end(),
                                std::back_inserter(differing));
  if (differing.empty()) return {};
  return Change{"sponsorship", differing.front(), "began or ended"};
}

}  // namespace

std::optional<Change> FindChange(const Program& program, const Basis& basis,
                                 const PlanInput& input) {
  if (auto change = FindLiveChange(basis, input)) return change;
  std::map<std::string_view, const Executive*> executives;
  for (const Executive& e : input.executives) executives[e.id] = &e;
  std::map<std::string_view, const Candidate*> candidates;
  for (const Candidate& c : input.candidates) candidates[c.id()] = &c;
  std::map<std::string_view, int32_t> slots;
  for (const auto& [id, count] : basis.slots) slots[id] = count;

  TraitReader reader;
  for (const DecidedPair& pair : basis.pairs) {
    const auto executive = executives.find(pair.executive_id);
    if (executive == executives.end()) return Change{"executive", pair.executive_id, "is gone"};
    const Capacity capacity = CountSlots(*executive->second, program.spec().effort.week_minutes());
    if (capacity.slot_count != slots[pair.executive_id]) {
      return Change{
          "executive", pair.executive_id,
          fmt::format("has {} slots now, not {}", capacity.slot_count, slots[pair.executive_id])};
    }
    const auto candidate = candidates.find(pair.contact_id);
    if (candidate == candidates.end()) {
      return Change{"contact", pair.contact_id, "is no candidate any more"};
    }
    if (program.Score(*candidate->second).micropoints != pair.score_micropoints) {
      return Change{"contact", pair.contact_id, "has another score now"};
    }
    const int32_t affinity = AffinityPoints(
        program.spec().affinity, reader.Read(*candidate->second), reader.Read(*executive->second));
    if (affinity != pair.affinity_points) {
      return Change{
          "executive", pair.executive_id,
          fmt::format("and contact {} have something else in common now", pair.contact_id)};
    }
  }
  return {};
}

}  // namespace gtm::sponsorship::domain
