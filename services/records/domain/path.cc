#include "services/records/domain/path.h"

#include <algorithm>

namespace gtm::records::domain {
namespace {

constexpr size_t kKeyShown = 40;

void Write(const Path& path, std::string* text) {
  if (path.parent != nullptr) Write(*path.parent, text);
  if (path.index >= 0) {
    *text += '[' + std::to_string(path.index) + ']';
  } else if (path.has_key) {
    *text += "[\"";
    for (const char c : path.key.substr(0, kKeyShown)) {
      const bool printable = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
      *text += printable ? c : '?';
    }
    *text += path.key.size() > kKeyShown ? "...\"]" : "\"]";
  } else if (!path.name.empty()) {
    if (!text->empty()) *text += '.';
    *text += path.name;
  }
}

}  // namespace

std::string Path::Text() const {
  std::string text;
  Write(*this, &text);
  return text;
}

void Violations::SortFrom(size_t first) {
  std::sort(list_.begin() + static_cast<std::ptrdiff_t>(first), list_.end(),
            [](const FieldViolation& a, const FieldViolation& b) {
              return std::pair(a.field, a.description) < std::pair(b.field, b.description);
            });
}

}  // namespace gtm::records::domain
