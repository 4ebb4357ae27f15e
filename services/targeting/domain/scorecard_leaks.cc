#include "services/targeting/domain/scorecard_leaks.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/stats/intervals.h"
#include "fmt/format.h"
#include "services/targeting/domain/scorecard_bins.h"
#include "services/targeting/domain/scorecard_skill.h"

namespace gtm::targeting::domain {
namespace {

constexpr uint16_t kFolds = 5;
constexpr double kErrors = 2.58;  // 99 %, two-sided
// Share of the rate of all that a level with few cases is told, in cases.
constexpr double kPriorCases = 5;

// The column alone: each level is told the rate that it had in the other folds.
Measured AucAlone(const LearnTable& table, const LearnColumn& column) {
  std::vector<uint32_t> rows(table.row_count());
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const ColumnBins bins = MakeBins(column, rows);
  struct Count {
    double all = 0, won = 0;
  };
  std::vector<std::array<Count, kFolds>> of_level(bins.level_count());
  Count all;
  std::vector<Told> told(rows.size());
  std::vector<uint16_t> level(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    // Neighbours in time fall into different folds.
    told[i] = {0, table.won[i], static_cast<uint16_t>(i % kFolds)};
    level[i] = bins.LevelOf(column, i);
    Count& count = of_level[level[i]][told[i].fold];
    count.all += 1, count.won += table.won[i];
    all.all += 1, all.won += table.won[i];
  }
  const double rate = all.won / all.all;
  for (size_t i = 0; i < told.size(); ++i) {
    Count other{kPriorCases, kPriorCases * rate};
    for (uint16_t f = 0; f < kFolds; ++f) {
      if (f == told[i].fold) continue;
      other.all += of_level[level[i]][f].all;
      other.won += of_level[level[i]][f].won;
    }
    told[i].chance = other.won / other.all;
  }
  return MeasureSkill(told).auc;
}

// Whether blanks of the first kind of cases surely stand out against the second.
double Gap(int64_t a_blank, int64_t a_count, int64_t b_blank, int64_t b_count) {
  if (a_count < kBlankCountMin || b_count < kBlankCountMin) return 0;
  return stats::ShareGapInterval(a_blank, a_count, b_blank, b_count, kBlankConfidence).low;
}

double Share(int64_t part, int64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

std::optional<ColumnLeak> Judge(const LearnTable& table, size_t at, const OpenBlanks& open) {
  const LearnColumn& column = table.columns[at];
  int64_t won = 0, lost = 0, won_blank = 0, lost_blank = 0;
  for (size_t i = 0; i < table.row_count(); ++i) {
    const bool blank = column.is_missing(i);
    (table.won[i] != 0 ? won : lost) += 1;
    if (blank) (table.won[i] != 0 ? won_blank : lost_blank) += 1;
  }
  ColumnLeak leak{at};
  leak.blank_won_share = Share(won_blank, won);
  leak.blank_lost_share = Share(lost_blank, lost);
  const Measured auc = AucAlone(table, column);
  leak.auc = auc.value;
  leak.refused = true;
  if (auc.low(kErrors) >= kTooGoodAuc) return leak;
  leak.reason = LeakReason::kLatestState;
  if (auc.low(kErrors) >= kLatestStateAuc && IsNamedAfterLatestState(column.name)) return leak;
  leak.reason = LeakReason::kFilledAtClosing;
  if (!open.blank.empty()) {
    leak.blank_open_share = Share(open.blank[at], open.count);
    leak.gap_at_least = Gap(open.blank[at], open.count, won_blank + lost_blank, won + lost);
    if (leak.gap_at_least >= kBlankGapMin) return leak;
  }
  leak.reason = LeakReason::kBlankTellsOutcome;
  leak.refused = false;
  leak.gap_at_least =
      std::max(Gap(lost_blank, lost, won_blank, won), Gap(won_blank, won, lost_blank, lost));
  if (leak.gap_at_least >= kBlankGapMin) return leak;
  return {};
}

}  // namespace

bool IsNamedAfterLatestState(const std::string& name) {
  constexpr std::string_view kWords[] = {"last",   "latest", "final",  "closed", "closing",
                                         "lost",   "loss",   "won",    "win",    "outcome",
                                         "result", "reason", "status", "stage"};
  const std::string lower = absl::AsciiStrToLower(name);
  const std::vector<std::string> words = absl::StrSplit(lower, absl::ByAnyChar(" _-./"));
  for (const std::string& word : words) {
    if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return true;
  }
  return false;
}

std::string ColumnLeak::Message(const LearnColumn& column) const {
  switch (reason) {
    case LeakReason::kTooGood:
      return fmt::format(
          "tells the outcome alone (AUC {:.3f}): too good to be known beforehand; left out until "
          "someone shows that it is filled in before the outcome",
          auc);
    case LeakReason::kLatestState:
      return fmt::format(
          "is named after the latest state, which moves with the outcome (AUC alone {:.3f}); left "
          "out: keep the state as it was at the beginning under another name",
          auc);
    case LeakReason::kFilledAtClosing:
      return fmt::format(
          "is blank on {:.0f} % of the open cases but on {:.0f} % of the lost and {:.0f} % of the "
          "won ones: it seems to be filled in at closing; left out",
          100 * blank_open_share, 100 * blank_lost_share, 100 * blank_won_share);
    case LeakReason::kBlankTellsOutcome:
      break;
  }
  return fmt::format(
      "is blank on {:.0f} % of the lost cases and {:.0f} % of the won ones: perhaps it is filled "
      "in as a case goes well; if so, take missing_share_bps of its criterion out of the draft",
      100 * blank_lost_share, 100 * blank_won_share);
}

std::vector<ColumnLeak> FindColumnLeaks(const LearnTable& table, const OpenBlanks& open) {
  std::vector<ColumnLeak> leaks;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (const auto leak = Judge(table, c, open)) leaks.push_back(*leak);
  }
  return leaks;
}

}  // namespace gtm::targeting::domain
