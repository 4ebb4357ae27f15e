#include "common/identity/watched_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

namespace gtm::identity {

WatchedFile::Stamp WatchedFile::StampNow() const {
  struct stat about = {};
  if (stat(path_.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino, about.st_size,
          int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec};
}

bool WatchedFile::HasChanged() {
  const Stamp stamp = StampNow();
  if (seen_ == stamp) return false;
  seen_ = stamp;
  return true;
}

Result<std::optional<std::string>> WatchedFile::ReadIfChanged(size_t bytes_max, bool anyway) {
  // Looked at before reading: what changes meanwhile is read again.
  if (!HasChanged() && !anyway) return std::optional<std::string>();
  auto text = ReadWholeFile(path_, bytes_max, path_);
  if (!text.ok()) {
    seen_.reset();
    return std::move(text).error();
  }
  return std::optional<std::string>(*std::move(text));
}

Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max,
                                  std::string_view flag) {
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return InvalidField(std::string(flag),
                        fmt::format("\"{}\" cannot be read; give a file that is there", path));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > bytes_max) {
    return InvalidField(std::string(flag),
                        fmt::format("\"{}\" is longer than {} bytes", path, bytes_max));
  }
  return text;
}

}  // namespace gtm::identity
