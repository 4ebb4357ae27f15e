#pragma once
// What differs between two definitions, for people (TG-02, C01).

#include <string>
#include <vector>

#include "gtm/targeting/v1/resources.pb.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.CompareTargetDefinitionsResponse.Change.Kind.
enum class ChangeKind { kAdded = 1, kRemoved = 2, kChanged = 3 };

struct DefinitionChange {
  ChangeKind kind = ChangeKind::kChanged;
  std::string field;  // "account_criteria[employees].weight"
  std::string before;
  std::string after;
  friend bool operator==(const DefinitionChange&, const DefinitionChange&) = default;
};
inline constexpr size_t kDefinitionChangesMax = 1'000;

// Of the content, in the order of the fields: criteria are matched by id, terms by name,
// weights of roles and points of touches by what they are of. Of criteria that only stand in
// another order nothing is said: the score is the same.
std::vector<DefinitionChange> ChangesBetween(const v1::TargetDefinition& older,
                                             const v1::TargetDefinition& newer);

}  // namespace gtm::targeting::domain
