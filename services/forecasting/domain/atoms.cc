#include "services/forecasting/domain/atoms.h"

#include <algorithm>
#include <cmath>

#include "common/stats/intervals.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Where a standard normal is cut off: 2e-5 lies beyond.
constexpr double kNormalSpan = 4.25;

// Two atoms with the weight, mean, variance and skewness of a run.
void AddPair(const std::vector<Atom>& atoms, size_t begin, size_t end, std::vector<Atom>* result) {
  double weight = 0, mean = 0;
  for (size_t i = begin; i < end; ++i) {
    weight += atoms[i].weight;
    mean += atoms[i].weight * atoms[i].value;
  }
  if (weight <= 0) return;
  mean /= weight;
  double square = 0, cube = 0;
  for (size_t i = begin; i < end; ++i) {
    const double off = atoms[i].value - mean;
    square += atoms[i].weight * off * off;
    cube += atoms[i].weight * off * off * off;
  }
  const double deviation = std::sqrt(square / weight);
  if (!(deviation > mean * 1e-9)) {
    result->push_back({mean, weight});
    return;
  }
  const double half_skewness = cube / weight / (deviation * deviation * deviation) / 2;
  const double root = std::sqrt(half_skewness * half_skewness + 1);
  const double up = root + half_skewness, down = root - half_skewness;  // up * down = 1
  result->push_back({mean - deviation * down, weight * up / (up + down)});
  result->push_back({mean + deviation * up, weight * down / (up + down)});
}

}  // namespace

std::vector<Atom> Condense(std::vector<Atom> atoms, size_t count_max) {
  std::sort(atoms.begin(), atoms.end(),
            [](const Atom& a, const Atom& b) { return a.value < b.value; });
  std::vector<Atom> merged;
  double total = 0;
  for (const Atom& atom : atoms) {
    if (!(atom.weight > 0)) continue;
    total += atom.weight;
    if (!merged.empty() && merged.back().value == atom.value) {
      merged.back().weight += atom.weight;
    } else {
      merged.push_back(atom);
    }
  }
  if (merged.size() <= count_max) return merged;
  // Runs end by weight, or where values have grown by half: rare large values stay apart.
  // Either way there are at most half of count_max runs.
  const double share = total / static_cast<double>(std::max<size_t>(1, count_max / 4));
  double growth = 1.1;
  std::vector<Atom> result;
  for (;; growth *= 1.3) {
    result.clear();
    for (size_t begin = 0; begin < merged.size();) {
      size_t end = begin;
      double weight = 0;
      do weight += merged[end++].weight;
      while (end < merged.size() && weight + merged[end].weight <= share &&
             merged[end].value <= merged[begin].value * growth);
      AddPair(merged, begin, end, &result);
      begin = end;
    }
    if (result.size() <= count_max) return result;
  }
}

std::vector<Atom> SpreadOut(const std::vector<Atom>& atoms, double spread, int node_count) {
  if (!(spread > 0)) return atoms;
  std::vector<Atom> factors;
  double mean = 0;
  for (int i = 0; i < node_count; ++i) {
    const double p = (i + 0.5) / node_count;
    factors.push_back({std::exp(spread * stats::NormalQuantile(p)), 1.0 / node_count});
    mean += factors.back().value / node_count;
  }
  std::vector<Atom> result;
  result.reserve(atoms.size() * factors.size());
  for (const Atom& atom : atoms) {
    for (const Atom& factor : factors) {
      result.push_back({atom.value * factor.value / mean, atom.weight * factor.weight});
    }
  }
  return result;
}

std::vector<Atom> LogNormalNodes(double spread, double turn) {
  if (!(spread > 0)) return {{1, 1}};
  const double step = std::min(0.8, 2 * kPi / (std::min(turn, 7.0) + 6));
  const int half = static_cast<int>(std::ceil(kNormalSpan / step));
  std::vector<Atom> nodes;
  double weight = 0, mean = 0;
  for (int i = -half; i <= half; ++i) {
    const double z = i * step;
    nodes.push_back({std::exp(spread * z), std::exp(-z * z / 2)});
    weight += nodes.back().weight;
    mean += nodes.back().weight * nodes.back().value;
  }
  for (Atom& node : nodes) {
    node.value *= weight / mean;
    node.weight /= weight;
  }
  return nodes;
}

std::vector<Atom> NormalNodes(int per_interval) {
  // Roots of the Legendre polynomial by Newton, on [-1, 1].
  std::vector<Atom> rule;
  for (int i = 0; i < per_interval; ++i) {
    double x = -std::cos(kPi * (i + 0.75) / (per_interval + 0.5)), slope = 0;
    for (int round = 0; round < 20; ++round) {
      double before = 1, value = x;
      for (int n = 2; n <= per_interval; ++n) {
        const double next = ((2 * n - 1) * x * value - (n - 1) * before) / n;
        before = value;
        value = next;
      }
      slope = per_interval * (x * value - before) / (x * x - 1);
      x -= value / slope;
    }
    rule.push_back({x, 2 / ((1 - x * x) * slope * slope)});
  }
  std::vector<Atom> nodes = {{-kNodeSpan, stats::NormalCdf(-kNodeSpan)}};
  for (int knot = 0; knot + 1 < kNodeCount; ++knot) {
    const double low = NodeAt(knot), half = (NodeAt(knot + 1) - low) / 2;
    for (const Atom& point : rule) {
      const double z = low + half * (point.value + 1);
      nodes.push_back({z, point.weight * half * std::exp(-z * z / 2) / std::sqrt(2 * kPi)});
    }
  }
  nodes.push_back({kNodeSpan, stats::NormalCdf(-kNodeSpan)});
  double sum = 0;
  for (const Atom& node : nodes) sum += node.weight;
  for (Atom& node : nodes) node.weight /= sum;
  return nodes;
}

}  // namespace gtm::forecasting::domain
