#include "services/forecasting/domain/history.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace gtm::forecasting::domain {
namespace {

// More segments than this are no segments: the rest count as the last one.
constexpr size_t kSegmentsMax = 60'000;

HistoryRow RowOf(const Deal& deal, uint32_t index) {
  HistoryRow row;
  row.deal = index;
  row.qualified_day = deal.qualified_day;
  const auto amount = static_cast<double>(deal.amount_micros.value_or(-1));
  row.expected_micros = amount;
  if (deal.outcome == Outcome::kOpen) return row;
  row.closed_day = deal.closed_day;
  if (deal.outcome == Outcome::kLost) return row;
  row.won = true;
  row.won_micros = std::max(0.0, amount);
  row.ratio = static_cast<float>(deal.amount_ratio.value_or(0));
  if (row.ratio > 0 && amount >= 0) row.expected_micros = amount / *deal.amount_ratio;
  return row;
}

}  // namespace

History::History(const DealTable& table) : today_(table.today), today_left_(table.today_left) {
  auto columns = std::make_shared<Columns>();
  columns->calendar = table.calendar;
  columns->rows.reserve(table.deals.size());
  absl::flat_hash_map<std::string_view, uint16_t> known;
  const bool segment_leaks = table.Leaks(LeakField::kSegment);
  DayNumber first_win = kNever, last_win = table.today;
  for (uint32_t i = 0; i < table.deals.size(); ++i) {
    const Deal& deal = table.deals[i];
    HistoryRow row = RowOf(deal, i);
    // A segment that only closed deals have would be taken for one that always closes.
    const std::string_view name = segment_leaks ? std::string_view() : deal.segment;
    const auto segment = known.find(name);
    if (segment != known.end()) {
      row.segment = segment->second;
    } else if (known.size() < kSegmentsMax) {
      row.segment = known[name] = static_cast<uint16_t>(known.size());
      columns->segments.emplace_back(name);
    } else {
      row.segment = kSegmentsMax - 1;
    }
    columns->first_close = std::min(columns->first_close, row.closed_day);
    if (row.won) first_win = std::min(first_win, row.closed_day);
    row.engagement_begin = static_cast<uint32_t>(columns->engagement.size());
    columns->engagement.insert(columns->engagement.end(), deal.engagement.begin(),
                               deal.engagement.end());
    row.engagement_end = static_cast<uint32_t>(columns->engagement.size());
    columns->rows.push_back(row);
  }
  std::sort(columns->rows.begin(), columns->rows.end(), [](const auto& a, const auto& b) {
    return std::pair(a.qualified_day, a.deal) < std::pair(b.qualified_day, b.deal);
  });
  if (first_win <= last_win) {
    columns->first_win_day = first_win;
    const size_t days = static_cast<size_t>(last_win - first_win) + 2;
    columns->booked_before.assign(days, 0);
    columns->won_before.assign(days, 0);
    for (const HistoryRow& row : columns->rows) {
      if (!row.won || row.closed_day > last_win) continue;
      const auto at = static_cast<size_t>(row.closed_day - first_win) + 1;
      columns->booked_before[at] += row.won_micros;
      columns->won_before[at] += 1;
    }
    for (size_t i = 1; i < days; ++i) {
      columns->booked_before[i] += columns->booked_before[i - 1];
      columns->won_before[i] += columns->won_before[i - 1];
    }
  }
  row_count_ = columns->rows.size();
  columns_ = std::move(columns);
}

History History::AtEndOf(DayNumber day) const {
  History past = *this;
  past.today_ = day;
  past.today_left_ = 0;
  const auto after = [](DayNumber d, const HistoryRow& row) { return d < row.qualified_day; };
  const auto rows = this->rows();
  past.row_count_ =
      static_cast<size_t>(std::upper_bound(rows.begin(), rows.end(), day, after) - rows.begin());
  return past;
}

DayNumber History::first_close() const {
  return columns_->first_close <= today_ ? columns_->first_close : kNever;
}

double History::SumIn(const std::vector<double>& sums, DayNumber first, DayNumber end) const {
  if (sums.empty()) return 0;
  const auto last = static_cast<DayNumber>(sums.size() - 1);
  const auto before = [&](DayNumber day) {
    return sums[static_cast<size_t>(std::clamp(day - columns_->first_win_day, 0, last))];
  };
  end = std::min(end, today_ + 1);
  return first < end ? before(end) - before(first) : 0;
}

double History::BookedIn(DayNumber first, DayNumber end) const {
  return SumIn(columns_->booked_before, first, end);
}

double History::WonCountIn(DayNumber first, DayNumber end) const {
  return SumIn(columns_->won_before, first, end);
}

}  // namespace gtm::forecasting::domain
