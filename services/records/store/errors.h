#pragma once
// The store's errors in the words of protos/gtm/errors/v1/error_reason.proto.

#include <string>
#include <string_view>

#include "services/records/store/store.h"

namespace gtm::records::store {

// "account acme", as error messages begin.
std::string Describe(const StoreOptions& options, const Key& key);
// "\"42\"", the etag of a version; "" for 0.
std::string EtagText(int64_t version);

Error RequestIdReused(std::string_view request_id);
Error RecordExists(const StoreOptions& options, const Key& key, int64_t version);
Error RecordNotFound(const StoreOptions& options, const Key& key);
// `found` 0: there is no such record. `expected` 0: there should be none.
Error EtagMismatch(const StoreOptions& options, const Key& key, int64_t found, int64_t expected);
Error NamedTwice(const StoreOptions& options, const Key& key, size_t index);
Error RevisionCompacted(const Head& head, int64_t seq);

// Of drivers. `detail` goes to the log and only `code` into the message.
Error StoreUnavailable();
Error StoreFull();
Error StoreDamaged(std::string_view code);
Error StoreTimeout();
Error SchemaIsNewer(int64_t found, int64_t known);
Error SchemaIsOlder(int64_t found, int64_t needed);
Error StoreFailed(std::string_view code);
// Tells options.log, if any.
void LogDetail(const StoreOptions& options, std::string_view message);

}  // namespace gtm::records::store
