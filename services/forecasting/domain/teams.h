#pragma once
// Who reports to whom: sellers as trees.

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace gtm::forecasting::domain {

// One person of the sales organization, as their record says.
struct TeamRecord {
  std::string id;
  std::string name;        // the id where there is no other
  std::string manager_id;  // "": none; words, or the id of another record
  bool has_left = false;
};

// One person in the tree.
struct TeamMember {
  std::string id;
  std::string name;
  bool has_left = false;
  int depth = 0;                     // 0 at the top
  std::vector<std::string> reports;  // directly below, by id
  std::vector<std::string> team;     // the member and all below, by id
};

// Managers before who reports to them, each level by id. Who is their own manager in some
// line (a cycle) is at the top, as is who names a manager that is not there.
class Teams {
 public:
  explicit Teams(std::vector<TeamRecord> records);
  const std::vector<TeamMember>& members() const { return members_; }
  // Null where there is none.
  const TeamMember* Find(const std::string& id) const;

 private:
  std::vector<TeamMember> members_;
  absl::flat_hash_map<std::string, size_t> index_;
};

}  // namespace gtm::forecasting::domain
