#include "services/targeting/domain/trigger_statistics.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"

namespace gtm::targeting::domain {
namespace {

std::string_view KeyOf(const book::AccountFacts& account, TriggerDimension dimension) {
  switch (dimension) {
    case TriggerDimension::kIndustry:
      return account.industry;
    case TriggerDimension::kRegion:
      return account.region;
    default:
      return account.segment;
  }
}

// Segments by their lower-case form; shown as written first.
class Tally {
 public:
  SegmentTriggers& Of(std::string_view name) {
    const auto [entry, is_new] =
        segments_.try_emplace(absl::AsciiStrToLower({name.data(), name.size()}));
    if (is_new) entry->second.segment = std::string(name);
    return entry->second;
  }
  std::vector<SegmentTriggers> Ranked() && {
    std::vector<SegmentTriggers> out;
    for (auto& [key, segment] : segments_) out.push_back(std::move(segment));
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return a.account_count > b.account_count;
    });
    if (out.size() > kTriggerSegmentsMax) out.resize(kTriggerSegmentsMax);
    return out;
  }

 private:
  std::map<std::string, SegmentTriggers> segments_;
};

// How a closed deal counts.
struct Deal {
  bool won = false;
  std::array<bool, 4> active{};  // by TriggerType
  bool any_active = false;
  bool undecided = false;
  std::set<std::pair<TriggerType, std::string>> subtypes;  // active, in lower case
};

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower({text.data(), text.size()});
}

class SubtypeTallies {
 public:
  SubtypeTally& Of(TriggerType type, const std::string& name) {
    const auto [entry, is_new] = tallies_.try_emplace({type, Lower(name)});
    if (is_new) {
      entry->second.type = type;
      entry->second.subtype = name;
    }
    return entry->second;
  }
  std::vector<SubtypeTally> Ranked() && {
    std::vector<SubtypeTally> out;
    for (auto& [key, tally] : tallies_) {
      if (tally.event_count > 0) out.push_back(std::move(tally));
    }
    std::stable_sort(out.begin(), out.end(), [](const SubtypeTally& a, const SubtypeTally& b) {
      return a.event_count > b.event_count;
    });
    if (out.size() > kTriggerSubtypesMax) out.resize(kTriggerSubtypesMax);
    return out;
  }

 private:
  std::map<std::pair<TriggerType, std::string>, SubtypeTally> tallies_;
};

void Add(const Deal& deal, SegmentTriggers* out) {
  if (deal.any_active) {
    out->with.Add(deal.won);
    for (size_t type = 1; type < deal.active.size(); ++type) {
      if (deal.active[type]) out->types[type].deals.Add(deal.won);
    }
  } else if (deal.undecided) {
    ++out->undecided_deal_count;
  } else {
    out->without.Add(deal.won);
  }
}

// The deals of an account that qualified in [from, as_of] and are closed.
std::vector<Deal> ClosedDeals(const book::BookView& view, const UrgencyReader& reader,
                              book::AccountRow account, absl::Time from, absl::Time as_of) {
  std::vector<Deal> out;
  for (const book::OpportunityRow row : view.opportunities_of(account)) {
    const book::OpportunityFacts facts = view.opportunity(row);
    const auto qualified = book::QualifiedTime(facts, as_of);
    if (!qualified || *qualified < from) continue;
    Deal deal;
    deal.won = book::WonTime(facts, as_of).has_value();
    if (!deal.won && !book::LostTime(facts, as_of)) continue;
    for (const TriggerAssessment& trigger : reader.Triggers(account, *qualified)) {
      const bool active = trigger.verdict == TriggerVerdict::kActive;
      deal.any_active = deal.any_active || active;
      deal.undecided = deal.undecided || trigger.verdict == TriggerVerdict::kUndecided;
      if (!active) continue;
      deal.active[static_cast<size_t>(trigger.type)] = true;
      if (!trigger.event_id.empty()) deal.subtypes.insert({trigger.type, Lower(trigger.subtype)});
    }
    out.push_back(std::move(deal));
  }
  return out;
}

}  // namespace

Result<TriggerStatistics> CountTriggers(const book::BookView& view, const UrgencyRules& rules,
                                        const TriggerStatisticsQuestion& question,
                                        const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  const UrgencyReader reader(view, rules);
  const absl::Time from = question.from();
  TriggerStatistics out;
  Tally tally;
  SubtypeTallies subtypes;
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (!view.is_live(row)) continue;
    SegmentTriggers& segment = tally.Of(KeyOf(view.account(row), question.dimension));
    const std::vector<Deal> deals = ClosedDeals(view, reader, row, from, question.as_of);
    for (SegmentTriggers* counted : {&segment, &out.all}) {
      ++counted->account_count;
      for (const Deal& deal : deals) Add(deal, counted);
    }
    for (const Deal& deal : deals) {
      for (const auto& [type, name] : deal.subtypes) subtypes.Of(type, name).deals.Add(deal.won);
    }
    for (const TriggerAssessment& trigger : reader.Triggers(row, question.as_of)) {
      // The leadership change of an account record is no event that somebody found.
      if (trigger.event_id.empty() || trigger.start_time < from) continue;
      for (SegmentTriggers* counted : {&segment, &out.all}) {
        TypeTally& type = counted->types[static_cast<size_t>(trigger.type) % 4];
        ++type.event_count;
        type.false_count += trigger.verdict == TriggerVerdict::kFalse ? 1 : 0;
      }
      SubtypeTally& subtype = subtypes.Of(trigger.type, trigger.subtype);
      if (subtype.event_count++ == 0) subtype.subtype = trigger.subtype;
      subtype.false_count += trigger.verdict == TriggerVerdict::kFalse ? 1 : 0;
    }
  }
  out.segments = std::move(tally).Ranked();
  out.subtypes = std::move(subtypes).Ranked();
  return out;
}

}  // namespace gtm::targeting::domain
