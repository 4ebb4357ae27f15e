#pragma once
// The interrogation of a pipeline: every open deal with its evidence, warnings and what is
// at stake (FC-10 to FC-23, C17, C18).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/deal_warnings.h"
#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

struct InterrogatedDeal {
  DealChance chance;  // in the period; expected_micros is what is at stake
  size_t facts = 0;   // index into PipelineFacts::deals
  DealEvidence evidence;
  std::optional<AccountTrend> trend;
  Trust trust;
  StuckJudgement age;
  StuckJudgement stage_age;
  std::vector<DealWarning> warnings;  // by falling severity, then type
};

// Deals under one type of warning.
struct WarningTotal {
  DealWarningType type;
  int64_t deal_count = 0;
  int64_t high_count = 0;
  int64_t amount_micros = 0;    // of those with an amount
  int64_t expected_micros = 0;  // at stake
};

// A kind of evidence that the tenant does not record, so that nothing follows from its
// absence.
struct DataGap {
  EvidenceKind kind;
  int64_t deal_count = 0;  // of the deals, with the kind unknown
};

struct LossCount {
  std::string reason;  // "" where none was recorded
  int64_t count = 0;
};
inline constexpr size_t kLossReasonsMax = 10;

// A recent win whose record deserves little trust (C18).
struct DoubtfulWin {
  size_t win = 0;  // index into PipelineFacts::recent_wins
  Trust trust;
};
inline constexpr size_t kDoubtfulWinsMax = 20;

struct Interrogation {
  // By falling expected amount, then id.
  std::vector<InterrogatedDeal> deals;
  std::vector<WarningTotal> totals;  // by falling expected amount, then type
  std::vector<DataGap> gaps;         // kinds unknown for every deal, by kind
  std::vector<LossCount> losses;     // most frequent first, at most kLossReasonsMax
  int64_t loss_count = 0;
  // Last won first, then by id, at most kDoubtfulWinsMax.
  std::vector<DoubtfulWin> doubtful_wins;
  int64_t doubtful_win_count = 0;
  int64_t expected_micros = 0;
  int64_t amount_micros = 0;
  int64_t warned_count = 0;   // deals with a warning above kInfo
  int64_t warned_micros = 0;  // expected of these
  double completeness = 0;    // mean over the deals (FC-27)
  int channels_recorded = 0;  // types of touches that the tenant records (FC-11)
};

// `chances` are of the selected open deals.
Interrogation Interrogate(const DealTable& table, const PipelineFacts& facts,
                          const std::vector<DealChance>& chances, const Selection& selection,
                          const InterrogationRules& rules);

// The types of warnings on each of facts.deals, a bit each (MaskOf): without chances, for
// looking at many instants.
std::vector<uint32_t> WarningMasks(const DealTable& table, const PipelineFacts& facts,
                                   const InterrogationRules& rules);
// Deals by the gravest of their warnings; kInfo and none count together, as kInfo.
struct SeverityCounts {
  std::array<int64_t, 5> by_severity{};  // [Severity]
  int64_t at(Severity severity) const { return by_severity[static_cast<size_t>(severity)]; }
};
SeverityCounts CountBySeverity(const DealTable& table, const PipelineFacts& facts,
                               const InterrogationRules& rules);
inline uint32_t MaskOf(DealWarningType type) { return uint32_t{1} << static_cast<uint32_t>(type); }
static_assert(kDealWarningTypeCount < 32);

}  // namespace gtm::forecasting::domain
