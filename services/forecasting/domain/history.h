#pragma once
// The deals as the model learns from them: plain columns, which can be looked at as of any
// earlier day without a copy.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

inline constexpr DayNumber kNever = INT32_MAX;

struct HistoryRow {
  uint32_t deal = 0;  // index into DealTable::deals
  DayNumber qualified_day = 0;
  DayNumber closed_day = kNever;
  bool won = false;             // of a closed deal
  uint16_t segment = 0;         // index into History::segments
  float ratio = 0;              // realized over expected; 0: unknown
  double won_micros = 0;        // of a won deal; 0: unknown
  double expected_micros = -1;  // while it is open; -1: unknown
  // Its changes in History's; see engagement_of.
  uint32_t engagement_begin = 0, engagement_end = 0;
};

// Cheap to copy; all copies share the rows.
class History {
 public:
  explicit History(const DealTable& table);
  // What had happened by the end of an earlier day, from what the table still knows: deals
  // that closed later are open, with the amount that was expected of them.
  History AtEndOf(DayNumber day) const;

  const FiscalCalendar& calendar() const { return columns_->calendar; }
  DayNumber today() const { return today_; }
  double today_left() const { return today_left_; }  // see DealTable
  // Deals that had entered the pipeline, by that day.
  std::span<const HistoryRow> rows() const { return std::span(columns_->rows).first(row_count_); }
  const std::vector<std::string>& segments() const { return columns_->segments; }

  bool is_open(const HistoryRow& row) const { return row.closed_day > today_; }
  bool is_won(const HistoryRow& row) const { return row.won && row.closed_day <= today_; }
  int32_t age_days(const HistoryRow& row) const { return today_ - row.qualified_day; }
  // Whether the engagement of any deal is known.
  bool has_engagement() const { return !columns_->engagement.empty(); }
  // Changes of a deal's engagement, those after today included: see StateAt.
  std::span<const EngagementChange> engagement_of(const HistoryRow& row) const {
    return std::span(columns_->engagement)
        .subspan(row.engagement_begin, row.engagement_end - row.engagement_begin);
  }

  // The day of the first close; kNever without any.
  DayNumber first_close() const;
  // Bookings in micros and their number, of the days first..end - 1 up to today.
  double BookedIn(DayNumber first, DayNumber end) const;
  double WonCountIn(DayNumber first, DayNumber end) const;

 private:
  struct Columns {
    FiscalCalendar calendar;
    std::vector<HistoryRow> rows;
    std::vector<std::string> segments;
    std::vector<EngagementChange> engagement;  // of all deals
    DayNumber first_close = kNever;
    // Sums over all days before first_win_day + i.
    DayNumber first_win_day = 0;
    std::vector<double> booked_before, won_before;
  };
  double SumIn(const std::vector<double>& sums, DayNumber first, DayNumber end) const;

  std::shared_ptr<const Columns> columns_;
  size_t row_count_ = 0;
  DayNumber today_ = 0;
  double today_left_ = 0;
};

}  // namespace gtm::forecasting::domain
