#include "services/targeting/domain/trigger_statistics.h"

#include <gtest/gtest.h>

#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::TriggerEvent;
using test::At;

class Company {
 public:
  Company() { Add(test::TenantSettings()); }
  void Add(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  // An account with one closed deal, and a trigger eight days before it qualified.
  void Deal(const std::string& segment, bool won, TriggerEvent::Type type, bool solves = true,
            const std::string& subtype = "") {
    const std::string id = fmt::format("a{:04}", ++count_);
    Add(test::Account(id).Set([&](crm::v1::Account& a) { a.set_segment(segment); }));
    Add(test::Opportunity(id + "-o", id)
            .Stage("2026-02-01", "stage_zero")
            .Stage("2026-02-10", "open")
            .Stage("2026-04-01", won ? "won" : "lost"));
    if (type == TriggerEvent::TYPE_UNSPECIFIED) return;
    TriggerEvent event;
    event.set_id(id + "-t");
    event.set_account_id(id);
    event.set_type(type);
    event.set_subtype(subtype);
    *event.mutable_occur_time() = test::Stamp("2026-02-02");
    event.set_has_authority(true);
    event.set_solves_problem(solves);
    if (type == TriggerEvent::TYPE_MANDATE) {
      *event.mutable_deadline_date() = test::Date("2026-12-31");
    }
    Add(test::Wrap(event));
  }
  TriggerStatistics Count() {
    return CountTriggers(book_.View(), {}, {.as_of = At("2026-06-30")}, [] { return Status(); })
        .value();
  }

 private:
  book::Book book_;
  int64_t seq_ = 0;
  int count_ = 0;
};

TEST(CountTriggers, TellsWhatASegmentIsMovedBy) {  // UR-13
  Company company;
  for (int i = 0; i < 20; ++i) company.Deal("regulated", i < 15, TriggerEvent::TYPE_MANDATE);
  for (int i = 0; i < 20; ++i) company.Deal("regulated", i < 4, TriggerEvent::TYPE_UNSPECIFIED);
  for (int i = 0; i < 6; ++i) company.Deal("startup", i < 3, TriggerEvent::TYPE_PERSONAL_DRIVE);
  for (int i = 0; i < 2; ++i) company.Deal("Startup", false, TriggerEvent::TYPE_MANDATE, false);
  const TriggerStatistics statistics = company.Count();
  ASSERT_EQ(statistics.segments.size(), 2u);
  const SegmentTriggers& regulated = statistics.segments[0];
  EXPECT_EQ(regulated.segment, "regulated");
  EXPECT_EQ(regulated.account_count, 40);
  EXPECT_EQ(regulated.types[2].event_count, 20);
  EXPECT_EQ(regulated.with.successes, 15);
  EXPECT_EQ(regulated.with.trials, 20);
  EXPECT_EQ(regulated.without.successes, 4);
  EXPECT_EQ(Judge(regulated.with, regulated.without), RateFinding::kAbove);
  const SegmentTriggers& startup = statistics.segments[1];
  EXPECT_EQ(startup.account_count, 8);
  EXPECT_EQ(startup.types[2].false_count, 2);
  EXPECT_EQ(startup.with.trials, 6);
  EXPECT_EQ(startup.without.trials, 2) << "a false trigger is none";
  EXPECT_EQ(Judge(startup.with, startup.without), RateFinding::kNotEnoughData);  // C27
  EXPECT_EQ(statistics.all.with.trials, 26);
}

// UR-08: what the tenant's own sub-types were worth.
TEST(CountTriggers, TellsWhatSubtypesWereWorth) {
  Company company;
  for (int i = 0; i < 3; ++i) {
    company.Deal("a", i < 2, TriggerEvent::TYPE_MANDATE, true, i == 0 ? "Audit" : "audit");
  }
  company.Deal("a", false, TriggerEvent::TYPE_MANDATE, false, "audit");
  company.Deal("a", true, TriggerEvent::TYPE_PERSONAL_DRIVE, true, "audit");
  company.Deal("a", true, TriggerEvent::TYPE_MANDATE);
  const std::vector<SubtypeTally> subtypes = company.Count().subtypes;
  ASSERT_EQ(subtypes.size(), 3u);
  EXPECT_EQ(subtypes[0].subtype, "Audit");
  EXPECT_EQ(subtypes[0].type, TriggerType::kMandate);
  EXPECT_EQ(subtypes[0].event_count, 4);
  EXPECT_EQ(subtypes[0].false_count, 1);
  EXPECT_EQ(subtypes[0].deals.trials, 3) << "a false trigger is none";
  EXPECT_EQ(subtypes[0].deals.successes, 2);
  EXPECT_EQ(subtypes[1].subtype, "") << "events that name none";
  EXPECT_EQ(subtypes[2].type, TriggerType::kPersonalDrive);
}

}  // namespace
}  // namespace gtm::targeting::domain
