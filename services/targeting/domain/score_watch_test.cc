#include "services/targeting/domain/score_watch.h"

#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

records::v1::Record Trigger(const std::string& id) {
  crm::v1::TriggerEvent trigger;
  trigger.set_id(id);
  trigger.set_account_id("a");
  trigger.set_type(crm::v1::TriggerEvent::TYPE_MANDATE);
  *trigger.mutable_occur_time() = test::Stamp("2026-05-01");
  return test::Wrap(trigger);
}

records::v1::Record AccountOf(int64_t employees) {
  return test::Account("a").Set(
      [&](crm::v1::Account& account) { account.set_employee_count(employees); });
}

// Each update, and each message sent, read the triggers of all accounts again: at 100,000
// accounts a change took 170 ms until it was pushed.
TEST(ScoreWatch, KeepsWhatItReadOfTriggersUntilOneChanges) {
  test::FakeRecords records("targeting");
  records.Put(test::TenantSettings());
  records.Put(AccountOf(10));
  records.Put(Trigger("t1"));
  DefinitionSpec spec = TestSpec();
  spec.urgency_priority_weight = 20;
  const Definition definition = Compiled(spec);
  const absl::Time now = test::At("2026-06-30");
  ScoreWatch watch({});
  EXPECT_EQ(watch.triggers(), nullptr);
  const book::BookView first = records.View();
  EXPECT_EQ(watch.Update(definition, first, now, false).rows.size(), 1U);
  const auto read = watch.triggers();
  ASSERT_NE(read, nullptr);
  records.Put(AccountOf(5'000));
  const book::BookView second = records.View();
  EXPECT_EQ(watch.Update(definition, second, now, false).rows.size(), 1U);
  EXPECT_EQ(watch.triggers(), read);
  records.Put(Trigger("t2"));
  const book::BookView third = records.View();
  watch.Update(definition, third, now, false);
  EXPECT_NE(watch.triggers(), read);
}

}  // namespace
}  // namespace gtm::targeting::domain
