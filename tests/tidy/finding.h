#pragma once
// What a tidy rule finds.

#include <string>
#include <vector>

namespace gtm::tidy {

struct Finding {
  std::string path;  // from the project's root
  int line = 0;      // from 1; 0: the whole file
  std::string text;  // what is wrong and what to do about it
};
using Findings = std::vector<Finding>;

// A file of the source tree.
struct Source {
  std::string path;  // from the project's root, with '/'
  std::string text;
};

}  // namespace gtm::tidy
