// The store over SQL: reads rows, lets decide.h decide, writes rows.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "services/records/store/decide.h"
#include "services/records/store/errors.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

// How long transactions that lost against others are run again, and how long a broken
// connection is made anew, before the caller hears of it.
constexpr absl::Duration kConflictRetryMax = absl::Seconds(10);
constexpr absl::Duration kLostRetryMax = absl::Seconds(3);
constexpr absl::Duration kConflictPauseMax = absl::Milliseconds(40);
constexpr absl::Duration kLostPauseMax = absl::Milliseconds(400);

Value Text(const TenantId& tenant) { return std::string_view(tenant.value()); }
Value Text(std::string_view text) { return text; }

HeadRow HeadFrom(const Rows& rows, size_t row) {
  return {{rows.String(row, 0), rows.Int(row, 1), rows.Int(row, 2)},
          rows.Int(row, 3),
          rows.Int(row, 4)};
}

// Of kReadHead: the tenant's own row, else an empty tenant in the epoch of all.
HeadRow TenantHeadFrom(const Rows& rows) {
  if (rows.size() == 2) return HeadFrom(rows, 1);
  HeadRow head;
  if (rows.size() == 1) head.head.epoch = rows.String(0, 0);
  return head;
}

Change ChangeFrom(const Rows& rows, size_t row) {
  Change change;
  change.seq = rows.Int(row, 0);
  change.ord = static_cast<int>(rows.Int(row, 1));
  change.operation = static_cast<Operation>(rows.Int(row, 2));
  change.key = {static_cast<int>(rows.Int(row, 3)), rows.String(row, 4)};
  change.body = rows.String(row, 5);
  change.actor = rows.String(row, 6);
  change.request_id = rows.String(row, 7);
  change.create_time_us = rows.Int(row, 8);
  change.commit_time_us = rows.Int(row, 9);
  return change;
}
constexpr size_t kChangeBodyColumn = 5;

StoredRecord RecordFrom(const Rows& rows, size_t row) {
  return {{static_cast<int>(rows.Int(row, 0)), rows.String(row, 1)},
          rows.Int(row, 2),
          rows.Int(row, 3),
          rows.Int(row, 4),
          rows.String(row, 5)};
}
constexpr size_t kRecordVersionColumn = 2;
constexpr size_t kRecordBodyColumn = 5;

int64_t SizeOf(const Rows& rows, size_t row, size_t column) {
  return static_cast<int64_t>(rows.Text(row, column).size());
}

std::vector<Column> KeyColumns(std::span<const Key> keys) {
  IntColumn kinds;
  TextColumn ids;
  for (const Key& key : keys) {
    kinds.push_back(key.kind);
    ids.push_back(key.id);
  }
  return {std::move(kinds), std::move(ids)};
}

Result<StoredRequest> RequestFrom(const Rows& rows, size_t row) {
  const auto outcome = DecodeOutcome(rows.Text(row, 3));
  if (!outcome) return StoreDamaged("an unreadable answer in request_log");
  return StoredRequest{rows.String(row, 1), rows.String(row, 2), *outcome};
}

class SqlStore final : public Store {
 public:
  SqlStore(std::unique_ptr<Driver> driver, const StoreOptions& options)
      : driver_(std::move(driver)), options_(options) {}

  Result<std::vector<Result<WriteOutcome>>> Write(const TenantId& tenant,
                                                  std::span<const WriteRequest> requests,
                                                  int64_t now_us) override {
    const GroupKeys keys = KeysOf(requests);
    return Run<std::vector<Result<WriteOutcome>>>(Access::kWrite, [&](Session& session) {
      return WriteOnce(session, tenant, requests, keys, now_us);
    });
  }

  Result<Head> GetHead(const TenantId& tenant) override {
    return Run<Head>(Access::kRead, [&](Session& session) -> Result<Head> {
      session.Add(sql::kReadHead, {Text(tenant)});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      return TenantHeadFrom(rows[0]).head;
    });
  }

  Result<GetResult> Get(const TenantId& tenant, std::span<const Key> keys) override {
    return Run<GetResult>(Access::kRead, [&](Session& session) -> Result<GetResult> {
      session.Begin();
      session.Add(sql::kReadHead, {Text(tenant)});
      if (!keys.empty()) session.AddRows(sql::kGetRecords, Text(tenant), KeyColumns(keys));
      session.Commit();
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      GetResult result{TenantHeadFrom(rows[0]).head, {}};
      result.records.resize(keys.size());
      if (keys.empty()) return result;
      std::map<Key, StoredRecord> found;
      for (size_t i = 0; i < rows[1].size(); ++i) {
        if (rows[1].IsNull(i, kRecordVersionColumn)) continue;
        StoredRecord record = RecordFrom(rows[1], i);
        Key key = record.key;
        found.insert_or_assign(std::move(key), std::move(record));
      }
      for (size_t i = 0; i < keys.size(); ++i) {
        const auto record = found.find(keys[i]);
        if (record != found.end()) result.records[i] = record->second;
      }
      return result;
    });
  }

  Result<ListResult> List(const TenantId& tenant, const ListQuery& query) override {
    return Run<ListResult>(Access::kRead, [&](Session& session) -> Result<ListResult> {
      const std::string upper = UpperBoundOfPrefix(query.id_prefix);
      std::vector<Value> values = {Text(tenant),         int64_t{query.kind},
                                   Text(query.after_id), Text(query.id_prefix),
                                   Text(upper),          int64_t{query.limit} + 1};
      if (query.at_seq) values.push_back(*query.at_seq);
      session.Begin();
      session.Add(sql::kReadHead, {Text(tenant)});
      session.AddPage(query.at_seq ? sql::kListRecordsAt : sql::kListRecords, std::move(values),
                      query.bytes_max);
      session.Commit();
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      ListResult result{TenantHeadFrom(rows[0]).head, {}, false};
      if (query.at_seq && *query.at_seq < result.head.compacted_seq) {
        return RevisionCompacted(result.head, *query.at_seq);
      }
      PageBudget budget(query.limit, query.bytes_max);
      for (size_t i = 0; i < rows[1].size() && !result.has_more; ++i) {
        if (budget.Take(SizeOf(rows[1], i, kRecordBodyColumn))) {
          result.records.push_back(RecordFrom(rows[1], i));
        } else {
          result.has_more = true;
        }
      }
      return result;
    });
  }

  Result<ChangesResult> ReadChanges(const TenantId& tenant, const ChangesQuery& query) override;
  Result<HistoryResult> ReadHistory(const TenantId& tenant, const HistoryQuery& query) override;
  Result<int64_t> SeqAt(const TenantId& tenant, int64_t time_us) override;

  Result<std::map<int, int64_t>> CountByKind(const TenantId& tenant) override {
    using Counts = std::map<int, int64_t>;
    return Run<Counts>(Access::kRead, [&](Session& session) -> Result<Counts> {
      session.Add(sql::kCountByKind, {Text(tenant)});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      Counts counts;
      for (size_t i = 0; i < rows[0].size(); ++i) {
        counts[static_cast<int>(rows[0].Int(i, 0))] = rows[0].Int(i, 1);
      }
      return counts;
    });
  }

  Result<std::optional<StoredRequest>> FindRequest(const TenantId& tenant,
                                                   std::string_view request_id) override {
    using Found = std::optional<StoredRequest>;
    return Run<Found>(Access::kRead, [&](Session& session) -> Result<Found> {
      session.AddRows(sql::kFindRequests, Text(tenant), {TextColumn{request_id}});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      if (rows[0].IsNull(0, 1)) return Found();
      GTM_ASSIGN_OR_RETURN(StoredRequest request, RequestFrom(rows[0], 0));
      return Found(std::move(request));
    });
  }

  Result<std::vector<TenantHead>> ListHeads(std::string_view after_tenant, int limit) override {
    using Heads = std::vector<TenantHead>;
    return Run<Heads>(Access::kRead, [&](Session& session) -> Result<Heads> {
      session.Add(sql::kListHeads, {Text(after_tenant), int64_t{limit}});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      Heads heads;
      for (size_t i = 0; i < rows[0].size(); ++i) {
        heads.push_back(
            {rows[0].String(i, 0), {rows[0].String(i, 1), rows[0].Int(i, 2), rows[0].Int(i, 3)}});
      }
      return heads;
    });
  }

  Result<int64_t> ForgetRequests(int64_t now_us, int max_rows) override {
    return Run<int64_t>(Access::kWrite, [&](Session& session) -> Result<int64_t> {
      session.Add(sql::kForgetRequests, {now_us, int64_t{max_rows}});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      return rows[0].affected();
    });
  }

  Result<CompactResult> Compact(const TenantId& tenant, int64_t up_to_seq, int max_rows) override {
    return Run<CompactResult>(Access::kWrite, [&](Session& session) {
      return CompactOnce(session, tenant, up_to_seq, max_rows);
    });
  }

  Result<WriteOutcome> Erase(const TenantId& tenant, const EraseRequest& request,
                             int64_t now_us) override {
    return Run<WriteOutcome>(Access::kWrite, [&](Session& session) {
      return EraseOnce(session, tenant, request, now_us);
    });
  }

  Status NewEpoch(const std::string& epoch) override {
    const auto done = Run<int64_t>(Access::kWrite, [&](Session& session) -> Result<int64_t> {
      session.Add(sql::kNewEpoch, {Text(epoch)});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      return rows[0].affected();
    });
    if (!done.ok()) return done.error();
    return {};
  }

 private:
  // Runs a transaction, again where it lost against another one or the connection broke.
  // Safe to repeat even where a COMMIT may have happened: requests are remembered with
  // their outcome, and everything else is idempotent.
  template <class T, class Body>
  Result<T> Run(Access access, Body body) {
    const absl::Duration start = SystemClock().Monotonic();
    for (int attempt = 0;; ++attempt) {
      Failure failure = Failure::kNone;
      auto session = driver_->Acquire(access);
      Result<T> result = session.ok() ? body(**session) : Result<T>(session.error());
      if (result.ok()) return result;
      failure = session.ok() ? (*session)->failure() : Failure::kLost;
      session = StoreUnavailable();  // gives the connection back before the pause
      const absl::Duration spent = SystemClock().Monotonic() - start;
      const bool again = (failure == Failure::kConflict && spent < kConflictRetryMax) ||
                         (failure == Failure::kLost && spent < kLostRetryMax);
      if (!again) return result;
      Pause(failure, attempt);
    }
  }

  // Grows with the attempts; a part that differs between threads keeps rivals apart.
  static void Pause(Failure failure, int attempt) {
    static thread_local Random random(std::hash<std::string>()(MakeEpoch()));
    const bool is_conflict = failure == Failure::kConflict;
    const absl::Duration most = is_conflict ? kConflictPauseMax : kLostPauseMax;
    const absl::Duration step = is_conflict ? absl::Microseconds(500) : absl::Milliseconds(10);
    const absl::Duration cap = std::min(most, step * (1 << std::min(attempt, 10)));
    absl::SleepFor(cap * random.Uniform());
  }

  // Locks the tenant's head for the rest of the transaction and runs what else is queued;
  // the head is the first of the rows. Makes the head where this is the tenant's first
  // write: then `queue` is called again.
  template <class Queue>
  static Result<std::vector<Rows>> LockHead(Session& session, const TenantId& tenant, Queue queue) {
    session.Begin();
    session.Add(sql::kLockHead, {Text(tenant)});
    queue();
    GTM_ASSIGN_OR_RETURN(auto rows, session.Run());
    if (rows[0].size() == 1) return rows;
    session.Add(sql::kMakeHead, {Text(tenant)});
    session.Add(sql::kLockHead, {Text(tenant)});
    queue();
    GTM_ASSIGN_OR_RETURN(rows, session.Run());
    rows.erase(rows.begin());
    if (rows[0].size() != 1) return StoreDamaged("no row for tenant '' in tenant_head");
    return rows;
  }

  static Result<GroupState> LoadGroup(Session& session, const TenantId& tenant,
                                      const GroupKeys& keys);
  static void SavePlan(Session& session, const TenantId& tenant, const GroupPlan& plan,
                       int64_t now_us);
  Result<std::vector<Result<WriteOutcome>>> WriteOnce(Session& session, const TenantId& tenant,
                                                      std::span<const WriteRequest> requests,
                                                      const GroupKeys& keys, int64_t now_us);
  static Result<CompactResult> CompactOnce(Session& session, const TenantId& tenant,
                                           int64_t up_to_seq, int max_rows);
  static Result<WriteOutcome> EraseOnce(Session& session, const TenantId& tenant,
                                        const EraseRequest& request, int64_t now_us);

  const std::unique_ptr<Driver> driver_;
  const StoreOptions options_;
};

Result<GroupState> SqlStore::LoadGroup(Session& session, const TenantId& tenant,
                                       const GroupKeys& keys) {
  GTM_ASSIGN_OR_RETURN(
      const auto rows, LockHead(session, tenant, [&] {
        if (!keys.keys.empty()) {
          session.AddRows(sql::kFindObjects, Text(tenant), KeyColumns(keys.keys));
        }
        if (!keys.deleted.empty()) {
          session.AddRows(sql::kFindBodies, Text(tenant), KeyColumns(keys.deleted));
        }
        if (!keys.request_ids.empty()) {
          session.AddRows(sql::kFindRequests, Text(tenant),
                          {TextColumn(keys.request_ids.begin(), keys.request_ids.end())});
        }
      }));
  GroupState state;
  size_t at = 0;
  state.head = HeadFrom(rows[at++], 0);
  if (!keys.keys.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 2)) continue;
      ObjectRow row{
          found.Int(i, 2), static_cast<int>(found.Int(i, 3)), {}, found.Int(i, 5), found.Int(i, 6)};
      const std::string_view digest = found.Text(i, 4);
      if (digest.size() != row.digest.size()) return StoreDamaged("a digest of a wrong size");
      std::copy(digest.begin(), digest.end(), row.digest.begin());
      state.objects.emplace(Key{static_cast<int>(found.Int(i, 0)), found.String(i, 1)}, row);
    }
  }
  if (!keys.deleted.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 2)) continue;
      state.bodies.emplace(Key{static_cast<int>(found.Int(i, 0)), found.String(i, 1)},
                           found.String(i, 2));
    }
  }
  if (!keys.request_ids.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 1)) continue;
      GTM_ASSIGN_OR_RETURN(StoredRequest request, RequestFrom(found, i));
      state.requests.emplace(found.String(i, 0), std::move(request));
    }
  }
  return state;
}

void SqlStore::SavePlan(Session& session, const TenantId& tenant, const GroupPlan& plan,
                        int64_t now_us) {
  IntColumn kinds, seqs, ords, ops, created, updated, removed_kinds;
  TextColumn ids, actors, request_ids, removed_ids;
  BytesColumn digests, bodies;
  for (const auto& [key, row] : plan.objects) {
    if (!row) {
      removed_kinds.push_back(key.kind);
      removed_ids.push_back(key.id);
      continue;
    }
    kinds.push_back(key.kind);
    ids.push_back(key.id);
    seqs.push_back(row->seq);
    ords.push_back(row->ord);
    digests.values.emplace_back(row->digest.data(), row->digest.size());
    created.push_back(row->create_time_us);
    updated.push_back(row->update_time_us);
  }
  if (!kinds.empty()) {
    session.AddRows(sql::kPutObjects, Text(tenant),
                    {std::exchange(kinds, {}), std::exchange(ids, {}), std::exchange(seqs, {}),
                     std::exchange(ords, {}), std::move(digests), std::exchange(created, {}),
                     std::move(updated)});
  }
  if (!removed_kinds.empty()) {
    session.AddRows(sql::kRemoveObjects, Text(tenant),
                    {std::move(removed_kinds), std::move(removed_ids)});
  }
  for (const LogRow& row : plan.log) {
    seqs.push_back(row.seq);
    ords.push_back(row.ord);
    kinds.push_back(row.key->kind);
    ids.push_back(row.key->id);
    ops.push_back(static_cast<int64_t>(row.operation));
    bodies.values.push_back(row.body);
    actors.push_back(row.actor);
    request_ids.push_back(row.request_id);
    created.push_back(row.create_time_us);
  }
  if (!seqs.empty()) {
    IntColumn committed(seqs.size(), plan.commit_time_us);
    session.AddRows(sql::kAddChanges, Text(tenant),
                    {std::move(seqs), std::move(ords), std::move(kinds), std::move(ids),
                     std::move(ops), std::move(bodies), std::move(actors), std::move(request_ids),
                     std::move(created), std::move(committed)});
    session.Add(sql::kMoveHead, {Text(tenant), plan.seq, plan.commit_time_us});
  }
  if (plan.requests.empty()) return;
  TextColumn names, methods;
  BytesColumn fingerprints, responses;
  for (const RequestRow& row : plan.requests) {
    names.push_back(row.request_id);
    methods.push_back(row.method);
    fingerprints.values.push_back(row.fingerprint);
    responses.values.push_back(row.response);
  }
  IntColumn expires(names.size(), now_us + kRequestKeepUs);
  session.AddRows(sql::kAddRequests, Text(tenant),
                  {std::move(names), std::move(methods), std::move(fingerprints),
                   std::move(responses), std::move(expires)});
}

Result<std::vector<Result<WriteOutcome>>> SqlStore::WriteOnce(
    Session& session, const TenantId& tenant, std::span<const WriteRequest> requests,
    const GroupKeys& keys, int64_t now_us) {
  GTM_ASSIGN_OR_RETURN(const GroupState state, LoadGroup(session, tenant, keys));
  GroupPlan plan = DecideGroup(requests, state, now_us, options_);
  SavePlan(session, tenant, plan, now_us);
  session.Commit();
  const auto done = session.Run();
  if (!done.ok()) return done.error();
  return std::move(plan.results);
}

Result<ChangesResult> SqlStore::ReadChanges(const TenantId& tenant, const ChangesQuery& query) {
  std::string kinds = ",";
  for (const int kind : query.kinds) kinds += fmt::format("{},", kind);
  return Run<ChangesResult>(Access::kRead, [&](Session& session) -> Result<ChangesResult> {
    std::vector<Value> values = {Text(tenant), query.after.seq, int64_t{query.after.ord},
                                 int64_t{query.limit} + 1};
    if (!query.kinds.empty()) values.push_back(Text(kinds));
    session.Begin();
    session.Add(sql::kReadHead, {Text(tenant)});
    session.AddPage(query.kinds.empty() ? sql::kReadChanges : sql::kReadChangesOfKinds,
                    std::move(values), query.bytes_max);
    session.Commit();
    GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
    ChangesResult result;
    result.head = TenantHeadFrom(rows[0]).head;
    if (!query.include_compacted && query.after.seq < result.head.compacted_seq) {
      return RevisionCompacted(result.head, query.after.seq);
    }
    result.complete_seq = std::max(result.head.seq, query.after.seq);
    result.next = Position::AfterSeq(result.complete_seq);
    PageBudget budget(query.limit, query.bytes_max);
    for (size_t i = 0; i < rows[1].size(); ++i) {
      if (!budget.Take(SizeOf(rows[1], i, kChangeBodyColumn))) {
        result.has_more = true;
        result.complete_seq = rows[1].Int(i, 0) - 1;
        result.next = {result.changes.back().seq, result.changes.back().ord};
        break;
      }
      result.changes.push_back(ChangeFrom(rows[1], i));
    }
    return result;
  });
}

Result<HistoryResult> SqlStore::ReadHistory(const TenantId& tenant, const HistoryQuery& query) {
  return Run<HistoryResult>(Access::kRead, [&](Session& session) -> Result<HistoryResult> {
    session.Begin();
    session.Add(sql::kReadHead, {Text(tenant)});
    session.AddPage(sql::kReadHistory,
                    {Text(tenant), int64_t{query.key.kind}, Text(query.key.id), query.before_seq,
                     int64_t{query.limit} + 1},
                    query.bytes_max);
    session.Commit();
    GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
    HistoryResult result{TenantHeadFrom(rows[0]).head, {}, false};
    PageBudget budget(query.limit, query.bytes_max);
    for (size_t i = 0; i < rows[1].size() && !result.has_more; ++i) {
      if (budget.Take(SizeOf(rows[1], i, kChangeBodyColumn))) {
        result.changes.push_back(ChangeFrom(rows[1], i));
      } else {
        result.has_more = true;
      }
    }
    return result;
  });
}

Result<int64_t> SqlStore::SeqAt(const TenantId& tenant, int64_t time_us) {
  return Run<int64_t>(Access::kRead, [&](Session& session) -> Result<int64_t> {
    session.Begin();
    session.Add(sql::kReadHead, {Text(tenant)});
    GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
    const HeadRow head = TenantHeadFrom(rows[0]);
    if (head.head.compacted_seq > 0 && time_us < head.compacted_time_us) {
      return RevisionCompacted(head.head, 0);
    }
    // Commit times rise with seq, and above compacted_seq every seq is there. In between:
    // `low` was committed by then, `high` was not.
    int64_t low = head.head.compacted_seq;
    int64_t high = head.head.seq + 1;
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      session.Add(sql::kCommitTime, {Text(tenant), middle});
      GTM_ASSIGN_OR_RETURN(const auto times, session.Run());
      if (times[0].size() == 0) return StoreDamaged(fmt::format("change {} is missing", middle));
      (times[0].Int(0, 0) <= time_us ? low : high) = middle;
    }
    return low;
  });
}

Result<CompactResult> SqlStore::CompactOnce(Session& session, const TenantId& tenant,
                                            int64_t up_to_seq, int max_rows) {
  GTM_ASSIGN_OR_RETURN(const auto locked, LockHead(session, tenant, [] {}));
  const HeadRow head = HeadFrom(locked[0], 0);
  const int64_t goal = std::min(up_to_seq, head.head.seq);
  CompactResult result{head.head, 0, true};
  if (goal <= head.head.compacted_seq) return result;
  const int64_t begin = head.head.compacted_seq;
  session.Add(sql::kReadWindow, {Text(tenant), begin, goal, int64_t{std::max(max_rows, 1)}});
  GTM_ASSIGN_OR_RETURN(const auto windows, session.Run());
  const Rows& window = windows[0];
  const bool is_full = window.size() >= static_cast<size_t>(std::max(max_rows, 1));
  const int64_t end = is_full ? window.Int(window.size() - 1, 0) : goal;
  // A seq that the window cut is walked to its end.
  session.Add(sql::kReadWindow, {Text(tenant), end - 1, end, INT64_MAX});
  GTM_ASSIGN_OR_RETURN(const auto tails, session.Run());
  std::map<Key, int64_t> latest;
  for (const Rows* part : {&window, &tails[0]}) {
    for (size_t i = 0; i < part->size(); ++i) {
      latest[{static_cast<int>(part->Int(i, 3)), part->String(i, 4)}] = part->Int(i, 0);
    }
  }
  IntColumn kinds, seqs;
  TextColumn ids;
  for (const auto& [key, seq] : latest) {
    kinds.push_back(key.kind);
    ids.push_back(key.id);
    seqs.push_back(seq);
  }
  session.Add(sql::kCommitTime, {Text(tenant), end});
  if (!kinds.empty()) {
    session.AddRows(sql::kDeleteSuperseded, Text(tenant),
                    {std::move(kinds), std::move(ids), std::move(seqs)});
  }
  session.Add(sql::kDeleteDeletions, {Text(tenant), begin, end});
  GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
  if (rows[0].size() == 0) return StoreDamaged(fmt::format("change {} is missing", end));
  session.Add(sql::kMoveCompacted, {Text(tenant), end, rows[0].Int(0, 0)});
  session.Commit();
  GTM_ASSIGN_OR_RETURN(const auto moved, session.Run());
  result.head.compacted_seq = end;
  for (const Rows& part : rows) result.deleted_rows += part.affected();
  result.done = end >= goal;
  return result;
}

Result<WriteOutcome> SqlStore::EraseOnce(Session& session, const TenantId& tenant,
                                         const EraseRequest& request, int64_t now_us) {
  IntColumn seqs, ords;
  std::map<Position, const Rewrite*> rewrites;
  for (const Rewrite& rewrite : request.rewrites) {
    seqs.push_back(rewrite.seq);
    ords.push_back(rewrite.ord);
    rewrites[{rewrite.seq, rewrite.ord}] = &rewrite;
  }
  GTM_ASSIGN_OR_RETURN(const auto rows, LockHead(session, tenant, [&] {
                         session.AddRows(sql::kFindRequests, Text(tenant),
                                         {TextColumn{request.request_id}});
                         if (!seqs.empty())
                           session.AddRows(sql::kFindVersions, Text(tenant), {seqs, ords});
                       }));
  if (!request.request_id.empty() && !rows[1].IsNull(0, 1)) {
    GTM_ASSIGN_OR_RETURN(const StoredRequest known, RequestFrom(rows[1], 0));
    return RecallErase(request, known);
  }
  std::map<Position, std::pair<Key, std::optional<ObjectRow>>> versions;
  for (size_t i = 0; !seqs.empty() && i < rows[2].size(); ++i) {
    if (rows[2].IsNull(i, 0)) continue;
    std::optional<ObjectRow> current;
    if (!rows[2].IsNull(i, 4)) current.emplace().create_time_us = rows[2].Int(i, 4);
    versions[{rows[2].Int(i, 0), static_cast<int>(rows[2].Int(i, 1))}] = {
        Key{static_cast<int>(rows[2].Int(i, 2)), rows[2].String(i, 3)}, current};
  }
  ErasePlanner planner(request, HeadFrom(rows[0], 0), now_us);
  seqs.clear();
  ords.clear();
  BytesColumn bodies;
  for (const auto& [position, version] : versions) {
    const Rewrite& rewrite = *rewrites.at(position);
    planner.Add(version.first, rewrite, version.second ? &*version.second : nullptr);
    seqs.push_back(position.seq);
    ords.push_back(position.ord);
    bodies.values.push_back(rewrite.body);
  }
  GroupPlan plan = std::move(planner).Take();
  if (!seqs.empty()) {
    session.AddRows(sql::kRewriteBodies, Text(tenant),
                    {std::move(seqs), std::move(ords), std::move(bodies)});
  }
  SavePlan(session, tenant, plan, now_us);
  session.Commit();
  GTM_ASSIGN_OR_RETURN(const auto done, session.Run());
  return std::move(plan.results.front());
}

}  // namespace

std::unique_ptr<Store> MakeSqlStore(std::unique_ptr<Driver> driver, const StoreOptions& options) {
  return std::make_unique<SqlStore>(std::move(driver), options);
}

}  // namespace gtm::records::store
