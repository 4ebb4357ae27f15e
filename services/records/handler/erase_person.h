#pragma once
// ErasePerson: a person's names and words leave every version of every record.

#include "common/core/clock.h"
#include "common/rpc/call.h"
#include "gtm/records/v1/service.pb.h"
#include "services/records/handler/epoch_cache.h"
#include "services/records/handler/feed.h"

namespace gtm::records::handler {

// Walks the kept log once, blanks what concerns the person in parts, and ends with the part
// that remembers the request: broken off, the same call goes on where work is left. Errors:
// INVALID_FIELDS, REQUEST_ID_REUSED, RECORD_NOT_FOUND where the person never was,
// DEADLINE_EXPIRED (call again).
Status RunErasePerson(const rpc::Call& call, const v1::ErasePersonRequest& request,
                      store::Store& store, EpochCache& epochs, Feed& feed, const Clock& clock,
                      v1::ErasePersonResponse* response);

}  // namespace gtm::records::handler
