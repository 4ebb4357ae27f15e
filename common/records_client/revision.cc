#include "common/records_client/revision.h"

#include <charconv>

#include <fmt/format.h>

namespace gtm::records_client {

Result<Revision> ParseRevision(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    const char* end = text.data() + text.size();
    Revision revision{std::string(text.substr(0, colon)), -1};
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, revision.seq);
    if (error == std::errc() && at == end && revision.seq >= 0) return revision;
  }
  return Error(Reason::REVISION_INVALID,
               fmt::format("revision {}: not a revision of this platform", text));
}

std::string FormatRevision(const Revision& revision) {
  return fmt::format("{}:{}", revision.epoch, revision.seq);
}

}  // namespace gtm::records_client
