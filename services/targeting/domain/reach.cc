#include "services/targeting/domain/reach.h"

#include <algorithm>
#include <vector>

#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {
namespace {

// What the touches of one account show.
struct Acts {
  bool touched = false;
  bool approached = false;  // we acted before the buyer did
  bool answered = false;
  int64_t engagements = 0;
  std::vector<uint32_t> people;  // who acted, each once

  void Read(std::span<const book::EngagementEvent> events, const book::BookView& view) {
    touched = !events.empty();
    approached = answered = false;
    engagements = 0;
    people.clear();
    for (const book::EngagementEvent& event : events) {
      if (!IsBuyerTouch(event)) {
        approached = approached || engagements == 0;
        continue;
      }
      answered = answered || approached;
      engagements += event.count;
      if (book::IsRow(event.contact) && view.is_live(event.contact)) {
        people.push_back(static_cast<uint32_t>(event.contact));
      }
    }
    std::sort(people.begin(), people.end());
    people.erase(std::unique(people.begin(), people.end()), people.end());
  }
};

}  // namespace

MarketSize SizeOf(int64_t definition_count, int64_t settings_count, int64_t recorded_count) {
  if (definition_count > 0) return {definition_count, MarketSource::kDefinition};
  if (settings_count > 0) return {settings_count, MarketSource::kSettings};
  return {recorded_count, MarketSource::kRecorded};
}

Result<Reach> MeasureReach(const Audience& audience, const book::BookView& view,
                           const TimeSpan& window, const GroupRule& rule,
                           const CheckAlive& check_alive) {
  Reach reach;
  GroupMeter meter(view, rule, window, audience.as_of);
  Acts acts;
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (!view.is_live(row)) continue;
    const Verdict verdict = audience.verdict(row);
    const BuyingGroup group = meter.Measure(row);
    acts.Read(TouchesIn(view.engagements_of(row), window), view);
    reach.accounts.Add(verdict);
    reach.people.Add(verdict, group.known_people);
    if (acts.touched) reach.touched_accounts.Add(verdict);
    if (acts.engagements > 0) reach.engaged_accounts.Add(verdict);
    reach.engaged_people.Add(verdict, static_cast<int64_t>(acts.people.size()));
    reach.engagements.Add(verdict, acts.engagements);
    if (verdict != Verdict::kTarget) continue;
    reach.approached_targets += acts.approached;
    reach.answered_targets += acts.answered;
    ++reach.groups[static_cast<size_t>(group.coverage)];
  }
  return reach;
}

Penetration PenetrationOf(const ByVerdict& reached, int64_t market_count) {
  const auto market = static_cast<double>(market_count);
  const double sure = static_cast<double>(reached.target) / market;
  const double possible = static_cast<double>(reached.target + reached.undecided) / market;
  return {sure, {sure, possible}};
}

Penetration PenetrationOfRecorded(const ByVerdict& reached, const ByVerdict& recorded) {
  const auto share = [](int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  const int64_t silent_undecided = recorded.undecided - reached.undecided;
  return {share(reached.target, recorded.target),
          {share(reached.target, recorded.target + silent_undecided),
           share(reached.target + reached.undecided, recorded.target + reached.undecided)}};
}

MarketSizes MarketOf(const v1::TargetDefinition& definition, const book::Settings& settings,
                     const Reach& reach) {
  return {
      SizeOf(definition.market_account_count(), settings.market_account_count,
             reach.accounts.target),
      SizeOf(definition.market_people_count(), settings.market_people_count, reach.people.target)};
}

std::optional<Penetration> PenetrationIn(const MarketSize& market, const ByVerdict& reached,
                                         const ByVerdict& recorded) {
  if (market.count == 0) return std::nullopt;
  return market.source == MarketSource::kRecorded ? PenetrationOfRecorded(reached, recorded)
                                                  : PenetrationOf(reached, market.count);
}

}  // namespace gtm::targeting::domain
