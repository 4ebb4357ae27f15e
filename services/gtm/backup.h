#pragma once
// `gtm backup` and `gtm restore`: a whole store into a file and back. They open the store
// themselves, so they need no server and work beside one.

#include "services/gtm/cli/cli.h"
#include "services/gtm/cli/console.h"

namespace gtm {

// Exit codes: 0 done, 1 failed, 2 wrong usage.
int Backup(const cli::ServeOptions& options, const cli::Console& console);
int Restore(const cli::ServeOptions& options, const cli::Console& console);

}  // namespace gtm
