#include "services/sponsorship/domain/shortlist.h"

#include <algorithm>
#include <cstddef>

namespace gtm::sponsorship::domain {
namespace {

class Chooser {
 public:
  Chooser(const std::vector<std::vector<int32_t>>& allowed, const std::vector<int32_t>& capacities)
      : allowed_(allowed), capacities_(capacities), members_(capacities.size()) {}

  // Takes candidate c where a chain of moves ends in a free slot. An executive that a
  // failed search has seen will never again lead to a free slot, and is closed for good.
  bool Take(int32_t c) {
    from_executive_.assign(capacities_.size(), kNone);
    mover_.assign(capacities_.size(), kNone);
    queue_.clear();
    Reach(c, kStart);
    for (size_t head = 0; head < queue_.size(); ++head) {
      const int32_t j = queue_[head];
      const auto at = static_cast<size_t>(j);
      if (static_cast<int32_t>(members_[at].size()) < capacities_[at]) {
        Shift(j);
        return true;
      }
      for (const int32_t r : members_[at]) Reach(r, j);
    }
    for (const int32_t j : queue_) closed_[static_cast<size_t>(j)] = true;
    return false;
  }

  // For every executive the last ranked member that chains from it can reach; -1: none.
  std::vector<int32_t> LastReachable() const {
    std::vector<int32_t> last(capacities_.size(), kNone);
    // into[k]: executives with a member who may move to k.
    std::vector<std::vector<int32_t>> into(capacities_.size());
    std::vector<std::pair<int32_t, int32_t>> members;  // (candidate, executive)
    for (size_t j = 0; j < members_.size(); ++j) {
      for (const int32_t r : members_[j]) {
        members.emplace_back(r, static_cast<int32_t>(j));
        for (const int32_t k : allowed_[static_cast<size_t>(r)]) {
          into[static_cast<size_t>(k)].push_back(static_cast<int32_t>(j));
        }
      }
    }
    std::sort(members.rbegin(), members.rend());
    std::vector<int32_t> stack;
    for (const auto& [candidate, executive] : members) {
      stack.assign(1, executive);
      while (!stack.empty()) {
        const auto at = static_cast<size_t>(stack.back());
        stack.pop_back();
        if (last[at] != kNone) continue;
        last[at] = candidate;
        stack.insert(stack.end(), into[at].begin(), into[at].end());
      }
    }
    return last;
  }

 private:
  static constexpr int32_t kNone = -1;
  static constexpr int32_t kStart = -2;

  void Reach(int32_t c, int32_t from) {
    for (const int32_t k : allowed_[static_cast<size_t>(c)]) {
      const auto at = static_cast<size_t>(k);
      if (closed_[at] || from_executive_[at] != kNone || capacities_[at] == 0) continue;
      from_executive_[at] = from;
      mover_[at] = c;
      queue_.push_back(k);
    }
  }
  // Moves everybody on the chain that ends at j.
  void Shift(int32_t j) {
    for (;;) {
      const auto at = static_cast<size_t>(j);
      const int32_t c = mover_[at];
      const int32_t from = from_executive_[at];
      members_[at].push_back(c);
      if (from == kStart) return;
      std::vector<int32_t>& left = members_[static_cast<size_t>(from)];
      left.erase(std::find(left.begin(), left.end(), c));
      j = from;
    }
  }

  const std::vector<std::vector<int32_t>>& allowed_;
  const std::vector<int32_t>& capacities_;
  std::vector<std::vector<int32_t>> members_;
  std::vector<bool> closed_ = std::vector<bool>(capacities_.size(), false);
  std::vector<int32_t> from_executive_;
  std::vector<int32_t> mover_;
  std::vector<int32_t> queue_;
};

}  // namespace

Shortlist ChooseShortlist(const std::vector<std::vector<int32_t>>& allowed,
                          const std::vector<int32_t>& capacities) {
  Chooser chooser(allowed, capacities);
  Shortlist list;
  list.chosen.reserve(allowed.size());
  for (size_t c = 0; c < allowed.size(); ++c) {
    list.chosen.push_back(chooser.Take(static_cast<int32_t>(c)) ? 1 : 0);
  }
  const std::vector<int32_t> last = chooser.LastReachable();
  list.displaceable.assign(allowed.size(), -1);
  for (size_t c = 0; c < allowed.size(); ++c) {
    if (list.chosen[c]) continue;
    for (const int32_t j : allowed[c]) {
      list.displaceable[c] = std::max(list.displaceable[c], last[static_cast<size_t>(j)]);
    }
  }
  return list;
}

}  // namespace gtm::sponsorship::domain
