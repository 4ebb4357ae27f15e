#include "services/gtm/cli/progress_bar.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr int kBarWidth = 24;

std::string Minutes(absl::Duration span) {
  const int64_t seconds = absl::ToInt64Seconds(span + absl::Milliseconds(500));
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace

std::string ProgressLine(const std::string& title, const ProgressState& state, int bar_width) {
  const std::string bar = Bar(state.share, bar_width);
  const double seconds = absl::ToDoubleSeconds(state.elapsed);
  std::string line =
      fmt::format("{}  {}{} {:>3} %  {} {}", title, bar,
                  std::string(static_cast<size_t>(bar_width - DisplayWidth(bar)), ' '),
                  static_cast<int>(state.share * 100), Thousands(state.record_count), state.unit);
  if (seconds >= 0.5) {
    line += fmt::format(
        "  {}/s",
        Thousands(static_cast<int64_t>(static_cast<double>(state.record_count) / seconds)));
  }
  if (seconds >= 1 && state.share > 0.02 && state.share < 1) {
    line += fmt::format("  {} left", Minutes(state.elapsed * ((1 - state.share) / state.share)));
  }
  return line;
}

void ProgressBar::Show(const ProgressState& state) {
  if (!is_terminal_ || state.elapsed - last_ < kRedraw) return;
  last_ = state.elapsed;
  shown_ = true;
  *stream_ << "\r\x1b[K" << ProgressLine(title_, state, kBarWidth) << std::flush;
}

void ProgressBar::Clear() {
  if (shown_) *stream_ << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace gtm::cli
