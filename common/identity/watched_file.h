#pragma once
// A mounted file that may be replaced while the process runs.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm::identity {

// Not thread-safe.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // True where the file is not the one of the last call (another file, size or time of
  // change), and at the first call.
  bool HasChanged();
  // The contents where HasChanged(), or `anyway`. Error: INVALID_FIELDS where it cannot be
  // read or is longer than `bytes_max`; then it counts as changed.
  Result<std::optional<std::string>> ReadIfChanged(size_t bytes_max, bool anyway = false);

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp StampNow() const;

  std::string path_;
  std::optional<Stamp> seen_;
};

// The whole file. Error: INVALID_FIELDS (`flag`), with the file's name.
Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max, std::string_view flag);

}  // namespace gtm::identity
