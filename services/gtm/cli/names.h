#pragma once
// Display names by id, beside answers that hold ids only.

#include <map>
#include <string>

namespace gtm::cli {

using Names = std::map<std::string, std::string>;

// The name, or "".
inline std::string NameOf(const Names& names, const std::string& id) {
  const auto found = names.find(id);
  return found == names.end() ? "" : found->second;
}

}  // namespace gtm::cli
