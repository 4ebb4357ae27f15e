#include "services/forecasting/domain/teams.h"

#include <algorithm>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

using Managers = absl::flat_hash_map<std::string, std::string>;

// Whether going up from `id` leads back to it.
bool IsInCycle(const Managers& managers, const std::string& id) {
  auto above = managers.find(id);
  for (size_t step = 0; step <= managers.size() && above != managers.end(); ++step) {
    if (above->second == id) return true;
    above = managers.find(above->second);
  }
  return false;
}

}  // namespace

Teams::Teams(std::vector<TeamRecord> records) {
  std::sort(records.begin(), records.end(),
            [](const TeamRecord& a, const TeamRecord& b) { return a.id < b.id; });
  records.erase(std::unique(records.begin(), records.end(),
                            [](const auto& a, const auto& b) { return a.id == b.id; }),
                records.end());
  absl::flat_hash_map<std::string, const TeamRecord*> by_id;
  for (const TeamRecord& record : records) by_id[record.id] = &record;
  Managers managers;
  for (const TeamRecord& record : records) {
    if (by_id.contains(record.manager_id)) managers[record.id] = record.manager_id;
  }
  std::vector<std::string> looping;
  for (const TeamRecord& record : records) {
    if (IsInCycle(managers, record.id)) looping.push_back(record.id);
  }
  for (const std::string& id : looping) managers.erase(id);
  absl::flat_hash_map<std::string, std::vector<std::string>> reports;
  std::vector<std::pair<std::string, int>> ahead;  // depth first, a stack
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const auto manager = managers.find(record->id);
    if (manager == managers.end()) ahead.emplace_back(record->id, 0);
  }
  for (const TeamRecord& record : records) {
    const auto manager = managers.find(record.id);
    if (manager != managers.end()) reports[manager->second].push_back(record.id);
  }
  while (!ahead.empty()) {
    const auto [id, depth] = std::move(ahead.back());
    ahead.pop_back();
    index_[id] = members_.size();
    members_.push_back({id, by_id[id]->name, by_id[id]->has_left, depth, reports[id], {id}});
    const auto& below = members_.back().reports;
    for (auto report = below.rbegin(); report != below.rend(); ++report) {
      ahead.emplace_back(*report, depth + 1);
    }
  }
  // From the bottom up: whoever is below comes later.
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    for (const std::string& report : member->reports) {
      const auto& team = members_[index_[report]].team;
      member->team.insert(member->team.end(), team.begin(), team.end());
    }
    std::sort(member->team.begin(), member->team.end());
  }
}

const TeamMember* Teams::Find(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &members_[found->second];
}

}  // namespace gtm::forecasting::domain
