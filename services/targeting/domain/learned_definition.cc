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
  double range() const { return best - worst; }
};

// Of the levels, the last of which is for what is missing: it counts where cases had it.
Ends EndsOf(const std::vector<double>& log_odds, bool has_missing) {
  const auto end = log_odds.end() - (has_missing ? 0 : 1);
  return {*std::min_element(log_odds.begin(), end), *std::max_element(log_odds.begin(), end)};
}
Ends EndsOf(const ColumnEffect& effect) { return EndsOf(effect.log_odds, effect.rows.back() > 0); }
Ends EndsOf(const PairEffect& effect) { return EndsOf(effect.log_odds, effect.rows.back() > 0); }

int32_t ShareOf(double log_odds, const Ends& ends) {
  const double share = (std::clamp(log_odds, ends.worst, ends.best) - ends.worst) / ends.range();
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
  const double other = bins.pools_rare ? effect.log_odds[static_cast<size_t>(own)] : 0.0;
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
                              const std::string& technology, const Ends& ends) {
  const auto level_of = [&](const char* word) {
    const auto code = std::find(column.words.begin(), column.words.end(), word);
    return effect.bins.level_of_code[static_cast<size_t>(code - column.words.begin())];
  };
  const int32_t with = ShareOf(effect.log_odds[level_of("yes")], ends);
  const int32_t without = ShareOf(effect.log_odds[level_of("no")], ends);
  if (with >= without) return criteria::Choices{{{technology, with}}, without};
  return criteria::TechnologyPair{"no " + technology, technology, without, with, with, without};
}

// Levels of a column as an axis, and for each level of the axis that of the column; none for
// words that no case had.
struct LearnedAxis {
  criteria::Axis axis;
  std::vector<std::optional<uint16_t>> levels;
};

LearnedAxis AxisOf(const ColumnBins& bins, const LearnColumn& column,
                   const std::string& technology) {
  LearnedAxis out;
  if (bins.is_number) {
    out.axis.edges = bins.edges;
    for (uint16_t level = 0; level < bins.value_level_count; ++level) out.levels.push_back(level);
    return out;
  }
  const auto level_of = [&](std::string_view word) {
    const auto code = std::find(column.words.begin(), column.words.end(), word);
    return bins.level_of_code[static_cast<size_t>(code - column.words.begin())];
  };
  if (!technology.empty()) {
    out.axis.words = {technology};
    out.levels = {level_of("yes"), level_of("no")};
    return out;
  }
  const int own = bins.value_level_count - (bins.pools_rare ? 1 : 0);
  for (uint16_t level = 0; level < own; ++level) {
    for (size_t code = 0; code < column.words.size(); ++code) {
      if (bins.level_of_code[code] != level) continue;
      out.axis.words.push_back(column.words[code]);
      out.levels.emplace_back(level);
      break;
    }
  }
  out.levels.push_back(bins.pools_rare ? std::optional(static_cast<uint16_t>(own)) : std::nullopt);
  return out;
}

// A cell that no case can have had earns what cases have on the average.
criteria::Grid GridOf(const PairEffect& pair, const LearningCases& cases) {
  const auto axis_of = [&](const ColumnBins& bins, uint16_t column) {
    return AxisOf(bins, cases.table.columns[column], cases.attributes[column].technology);
  };
  const LearnedAxis first = axis_of(pair.first_bins, pair.first);
  const LearnedAxis second = axis_of(pair.second_bins, pair.second);
  criteria::Grid grid{cases.attributes[pair.second].attribute, first.axis, second.axis, {}};
  const Ends ends = EndsOf(pair);
  for (const auto& a : first.levels) {
    for (const auto& b : second.levels) {
      const double log_odds =
          a && b ? pair.log_odds[static_cast<size_t>(*a * pair.second_bins.value_level_count + *b)]
                 : 0.0;
      grid.shares_bps.push_back(ShareOf(log_odds, ends));
    }
  }
  return grid;
}

std::string NameOf(const LearnedAttribute& attribute) {
  return attribute.technology.empty()
             ? attribute.attribute.substr(attribute.attribute.find('.') + 1)
             : "technology_" + attribute.technology;
}

std::string IdOf(std::string id, std::set<std::string>* taken) {
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
  if (!technology.empty()) return TechnologyRule(effect, column, technology, ends);
  if (effect.bins.is_number) return BandsOf(effect, ends);
  return ChoicesOf(effect, column, ends);
}

// A column, or a pair of columns, that becomes a criterion.
struct Source {
  const std::vector<double>* log_odds;  // the last is for what is missing
  Ends ends;
  size_t column;
  const PairEffect* pair;  // null for a column
};

bool IsEngagement(const Source& source, const LearningCases& cases) {
  if (source.pair == nullptr) return cases.attributes[source.column].is_engagement;
  return cases.attributes[source.pair->first].is_engagement ||
         cases.attributes[source.pair->second].is_engagement;
}

criteria::Criterion CriterionOf(const Source& source, const Scorecard& card,
                                const LearningCases& cases, std::set<std::string>* taken) {
  criteria::Criterion criterion;
  const LearnedAttribute& attribute =
      cases.attributes[source.pair == nullptr ? source.column : source.pair->first];
  criterion.attribute = attribute.attribute;
  criterion.weight =
      std::clamp(static_cast<int32_t>(std::lround(source.ends.range() * kWeightScale)), 1,
                 criteria::kWeightMax);
  criterion.missing_share_bps = ShareOf(source.log_odds->back(), source.ends);
  if (source.pair != nullptr) {
    const LearnedAttribute& second = cases.attributes[source.pair->second];
    criterion.id = IdOf(NameOf(attribute) + "_and_" + NameOf(second), taken);
    criterion.rule = GridOf(*source.pair, cases);
  } else {
    criterion.id = IdOf(NameOf(attribute), taken);
    criterion.rule = RuleOf(card.columns[source.column], cases.table.columns[source.column],
                            attribute.technology);
  }
  return criterion;
}

}  // namespace

double EffectRange(const ColumnEffect& effect) {
  return effect.bins.value_level_count == 0 ? 0 : EndsOf(effect).range();
}

double EffectRange(const PairEffect& effect) { return EndsOf(effect).range(); }

bool IsWorthACriterion(const ColumnEffect& effect) {
  return EffectRange(effect) >= kEffectRangeMin;
}

bool IsWorthACriterion(const PairEffect& effect) { return EffectRange(effect) >= kEffectRangeMin; }

std::string LevelLabel(const ColumnBins& bins, const LearnColumn& column, uint16_t level) {
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

stats::LogitScale CurveOfCard(const Scorecard& card, const LearnTable& table,
                              std::span<const uint32_t> rows, const std::vector<double>& points) {
  const auto n = static_cast<double>(rows.size());
  double point_mean = 0, mean = 0;
  std::vector<double> log_odds;
  for (const uint32_t row : rows) {
    log_odds.push_back(card.LogOdds(table, row));
    point_mean += points[row] / n;
    mean += log_odds.back() / n;
  }
  double squares = 0, products = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double point = points[rows[i]] - point_mean;
    squares += point * point;
    products += point * (log_odds[i] - mean);
  }
  constexpr double kSquaresMin = 1e-9;  // all points are the same
  stats::LogitScale curve;
  curve.factor = squares > kSquaresMin ? products / squares : 0;
  curve.shift = mean - curve.factor * point_mean;
  return curve;
}

LearnedDefinition DefinitionOf(const Scorecard& card, const LearningCases& cases,
                               const EngagementRule& engagement_rule) {
  LearnedDefinition learned;
  learned.spec.engagement_rule = engagement_rule;
  std::vector<Source> sources;
  for (size_t c = 0; c < card.columns.size(); ++c) {
    learned.points.emplace_back(card.columns[c].log_odds.size(), 0.0);
    if (IsWorthACriterion(card.columns[c])) {
      sources.push_back({&card.columns[c].log_odds, EndsOf(card.columns[c]), c, nullptr});
    }
  }
  for (const PairEffect& pair : card.pairs) {
    learned.pair_points.emplace_back(pair.log_odds.size(), 0.0);
    if (IsWorthACriterion(pair)) sources.push_back({&pair.log_odds, EndsOf(pair), 0, &pair});
  }
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    return a.ends.range() > b.ends.range();
  });
  if (sources.size() > criteria::kCriteriaMax) sources.resize(criteria::kCriteriaMax);
  double of_fit = 0, of_engagement = 0;
  std::set<std::string> taken;
  for (const Source& source : sources) {
    const bool is_engagement = IsEngagement(source, cases);
    auto& kind = is_engagement ? learned.spec.engagement_criteria : learned.spec.account_criteria;
    kind.push_back(CriterionOf(source, card, cases, &taken));
    (is_engagement ? of_engagement : of_fit) += source.ends.range();
  }
  learned.range_log_odds = of_fit + of_engagement;
  if (sources.empty()) return learned;
  for (const Source& source : sources) {
    std::vector<double>& points =
        source.pair == nullptr
            ? learned.points[source.column]
            : learned.pair_points[static_cast<size_t>(source.pair - card.pairs.data())];
    for (size_t level = 0; level < points.size(); ++level) {
      const double log_odds =
          std::clamp((*source.log_odds)[level], source.ends.worst, source.ends.best);
      points[level] = 100 * (log_odds - source.ends.worst) / learned.range_log_odds;
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
