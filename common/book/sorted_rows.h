#pragma once
// Live rows of a table by rising id, found when somebody asks.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/function_ref.h"

namespace gtm::book {

// Order of the live rows at one state of a table; shared by all views of that state.
// A new one starts from the order of an older one, so that a single new row does not
// cost sorting everything. Thread-safe.
class SortedRows {
 public:
  using Rows = std::shared_ptr<const std::vector<uint32_t>>;

  // `base`: order of an older state, or null. `changed`: rows that came or went since.
  SortedRows(Rows base, std::vector<uint32_t> changed)
      : base_(std::move(base)), changed_(std::move(changed)) {}

  // `before` compares rows by id, `live` tells which rows count. Both must belong to
  // the state that this object stands for.
  const std::vector<uint32_t>& Get(uint32_t row_count, absl::FunctionRef<bool(uint32_t)> live,
                                   absl::FunctionRef<bool(uint32_t, uint32_t)> before);
  // The successor for a state in which more rows have changed.
  std::shared_ptr<SortedRows> After(std::vector<uint32_t> changed);

 private:
  std::mutex mutex_;
  Rows rows_;  // null until asked
  Rows base_;
  std::vector<uint32_t> changed_;
};

}  // namespace gtm::book
