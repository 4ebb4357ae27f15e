#pragma once
// What a group of requests does to a tenant's records: the one decision that all engines
// share. Pure: rows in, rows out.

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/records/store/store.h"

namespace gtm::records::store {

// The first 16 bytes of the SHA-256 of a body: equal digests, equal bodies.
using Digest = std::array<char, 16>;
Digest DigestOf(std::string_view body);

// The index entry of a record: where its current version lies.
struct ObjectRow {
  int64_t seq = 0;
  int ord = 0;
  Digest digest{};
  int64_t create_time_us = 0;
  int64_t update_time_us = 0;
};

// A row of the head table.
struct HeadRow {
  Head head;
  // Commit time of the last change; of compacted_seq.
  int64_t commit_time_us = 0;
  int64_t compacted_time_us = 0;
};

// A row of the log. The texts belong to the requests or to GroupState::bodies.
struct LogRow {
  int64_t seq = 0;
  int ord = 0;
  const Key* key = nullptr;
  Operation operation = Operation::kCreate;
  std::string_view body;
  std::string_view actor;
  std::string_view request_id;
  int64_t create_time_us = 0;
};

// A request to remember.
struct RequestRow {
  std::string_view request_id;
  std::string_view method;
  std::string_view fingerprint;
  std::string response;  // EncodeOutcome
};

// What the group needs to know, read under the lock of the tenant's head.
struct GroupState {
  HeadRow head;
  std::map<Key, ObjectRow> objects;   // of the keys of mutations and guards
  std::map<Key, std::string> bodies;  // of records that the group may delete
  std::map<std::string, StoredRequest, std::less<>> requests;
};

// What to read into a GroupState. Sorted, without duplicates; the keys are those of the
// requests.
struct GroupKeys {
  std::vector<const Key*> keys;
  std::vector<const Key*> deleted;
  std::vector<std::string> request_ids;
};
GroupKeys KeysOf(std::span<const WriteRequest> requests);

// What to write, and the answers.
struct GroupPlan {
  std::vector<Result<WriteOutcome>> results;
  std::vector<LogRow> log;
  // By key, which belongs to the requests; nullopt: remove.
  std::vector<std::pair<const Key*, std::optional<ObjectRow>>> objects;
  std::vector<RequestRow> requests;
  int64_t seq = 0;
  int64_t commit_time_us = 0;  // of every row of the log
  bool empty() const { return log.empty() && requests.empty(); }
};

// Decides. `requests` and `state` must outlive the plan.
GroupPlan DecideGroup(std::span<const WriteRequest> requests, const GroupState& state,
                      int64_t now_us, const StoreOptions& options);

// The answer to an erasure that was answered before, or REQUEST_ID_REUSED.
Result<WriteOutcome> RecallErase(const EraseRequest& request, const StoredRequest& known);

// Decides what an erasure writes besides the new bodies. `request` must outlive the plan.
class ErasePlanner {
 public:
  ErasePlanner(const EraseRequest& request, const HeadRow& head, int64_t now_us);
  // A version that exists and gets its new body; `current` where it is the current one. The
  // key must outlive the plan.
  void Add(const Key& key, const Rewrite& rewrite, const ObjectRow* current);
  // With one result.
  GroupPlan Take() &&;

 private:
  const EraseRequest& request_;
  GroupPlan plan_;
  int64_t erased_count_;
  int change_count_ = 0;
};

// An outcome as bytes for the request log, and back; nullopt where damaged.
std::string EncodeOutcome(const WriteOutcome& outcome);
std::optional<WriteOutcome> DecodeOutcome(std::string_view bytes);

// The least string that is above every UTF-8 string with the prefix and is UTF-8 itself
// (PostgreSQL takes nothing else); for "" one that is above every id.
std::string UpperBoundOfPrefix(std::string_view prefix);

// Closes a page: counts rows and bytes.
class PageBudget {
 public:
  PageBudget(int limit, int64_t bytes_max) : limit_(limit), bytes_max_(bytes_max) {}
  // False where the page must end before a row of this size.
  bool Take(int64_t size) {
    if (count_ > 0 && (count_ >= limit_ || bytes_ + size > bytes_max_)) return false;
    ++count_;
    bytes_ += size;
    return true;
  }

 private:
  int limit_;
  int64_t bytes_max_;
  int count_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace gtm::records::store
