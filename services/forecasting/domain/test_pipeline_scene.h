#pragma once
// A small pipeline in memory for tests of the interrogation. Tests only.

#include <string>
#include <vector>

#include "common/testing/fake_records.h"
#include "common/testing/record_builders.h"
#include "services/forecasting/domain/interrogation.h"

namespace gtm::forecasting::domain {

inline constexpr char kToday[] = "2026-06-15";

// Stages: stage0, discovery (1), evaluation (2), proposal (3), contract (4), won, lost.
class PipelineScene {
 public:
  PipelineScene();

  test::FakeRecords& records() { return records_; }
  // A deal "o1" of the account "acme" in pipeline since April, which reached `stage` on
  // 2026-05-20, with an amount and a close date to come.
  static test::Opportunity DealAt(const std::string& stage);
  void Put(const records::v1::Record& record) { records_.Put(record); }
  // A touch of "acme", or another account, on a day.
  void Touch(const std::string& day, crm::v1::Engagement::Type type,
             const std::string& contact = "", const std::string& account = "acme",
             crm::v1::Engagement::Direction direction = crm::v1::Engagement::DIRECTION_INBOUND,
             const std::string& opportunity = "");
  // Every type of touch, once, by somebody at another account: so that they are recorded.
  void RecordEveryType();
  // 80 deals that were won after 20 to 60 days, last year.
  void WinDeals();

  // The interrogation of the deal "o1" as of `as_of`.
  struct Answer {
    DealTable table;
    PipelineFacts facts;
    Interrogation all;
    const InterrogatedDeal& deal(const std::string& id = "o1") const;
    // The warning of a type on a deal; null where there is none.
    const DealWarning* Find(DealWarningType type, const std::string& id = "o1") const;
  };
  Answer Ask(std::string_view as_of = kToday, const InterrogationRules& rules = {}) const;

 private:
  test::FakeRecords records_;
  int touch_count_ = 0;
};

}  // namespace gtm::forecasting::domain
