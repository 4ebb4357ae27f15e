#include "services/gtm/demo/decisions.h"

#include <gtest/gtest.h>

#include "services/records/domain/validate.h"

namespace gtm::demo {
namespace {

TEST(Demo, ItsDecisionsAreValidRecords) {
  records::v1::Record definition;
  *definition.mutable_target_definition() = DemoDefinition().create.definition();
  records::v1::Record program;
  *program.mutable_sponsorship_program() = DemoProgram().create.program();
  for (const auto& record : {definition, program}) {
    records::domain::Violations violations;
    records::domain::ValidateRecord(record, {.name = "record"}, &violations);
    for (const auto& violation : violations.list()) {
      ADD_FAILURE() << violation.field << ": " << violation.description;
    }
  }
  EXPECT_EQ(DemoDefinition().sign_offs.size(), 3u);
}

}  // namespace
}  // namespace gtm::demo
