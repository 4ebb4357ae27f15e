#include "common/criteria/compiled.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/criteria/text.h"
#include "fmt/format.h"

namespace gtm::criteria::internal {
namespace {

// max * share / 10,000, half to even. At most 1e8 * 1e4: no overflow.
int64_t ShareOf(int64_t max_points, int32_t share_bps) {
  const int64_t product = max_points * share_bps;
  const int64_t quotient = product / kFullShareBps;
  const int64_t twice = 2 * (product % kFullShareBps);
  if (twice > kFullShareBps || (twice == kFullShareBps && quotient % 2 == 1)) return quotient + 1;
  return quotient;
}

// "1,000", "12.5".
std::string NumberText(double number) {
  if (number == std::floor(number) && std::fabs(number) < 1e15) {
    std::string digits = fmt::format("{:.0f}", std::fabs(number));
    for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, ",");
    return (number < 0 ? "-" : "") + digits;
  }
  return fmt::format("{}", number);
}

std::string BandText(const Band& band) {
  if (!band.label.empty()) return band.label;
  if (band.min && band.max) {
    return fmt::format("{} to {}", NumberText(*band.min), NumberText(*band.max));
  }
  if (band.min) return fmt::format("{} and more", NumberText(*band.min));
  if (band.max) return fmt::format("below {}", NumberText(*band.max));
  return "any number";
}

void CompileBands(const Bands& rule, CompiledCriterion* out) {
  constexpr const char* kGap = "no band";
  out->kind = CompiledCriterion::Kind::kBands;
  out->points = {0};
  out->labels = {kGap};
  for (const Band& band : rule.bands) {
    const bool continues = !band.min || (!out->edges.empty() && out->edges.back() == *band.min);
    if (!continues) {
      out->edges.push_back(*band.min);
      out->points.push_back(0);
      out->labels.emplace_back();
    }
    out->points.back() = ShareOf(out->max_points, band.share_bps);
    out->labels.back() = BandText(band);
    if (band.max) {
      out->edges.push_back(*band.max);
      out->points.push_back(0);
      out->labels.emplace_back(kGap);
    }
  }
}

void CompileChoices(const Choices& rule, CompiledCriterion* out) {
  out->kind = CompiledCriterion::Kind::kChoices;
  for (const Choice& choice : rule.choices) {
    out->words.emplace_back(Lower(choice.value), static_cast<uint32_t>(out->points.size()));
    out->points.push_back(ShareOf(out->max_points, choice.share_bps));
    out->labels.push_back(choice.value);
  }
  out->points.push_back(ShareOf(out->max_points, rule.other_share_bps));
  out->labels.emplace_back("other");
  std::sort(out->words.begin(), out->words.end(),
            [](const auto& a, const auto& b) { return CompareWords(a.first, b.first) < 0; });
}

void CompilePair(const TechnologyPair& rule, CompiledCriterion* out) {
  out->kind = CompiledCriterion::Kind::kPair;
  out->favorable = rule.favorable;
  out->alternative = rule.alternative;
  for (int32_t share : {rule.favorable_share_bps, rule.both_share_bps, rule.alternative_share_bps,
                        rule.neither_share_bps}) {
    out->points.push_back(ShareOf(out->max_points, share));
  }
  out->labels = {fmt::format("{} without {}", rule.favorable, rule.alternative),
                 fmt::format("both {} and {}", rule.favorable, rule.alternative),
                 fmt::format("{} without {}", rule.alternative, rule.favorable),
                 fmt::format("neither {} nor {}", rule.favorable, rule.alternative)};
}

CompiledAxis CompileAxis(const Axis& axis) {
  CompiledAxis out;
  out.edges = axis.edges;
  for (const std::string& word : axis.words) out.words.push_back(Lower(word));
  out.level_count = static_cast<uint32_t>(axis.level_count());
  return out;
}

std::string LevelText(const Axis& axis, size_t level) {
  if (axis.edges.empty()) return level < axis.words.size() ? axis.words[level] : "other";
  Band band;
  if (level > 0) band.min = axis.edges[level - 1];
  if (level < axis.edges.size()) band.max = axis.edges[level];
  return BandText(band);
}

void CompileGrid(const Grid& rule, CompiledCriterion* out) {
  out->kind = CompiledCriterion::Kind::kGrid;
  out->first = CompileAxis(rule.first);
  out->second = CompileAxis(rule.second);
  for (size_t a = 0; a < rule.first.level_count(); ++a) {
    for (size_t b = 0; b < rule.second.level_count(); ++b) {
      const int32_t share = rule.shares_bps[a * rule.second.level_count() + b];
      out->points.push_back(ShareOf(out->max_points, share));
      out->labels.push_back(
          fmt::format("{} with {}", LevelText(rule.first, a), LevelText(rule.second, b)));
    }
  }
}

}  // namespace

uint32_t CompiledAxis::LevelOf(double number) const {
  uint32_t level = 0;
  for (const double edge : edges) level += number >= edge ? 1 : 0;
  return level;
}

uint32_t CompiledAxis::LevelOf(std::string_view word) const {
  for (size_t level = 0; level < words.size(); ++level) {
    if (SameWord(words[level], word)) return static_cast<uint32_t>(level);
  }
  return level_count - 1;
}

uint32_t CompiledAxis::LevelOf(const Value& value) const {
  if (words.empty()) return value.number() != nullptr ? LevelOf(*value.number()) : kNoLevel;
  if (!value.is_text()) return kNoLevel;
  uint32_t level = level_count - 1;
  for (const std::string_view word : value.words()) level = std::min(level, LevelOf(word));
  return level;
}

uint32_t CompiledCriterion::OutcomeOf(const Value& one, const Value& other) const {
  const uint32_t a = first.LevelOf(one);
  const uint32_t b = second.LevelOf(other);
  if (a == CompiledAxis::kNoLevel || b == CompiledAxis::kNoLevel) return kMissingOutcome;
  return a * second.level_count + b;
}

std::pair<int64_t, int64_t> CompiledCriterion::RangeAmong(std::span<const Value> values,
                                                          uint32_t outcome) const {
  // Levels of the first and of the second that are possible, each from where it stands on.
  const bool is_grid = kind == Kind::kGrid;
  const uint32_t across = is_grid ? second.level_count : 1;
  const auto end = [](bool open, uint32_t at, size_t level_count) {
    return open ? static_cast<uint32_t>(level_count) : at + 1;
  };
  const uint32_t a = outcome / across, b = outcome % across;
  const uint32_t a_end = end(values[input].is_at_least(), a, points.size() / across);
  const uint32_t b_end = end(is_grid && values[input + 1].is_at_least(), b, across);
  std::pair<int64_t, int64_t> range{points[outcome], points[outcome]};
  for (uint32_t i = a; i < a_end; ++i) {
    for (uint32_t j = b; j < b_end; ++j) {
      range.first = std::min(range.first, points[i * across + j]);
      range.second = std::max(range.second, points[i * across + j]);
    }
  }
  return range;
}

uint32_t CompiledCriterion::OutcomeOf(double number) const {
  uint32_t outcome = 0;
  for (const double edge : edges) outcome += number >= edge ? 1 : 0;
  return outcome;
}

uint32_t CompiledCriterion::OutcomeOf(std::string_view word) const {
  const auto found = std::lower_bound(
      words.begin(), words.end(), word,
      [](const auto& a, std::string_view b) { return CompareWords(a.first, b) < 0; });
  if (found != words.end() && SameWord(found->first, word)) return found->second;
  return static_cast<uint32_t>(points.size() - 1);
}

uint32_t CompiledCriterion::SideOf(std::string_view word) const {
  if (SameWord(word, favorable)) return 1;
  return SameWord(word, alternative) ? 2 : 0;
}

uint32_t CompiledCriterion::OutcomeOf(const Value& value) const {
  if (kind == Kind::kBands) {
    return value.number() != nullptr ? OutcomeOf(*value.number()) : kMissingOutcome;
  }
  if (!value.is_text()) return kMissingOutcome;
  if (kind == Kind::kPair) {
    uint32_t sides = 0;
    for (std::string_view word : value.words()) sides |= SideOf(word);
    constexpr PairOutcome kBySides[] = {kNeither, kFavorable, kAlternative, kBoth};
    return kBySides[sides];
  }
  // The best of a list counts.
  const std::span<const std::string_view> all = value.words();
  if (all.empty()) return static_cast<uint32_t>(points.size() - 1);
  uint32_t best = OutcomeOf(all.front());
  for (const std::string_view word : all.subspan(1)) best = BetterOf(best, OutcomeOf(word));
  return best;
}

CompiledCriterion CompileCriterion(const Criterion& criterion, int64_t max_points, uint32_t input) {
  CompiledCriterion out;
  out.max_points = max_points;
  out.input = input;
  if (const auto* bands = std::get_if<Bands>(&criterion.rule)) CompileBands(*bands, &out);
  if (const auto* choices = std::get_if<Choices>(&criterion.rule)) CompileChoices(*choices, &out);
  if (const auto* pair = std::get_if<TechnologyPair>(&criterion.rule)) CompilePair(*pair, &out);
  if (const auto* grid = std::get_if<Grid>(&criterion.rule)) CompileGrid(*grid, &out);
  const auto [least, most] = std::minmax_element(out.points.begin(), out.points.end());
  out.least_points = *least;
  out.most_points = *most;
  out.missing_points = criterion.missing_share_bps
                           ? ShareOf(max_points, *criterion.missing_share_bps)
                           : out.least_points;
  return out;
}

std::vector<int64_t> ScaleWeights(std::span<const Criterion> criteria) {
  int64_t total = 0;
  for (const Criterion& criterion : criteria) total += criterion.weight;
  std::vector<int64_t> scaled(criteria.size());
  std::vector<int64_t> remainders(criteria.size());
  int64_t left = kFullScoreMicropoints;
  for (size_t i = 0; i < criteria.size(); ++i) {
    const int64_t product = criteria[i].weight * kFullScoreMicropoints;
    scaled[i] = product / total;
    remainders[i] = product % total;
    left -= scaled[i];
  }
  std::vector<size_t> order(criteria.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (int64_t i = 0; i < left; ++i) ++scaled[order[i]];
  return scaled;
}

}  // namespace gtm::criteria::internal
