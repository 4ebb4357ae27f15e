#pragma once
// The transactions that write: each locks its tenant's head first, which puts the writes
// of a tenant in order. Run by the store, again where the session says kConflict or kLost.

#include "services/records/store/decide.h"
#include "services/records/store/sql_driver.h"

namespace gtm::records::store {

// Store::Write. `keys` are KeysOf(requests).
Result<std::vector<Result<WriteOutcome>>> WriteGroup(Session& session, const TenantId& tenant,
                                                     std::span<const WriteRequest> requests,
                                                     const GroupKeys& keys, int64_t now_us,
                                                     const StoreOptions& options);
// Store::Compact.
Result<CompactResult> CompactWindow(Session& session, const TenantId& tenant, int64_t up_to_seq,
                                    int max_rows);
// Store::Erase.
Result<WriteOutcome> EraseVersions(Session& session, const TenantId& tenant,
                                   const EraseRequest& request, int64_t now_us);

}  // namespace gtm::records::store
