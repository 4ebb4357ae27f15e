#pragma once
// API keys in the process that keeps them.

#include "common/core/result.h"
#include "common/identity/key_cache.h"
#include "common/process/process.h"
#include "services/records/handler/records_handler.h"
#include "services/records/store/store.h"

namespace gtm::records {

// Reads keys from the store itself. `handler` outlives it.
identity::KeyLookup LookupIn(handler::RecordsHandler& handler);

// Whether a process that verifies callers can verify any: it has tokens, client certificates,
// or the store has an API key. Error: INVALID_FIELDS ("--auth") with the remedy.
Status CheckVerifiable(const process::Process& process, store::Store& store);

}  // namespace gtm::records
