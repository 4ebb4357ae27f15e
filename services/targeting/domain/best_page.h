#pragma once
// One page of an ordered list, found in one pass without keeping the list.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace gtm::targeting::domain {

// Keeps the first `size` of what is added, by `Before`, and knows whether there was more.
template <class Item, bool (*Before)(const Item&, const Item&)>
class BestPage {
 public:
  explicit BestPage(size_t size) : size_(size) { best_.reserve(size + 2); }

  void Add(Item item) {
    if (best_.size() > size_ && !Before(item, best_.front())) return;
    best_.push_back(std::move(item));
    std::push_heap(best_.begin(), best_.end(), Before);
    if (best_.size() <= size_ + 1) return;
    std::pop_heap(best_.begin(), best_.end(), Before);
    best_.pop_back();
  }
  // The page in its order. `more`: something was left out. Leaves the page empty.
  std::vector<Item> Take(bool* more) {
    std::sort_heap(best_.begin(), best_.end(), Before);
    *more = best_.size() > size_;
    if (*more) best_.pop_back();
    return std::exchange(best_, {});
  }

 private:
  const size_t size_;
  // A heap whose front is the last in the order; one more than a page.
  std::vector<Item> best_;
};

}  // namespace gtm::targeting::domain
