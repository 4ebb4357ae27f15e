#include "services/forecasting/domain/field_leaks.h"

#include "common/stats/intervals.h"
#include "fmt/format.h"

namespace gtm::forecasting::domain {
namespace {

// Whether blanks of the first state stand out against the second.
std::optional<FieldLeak> Compare(int64_t a_blank, int64_t a_count, int64_t b_blank,
                                 int64_t b_count) {
  if (a_count < kLeakCountMin || b_count < kLeakCountMin) return {};
  FieldLeak leak;
  leak.blank_count = a_blank;
  leak.count = a_count;
  leak.closed_blank_count = b_blank;
  leak.closed_share = static_cast<double>(b_blank) / static_cast<double>(b_count);
  leak.gap_at_least =
      stats::ShareGapInterval(a_blank, a_count, b_blank, b_count, kLeakConfidence).low;
  if (leak.gap_at_least < kLeakGapMin) return {};
  return leak;
}

}  // namespace

std::string_view NameOf(LeakField field) {
  constexpr std::array<std::string_view, kLeakFieldCount> kNames = {"account_id", "owner_seller_id",
                                                                    "segment", "product", "source"};
  return kNames[static_cast<size_t>(field)];
}

std::string FieldLeak::Message() const {
  return fmt::format(
      "{} is blank on {} of {} {} opportunities, but on {:.1f} % of the {} ones: it seems to be "
      "filled in {}; nothing is learned from a blank, and what is told by this field leaves "
      "such opportunities out: fill it in when the opportunity begins",
      NameOf(field), blank_count, count, by_closing ? "open" : "lost", 100 * closed_share,
      by_closing ? "closed" : "won", by_closing ? "when they close" : "when they are won");
}

std::vector<FieldLeak> FindLeaks(const BlankCounts& counts) {
  std::vector<FieldLeak> leaks;
  const FieldBlanks& all = counts.all;
  for (int i = 0; i < kLeakFieldCount; ++i) {
    const FieldBlanks& blank = counts.blank[static_cast<size_t>(i)];
    auto leak = Compare(blank.open, all.open, blank.won + blank.lost, all.won + all.lost);
    if (!leak) {
      leak = Compare(blank.lost, all.lost, blank.won, all.won);
      if (leak) leak->by_closing = false;
    }
    if (!leak) continue;
    leak->field = static_cast<LeakField>(i);
    leaks.push_back(*leak);
  }
  return leaks;
}

}  // namespace gtm::forecasting::domain
