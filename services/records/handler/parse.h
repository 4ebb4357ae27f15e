#pragma once
// Requests as values that the store takes, checked in every field.

#include <string>
#include <string_view>

#include "common/record/kinds.h"
#include "common/rpc/call.h"
#include "gtm/records/v1/service.pb.h"
#include "services/records/domain/path.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

// Errors of both: KIND_NOT_WRITABLE, else INVALID_FIELDS with every violation.
Result<store::WriteRequest> ParseCommit(const rpc::Call& call, const v1::CommitRequest& request);
Result<store::WriteRequest> ParseBatchCommit(const rpc::Call& call,
                                             const v1::BatchCommitRequest& request);

// A key that may name a record. Appends what is wrong with it.
store::Key ParseKey(const v1::RecordKey& key, const domain::Path& path,
                    domain::Violations* violations);
Result<store::Key> ParseKey(const v1::RecordKey& key, std::string_view field);

// A valid record as a put that creates or replaces.
store::Mutation PutOf(const record::Record& record);

// Who may write the kind: KIND_NOT_WRITABLE where the caller may not.
Status CheckWriter(const rpc::Principal& principal, record::Kind kind);

void CheckRequestId(const std::string& request_id, domain::Violations* violations);

// 0: `fallback`; above `max`: `max`. Error: INVALID_FIELDS ("page_size") below 0.
Result<int> ParsePageSize(int page_size, int fallback, int max);

// Digest of everything that a write asks for: equal requests, equal digests, whatever
// order maps are sent in.
std::string FingerprintOf(const store::WriteRequest& request);

}  // namespace gtm::records::handler
