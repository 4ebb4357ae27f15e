#pragma once
// A line on a terminal that shows how far a long work is.

#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace gtm::cli {

struct ProgressState {
  double share = 0;          // 0 to 1
  int64_t record_count = 0;  // done so far
  absl::Duration elapsed = absl::ZeroDuration();
  const char* unit = "records";
};

// "importing  ████████      62 %  12,400 records  3,200/s  0:04 left"
std::string ProgressLine(const std::string& title, const ProgressState& state, int bar_width);

// Draws at most every 100 ms of `elapsed`. Silent where the stream is no terminal.
class ProgressBar {
 public:
  ProgressBar(std::ostream* stream, bool is_terminal, std::string title)
      : stream_(stream), is_terminal_(is_terminal), title_(std::move(title)) {}
  ~ProgressBar() { Clear(); }
  void Show(const ProgressState& state);
  // Removes the line.
  void Clear();

 private:
  std::ostream* stream_;
  bool is_terminal_;
  std::string title_;
  bool shown_ = false;
  absl::Duration last_ = -absl::InfiniteDuration();
};

}  // namespace gtm::cli
