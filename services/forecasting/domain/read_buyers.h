#pragma once
// From the Book to what is known of the buyer of each deal. A part of DealsAt, and of its fence.

#include <optional>
#include <unordered_map>
#include <vector>

#include "common/book/book.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/engagement.h"

namespace gtm::forecasting::domain {

class BuyerReader {
 public:
  // Both must live as long as the reader.
  BuyerReader(const book::BookView& view, const DealTable& table);
  // The buyer's engagement from the start of the deal's clock until it was closed, or the
  // instant. An act that names another deal counts for the trend of its account only.
  std::vector<EngagementChange> Follow(const book::OpportunityFacts& facts,
                                       book::OpportunityRow row, const Deal& deal);

 private:
  struct Account {
    std::vector<DayNumber> days;  // with an act of anybody; rising, each once
    std::vector<DayNumber> trigger_days;
  };
  DayNumber DayOf(absl::Time time) const { return NumberOf(table_.calendar.DayOf(time)); }
  void FindRecordedFrom();
  void ReadTriggers();
  Account& AccountOf(book::AccountRow row);
  DayNumber ContractDayOf(const book::OpportunityFacts& facts) const;

  const book::BookView& view_;
  const DealTable& table_;
  RecordedFrom from_;
  std::unordered_map<uint32_t, Account> accounts_;  // by row
};

// When a trigger event happened, and from when on it makes the account act: a merger once it is
// settled (D16), since before its phase_time it was less far; nothing while it is not.
absl::Time OccurTimeOf(const crm::v1::TriggerEvent& trigger);
std::optional<absl::Time> ActTimeOf(const crm::v1::TriggerEvent& trigger);

}  // namespace gtm::forecasting::domain
