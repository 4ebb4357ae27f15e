#include "services/targeting/domain/learned_definition.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using criteria::kFullShareBps;

constexpr int32_t kShareStepBps = 100;  // shares are whole hundredths of the weight
constexpr size_t kIdLengthMax = 63;
constexpr double kWeightScale = 1'000;  // a weight is thousandths of log odds

struct Ends {
  double worst = 0;
  double best = 0;
};

Ends EndsOf(const ColumnEffect& effect) {
  const auto values = effect.log_odds.begin() + effect.bins.value_level_count;
  return {*std::min_element(effect.log_odds.begin(), values),
          *std::max_element(effect.log_odds.begin(), values)};
}

int32_t ShareOf(double log_odds, const Ends& ends) {
  const double share = (log_odds - ends.worst) / (ends.best - ends.worst);
  return static_cast<int32_t>(std::lround(share * kFullShareBps / kShareStepBps)) * kShareStepBps;
}

std::string BandText(const std::optional<double>& min, const std::optional<double>& max) {
  if (!min && !max) return "any";
  if (!min) return fmt::format("below {}", *max);
  if (!max) return fmt::format("{} and more", *min);
  return fmt::format("{} to {}", *min, *max);
}

// Neighbours of equal share are one band.
criteria::Bands BandsOf(const ColumnEffect& effect, const Ends& ends) {
  criteria::Bands rule;
  const std::vector<double>& edges = effect.bins.edges;
  for (size_t level = 0; level <= edges.size(); ++level) {
    const int32_t share = ShareOf(effect.log_odds[level], ends);
    if (rule.bands.empty() || rule.bands.back().share_bps != share) {
      criteria::Band band;
      if (level > 0) band.min = edges[level - 1];
      band.share_bps = share;
      rule.bands.push_back(band);
    }
    rule.bands.back().max = level < edges.size() ? std::optional(edges[level]) : std::nullopt;
  }
  return rule;
}

// Words that are no level of their own share that of the rare ones, else the mean.
criteria::Choices ChoicesOf(const ColumnEffect& effect, const LearnColumn& column,
                            const Ends& ends) {
  criteria::Choices rule;
  const ColumnBins& bins = effect.bins;
  const int own = bins.value_level_count - (bins.pools_rare ? 1 : 0);
  const double other = bins.pools_rare ? effect.log_odds[static_cast<size_t>(own)]
                                       : std::clamp(0.0, ends.worst, ends.best);
  rule.other_share_bps = ShareOf(other, ends);
  std::vector<std::pair<int, uint32_t>> order;
  for (uint32_t code = 0; code < column.words.size(); ++code) {
    if (bins.level_of_code[code] < own) order.emplace_back(bins.level_of_code[code], code);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [level, code] : order) {
    rule.choices.push_back(
        {column.words[code], ShareOf(effect.log_odds[static_cast<size_t>(level)], ends)});
  }
  return rule;
}

// A technology that speaks for an account is a choice of the list; of one that speaks
// against, the best choice of a list says nothing, but a pair does: it earns in full
// without it, whatever else there is.
criteria::Rule TechnologyRule(const ColumnEffect& effect, const LearnColumn& column,
                              const std::string& technology) {
  const auto level_of = [&](const char* word) {
    const auto code = std::find(column.words.begin(), column.words.end(), word);
    return effect.bins.level_of_code[static_cast<size_t>(code - column.words.begin())];
  };
  if (effect.log_odds[level_of("yes")] >= effect.log_odds[level_of("no")]) {
    return criteria::Choices{{{technology, kFullShareBps}}, 0};
  }
  return criteria::TechnologyPair{"no " + technology, technology, kFullShareBps, 0, 0,
                                  kFullShareBps};
}

std::string IdOf(const LearnedAttribute& attribute, std::set<std::string>* taken) {
  std::string id = attribute.attribute.substr(attribute.attribute.find('.') + 1);
  if (!attribute.technology.empty()) id = "technology_" + attribute.technology;
  for (char& c : id) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  id.resize(std::min(id.size(), kIdLengthMax - 4));
  std::string free = id;
  for (int i = 2; !taken->insert(free).second; ++i) free = fmt::format("{}_{}", id, i);
  return free;
}

criteria::Rule RuleOf(const ColumnEffect& effect, const LearnColumn& column,
                      const std::string& technology) {
  const Ends ends = EndsOf(effect);
  if (!technology.empty()) return TechnologyRule(effect, column, technology);
  if (effect.bins.is_number) return BandsOf(effect, ends);
  return ChoicesOf(effect, column, ends);
}

}  // namespace

double EffectRange(const ColumnEffect& effect) {
  if (effect.bins.value_level_count == 0) return 0;
  const Ends ends = EndsOf(effect);
  return ends.best - ends.worst;
}

bool IsWorthACriterion(const ColumnEffect& effect) {
  return effect.parameters >= kEffectParametersMin && EffectRange(effect) >= kEffectRangeMin;
}

std::string LevelLabel(const ColumnEffect& effect, const LearnColumn& column, uint16_t level) {
  const ColumnBins& bins = effect.bins;
  if (level == bins.missing_level()) return "missing";
  if (bins.is_number) {
    return BandText(level > 0 ? std::optional(bins.edges[level - 1U]) : std::nullopt,
                    level < bins.edges.size() ? std::optional(bins.edges[level]) : std::nullopt);
  }
  if (bins.pools_rare && level + 1 == bins.value_level_count) return "other";
  for (size_t code = 0; code < column.words.size(); ++code) {
    if (bins.level_of_code[code] == level) return column.words[code];
  }
  return "other";
}

LearnedDefinition DefinitionOf(const Scorecard& card, const LearningCases& cases,
                               const EngagementRule& engagement_rule) {
  LearnedDefinition learned;
  learned.spec.engagement_rule = engagement_rule;
  std::vector<size_t> order;
  for (size_t c = 0; c < card.columns.size(); ++c) {
    learned.points.emplace_back(card.columns[c].log_odds.size(), 0.0);
    if (IsWorthACriterion(card.columns[c])) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return EffectRange(card.columns[a]) > EffectRange(card.columns[b]);
  });
  if (order.size() > criteria::kCriteriaMax) order.resize(criteria::kCriteriaMax);
  double of_fit = 0, of_engagement = 0;
  std::set<std::string> taken;
  for (const size_t c : order) {
    const ColumnEffect& effect = card.columns[c];
    const LearnedAttribute& attribute = cases.attributes[c];
    const double range = EffectRange(effect);
    criteria::Criterion criterion;
    criterion.id = IdOf(attribute, &taken);
    criterion.attribute = attribute.attribute;
    criterion.weight = std::clamp(static_cast<int32_t>(std::lround(range * kWeightScale)), 1,
                                  criteria::kWeightMax);
    criterion.rule = RuleOf(effect, cases.table.columns[c], attribute.technology);
    auto& kind =
        attribute.is_engagement ? learned.spec.engagement_criteria : learned.spec.account_criteria;
    (attribute.is_engagement ? of_engagement : of_fit) += range;
    kind.push_back(std::move(criterion));
  }
  learned.range_log_odds = of_fit + of_engagement;
  if (order.empty()) return learned;
  for (const size_t c : order) {
    const ColumnEffect& effect = card.columns[c];
    const double worst = EndsOf(effect).worst;
    for (size_t level = 0; level < effect.bins.value_level_count; ++level) {
      learned.points[c][level] = 100 * (effect.log_odds[level] - worst) / learned.range_log_odds;
    }
  }
  if (learned.spec.account_criteria.empty()) {
    std::swap(learned.spec.account_criteria, learned.spec.engagement_criteria);
  }
  if (!learned.spec.engagement_criteria.empty()) {
    constexpr double kPriorityWeights = 1'000;
    const double share = of_engagement / learned.range_log_odds;
    const auto weight = static_cast<int32_t>(std::lround(share * kPriorityWeights));
    learned.spec.engagement_priority_weight = std::clamp(weight, 1, 999);
    learned.spec.fit_priority_weight = 1'000 - learned.spec.engagement_priority_weight;
  }
  return learned;
}

}  // namespace gtm::targeting::domain
