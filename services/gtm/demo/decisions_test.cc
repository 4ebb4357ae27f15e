#include "services/gtm/demo/decisions.h"

#include <gtest/gtest.h>

#include "services/gtm/demo/handovers.h"
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

TEST(Demo, ItsHandoversFollowItsDeals) {
  const Options options{.seed = 1, .account_count = 300, .today = absl::CivilDay(2026, 8, 20)};
  const auto requests = DemoHandovers(options, Truth{});
  ASSERT_EQ(requests.size(), 120u);
  int accepted = 0;
  int decided = 0;
  for (const auto& one : requests) {
    int64_t last_s = one.record.handover().handover_time().seconds();
    for (const auto& decision : one.decisions) {
      EXPECT_GE(decision.decide_time().seconds(), last_s);
      last_s = decision.decide_time().seconds();
    }
    decided += !one.decisions.empty();
    accepted += !one.decisions.empty() &&
                one.decisions[0].state() == targeting::v1::Handover::STATE_ACCEPTED;
  }
  EXPECT_GT(accepted * 10, decided * 7) << "a healthy hand-over";
  EXPECT_LT(accepted, decided);
}

}  // namespace
}  // namespace gtm::demo
