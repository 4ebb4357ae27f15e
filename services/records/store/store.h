#pragma once
// The store of records: what it promises, without saying how. Memory, SQLite and
// PostgreSQL keep the same promises; tests/conformance holds them to it.
//
// Model. Each tenant has a log of changes, numbered by `seq` without gaps in the order in
// which they became durable, and the records that follow from it. One request that changes
// something takes one seq; `ord` numbers the changes inside it from 0. The version of a
// record is the seq of its last change, so that a version is never used twice, not even
// after a deletion.
//
// Every call is thread-safe, blocks until it is answered and belongs to one tenant; an
// unknown tenant is an empty one. Reads see one snapshot. Errors of any call, besides those
// that it names: STORE_UNAVAILABLE (try again), STORE_FULL, STORE_DAMAGED,
// DEADLINE_EXPIRED (StoreOptions::statement_timeout_ms) and INTERNAL_ERROR. Bodies are
// bytes without meaning here; the store knows neither messages nor clocks.

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/ids.h"
#include "common/core/result.h"

namespace gtm::records::store {

// Names a record of a tenant. `id`: 1 to 128 bytes of UTF-8 without NUL. Ordered by kind,
// then by the bytes of the id.
struct Key {
  int kind = 0;
  std::string id;
  friend auto operator<=>(const Key&, const Key&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Key& key) {
    return H::combine(std::move(h), key.kind, key.id);
  }
};

// Where a tenant's log ends and begins.
struct Head {
  // Changes with every restore: numbers of two epochs must not be compared.
  std::string epoch;
  // Last change; 0 where nothing was ever written.
  int64_t seq = 0;
  // Changes up to this one may be gone: the oldest seq that can be read after, and the
  // oldest state that can be listed.
  int64_t compacted_seq = 0;
  friend bool operator==(const Head&, const Head&) = default;
};

// Numbers are those of gtm.records.v1.Change.Operation and are stored.
enum class Operation { kCreate = 1, kUpdate = 2, kDelete = 3, kErase = 4 };

// What a put expects to find.
enum class Mode {
  kUpsert,  // anything
  kCreate,  // nothing, else RECORD_EXISTS
  kUpdate,  // the record, else RECORD_NOT_FOUND
};

// One wish to change one record. A put whose body equals the stored one changes nothing.
struct Mutation {
  Key key;
  bool is_delete = false;  // of nothing: RECORD_NOT_FOUND
  Mode mode = Mode::kUpsert;
  // The version that the record must have (0: it must not exist), else ETAG_MISMATCH.
  std::optional<int64_t> expected_version;
  std::string body;  // of a put
};

// The version that a record must have (0: it must not exist) though the request does not
// change it, else ETAG_MISMATCH.
struct Guard {
  Key key;
  int64_t version = 0;
};

// All or nothing.
struct WriteRequest {
  // Remembered with the outcome, so that the same request acts once. Empty: not remembered
  // (an import is idempotent by its content).
  std::string request_id;
  std::string method;
  // Digest of the whole request (SHA-256, 32 bytes): the same id with another method or
  // fingerprint is REQUEST_ID_REUSED. See EraseRequest::blanked_requests.
  std::string fingerprint;
  std::string actor;
  std::vector<Mutation> mutations;  // of different records, else INVALID_FIELDS
  std::vector<Guard> guards;
};

// What became of one mutation.
struct MutationOutcome {
  Operation operation = Operation::kCreate;  // kUpdate where unchanged
  bool unchanged = false;
  int64_t version = 0;  // of a delete: the seq of the deletion
  int64_t create_time_us = 0;
  int64_t update_time_us = 0;
  friend bool operator==(const MutationOutcome&, const MutationOutcome&) = default;
};

// What became of a request.
struct WriteOutcome {
  // A seq that contains the changes: that of the request, or of the head where it changed
  // nothing.
  int64_t seq = 0;
  std::vector<MutationOutcome> outcomes;  // one a mutation, in their order
  int64_t erased_count = 0;               // of Erase
  // True where an earlier call did the work and this is its remembered answer.
  bool replayed = false;
  friend bool operator==(const WriteOutcome&, const WriteOutcome&) = default;
};

// A request that was answered before.
struct StoredRequest {
  std::string method;
  std::string fingerprint;  // "" where an erasure blanked it
  WriteOutcome outcome;
  // Whether a request with the same id is this one, as far as is still known.
  bool Matches(std::string_view its_method, std::string_view its_fingerprint) const {
    return method == its_method && (fingerprint.empty() || fingerprint == its_fingerprint);
  }
};

// A record as it is, or was at some seq. Times are microseconds since the Unix epoch.
struct StoredRecord {
  Key key;
  int64_t version = 0;
  int64_t create_time_us = 0;
  int64_t update_time_us = 0;
  std::string body;
  friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

// A place in the log: after everything up to and including this change.
struct Position {
  int64_t seq = 0;
  int ord = 0;
  // After all of a seq.
  static Position AfterSeq(int64_t seq);
  friend auto operator<=>(const Position&, const Position&) = default;
};

// One version of one record. `seq` is its version.
struct Change {
  int64_t seq = 0;
  int ord = 0;
  Operation operation = Operation::kCreate;
  Key key;
  std::string body;  // of a delete: as it was
  std::string actor;
  std::string request_id;  // "" where the request had none
  int64_t create_time_us = 0;
  // Never goes back within a tenant, though the clock may.
  int64_t commit_time_us = 0;
  friend bool operator==(const Change&, const Change&) = default;
};

struct GetResult {
  Head head;
  // In the order of the keys; nullopt where there is no such record.
  std::vector<std::optional<StoredRecord>> records;
};

struct ListQuery {
  int kind = 0;
  std::string after_id;   // "": from the start
  std::string id_prefix;  // "": every id
  int limit = 100;        // most records, > 0
  // A page ends before the record that would take its bodies beyond this; the first
  // record always fits.
  int64_t bytes_max = 2 << 20;
  // As recorded at this seq, or REVISION_COMPACTED where it is < compacted_seq.
  std::optional<int64_t> at_seq;
};

struct ListResult {
  Head head;
  std::vector<StoredRecord> records;  // by rising id
  bool has_more = false;
};

struct ChangesQuery {
  // Position::AfterSeq(n) to follow the feed from seq n.
  Position after;
  std::vector<int> kinds;       // empty: every kind
  int limit = 1000;             // most changes, > 0
  int64_t bytes_max = 2 << 20;  // as in ListQuery
  // Read what is left of the compacted part, too, instead of REVISION_COMPACTED.
  bool include_compacted = false;
};

struct ChangesResult {
  Head head;
  std::vector<Change> changes;  // in the order of the log
  // Every change asked for with seq <= complete_seq has been returned now or lies before
  // `after`. The last change returned may be of complete_seq + 1 or later where a seq was
  // split by the limits: go on with `next`.
  int64_t complete_seq = 0;
  Position next;
  bool has_more = false;
};

struct HistoryQuery {
  Key key;
  int64_t before_seq = INT64_MAX;  // versions below this one
  int limit = 100;                 // > 0
  int64_t bytes_max = 2 << 20;     // as in ListQuery
};

struct HistoryResult {
  Head head;
  std::vector<Change> changes;  // newest first
  bool has_more = false;
};

struct CompactResult {
  Head head;
  int64_t deleted_rows = 0;
  // False where max_rows was reached first: call again.
  bool done = false;
};

// A new body for one version. Of a version that is current it also makes a change
// (Operation::kErase) with a new version, so that those who follow the feed learn of it.
struct Rewrite {
  int64_t seq = 0;
  int ord = 0;
  std::string body;
};

struct EraseRequest {
  std::string request_id;  // as in WriteRequest; give it with the last part of an erasure
  std::string method;
  std::string fingerprint;
  std::string actor;
  std::vector<Rewrite> rewrites;
  // Ids of the requests that wrote them. By the fingerprint of a remembered request its
  // content could be guessed, so it is blanked: from then on the id and the method alone
  // tell that a request is the same. It acts once still.
  std::vector<std::string> blanked_requests;
  // Versions rewritten by earlier parts, added to WriteOutcome::erased_count.
  int64_t erased_before = 0;
};

struct TenantHead {
  std::string tenant;
  Head head;
};

// What an engine tells of itself, for metrics.
struct StoreStats {
  struct Pool {
    int in_use = 0, idle = 0, max = 0;
    int waiting = 0;  // threads that wait for a connection
  };
  std::string_view engine = "memory";  // "memory", "sqlite", "postgres"
  // Transactions run again since the store was opened.
  int64_t conflict_count = 0;  // lost against another one
  int64_t lost_count = 0;      // the connection broke
  std::optional<Pool> pool;
  std::optional<int64_t> schema_version;
  std::string file;  // of SQLite
};

class Store {
 public:
  virtual ~Store() = default;

  // Quick, whatever state the store is in.
  virtual StoreStats Stats() const { return {}; }

  // Group commit: one transaction for many requests, durable when it returns. Each request
  // stands or falls alone and sees what those before it did. One result a request, in
  // their order. Errors of a request: REQUEST_ID_REUSED, RECORD_EXISTS, RECORD_NOT_FOUND,
  // ETAG_MISMATCH, INVALID_FIELDS; an error of the whole means that nothing is known to be
  // written: a retry with the same request ids acts once. `now_us` stamps the changes.
  virtual Result<std::vector<Result<WriteOutcome>>> Write(const TenantId& tenant,
                                                          std::span<const WriteRequest> requests,
                                                          int64_t now_us) = 0;

  virtual Result<Head> GetHead(const TenantId& tenant) = 0;
  virtual Result<GetResult> Get(const TenantId& tenant, std::span<const Key> keys) = 0;
  virtual Result<ListResult> List(const TenantId& tenant, const ListQuery& query) = 0;
  // The feed. Errors: REVISION_COMPACTED where after.seq < compacted_seq.
  virtual Result<ChangesResult> ReadChanges(const TenantId& tenant, const ChangesQuery& query) = 0;
  // The kept versions of one record, newest first; of a record unknown: none.
  virtual Result<HistoryResult> ReadHistory(const TenantId& tenant, const HistoryQuery& query) = 0;
  // The last seq committed at or before `time_us`: 0 before the first. Errors:
  // REVISION_COMPACTED where the log no longer tells.
  virtual Result<int64_t> SeqAt(const TenantId& tenant, int64_t time_us) = 0;
  // Records by kind; kinds without records are absent.
  virtual Result<std::map<int, int64_t>> CountByKind(const TenantId& tenant) = 0;
  // The remembered request, if any: lets work of several parts begin with a look.
  virtual Result<std::optional<StoredRequest>> FindRequest(const TenantId& tenant,
                                                           std::string_view request_id) = 0;

  // Heads of the tenants with names above `after_tenant`, by name: a replica polls this to
  // learn what others wrote. Only tenants that ever wrote.
  virtual Result<std::vector<TenantHead>> ListHeads(std::string_view after_tenant, int limit) = 0;

  // Forgets requests of all tenants remembered until before `now_us`, at most `max_rows`,
  // the oldest first; says how many.
  virtual Result<int64_t> ForgetRequests(int64_t now_us, int max_rows) = 0;
  // Deletes versions that were superseded, and deletions, up to `up_to_seq` (capped at the
  // head), walking at most about `max_rows` changes, and moves compacted_seq. The state at
  // compacted_seq and every later one can still be listed.
  virtual Result<CompactResult> Compact(const TenantId& tenant, int64_t up_to_seq,
                                        int max_rows) = 0;
  // Rewrites versions in one transaction (those compacted meanwhile are skipped). The
  // answer's erased_count counts the versions. Errors: REQUEST_ID_REUSED.
  virtual Result<WriteOutcome> Erase(const TenantId& tenant, const EraseRequest& request,
                                     int64_t now_us) = 0;
  // Begins a new epoch for all tenants: after a restore, when numbers given out before may
  // be given out again. `epoch` is new: MakeEpoch().
  virtual Status NewEpoch(const std::string& epoch) = 0;

  // Remembers that regular work such as kBackupJob succeeded at `time_us`.
  virtual Status RecordJob(const std::string& job, int64_t time_us) = 0;
  // When each job last succeeded; jobs that never did are absent. Not part of a backup.
  virtual Result<std::map<std::string, int64_t>> JobTimes() = 0;
};

// The job that WriteBackup records (backup.h).
inline constexpr const char* kBackupJob = "backup";

// How long a request is remembered, in microseconds after its now_us.
inline constexpr int64_t kRequestKeepUs = int64_t{48} * 3600 * 1'000'000;

// What opening does where the schema is older than this program's. One that is newer is
// refused in either case: WRONG_STATE.
enum class Migration {
  kAuto,   // brings it up to date
  kNever,  // refuses: WRONG_STATE
};

struct StoreOptions {
  // Name of a kind for error messages and metadata; "kind 11" where absent.
  std::function<std::string(int kind)> kind_name;
  // Receives what a driver said, for the log; errors themselves do not repeat it.
  std::function<void(std::string_view message)> log;
  // The epoch of a store made now; "" means MakeEpoch(). For comparisons between engines.
  std::string first_epoch;
  Migration migration = Migration::kAuto;
  // Longest that one statement may run.
  int statement_timeout_ms = 30'000;
  // SQLite: readers at once. PostgreSQL: connections.
  int connections_max = 8;
  // SQLite: largest that the file may grow, in bytes; writes beyond it are STORE_FULL. 0:
  // until the disk is full.
  int64_t file_bytes_max = 0;
};

// A name that no epoch had before: 12 random lowercase hex digits after "e".
std::string MakeEpoch();

// Keeps everything in memory: for tests, trials and as the model of the others.
std::unique_ptr<Store> OpenMemory(const StoreOptions& options = {});
// Opens or makes the file and brings its schema up to date. Several processes may share it.
Result<std::unique_ptr<Store>> OpenSqlite(const std::string& path,
                                          const StoreOptions& options = {});
// Brings the schema up to date. `conninfo` as of libpq: "host=... dbname=... user=...".
Result<std::unique_ptr<Store>> OpenPostgres(const std::string& conninfo,
                                            const StoreOptions& options = {});

}  // namespace gtm::records::store
