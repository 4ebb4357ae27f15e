#pragma once
// Shortest augmenting paths over columns (executives) with capacities. Internal to
// match.cc; a template so that benefits that fit 32 bits run on 32 bits.

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gtm::sponsorship::domain::internal {

// Rows enter one at a time (Insert); after each, the assignment of the rows so far is
// optimal and `prices` are the least optimal duals: a search raises the prices of the
// columns that it passed just so far that each is reached without loss from the row left
// out, or from the empty slot taken, at its end. Negative benefits are never taken. Every
// capacity is at least 1.
//
// Range: with M = the largest benefit, prices lie in [0, M] and every length formed here
// in [-2M - 1, 5M + 3]; the caller picks Cost so that this fits.
template <class Cost>
class PathSolver {
 public:
  // `benefits` is row-major; the solver keeps it.
  PathSolver(int row_count, std::vector<Cost> benefits, std::vector<int32_t> capacities)
      : column_count_(static_cast<int>(capacities.size())),
        benefits_(std::move(benefits)),
        capacities_(std::move(capacities)),
        column_of_(static_cast<size_t>(row_count), -1),
        members_(capacities_.size()),
        move_row_(capacities_.size(), -1),
        least_member_(capacities_.size(), 0),
        stale_(capacities_.size(), 1),
        prices_(capacities_.size(), 0),
        open_(capacities_.size()),
        open_prices_(capacities_.size()),
        length_(capacities_.size()),
        from_(capacities_.size()) {
    Cost benefit_max = 0;
    for (const Cost b : benefits_) benefit_max = std::max(benefit_max, b);
    infinity_ = 2 * benefit_max + 2;
    closed_price_ = infinity_ + 2 * benefit_max;
    int32_t shared_count = 0;
    for (size_t j = 0; j < capacities_.size(); ++j) {
      members_[j].reserve(static_cast<size_t>(std::min<int32_t>(capacities_[j], row_count)));
      if (capacities_[j] > 1) move_row_[j] = shared_count++;
    }
    moves_.resize(static_cast<size_t>(shared_count) * capacities_.size());
  }

  void Insert(int row) {
    const End end = Search(row);
    for (const int j : scanned_) prices_[j] += end.length - length_[j];
    if (end.column < 0 && end.dropped_from < 0) return;  // the row stays out
    int column = end.column;
    if (column < 0) {
      column = end.dropped_from;
      Remove(column, LeastMember(column));
    }
    for (; from_[column] >= 0; column = from_[column]) {
      const int previous = from_[column];
      const int mover = CheapestMover(previous, column);
      Remove(previous, mover);
      Add(column, mover);
    }
    Add(column, row);
  }

  std::span<const int32_t> column_of() const { return column_of_; }
  std::span<const Cost> prices() const { return prices_; }

 private:
  // Where the shortest path ends: in a column with a free slot, by dropping a row of
  // `dropped_from`, or (both -1) at once: the new row stays out.
  struct End {
    int column = -1;
    int dropped_from = -1;
    Cost length = 0;
  };

  const Cost* Row(int row) const {
    return benefits_.data() + static_cast<size_t>(row) * static_cast<size_t>(column_count_);
  }
  bool HasFreeSlot(int j) const {
    return static_cast<int32_t>(members_[j].size()) < capacities_[j];
  }

  // Dijkstra from `row`. Leaves in scanned_ the columns passed, in length_ their lengths
  // and in from_ the column before each (-1: the row itself).
  End Search(int row) {
    const Cost* benefit = Row(row);
    for (int k = 0; k < column_count_; ++k) {
      open_[k] = prices_[k] - benefit[k];
      open_prices_[k] = prices_[k];
      from_[k] = -1;
    }
    scanned_.clear();
    End end;  // staying out has length 0
    for (;;) {
      const auto [j, level] = Nearest();
      if (j < 0 || level >= end.length) return end;
      if (HasFreeSlot(j)) return {j, -1, level};
      open_[j] = infinity_;
      open_prices_[j] = closed_price_;
      length_[j] = level;
      scanned_.push_back(j);
      if (stale_[j]) Refresh(j);
      const Cost base = level - prices_[j];
      if (base + least_member_[j] < end.length) end = {-1, j, base + least_member_[j]};
      if (move_row_[j] < 0) {
        RelaxOnlyMember(j, base);
      } else {
        RelaxMoves(j, base);
      }
    }
  }

  std::pair<int, Cost> Nearest() const {
    Cost least = infinity_;
    for (int k = 0; k < column_count_; ++k) least = std::min(least, open_[k]);
    if (least == infinity_) return {-1, least};
    return {static_cast<int>(std::find(open_.begin(), open_.end(), least) - open_.begin()), least};
  }

  void RelaxMoves(int j, Cost base) {
    const Cost* move = &moves_[static_cast<size_t>(move_row_[j]) * capacities_.size()];
    const Cost* price = open_prices_.data();
    Cost* open = open_.data();
    int32_t* from = from_.data();
    for (int k = 0; k < column_count_; ++k) {
      const Cost length = base + move[k] + price[k];
      const bool shorter = length < open[k];
      open[k] = shorter ? length : open[k];
      from[k] = shorter ? j : from[k];
    }
  }

  void RelaxOnlyMember(int j, Cost base) {
    const Cost* benefit = Row(members_[j][0]);
    const Cost* price = open_prices_.data();
    Cost* open = open_.data();
    int32_t* from = from_.data();
    base += benefit[j];
    for (int k = 0; k < column_count_; ++k) {
      const Cost length = base - benefit[k] + price[k];
      const bool shorter = length < open[k];
      open[k] = shorter ? length : open[k];
      from[k] = shorter ? j : from[k];
    }
  }

  // After the members of a full column j changed: moves_ and least_member_.
  void Refresh(int j) {
    stale_[j] = 0;
    Cost least = infinity_;
    for (const int r : members_[j]) least = std::min(least, Row(r)[j]);
    least_member_[j] = least;
    if (move_row_[j] < 0) return;
    Cost* move = &moves_[static_cast<size_t>(move_row_[j]) * capacities_.size()];
    std::fill(move, move + column_count_, infinity_);
    for (const int r : members_[j]) {
      const Cost* benefit = Row(r);
      const Cost own = benefit[j];
      for (int k = 0; k < column_count_; ++k) move[k] = std::min(move[k], own - benefit[k]);
    }
  }

  int LeastMember(int j) const {
    int best = members_[j][0];
    for (const int r : members_[j]) {
      if (Row(r)[j] < Row(best)[j]) best = r;
    }
    return best;
  }
  int CheapestMover(int j, int k) const {
    int best = members_[j][0];
    for (const int r : members_[j]) {
      if (Row(r)[j] - Row(r)[k] < Row(best)[j] - Row(best)[k]) best = r;
    }
    return best;
  }
  void Remove(int j, int row) {
    std::vector<int32_t>& members = members_[j];
    *std::find(members.begin(), members.end(), row) = members.back();
    members.pop_back();
    column_of_[row] = -1;
    stale_[j] = 1;
  }
  void Add(int j, int row) {
    members_[j].push_back(row);
    column_of_[row] = j;
    stale_[j] = 1;
  }

  const int column_count_;
  const std::vector<Cost> benefits_;
  const std::vector<int32_t> capacities_;
  Cost infinity_ = 0;      // more than any length
  Cost closed_price_ = 0;  // keeps a closed column at infinity_ or more
  std::vector<int32_t> column_of_;
  std::vector<std::vector<int32_t>> members_;
  std::vector<int32_t> move_row_;   // row of moves_; -1 where the capacity is 1
  std::vector<Cost> moves_;         // [j][k]: least benefit[j] - benefit[k] of j's members
  std::vector<Cost> least_member_;  // least benefit[j] of j's members
  std::vector<uint8_t> stale_;      // members changed since moves_ and least_member_
  std::vector<Cost> prices_;
  // Of one search.
  std::vector<Cost> open_;
  std::vector<Cost> open_prices_;
  std::vector<Cost> length_;
  std::vector<int32_t> from_;
  std::vector<int> scanned_;
};

}  // namespace gtm::sponsorship::domain::internal
