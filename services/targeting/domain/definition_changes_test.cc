#include "services/targeting/domain/definition_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtm::targeting::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::TargetDefinition Definition() {
  v1::TargetDefinition definition;
  definition.set_id("d1");
  definition.set_state(v1::TargetDefinition::STATE_ACTIVE);
  definition.set_text("Companies with a warehouse.");
  definition.set_target_min_fit_points(60);
  for (const char* id : {"employees", "industry"}) {
    auto* criterion = definition.add_account_criteria();
    criterion->set_id(id);
    criterion->set_weight(10);
  }
  auto* term = definition.add_terms();
  term->set_name("mid-market");
  term->set_meaning("50 to 1,000 people");
  return definition;
}

TEST(ChangesBetween, SaysNothingOfTheSame) {
  v1::TargetDefinition other = Definition();
  other.set_id("d2");
  other.set_state(v1::TargetDefinition::STATE_DRAFT);
  other.set_previous_definition_id("d1");
  other.mutable_account_criteria()->SwapElements(0, 1);
  EXPECT_THAT(ChangesBetween(Definition(), other), IsEmpty());
}

TEST(ChangesBetween, NamesFieldsByWhatPeopleCallThem) {
  v1::TargetDefinition newer = Definition();
  newer.set_text("Companies with a cloud warehouse.");
  newer.set_target_min_fit_points(70);
  newer.mutable_account_criteria(0)->set_weight(30);
  newer.mutable_account_criteria()->RemoveLast();
  auto* added = newer.add_account_criteria();
  added->set_id("region");
  newer.mutable_terms(0)->set_meaning("50 to 5,000 people");
  EXPECT_THAT(
      ChangesBetween(Definition(), newer),
      ::testing::UnorderedElementsAre(
          DefinitionChange{ChangeKind::kChanged, "text", "Companies with a warehouse.",
                           "Companies with a cloud warehouse."},
          DefinitionChange{ChangeKind::kChanged, "target_min_fit_points", "60", "70"},
          DefinitionChange{ChangeKind::kChanged, "account_criteria[employees].weight", "10", "30"},
          DefinitionChange{ChangeKind::kRemoved, "account_criteria[industry]",
                           "id: \"industry\" weight: 10", ""},
          DefinitionChange{ChangeKind::kAdded, "account_criteria[region]", "", "id: \"region\""},
          DefinitionChange{ChangeKind::kChanged, "terms[mid-market].meaning", "50 to 1,000 people",
                           "50 to 5,000 people"}));
}

}  // namespace
}  // namespace gtm::targeting::domain
