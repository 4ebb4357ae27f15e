#include "services/sponsorship/domain/canonical.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "services/sponsorship/domain/residual.h"

namespace gtm::sponsorship::domain::internal {
namespace {

// The moves that cost nothing. Nodes: executives 0 .. m-1, and m, the outside.
class TieGraph {
 public:
  TieGraph(const MatchProblem& problem, MatchSolution* solution)
      : problem_(problem),
        solution_(*solution),
        node_count_(problem.executive_count + 1),
        loads_(Loads(problem, *solution)),
        mover_counts_(static_cast<size_t>(node_count_) * static_cast<size_t>(node_count_), 0),
        movers_(static_cast<size_t>(node_count_)),
        options_(static_cast<size_t>(problem.candidate_count)) {
    for (int32_t i = 0; i < problem.candidate_count; ++i) {
      std::vector<int32_t>& options = options_[static_cast<size_t>(i)];
      for (int32_t k = 0; k < problem.executive_count; ++k) {
        if (!problem.IsForbidden(i, k) && Slack(problem, solution_, i, k) == 0) {
          options.push_back(k);
        }
      }
      if (solution_.candidate_prices[static_cast<size_t>(i)] == 0) options.push_back(outside());
      if (options.size() > 1) {
        Count(i, NodeOf(i), +1);
        movers_[static_cast<size_t>(NodeOf(i))].push_back(i);
      }
    }
  }

  // Gives candidate i the best executive that the candidates fixed so far allow, and
  // fixes it.
  void Settle(int32_t i) {
    const std::vector<int32_t>& options = options_[static_cast<size_t>(i)];
    if (options.size() < 2) return;
    const int32_t own = NodeOf(i);
    Unlist(i, own);
    if (options.front() >= own) return;
    FindWaysTo(own);
    for (const int32_t better : options) {
      if (better >= own) return;
      if (next_[static_cast<size_t>(better)] == kNoWay) continue;
      Place(i, own, better);
      for (int32_t at = better; at != own; at = next_[static_cast<size_t>(at)]) {
        MoveOne(at, next_[static_cast<size_t>(at)]);
      }
      return;
    }
  }

 private:
  static constexpr int32_t kNoWay = -1;

  int32_t outside() const { return node_count_ - 1; }
  int32_t NodeOf(int32_t i) const {
    const int32_t j = solution_.executive_of[static_cast<size_t>(i)];
    return j == kUnmatched ? outside() : j;
  }
  int32_t& MoverCount(int32_t from, int32_t to) {
    return mover_counts_[static_cast<size_t>(to) * static_cast<size_t>(node_count_) +
                         static_cast<size_t>(from)];
  }
  void Count(int32_t i, int32_t node, int32_t change) {
    for (const int32_t k : options_[static_cast<size_t>(i)]) {
      if (k != node) MoverCount(node, k) += change;
    }
  }
  void Unlist(int32_t i, int32_t node) {
    Count(i, node, -1);
    std::vector<int32_t>& movers = movers_[static_cast<size_t>(node)];
    *std::find(movers.begin(), movers.end(), i) = movers.back();
    movers.pop_back();
  }
  // A slot of x may stay, or become, empty.
  bool HasEmptySlot(int32_t x) const {
    const size_t at = static_cast<size_t>(x);
    return loads_[at] < problem_.capacities[at];
  }
  bool MayEmptySlot(int32_t y) const {
    return solution_.executive_prices[static_cast<size_t>(y)] == 0;
  }
  bool CanMove(int32_t from, int32_t to) {
    if (MoverCount(from, to) > 0) return true;
    if (to == outside()) return HasEmptySlot(from);
    return from == outside() && MayEmptySlot(to);
  }

  // next_[x]: the node after x on a shortest way to `target`; kNoWay where there is none.
  void FindWaysTo(int32_t target) {
    next_.assign(static_cast<size_t>(node_count_), kNoWay);
    next_[static_cast<size_t>(target)] = target;
    queue_.assign(1, target);
    for (size_t head = 0; head < queue_.size(); ++head) {
      const int32_t to = queue_[head];
      for (int32_t from = 0; from < node_count_; ++from) {
        if (next_[static_cast<size_t>(from)] == kNoWay && CanMove(from, to)) {
          next_[static_cast<size_t>(from)] = to;
          queue_.push_back(from);
        }
      }
    }
  }

  // Moves a candidate, or an empty slot, from one node to the next.
  void MoveOne(int32_t from, int32_t to) {
    if (MoverCount(from, to) == 0) return;  // an empty slot moves: loads say so already
    for (const int32_t r : movers_[static_cast<size_t>(from)]) {
      const std::vector<int32_t>& options = options_[static_cast<size_t>(r)];
      if (!std::binary_search(options.begin(), options.end(), to)) continue;
      Unlist(r, from);
      Place(r, from, to);
      Count(r, to, +1);
      movers_[static_cast<size_t>(to)].push_back(r);
      return;
    }
  }
  void Place(int32_t i, int32_t from, int32_t to) {
    if (from != outside()) --loads_[static_cast<size_t>(from)];
    if (to != outside()) ++loads_[static_cast<size_t>(to)];
    solution_.executive_of[static_cast<size_t>(i)] = to == outside() ? kUnmatched : to;
  }

  const MatchProblem& problem_;
  MatchSolution& solution_;
  const int32_t node_count_;
  std::vector<int32_t> loads_;
  std::vector<int32_t> mover_counts_;          // [to][from]: candidates that may move
  std::vector<std::vector<int32_t>> movers_;   // a node's candidates that are not fixed
  std::vector<std::vector<int32_t>> options_;  // a candidate's nodes without slack, rising
  std::vector<int32_t> next_;
  std::vector<int32_t> queue_;
};

}  // namespace

void MakeCanonical(const MatchProblem& problem, MatchSolution* solution) {
  TieGraph graph(problem, solution);
  for (int32_t i = 0; i < problem.candidate_count; ++i) graph.Settle(i);
}

}  // namespace gtm::sponsorship::domain::internal
