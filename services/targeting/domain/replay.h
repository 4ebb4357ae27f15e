#pragma once
// What a definition would have said over history: every instant by what had happened then,
// never by what came later (C02). Facts about accounts are those of the view, as for every
// score (README, decision 8); ages, engagement, hand-overs and opportunities move.

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

inline constexpr size_t kReplayInstantsMax = 200;

// The definition that is tried, and the one that it is compared with.
enum ReplaySide : size_t { kDraft = 0, kBaseline = 1 };
inline constexpr size_t kReplaySideCount = 2;
inline constexpr size_t kVerdictCount = 4;  // by Verdict; 0 is none

// The definition that each side goes by at a time; null where there is none.
using DefinitionAt = std::function<const Definition*(absl::Time)>;

struct ReplayQuestion {
  const Definition* draft = nullptr;
  DefinitionAt baseline;
  std::vector<absl::Time> instants;  // rising, at most kReplayInstantsMax
  DayRange days;                     // of the events that are counted; in the tenant's calendar
  absl::Time as_of;                  // what was decided later does not count
  size_t moved_max = 0;              // accounts to name that enter, and that leave
};

// Accounts of one instant under one side.
struct ReplayCounts {
  std::array<int64_t, kVerdictCount> verdicts{};  // by Verdict
  int64_t prospect_count = 0;
  friend bool operator==(const ReplayCounts&, const ReplayCounts&) = default;
};

struct ReplayStep {
  absl::Time as_of;
  int64_t account_count = 0;  // that were in the CRM by then
  std::array<ReplayCounts, kReplaySideCount> sides;
  // Targets of the draft that are none of the baseline, and the other way round. Without a
  // baseline every target enters.
  int64_t entering_count = 0;
  int64_t leaving_count = 0;
};

// An account that is a target on one side only, at the last instant.
struct MovedAccount {
  book::AccountRow row{book::kNoRow};
  std::array<std::optional<int64_t>, kReplaySideCount> fit_micropoints;
};

// What came of accounts that were targets when it happened, or that were not.
struct ReplayOutcomes {
  int64_t handover_count = 0;
  int64_t accepted_count = 0;
  int64_t rejected_count = 0;
  int64_t opportunity_count = 0;  // entered the pipeline
  int64_t won_count = 0;          // of these, by as_of
  int64_t lost_count = 0;
  int64_t won_micros = 0;  // of these, in the reporting currency
};
struct ReplaySideOutcomes {
  ReplayOutcomes targets;
  ReplayOutcomes others;               // not a target, or undecided
  int64_t prospect_account_count = 0;  // accounts that were a prospect at any instant
};

struct Replay {
  std::vector<ReplayStep> steps;
  std::vector<MovedAccount> entering, leaving;  // largest change of the fit first, then by id
  std::array<ReplaySideOutcomes, kReplaySideCount> outcomes;
};

// Errors: EXCHANGE_RATE_MISSING, and what `check_alive` says, which is asked now and then.
// O(accounts * instants), much less where the fit does not move with time.
Result<Replay> ReplayDefinition(const ReplayQuestion& question, const book::BookView& view,
                                const std::function<Status()>& check_alive);

// Whether the value can differ from one instant to another, all facts being equal.
bool VariesWithTime(const AttributeRef& attribute);

}  // namespace gtm::targeting::domain
