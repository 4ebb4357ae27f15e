#pragma once
// Another program, run to its end.

#include <string>
#include <vector>

namespace gtm::deploy {

struct Output {
  int exit_code = -1;  // -1: ended by a signal; 127: could not be started
  std::string text;    // standard output
  std::string error;   // standard error
};

// `arguments[0]` is the program, found in PATH where it has no slash.
Output Run(std::vector<std::string> arguments);

}  // namespace gtm::deploy
