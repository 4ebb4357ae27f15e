#pragma once
// Time as a parameter. The only place that reads the machine's clocks is clock.cc.

#include "absl/time/time.h"

namespace gtm {

// Tells the time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time: for stamps that people read, never for order or time-outs.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary start that never goes back: for time-outs.
  virtual absl::Duration Monotonic() const = 0;
};

// The machine's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace gtm
