#pragma once
// Until when the work of this thread is wanted. Set round a handler by common/rpc and
// obeyed by what may take long below it, such as the statements of a store, so that a
// deadline reaches the bottom without a parameter in every signature between.

#include <algorithm>
#include <functional>

#include "absl/time/time.h"

namespace gtm {

// Holds for the thread that makes it until it is destroyed; the innermost counts.
class TimeLimit {
 public:
  // `deadline`: wall clock. `is_cancelled` may be null, else outlives this object.
  explicit TimeLimit(absl::Time deadline, const std::function<bool()>* is_cancelled = nullptr)
      : deadline_(deadline), is_cancelled_(is_cancelled), outer_(current_) {
    current_ = this;
  }
  ~TimeLimit() { current_ = outer_; }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  // InfiniteFuture where there is no limit.
  static absl::Time Deadline() {
    return current_ == nullptr ? absl::InfiniteFuture() : current_->deadline_;
  }
  // What is left of `most` at `wall_now`; not below zero.
  static absl::Duration Left(absl::Time wall_now, absl::Duration most) {
    if (current_ == nullptr) return most;
    return std::max(absl::ZeroDuration(), std::min(most, current_->deadline_ - wall_now));
  }
  // True where the caller went away. Cheap enough for every few milliseconds.
  static bool IsCancelled() {
    return current_ != nullptr && current_->is_cancelled_ != nullptr &&
           (*current_->is_cancelled_)();
  }

 private:
  inline static thread_local TimeLimit* current_ = nullptr;
  const absl::Time deadline_;
  const std::function<bool()>* const is_cancelled_;
  TimeLimit* const outer_;
};

}  // namespace gtm
