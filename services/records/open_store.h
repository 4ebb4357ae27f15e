#pragma once
// From the configuration's store URL to a store.

#include <memory>
#include <string_view>

#include "common/core/result.h"
#include "common/telemetry/log.h"
#include "services/records/store/store.h"

namespace gtm::records {

// "sqlite:<file>" (its folder is made where missing), "postgres://..." or "memory:".
// Errors: INVALID_FIELDS ("store") for another URL; those of opening.
Result<std::unique_ptr<store::Store>> OpenStore(std::string_view url, telemetry::Log& log);

// Writer threads that suit the engine: one where it has one writer anyway.
int WriterThreads(std::string_view url);

}  // namespace gtm::records
