#include "common/stats/level_break.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "common/stats/intervals.h"

namespace gtm::stats {
namespace {

double Sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// A stretch of the series.
struct Stretch {
  std::span<const double> counts;
  std::span<const double> exposures;
  double count = 0, exposure = 0;
  double rate() const { return exposure > 0 ? count / exposure : 0; }

  Stretch(std::span<const double> of_counts, std::span<const double> of_exposures)
      : counts(of_counts), exposures(of_exposures), count(Sum(counts)), exposure(Sum(exposures)) {}

  // Pearson's statistic against its own level.
  double Pearson(bool is_binomial) const {
    double sum = 0;
    const double level = rate();
    const double spread = is_binomial ? level * (1 - level) : level;
    if (spread <= 0) return 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      if (exposures[i] <= 0) continue;
      const double off = counts[i] - exposures[i] * level;
      sum += off * off / (exposures[i] * spread);
    }
    return sum;
  }
};

double Term(double count, double due) { return count > 0 ? count * std::log(count / due) : 0; }

// Two levels against one: chi-squared with one degree of freedom where nothing broke.
double LikelihoodRatio(const Stretch& a, const Stretch& b, bool is_binomial) {
  const double all = a.count + b.count, exposure = a.exposure + b.exposure;
  double ratio = 0;
  for (const Stretch* side : {&a, &b}) {
    ratio += 2 * Term(side->count, all * side->exposure / exposure);
    if (!is_binomial) continue;
    ratio += 2 * Term(side->exposure - side->count, (exposure - all) * side->exposure / exposure);
  }
  const auto steps = static_cast<double>(a.counts.size() + b.counts.size());
  const double dispersion = (a.Pearson(is_binomial) + b.Pearson(is_binomial)) / (steps - 2);
  return ratio / std::max(1.0, dispersion);
}

}  // namespace

std::optional<LevelBreak> StrongestLevelBreak(std::span<const double> counts,
                                              std::span<const double> exposures,
                                              const LevelBreakOptions& options) {
  if (counts.size() < 2 * options.side_min) return {};
  std::vector<double> ones;
  if (exposures.empty()) {
    ones.assign(counts.size(), 1);
    exposures = ones;
  }
  const double tried =
      static_cast<double>(counts.size() - 2 * options.side_min + 1) * options.series_count;
  std::optional<LevelBreak> found;
  double strongest = 0;
  for (size_t at = options.side_min; at + options.side_min <= counts.size(); ++at) {
    const size_t from = at > options.side_max ? at - options.side_max : 0;
    const size_t length = std::min(options.side_max, counts.size() - at);
    const Stretch before(counts.subspan(from, at - from), exposures.subspan(from, at - from));
    const Stretch after(counts.subspan(at, length), exposures.subspan(at, length));
    if (before.count + after.count < options.count_min) continue;
    if (before.exposure <= 0 || after.exposure <= 0) continue;
    const double ratio = LikelihoodRatio(before, after, options.is_binomial);
    const double p = 2 * NormalCdf(-std::sqrt(std::max(0.0, ratio))) * tried;
    if (ratio <= strongest || p > options.significance) continue;
    const double low = std::min(before.rate(), after.rate());
    const double high = std::max(before.rate(), after.rate());
    if (high < options.factor_min * low) continue;
    strongest = ratio;
    found = {at, before.rate(), after.rate(), p};
  }
  return found;
}

}  // namespace gtm::stats
