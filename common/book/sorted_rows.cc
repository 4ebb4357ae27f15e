#include "common/book/sorted_rows.h"

#include <algorithm>

namespace gtm::book {

const std::vector<uint32_t>& SortedRows::Get(uint32_t row_count,
                                             absl::FunctionRef<bool(uint32_t)> live,
                                             absl::FunctionRef<bool(uint32_t, uint32_t)> before) {
  const std::lock_guard lock(mutex_);
  if (rows_ != nullptr) return *rows_;
  auto rows = std::make_shared<std::vector<uint32_t>>();
  if (base_ == nullptr) {
    for (uint32_t row = 0; row < row_count; ++row) {
      if (live(row)) rows->push_back(row);
    }
    std::sort(rows->begin(), rows->end(), before);
  } else {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    std::vector<uint32_t> added;
    for (const uint32_t row : changed_) {
      if (live(row)) added.push_back(row);
    }
    std::sort(added.begin(), added.end(), before);
    rows->reserve(base_->size() + added.size());
    auto from = base_->begin();
    const auto copy_until = [&](auto end) {
      std::copy_if(from, end, std::back_inserter(*rows), [&](uint32_t row) {
        return !std::binary_search(changed_.begin(), changed_.end(), row);
      });
      from = end;
    };
    for (const uint32_t row : added) {
      copy_until(std::lower_bound(from, base_->end(), row, before));
      rows->push_back(row);
    }
    copy_until(base_->end());
  }
  rows_ = std::move(rows);
  base_.reset();
  changed_ = {};
  return *rows_;
}

std::shared_ptr<SortedRows> SortedRows::After(std::vector<uint32_t> changed) {
  const std::lock_guard lock(mutex_);
  if (rows_ != nullptr) return std::make_shared<SortedRows>(rows_, std::move(changed));
  if (base_ != nullptr) changed.insert(changed.end(), changed_.begin(), changed_.end());
  // Where nearly everything is new, sorting all is cheaper than merging.
  const bool from_base = base_ != nullptr && changed.size() < base_->size() / 4;
  if (!from_base) return std::make_shared<SortedRows>(nullptr, std::vector<uint32_t>{});
  return std::make_shared<SortedRows>(base_, std::move(changed));
}

}  // namespace gtm::book
