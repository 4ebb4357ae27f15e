#pragma once
// How far we are in the target market (TG-13): accounts, people and engagements inside it,
// relative to it. A count of what is recorded, no sample: its shares are exact, but for the
// accounts whose missing data decide whether they are targets.

#include <array>
#include <cstdint>
#include <optional>

#include "common/book/book.h"
#include "common/stats/intervals.h"
#include "gtm/targeting/v1/resources.pb.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/buying_group.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.MarketSize.Source.
enum class MarketSource { kDefinition = 1, kSettings = 2, kRecorded = 3 };

// How large the market is, and who says so. 0: nobody knows, nothing is recorded.
struct MarketSize {
  int64_t count = 0;
  MarketSource source = MarketSource::kRecorded;
};
// What the definition states, else the settings, else what is recorded.
MarketSize SizeOf(int64_t definition_count, int64_t settings_count, int64_t recorded_count);

// What one span of days reached.
struct Reach {
  ByVerdict accounts;          // recorded
  ByVerdict people;            // contacts recorded in them
  ByVerdict touched_accounts;  // any touch, theirs or ours
  ByVerdict engaged_accounts;  // the buyer acted
  ByVerdict engaged_people;    // known people who acted
  ByVerdict engagements;       // acts of buyers, known by name or not
  // Targets to which we wrote or spoke first in the span, and those of them that acted
  // after that within the span.
  int64_t approached_targets = 0;
  int64_t answered_targets = 0;
  // Targets by coverage of their buying group (GroupCoverage).
  std::array<int64_t, kGroupCoverageCount> groups{};
};

// O(accounts + touches of the span). Errors: those of `check_alive`.
Result<Reach> MeasureReach(const Audience& audience, const book::BookView& view,
                           const TimeSpan& window, const GroupRule& rule,
                           const CheckAlive& check_alive);

// A share of the market. Exact (low = value = high) where no account is undecided; else from
// none of the undecided to all of them. Shares above 1 are told as they are: the market is
// then stated too small.
struct Penetration {
  double value = 0;
  stats::Interval range;
};
// market_count > 0.
Penetration PenetrationOf(const ByVerdict& reached, int64_t market_count);
// Where the market is what is recorded: an undecided account would be in it, too. The range
// ends where the silent ones alone, and where the reached ones alone, are targets.
// `recorded` contains `reached`; recorded.target > 0.
Penetration PenetrationOfRecorded(const ByVerdict& reached, const ByVerdict& recorded);

// The sizes of the market: what answers about it are relative to.
struct MarketSizes {
  MarketSize accounts;
  MarketSize people;
};
MarketSizes MarketOf(const v1::TargetDefinition& definition, const book::Settings& settings,
                     const Reach& reach);
// The share by whoever states the market. Nothing where its size is not known.
std::optional<Penetration> PenetrationIn(const MarketSize& market, const ByVerdict& reached,
                                         const ByVerdict& recorded);

}  // namespace gtm::targeting::domain
