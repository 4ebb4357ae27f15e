#include "services/records/handler/revision.h"

#include <fmt/format.h>

#include <charconv>

namespace gtm::records::handler {
namespace {

constexpr size_t kShown = 60;
constexpr size_t kEpochBytesMax = 64;

// What may be repeated in a message: short and printable.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return shown;
}

}  // namespace

std::string FormatRevision(std::string_view epoch, int64_t seq) {
  return fmt::format("{}:{}", epoch, seq);
}

Result<Revision> ParseRevision(std::string_view text) {
  const Error invalid(Reason::REVISION_INVALID,
                      fmt::format("revision {}: not a revision of this platform; use one that an "
                                  "answer carried",
                                  Shown(text)));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon > kEpochBytesMax) return invalid;
  Revision revision{std::string(text.substr(0, colon)), -1};
  const std::string_view number = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), revision.seq);
  if (error != std::errc() || end != number.data() + number.size() || revision.seq < 0) {
    return invalid;
  }
  return revision;
}

Error EpochChanged(std::string_view text, const std::string& epoch) {
  return Error(Reason::EPOCH_CHANGED,
               fmt::format("revision {}: from before a restore (epoch is now {}); list again",
                           Shown(text), epoch))
      .With("epoch", epoch);
}

}  // namespace gtm::records::handler
