#pragma once
// Import: batches in, answers out when each is durable.

#include "common/core/clock.h"
#include "common/rpc/call.h"
#include "services/records/handler/streams.h"
#include "services/records/handler/writer.h"

namespace gtm::records::handler {

// Serves one stream on this thread and one more, until the caller has sent everything and
// has all answers. Up to kBatchesInFlight batches are written at once; answers come in the
// order of the batches. A bad record is rejected alone; a batch that is empty or too long
// ends the stream (INVALID_FIELDS), as does a caller that neither sends nor waits for answers
// for `silence_max` (DEADLINE_EXPIRED): a stream is a slot that others want.
Status RunImport(rpc::Call& call, store::Store& store, EpochCache& epochs, Writer& writer,
                 const Clock& clock, absl::Duration silence_max, ImportStream& stream);

inline constexpr int kBatchesInFlight = 4;

}  // namespace gtm::records::handler
