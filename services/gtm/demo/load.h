#pragma once
// Loads the demo company into a running platform over its public API, like any client.

#include <functional>

#include "common/core/result.h"
#include "services/gtm/cli/client.h"
#include "services/gtm/cli/import_stream.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {

struct LoadReport {
  std::map<std::string, cli::KindCounts> counts;  // by kind
  int64_t record_count = 0;
  std::string revision;  // contains everything loaded
};

// Sends every record; `on_progress(accounts so far)` is called now and then. Loading the
// same company again changes nothing. Errors: what the server said, or the first record
// that it refused (a bug: the generator makes valid records).
Result<LoadReport> LoadRecords(const cli::Client& client, const Options& options,
                               const std::function<void(int64_t)>& on_progress);

// True where a demo company was loaded to its end before, of whatever day: its program,
// which is written last, is there.
Result<bool> IsLoaded(const cli::Client& client);

// True where the tenant has the same events at other times: a demo company of another day or
// seed. Loading this one would mix the two, or stop half-way since what happened cannot change.
Result<bool> HasOtherCompany(const cli::Client& client, const Options& options);

// Agrees on the demo's target definition and activates its sponsorship program; what is
// there already stays. Returns a revision that contains everything: ask with it as
// min_revision, since a Book follows the records a moment later.
Result<std::string> LoadDecisions(const cli::Client& client);

// Records what marketing handed over to sales, and what sales decided. Returns a revision that
// contains them.
Result<std::string> LoadHandovers(const cli::Client& client, const Options& options);

// What sellers commit to in the running quarter, some too much and some too little next to the
// model; who has called is not asked again. Calls are as of now: a company of another day shows
// none. Returns a revision that contains them. `revision`: what must be read before.
Result<std::string> LoadForecastCalls(const cli::Client& client, const std::string& revision);

}  // namespace gtm::demo
