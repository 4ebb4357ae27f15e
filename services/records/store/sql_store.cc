// The store over SQL: reads rows, lets decide.h decide, writes rows.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <utility>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "common/core/time_limit.h"
#include "services/records/store/decide.h"
#include "services/records/store/errors.h"
#include "services/records/store/sql_rows.h"
#include "services/records/store/sql_transactions.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

// How long transactions that lost against others are run again, and how long a broken
// connection is made anew, before the caller hears of it.
constexpr absl::Duration kConflictRetryMax = absl::Seconds(10);
constexpr absl::Duration kLostRetryMax = absl::Seconds(3);
constexpr absl::Duration kConflictPauseMax = absl::Milliseconds(40);
constexpr absl::Duration kLostPauseMax = absl::Milliseconds(400);

class SqlStore final : public Store {
 public:
  SqlStore(std::unique_ptr<Driver> driver, const StoreOptions& options)
      : driver_(std::move(driver)), options_(options) {}

  StoreStats Stats() const override {
    StoreStats stats;
    stats.engine = driver_->dialect() == Dialect::kSqlite ? "sqlite" : "postgres";
    stats.conflict_count = conflict_count_;
    stats.lost_count = lost_count_;
    stats.pool = driver_->pool();
    stats.schema_version = static_cast<int64_t>(sql::MigrationCount());
    stats.file = driver_->file();
    return stats;
  }

  Result<std::vector<Result<WriteOutcome>>> Write(const TenantId& tenant,
                                                  std::span<const WriteRequest> requests,
                                                  int64_t now_us) override {
    const GroupKeys keys = KeysOf(requests);
    return Run<std::vector<Result<WriteOutcome>>>(Access::kWrite, [&](Session& session) {
      return WriteGroup(session, tenant, requests, keys, now_us, options_);
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
      return CompactWindow(session, tenant, up_to_seq, max_rows);
    });
  }

  Result<WriteOutcome> Erase(const TenantId& tenant, const EraseRequest& request,
                             int64_t now_us) override {
    return Run<WriteOutcome>(Access::kWrite, [&](Session& session) {
      return EraseVersions(session, tenant, request, now_us);
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

  Status RecordJob(const std::string& job, int64_t time_us) override {
    const auto done = Run<int64_t>(Access::kWrite, [&](Session& session) -> Result<int64_t> {
      session.Add(sql::kRecordJob, {Text(""), Text(job), time_us});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      return rows[0].affected();
    });
    if (!done.ok()) return done.error();
    return {};
  }

  Result<std::map<std::string, int64_t>> JobTimes() override {
    using Times = std::map<std::string, int64_t>;
    return Run<Times>(Access::kRead, [&](Session& session) -> Result<Times> {
      session.Add(sql::kReadJobs, {Text("")});
      GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
      Times times;
      for (size_t i = 0; i < rows[0].size(); ++i) times[rows[0].String(i, 0)] = rows[0].Int(i, 1);
      return times;
    });
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
      if (!again || SystemClock().Now() >= TimeLimit::Deadline()) return result;
      ++(failure == Failure::kConflict ? conflict_count_ : lost_count_);
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

  const std::unique_ptr<Driver> driver_;
  const StoreOptions options_;
  std::atomic<int64_t> conflict_count_{0};
  std::atomic<int64_t> lost_count_{0};
};

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

}  // namespace

std::unique_ptr<Store> MakeSqlStore(std::unique_ptr<Driver> driver, const StoreOptions& options) {
  return std::make_unique<SqlStore>(std::move(driver), options);
}

}  // namespace gtm::records::store
