#include "services/targeting/domain/test_scorecard_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_replace.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr int32_t kShareStep = 100;  // whole percent
constexpr int32_t kFullPoints = 100;
// Bands are joined as long as less than this share of a column's variance is lost.
constexpr double kJoinLossMax = 0.02;

// Joins neighbouring bands of a number, those that cost least first.
void JoinBands(PointColumn* out) {
  const auto weight = [&](size_t l) { return static_cast<double>(out->rows[l]) + 0.5; };
  const auto mean_of = [&](size_t l) {
    return (weight(l) * out->log_odds[l] + weight(l + 1) * out->log_odds[l + 1]) /
           (weight(l) + weight(l + 1));
  };
  double mean = 0, all = 0, variance = 0;
  for (size_t l = 0; l < out->bins.value_level_count; ++l) {
    mean += weight(l) * out->log_odds[l];
    all += weight(l);
  }
  mean /= all;
  for (size_t l = 0; l < out->bins.value_level_count; ++l) {
    variance += weight(l) * std::pow(out->log_odds[l] - mean, 2);
  }
  double lost = 0;
  while (out->bins.value_level_count > 1) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t l = 0; l + 1 < out->bins.value_level_count; ++l) {
      const double a = weight(l), b = weight(l + 1);
      const double cost = a * b / (a + b) * std::pow(out->log_odds[l] - out->log_odds[l + 1], 2);
      if (cost < least) best = l, least = cost;
    }
    lost += least;
    if (lost > kJoinLossMax * variance && out->bins.value_level_count <= kDraftBandsMax) return;
    out->log_odds[best] = mean_of(best);
    out->deviation[best] = std::max(out->deviation[best], out->deviation[best + 1]);
    out->rows[best] += out->rows[best + 1];
    const auto next = static_cast<ptrdiff_t>(best) + 1;
    out->log_odds.erase(out->log_odds.begin() + next);
    out->deviation.erase(out->deviation.begin() + next);
    out->rows.erase(out->rows.begin() + next);
    out->bins.edges.erase(out->bins.edges.begin() + next - 1);
    --out->bins.value_level_count;
  }
}

double LeastOf(const PointColumn& column) {
  return *std::min_element(column.log_odds.begin(), column.log_odds.end() - 1);
}
double RangeOf(const PointColumn& column) {
  return *std::max_element(column.log_odds.begin(), column.log_odds.end() - 1) - LeastOf(column);
}

// Whole points that sum to 100: the largest remainders are rounded up.
void ShareOutPoints(std::vector<PointColumn>* columns) {
  double sum = 0;
  for (const PointColumn& column : *columns) sum += RangeOf(column);
  if (sum < 1e-6) {
    columns->clear();
    return;
  }
  std::vector<std::pair<double, size_t>> remainders;
  int32_t given = 0;
  for (size_t c = 0; c < columns->size(); ++c) {
    const double points = kFullPoints * RangeOf((*columns)[c]) / sum;
    (*columns)[c].weight = static_cast<int32_t>(points);
    given += (*columns)[c].weight;
    remainders.emplace_back((*columns)[c].weight - points, c);
  }
  std::stable_sort(remainders.begin(), remainders.end());
  for (size_t i = 0; given < kFullPoints; ++i, ++given) ++(*columns)[remainders[i].second].weight;
  std::erase_if(*columns, [](const PointColumn& column) { return column.weight == 0; });
}

std::string IdOf(const LearnColumn& column) {
  constexpr size_t kIdBytesMax = 63;
  std::string id = column.name.substr(column.name.find('.') + 1);
  if (!column.listed_word.empty()) id += "." + column.listed_word;
  id = absl::StrReplaceAll(id, {{" ", "_"}});
  return id.size() <= kIdBytesMax ? id : id.substr(0, kIdBytesMax);
}

criteria::Rule RuleOf(const PointColumn& points, const LearnColumn& column) {
  if (column.is_number()) {
    criteria::Bands bands;
    const std::vector<double>& edges = points.bins.edges;
    for (size_t l = 0; l < points.bins.value_level_count; ++l) {
      criteria::Band band;
      if (l > 0) band.min = edges[l - 1];
      if (l < edges.size()) band.max = edges[l];
      band.share_bps = points.share_bps[l];
      bands.bands.push_back(band);
    }
    return bands;
  }
  criteria::Choices choices;
  if (!column.listed_word.empty()) {
    const auto share_of = [&](size_t code) {
      return points.share_bps[points.bins.level_of_code[code]];
    };
    choices.choices.push_back({column.listed_word, share_of(0)});
    choices.other_share_bps = share_of(1);
    return choices;
  }
  // Words without a level of their own, and words to come, share what is left.
  const uint16_t pooled = static_cast<uint16_t>(points.bins.value_level_count - 1);
  for (size_t code = 0; code < column.words.size(); ++code) {
    const uint16_t level = points.bins.level_of_code[code];
    if (points.bins.pools_rare && level == pooled) continue;
    choices.choices.push_back({column.words[code], points.share_bps[level]});
  }
  std::stable_sort(choices.choices.begin(), choices.choices.end(),
                   [](const auto& a, const auto& b) { return a.share_bps > b.share_bps; });
  if (points.bins.pools_rare) {
    choices.other_share_bps = points.share_bps[pooled];
  } else {  // as the average case
    const double share = -LeastOf(points) / RangeOf(points);
    choices.other_share_bps =
        static_cast<int32_t>(std::lround(std::clamp(share, 0.0, 1.0) * 100)) * kShareStep;
  }
  return choices;
}

}  // namespace

double PointCard::Points(const LearnTable& table, size_t row) const {
  int64_t sum = 0;
  for (const PointColumn& column : columns) {
    sum += int64_t{column.weight} *
           column.share_bps[column.bins.LevelOf(table.columns[column.column], row)];
  }
  return static_cast<double>(sum) / criteria::kFullShareBps;
}

PointCard MakePointCard(const Scorecard& card) {
  PointCard out;
  for (size_t c = 0; c < card.columns.size(); ++c) {
    const ColumnEffect& effect = card.columns[c];
    if (effect.bins.value_level_count < 2) continue;
    PointColumn column{c, 0, effect.bins, {}, effect.log_odds, effect.deviation, effect.rows};
    if (effect.bins.is_number) JoinBands(&column);
    out.columns.push_back(std::move(column));
  }
  ShareOutPoints(&out.columns);
  for (PointColumn& column : out.columns) {
    const double least = LeastOf(column), range = RangeOf(column);
    for (size_t l = 0; l < column.bins.value_level_count; ++l) {
      const double share = range > 0 ? (column.log_odds[l] - least) / range : 0;
      column.share_bps.push_back(static_cast<int32_t>(std::lround(share * 100)) * kShareStep);
    }
    column.share_bps.push_back(0);
  }
  std::stable_sort(out.columns.begin(), out.columns.end(),
                   [](const auto& a, const auto& b) { return a.weight > b.weight; });
  return out;
}

std::vector<criteria::Criterion> MakeCriteria(const PointCard& card, const LearnTable& table) {
  std::vector<criteria::Criterion> made;
  for (const PointColumn& points : card.columns) {
    const LearnColumn& column = table.columns[points.column];
    made.push_back({IdOf(column), "", column.name, points.weight, RuleOf(points, column)});
  }
  return made;
}

}  // namespace gtm::targeting::domain
