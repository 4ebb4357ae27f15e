#include "services/sponsorship/domain/lemon_peer.h"

#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <chrono>
#include <cstdlib>
#include <vector>

namespace gtm::sponsorship::domain {

int64_t LemonObjective(int candidate_count, int executive_count, const int32_t* benefits,
                       const int32_t* capacities, double* seconds) {
  using Graph = lemon::SmartDigraph;
  const auto start = std::chrono::steady_clock::now();
  Graph graph;
  graph.reserveNode(candidate_count + executive_count + 1);
  graph.reserveArc(candidate_count * (executive_count + 1) + executive_count);
  std::vector<Graph::Node> candidates(static_cast<size_t>(candidate_count));
  std::vector<Graph::Node> executives(static_cast<size_t>(executive_count));
  for (auto& node : candidates) node = graph.addNode();
  for (auto& node : executives) node = graph.addNode();
  const Graph::Node sink = graph.addNode();
  Graph::ArcMap<int> cost(graph, 0);
  Graph::ArcMap<int> upper(graph, 1);
  Graph::NodeMap<int> supply(graph, 0);
  for (int i = 0; i < candidate_count; ++i) {
    for (int j = 0; j < executive_count; ++j) {
      const Graph::Arc arc = graph.addArc(candidates[i], executives[j]);
      cost[arc] = -benefits[static_cast<size_t>(i) * executive_count + j];
      upper[arc] = 1;
    }
    const Graph::Arc out = graph.addArc(candidates[i], sink);
    cost[out] = 0;
    upper[out] = 1;
    supply[candidates[i]] = 1;
  }
  for (int j = 0; j < executive_count; ++j) {
    const Graph::Arc arc = graph.addArc(executives[j], sink);
    cost[arc] = 0;
    upper[arc] = capacities[j];
  }
  supply[sink] = -candidate_count;
  lemon::NetworkSimplex<Graph, int, int64_t> simplex(graph);
  simplex.upperMap(upper).costMap(cost).supplyMap(supply);
  if (simplex.run() != lemon::NetworkSimplex<Graph, int, int64_t>::OPTIMAL) std::abort();
  const int64_t objective = -simplex.totalCost<int64_t>();
  *seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return objective;
}

}  // namespace gtm::sponsorship::domain
