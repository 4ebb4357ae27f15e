#pragma once
// Opportunities for tests of this folder. Tests only.

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::forecasting::handler {

inline std::string DayText(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

// One a day from `first` on, owned by ada and bob in turn; a third won and a third lost after
// 20 to 69 days.
inline std::vector<records::v1::Record> MadeUpDeals(absl::CivilDay first, int count) {
  std::vector<records::v1::Record> all;
  for (int i = 0; i < count; ++i) {
    const absl::CivilDay start = first + i;
    test::Opportunity deal(fmt::format("d{:03}", i), "acme");
    deal.Stage(DayText(start), "open").Amount(DayText(start), 10'000 + 100 * (i % 30));
    deal.Owner(i % 2 == 0 ? "ada" : "bob");
    deal.Set([&](auto& o) { o.set_segment(i % 3 == 0 ? "large" : "small"); });
    if (i % 3 != 0) {
      deal.Stage(DayText(start + 20 + i * 7 % 50), i % 3 == 1 ? "won" : "lost");
    }
    all.push_back(deal);
  }
  return all;
}

}  // namespace gtm::forecasting::handler
