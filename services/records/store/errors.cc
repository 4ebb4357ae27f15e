#include "services/records/store/errors.h"

#include <fmt/format.h>

namespace gtm::records::store {
namespace {

std::string KindText(const StoreOptions& options, int kind) {
  return options.kind_name ? options.kind_name(kind) : fmt::format("kind {}", kind);
}

Error About(Reason reason, const StoreOptions& options, const Key& key, std::string message) {
  Error error(reason, fmt::format("{}: {}", Describe(options, key), message));
  error.With("kind", KindText(options, key.kind)).With("id", key.id);
  return error;
}

}  // namespace

std::string Describe(const StoreOptions& options, const Key& key) {
  return fmt::format("{} {}", KindText(options, key.kind), key.id);
}

std::string EtagText(int64_t version) { return version == 0 ? "" : fmt::format("\"{}\"", version); }

Error RequestIdReused(std::string_view request_id) {
  Error error(Reason::REQUEST_ID_REUSED,
              fmt::format("request_id {}: used before with another request; use a fresh UUID "
                          "for a new request",
                          request_id));
  error.With("request_id", std::string(request_id));
  return error;
}

Error RecordExists(const StoreOptions& options, const Key& key, int64_t version) {
  Error error = About(Reason::RECORD_EXISTS, options, key,
                      "exists already; update it with its etag or choose another id");
  error.With("etag", EtagText(version));
  return error;
}

Error RecordNotFound(const StoreOptions& options, const Key& key) {
  return About(Reason::RECORD_NOT_FOUND, options, key, "no such record");
}

Error EtagMismatch(const StoreOptions& options, const Key& key, int64_t found, int64_t expected) {
  std::string message;
  if (found == 0) {
    message = fmt::format("deleted meanwhile (expected etag {})", EtagText(expected));
  } else if (expected == 0) {
    message = fmt::format("created meanwhile (etag {}, expected none)", EtagText(found));
  } else {
    message = fmt::format("changed meanwhile (etag {}, expected {})", EtagText(found),
                          EtagText(expected));
  }
  Error error =
      About(Reason::ETAG_MISMATCH, options, key, message + "; read it again and repeat the change");
  error.With("etag", EtagText(found)).With("expected", EtagText(expected));
  return error;
}

Error NamedTwice(const StoreOptions& options, const Key& key, size_t index) {
  return InvalidField(
      fmt::format("mutations[{}]", index),
      fmt::format("names {} again; one request changes a record once", Describe(options, key)));
}

Error RevisionCompacted(const Head& head, int64_t seq) {
  const std::string oldest = fmt::format("{}:{}", head.epoch, head.compacted_seq);
  Error error(Reason::REVISION_COMPACTED,
              fmt::format("revision {}:{}: no longer kept, the oldest is {}; list again and watch "
                          "from the new revision",
                          head.epoch, seq, oldest));
  error.With("oldest_revision", oldest);
  return error;
}

Error StoreUnavailable() {
  Error error(Reason::STORE_UNAVAILABLE, "the store cannot be reached; try again");
  error.RetryAfterMs(200);
  return error;
}

Error StoreFull() { return Error(Reason::STORE_FULL, "the store is full; free or add disk space"); }

Error StoreDamaged(std::string_view code) {
  return Error(Reason::STORE_DAMAGED,
               fmt::format("the store is damaged: {}; restore from a backup", code));
}

Error StoreTimeout() {
  return Error(Reason::DEADLINE_EXPIRED,
               "the deadline passed while the store was working; ask for less or try again");
}

Error SchemaIsNewer(int64_t found, int64_t known) {
  return Error(Reason::WRONG_STATE,
               fmt::format("store: its schema has version {}, this program knows {}; a newer "
                           "release has migrated it, use that one",
                           found, known));
}

Error SchemaIsOlder(int64_t found, int64_t needed) {
  return Error(Reason::WRONG_STATE,
               fmt::format("store: its schema has version {}, this program needs {}; bring it up "
                           "to date with --migrate only, or start with --migrate auto",
                           found, needed));
}

Error StoreFailed(std::string_view code) {
  return Error(Reason::INTERNAL_ERROR, fmt::format("the store failed with {}", code));
}

void LogDetail(const StoreOptions& options, std::string_view message) {
  if (options.log) options.log(message);
}

}  // namespace gtm::records::store
