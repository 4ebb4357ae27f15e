#pragma once
// How long to wait before trying again.

#include <algorithm>

#include "absl/time/time.h"
#include "common/core/random.h"

namespace gtm::records_client {

// Doubles from `least` to `most`; each wait is between half and all of it, so that many
// clients do not come back at once. Not thread-safe.
class Backoff {
 public:
  Backoff(absl::Duration least, absl::Duration most, uint64_t seed)
      : least_(least), most_(most), next_(least), random_(seed) {}
  absl::Duration Next() {
    const absl::Duration wait = next_ * (0.5 + 0.5 * random_.Uniform());
    next_ = std::min(next_ * 2, most_);
    return wait;
  }
  void Reset() { next_ = least_; }

 private:
  const absl::Duration least_;
  const absl::Duration most_;
  absl::Duration next_;
  Random random_;
};

}  // namespace gtm::records_client
