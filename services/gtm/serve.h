#pragma once
// `gtm serve` and `gtm demo`.

#include "services/gtm/cli/cli.h"

namespace gtm {

// All five services in this process until a signal. With --demo the demo company is loaded
// first and the four answers are printed. Returns the exit code.
int Serve(const cli::ServeOptions& options);

// Loads the demo company into a running platform and prints the four answers.
int Demo(const cli::ServeOptions& options);

}  // namespace gtm
