#include "services/targeting/domain/scorecard_bins.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gtm::targeting::domain {
namespace {

ColumnBins MakeBands(const LearnColumn& column, std::span<const uint32_t> rows,
                     const BinOptions& options) {
  std::vector<double> values;
  for (const uint32_t row : rows) {
    if (!column.is_missing(row)) values.push_back(column.numbers[row]);
  }
  std::sort(values.begin(), values.end());
  ColumnBins bins;
  bins.is_number = true;
  const size_t share = values.size() / static_cast<size_t>(options.bands_max);
  const size_t least = std::max<size_t>(share, static_cast<size_t>(options.rows_min));
  size_t begin = 0;
  for (size_t at = 0; at < values.size();) {
    const size_t next =
        std::upper_bound(values.begin() + static_cast<ptrdiff_t>(at), values.end(), values[at]) -
        values.begin();
    // A value that alone would fill a band does not join those before it.
    if (next - at >= least && at > begin && at - begin >= least / 2 && at > 0) {
      bins.edges.push_back(RoundestBetween(values[at - 1], values[at]));
      begin = at;
    }
    if (next - begin >= least && values.size() - next >= least) {
      bins.edges.push_back(RoundestBetween(values[next - 1], values[next]));
      begin = next;
    }
    at = next;
  }
  bins.value_level_count = static_cast<uint16_t>(bins.edges.size() + 1);
  return bins;
}

ColumnBins MakeWordLevels(const LearnColumn& column, std::span<const uint32_t> rows,
                          const BinOptions& options) {
  std::vector<int64_t> counts(column.words.size(), 0);
  for (const uint32_t row : rows) {
    if (!column.is_missing(row)) ++counts[column.codes[row]];
  }
  std::vector<uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  ColumnBins bins;
  bins.level_of_code.assign(counts.size(), 0);
  uint16_t level = 0;
  for (const uint32_t code : order) {
    const bool own = counts[code] >= options.rows_min && level < options.words_max;
    bins.level_of_code[code] = level;
    if (own) {
      ++level;
    } else {
      bins.pools_rare = true;  // those that follow are no more frequent
    }
  }
  bins.value_level_count = static_cast<uint16_t>(level + (bins.pools_rare ? 1 : 0));
  return bins;
}

}  // namespace

uint16_t ColumnBins::LevelOf(const LearnColumn& column, size_t row) const {
  if (column.is_missing(row)) return missing_level();
  if (!is_number) return level_of_code[column.codes[row]];
  return static_cast<uint16_t>(std::upper_bound(edges.begin(), edges.end(), column.numbers[row]) -
                               edges.begin());
}

ColumnBins MakeBins(const LearnColumn& column, std::span<const uint32_t> rows,
                    const BinOptions& options) {
  return column.is_number() ? MakeBands(column, rows, options)
                            : MakeWordLevels(column, rows, options);
}

double RoundestBetween(double low, double high) {
  double unit = std::pow(10, std::floor(std::log10(std::max(std::abs(low), std::abs(high)))) + 1);
  constexpr int kDigitsMax = 17;
  for (int digit = 0; digit < kDigitsMax; ++digit, unit /= 10) {
    for (const double part : {1.0, 0.5, 0.2, 0.1}) {
      const double step = unit * part;
      const double rounded = std::floor(high / step) * step;
      if (rounded > low && rounded <= high) return rounded;
    }
  }
  return high;
}

}  // namespace gtm::targeting::domain
