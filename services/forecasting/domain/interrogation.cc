#include "services/forecasting/domain/interrogation.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

// What is learned once for all deals.
struct Learned {
  std::vector<int32_t> won_ages;                    // rising
  std::vector<std::optional<AccountTrend>> trends;  // by account
};

Learned Learn(const DealTable& table, const PipelineFacts& facts) {
  Learned learned;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kWon) {
      learned.won_ages.push_back(deal.closed_day - deal.qualified_day);
    }
  }
  std::sort(learned.won_ages.begin(), learned.won_ages.end());
  learned.trends.resize(facts.accounts.size());
  for (size_t i = 0; i < facts.accounts.size(); ++i) {
    learned.trends[i] = TrendOf(facts.accounts[i].weeks, facts.trend_baseline);
  }
  return learned;
}

StuckJudgement JudgeStage(const DealTable& table, const PipelineFacts& facts, const Deal& deal) {
  const auto days = facts.won_stage_days.find(deal.stage_id);
  if (days == facts.won_stage_days.end()) return {};
  return JudgeLength(days->second, table.today - deal.stage_day);
}

InterrogatedDeal Look(const DealTable& table, const PipelineFacts& facts, const Learned& learned,
                      const DealChance& chance, size_t index, const InterrogationRules& rules) {
  const DealFacts& facts_of_deal = facts.deals[index];
  const Deal& row = table.deals[chance.deal];
  InterrogatedDeal deal;
  deal.chance = chance;
  deal.facts = index;
  deal.evidence = FindEvidence(table, facts, facts_of_deal);
  if (facts_of_deal.account >= 0) {
    deal.trend = learned.trends[static_cast<size_t>(facts_of_deal.account)];
  }
  deal.trust = JudgeTrust(table, facts, facts_of_deal);
  deal.age = JudgeLength(learned.won_ages, table.age_days(row));
  deal.stage_age = JudgeStage(table, facts, row);
  const DealCase deal_case = {
      table,      facts,    facts_of_deal,  deal.evidence, deal.trend ? &*deal.trend : nullptr,
      deal.trust, deal.age, deal.stage_age, rules};
  deal.warnings = WarnOf(deal_case);
  std::stable_sort(deal.warnings.begin(), deal.warnings.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  return deal;
}

void SumUp(const DealTable& table, Interrogation* result) {
  std::array<WarningTotal, kDealWarningTypeCount> totals{};
  for (const InterrogatedDeal& deal : result->deals) {
    const int64_t amount = table.deals[deal.chance.deal].amount_micros.value_or(0);
    const int64_t expected = deal.chance.expected_micros;
    result->amount_micros = AddClamped(result->amount_micros, amount);
    result->expected_micros = AddClamped(result->expected_micros, expected);
    result->completeness += deal.evidence.completeness;
    bool is_warned = false;
    for (const DealWarning& warning : deal.warnings) {
      WarningTotal& total = totals[static_cast<size_t>(warning.type) - 1];
      total.type = warning.type;
      ++total.deal_count;
      total.high_count += warning.severity == Severity::kHigh;
      total.amount_micros = AddClamped(total.amount_micros, amount);
      total.expected_micros = AddClamped(total.expected_micros, expected);
      is_warned |= warning.severity > Severity::kInfo;
    }
    if (!is_warned) continue;
    ++result->warned_count;
    result->warned_micros = AddClamped(result->warned_micros, expected);
  }
  if (!result->deals.empty()) result->completeness /= static_cast<double>(result->deals.size());
  for (const WarningTotal& total : totals) {
    if (total.deal_count > 0) result->totals.push_back(total);
  }
  std::stable_sort(result->totals.begin(), result->totals.end(), [](const auto& a, const auto& b) {
    return a.expected_micros > b.expected_micros;
  });
}

void FindGaps(Interrogation* result) {
  const auto deal_count = static_cast<int64_t>(result->deals.size());
  if (deal_count == 0) return;
  std::array<int64_t, kEvidenceKindCount> unknown{};
  for (const InterrogatedDeal& deal : result->deals) {
    for (const EvidenceItem& item : deal.evidence.items) {
      unknown[static_cast<size_t>(item.kind) - 1] += item.state == EvidenceState::kNotRecorded;
    }
  }
  for (size_t i = 0; i < unknown.size(); ++i) {
    if (unknown[i] != deal_count) continue;
    result->gaps.push_back({static_cast<EvidenceKind>(i + 1), deal_count});
  }
}

void CountLosses(const PipelineFacts& facts, const Selection& selection, Interrogation* result) {
  std::map<std::string, int64_t> counts;
  for (const LossReason& loss : facts.losses) {
    if (!selection.Holds(loss.owner_seller_id, loss.segment)) continue;
    ++counts[loss.reason];
    ++result->loss_count;
  }
  for (const auto& [reason, count] : counts) result->losses.push_back({reason, count});
  std::stable_sort(result->losses.begin(), result->losses.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (result->losses.size() > kLossReasonsMax) result->losses.resize(kLossReasonsMax);
}

void DoubtWins(const DealTable& table, const PipelineFacts& facts, const Selection& selection,
               Interrogation* result) {
  const auto day_of = [&](const DoubtfulWin& doubtful) {
    return table.deals[facts.recent_wins[doubtful.win].deal].closed_day;
  };
  for (size_t i = 0; i < facts.recent_wins.size(); ++i) {
    if (!selection.Holds(table.deals[facts.recent_wins[i].deal])) continue;
    Trust trust = JudgeWin(table, facts, facts.recent_wins[i]);
    if (!trust.doubts.empty()) result->doubtful_wins.push_back({i, std::move(trust)});
  }
  std::stable_sort(result->doubtful_wins.begin(), result->doubtful_wins.end(),
                   [&](const auto& a, const auto& b) { return day_of(a) > day_of(b); });
  result->doubtful_win_count = static_cast<int64_t>(result->doubtful_wins.size());
  if (result->doubtful_wins.size() > kDoubtfulWinsMax) {
    result->doubtful_wins.resize(kDoubtfulWinsMax);
  }
}

}  // namespace

Interrogation Interrogate(const DealTable& table, const PipelineFacts& facts,
                          const std::vector<DealChance>& chances, const Selection& selection,
                          const InterrogationRules& rules) {
  Interrogation result;
  const Learned learned = Learn(table, facts);
  std::unordered_map<uint32_t, size_t> index_of;
  for (size_t i = 0; i < facts.deals.size(); ++i) index_of[facts.deals[i].deal] = i;
  for (const DealChance& chance : chances) {
    const auto index = index_of.find(chance.deal);
    if (index == index_of.end()) continue;
    result.deals.push_back(Look(table, facts, learned, chance, index->second, rules));
  }
  std::stable_sort(result.deals.begin(), result.deals.end(), [](const auto& a, const auto& b) {
    return a.chance.expected_micros > b.chance.expected_micros;  // by id already
  });
  for (const int64_t count : facts.touch_counts) result.channels_recorded += count > 0;
  SumUp(table, &result);
  FindGaps(&result);
  CountLosses(facts, selection, &result);
  DoubtWins(table, facts, selection, &result);
  return result;
}

namespace {

// The warnings of each of facts.deals, without chances, gravest first.
template <class Visit>
void EachWarnings(const DealTable& table, const PipelineFacts& facts,
                  const InterrogationRules& rules, Visit visit) {
  const Learned learned = Learn(table, facts);
  for (size_t i = 0; i < facts.deals.size(); ++i) {
    DealChance chance;
    chance.deal = facts.deals[i].deal;
    visit(Look(table, facts, learned, chance, i, rules).warnings);
  }
}

}  // namespace

std::vector<uint32_t> WarningMasks(const DealTable& table, const PipelineFacts& facts,
                                   const InterrogationRules& rules) {
  std::vector<uint32_t> masks;
  EachWarnings(table, facts, rules, [&](const std::vector<DealWarning>& warnings) {
    uint32_t mask = 0;
    for (const DealWarning& warning : warnings) mask |= MaskOf(warning.type);
    masks.push_back(mask);
  });
  return masks;
}

SeverityCounts CountBySeverity(const DealTable& table, const PipelineFacts& facts,
                               const InterrogationRules& rules) {
  SeverityCounts counts;
  EachWarnings(table, facts, rules, [&](const std::vector<DealWarning>& warnings) {
    const Severity gravest = warnings.empty() ? Severity::kInfo : warnings.front().severity;
    ++counts.by_severity[static_cast<size_t>(gravest)];
  });
  return counts;
}

}  // namespace gtm::forecasting::domain
