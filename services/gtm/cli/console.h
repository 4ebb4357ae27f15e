#pragma once
// Where a command writes, and what the other side can show.

#include <iosfwd>

namespace gtm::cli {

struct Console {
  std::ostream* out = nullptr;  // answers
  std::ostream* err = nullptr;  // progress and errors
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;  // never in a pipe, never with NO_COLOR
  int width = 0;       // columns of the terminal; 0: no limit
};

// The process's standard streams, NO_COLOR and TERM.
Console ProcessConsole();

}  // namespace gtm::cli
