#pragma once
// Watch: every change after a revision, in order, each once.

#include "common/core/clock.h"
#include "common/rpc/call.h"
#include "services/records/handler/feed.h"
#include "services/records/handler/streams.h"

namespace gtm::records::handler {

struct WatchOptions {
  absl::Duration bookmark_interval = absl::Milliseconds(limits::kWatchBookmarkMs);
  int64_t lag_max = limits::kWatchLagMax;
};

// Serves one stream on this thread until the caller ends it, the deadline passes, the feed
// shuts down (SHUTTING_DOWN) or an error. Errors: INVALID_FIELDS, REVISION_INVALID,
// REVISION_COMPACTED, EPOCH_CHANGED, WATCHER_TOO_SLOW.
//
// Too slow is who falls more than lag_max changes behind the least lag that it has had: a
// watcher that begins far behind and catches up is not cut.
Status RunWatch(const rpc::Call& call, const v1::WatchRequest& request, Feed& feed,
                const Clock& clock, const WatchOptions& options, WatchSink& sink);

}  // namespace gtm::records::handler
