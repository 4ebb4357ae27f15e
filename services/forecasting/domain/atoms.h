#pragma once
// Distributions made of weighted points, and the nodes that stand for smooth ones.

#include <cstddef>
#include <vector>

namespace gtm::forecasting::domain {

struct Atom {
  double value = 0;
  double weight = 0;
};

// At most `count_max` (>= 2) atoms instead of many: runs of neighbors become two atoms each
// that keep the run's weight, mean, variance and third moment. Weights stay positive and
// their sum stays; the result is by rising value. Exact where there are few different values.
std::vector<Atom> Condense(std::vector<Atom> atoms, size_t count_max);

// Each atom spread by a lognormal factor of mean 1, as `node_count` atoms.
std::vector<Atom> SpreadOut(const std::vector<Atom>& atoms, double spread, int node_count);

// A lognormal factor of mean 1 whose logarithm has this standard deviation, as equally spaced
// nodes (the trapezoidal rule converges exponentially for it). `turn` is the phase, in
// radians, that one standard deviation of the factor adds to what is averaged.
std::vector<Atom> LogNormalNodes(double spread, double turn);

// Nodes and weights of the standard normal z of win_chances.h: Gauss-Legendre, `per_interval`
// (2 to 8) nodes between each two of its knots, and one at each end for all that lies beyond.
std::vector<Atom> NormalNodes(int per_interval);

}  // namespace gtm::forecasting::domain
