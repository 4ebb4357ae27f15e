// The store in memory: the model that the engines with disks are compared with. Plain
// containers, one lock, no cleverness.

#include <algorithm>
#include <mutex>
#include <random>
#include <set>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "services/records/store/decide.h"
#include "services/records/store/errors.h"
#include "services/records/store/store.h"

namespace gtm::records::store {
namespace {

struct Remembered {
  StoredRequest request;
  int64_t expire_time_us = 0;
};

struct Tenant {
  HeadRow head;
  std::map<Key, ObjectRow> objects;
  std::map<Position, Change> log;
  std::map<Key, std::set<Position>> versions;
  std::map<std::string, Remembered, std::less<>> requests;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const StoreOptions& options)
      : options_(options),
        epoch_(options.first_epoch.empty() ? MakeEpoch() : options.first_epoch) {}

  Result<std::vector<Result<WriteOutcome>>> Write(const TenantId& tenant,
                                                  std::span<const WriteRequest> requests,
                                                  int64_t now_us) override {
    const GroupKeys keys = KeysOf(requests);
    std::unique_lock lock(mutex_);
    const GroupState state = Load(tenant, keys);
    GroupPlan plan = DecideGroup(requests, state, now_us, options_);
    if (!plan.empty()) Apply(tenant, plan, now_us);
    return std::move(plan.results);
  }

  Result<Head> GetHead(const TenantId& tenant) override {
    std::shared_lock lock(mutex_);
    return HeadOf(tenant);
  }

  Result<GetResult> Get(const TenantId& tenant, std::span<const Key> keys) override {
    std::shared_lock lock(mutex_);
    GetResult result{HeadOf(tenant), {}};
    const Tenant* t = Find(tenant);
    for (const Key& key : keys) {
      const auto row = t == nullptr ? decltype(t->objects.begin()){} : t->objects.find(key);
      if (t == nullptr || row == t->objects.end()) {
        result.records.push_back(std::nullopt);
      } else {
        result.records.push_back(ToRecord(t->log.at({row->second.seq, row->second.ord})));
      }
    }
    return result;
  }

  Result<ListResult> List(const TenantId& tenant, const ListQuery& query) override {
    std::shared_lock lock(mutex_);
    ListResult result{HeadOf(tenant), {}, false};
    if (query.at_seq && *query.at_seq < result.head.compacted_seq) {
      return RevisionCompacted(result.head, *query.at_seq);
    }
    const Tenant* t = Find(tenant);
    if (t == nullptr) return result;
    const Position last = Position::AfterSeq(query.at_seq.value_or(result.head.seq));
    const std::string upper = UpperBoundOfPrefix(query.id_prefix);
    PageBudget budget(query.limit, query.bytes_max);
    const Key from{query.kind, std::max(query.after_id, query.id_prefix)};
    for (auto it = t->versions.lower_bound(from); it != t->versions.end(); ++it) {
      const Key& key = it->first;
      if (key.kind != query.kind || key.id >= upper) break;
      if (!query.after_id.empty() && key.id <= query.after_id) continue;
      auto version = it->second.upper_bound(last);
      if (version == it->second.begin()) continue;
      const Change& change = t->log.at(*--version);
      if (change.operation == Operation::kDelete) continue;
      if (!budget.Take(static_cast<int64_t>(change.body.size()))) {
        result.has_more = true;
        break;
      }
      result.records.push_back(ToRecord(change));
    }
    return result;
  }

  Result<ChangesResult> ReadChanges(const TenantId& tenant, const ChangesQuery& query) override {
    std::shared_lock lock(mutex_);
    ChangesResult result;
    result.head = HeadOf(tenant);
    if (!query.include_compacted && query.after.seq < result.head.compacted_seq) {
      return RevisionCompacted(result.head, query.after.seq);
    }
    result.complete_seq = std::max(result.head.seq, query.after.seq);
    result.next = Position::AfterSeq(result.complete_seq);
    const Tenant* t = Find(tenant);
    if (t == nullptr) return result;
    PageBudget budget(query.limit, query.bytes_max);
    for (auto it = t->log.upper_bound(query.after); it != t->log.end(); ++it) {
      const Change& change = it->second;
      if (!query.kinds.empty() &&
          std::find(query.kinds.begin(), query.kinds.end(), change.key.kind) == query.kinds.end()) {
        continue;
      }
      if (!budget.Take(static_cast<int64_t>(change.body.size()))) {
        result.has_more = true;
        result.complete_seq = change.seq - 1;
        result.next = {result.changes.back().seq, result.changes.back().ord};
        break;
      }
      result.changes.push_back(change);
    }
    return result;
  }

  Result<HistoryResult> ReadHistory(const TenantId& tenant, const HistoryQuery& query) override {
    std::shared_lock lock(mutex_);
    HistoryResult result{HeadOf(tenant), {}, false};
    const Tenant* t = Find(tenant);
    if (t == nullptr) return result;
    const auto versions = t->versions.find(query.key);
    if (versions == t->versions.end()) return result;
    PageBudget budget(query.limit, query.bytes_max);
    auto it = versions->second.lower_bound({query.before_seq, 0});
    while (it != versions->second.begin()) {
      const Change& change = t->log.at(*--it);
      if (!budget.Take(static_cast<int64_t>(change.body.size()))) {
        result.has_more = true;
        break;
      }
      result.changes.push_back(change);
    }
    return result;
  }

  Result<int64_t> SeqAt(const TenantId& tenant, int64_t time_us) override {
    std::shared_lock lock(mutex_);
    const Tenant* t = Find(tenant);
    if (t == nullptr) return int64_t{0};
    const Head& head = t->head.head;
    if (head.compacted_seq > 0 && time_us < t->head.compacted_time_us) {
      return RevisionCompacted(head, 0);
    }
    int64_t seq = head.compacted_seq;
    for (const auto& [position, change] : t->log) {
      if (change.commit_time_us > time_us) break;
      seq = std::max(seq, change.seq);
    }
    return seq;
  }

  Result<std::map<int, int64_t>> CountByKind(const TenantId& tenant) override {
    std::shared_lock lock(mutex_);
    std::map<int, int64_t> counts;
    if (const Tenant* t = Find(tenant)) {
      for (const auto& [key, row] : t->objects) ++counts[key.kind];
    }
    return counts;
  }

  Result<std::optional<StoredRequest>> FindRequest(const TenantId& tenant,
                                                   std::string_view request_id) override {
    std::shared_lock lock(mutex_);
    const Tenant* t = Find(tenant);
    if (t == nullptr) return std::optional<StoredRequest>();
    const auto known = t->requests.find(request_id);
    if (known == t->requests.end()) return std::optional<StoredRequest>();
    return std::optional<StoredRequest>(known->second.request);
  }

  Result<std::vector<TenantHead>> ListHeads(std::string_view after_tenant, int limit) override {
    std::shared_lock lock(mutex_);
    std::vector<TenantHead> heads;
    for (auto it = tenants_.upper_bound(after_tenant);
         it != tenants_.end() && static_cast<int>(heads.size()) < limit; ++it) {
      if (it->second.head.head.seq > 0) heads.push_back({it->first, it->second.head.head});
    }
    return heads;
  }

  Result<int64_t> ForgetRequests(int64_t now_us, int max_rows) override {
    std::unique_lock lock(mutex_);
    std::set<std::tuple<int64_t, std::string, std::string>> expired;
    for (const auto& [name, tenant] : tenants_) {
      for (const auto& [id, request] : tenant.requests) {
        if (request.expire_time_us < now_us) expired.emplace(request.expire_time_us, name, id);
      }
    }
    int64_t count = 0;
    for (const auto& [time_us, name, id] : expired) {
      if (count == max_rows) break;
      tenants_.find(name)->second.requests.erase(id);
      ++count;
    }
    return count;
  }

  Result<CompactResult> Compact(const TenantId& tenant, int64_t up_to_seq, int max_rows) override {
    std::unique_lock lock(mutex_);
    const auto found = tenants_.find(tenant.value());
    if (found == tenants_.end()) return CompactResult{{epoch_, 0, 0}, 0, true};
    Tenant& t = found->second;
    Head& head = t.head.head;
    CompactResult result;
    const int64_t goal = std::min(up_to_seq, head.seq);
    int walked = 0;
    while (head.compacted_seq < goal && walked < max_rows) {
      const int64_t seq = head.compacted_seq + 1;
      for (auto it = t.log.lower_bound({seq, 0}); it != t.log.end() && it->first.seq == seq;) {
        const Change change = it->second;
        ++it;
        ++walked;
        result.deleted_rows += Supersede(&t, change);
        t.head.compacted_time_us = change.commit_time_us;
      }
      head.compacted_seq = seq;
    }
    result.head = head;
    result.done = head.compacted_seq >= goal;
    return result;
  }

  Result<WriteOutcome> Erase(const TenantId& tenant, const EraseRequest& request,
                             int64_t now_us) override;

  Status NewEpoch(const std::string& epoch) override {
    std::unique_lock lock(mutex_);
    epoch_ = epoch;
    for (auto& [name, tenant] : tenants_) tenant.head.head.epoch = epoch;
    return {};
  }

  Status RecordJob(const std::string& job, int64_t time_us) override {
    std::unique_lock lock(mutex_);
    job_times_[job] = time_us;
    return {};
  }

  Result<std::map<std::string, int64_t>> JobTimes() override {
    std::shared_lock lock(mutex_);
    return job_times_;
  }

 private:
  const Tenant* Find(const TenantId& tenant) const {
    const auto found = tenants_.find(tenant.value());
    return found == tenants_.end() ? nullptr : &found->second;
  }

  Head HeadOf(const TenantId& tenant) const {
    const Tenant* t = Find(tenant);
    return t == nullptr ? Head{epoch_, 0, 0} : t->head.head;
  }

  Tenant& Obtain(const TenantId& tenant) {
    const auto [it, is_new] = tenants_.try_emplace(tenant.value());
    if (is_new) it->second.head.head.epoch = epoch_;
    return it->second;
  }

  static StoredRecord ToRecord(const Change& change) {
    return {change.key, change.seq, change.create_time_us, change.commit_time_us, change.body};
  }

  GroupState Load(const TenantId& tenant, const GroupKeys& keys) const {
    GroupState state;
    state.head.head = HeadOf(tenant);
    const Tenant* t = Find(tenant);
    if (t == nullptr) return state;
    state.head = t->head;
    for (const Key* key : keys.keys) {
      const auto row = t->objects.find(*key);
      if (row != t->objects.end()) state.objects.insert(*row);
    }
    for (const Key* key : keys.deleted) {
      const auto row = t->objects.find(*key);
      if (row != t->objects.end()) {
        state.bodies[*key] = t->log.at({row->second.seq, row->second.ord}).body;
      }
    }
    for (const std::string& id : keys.request_ids) {
      const auto known = t->requests.find(id);
      if (known != t->requests.end()) state.requests[id] = known->second.request;
    }
    return state;
  }

  void Apply(const TenantId& tenant, const GroupPlan& plan, int64_t now_us) {
    Tenant& t = Obtain(tenant);
    for (const LogRow& row : plan.log) {
      AddChange(&t, Change{row.seq, row.ord, row.operation, *row.key, std::string(row.body),
                           std::string(row.actor), std::string(row.request_id), row.create_time_us,
                           plan.commit_time_us});
    }
    for (const auto& [key, row] : plan.objects) {
      if (row) {
        t.objects[*key] = *row;
      } else {
        t.objects.erase(*key);
      }
    }
    for (const RequestRow& row : plan.requests) {
      t.requests[std::string(row.request_id)] = {
          {std::string(row.method), std::string(row.fingerprint), *DecodeOutcome(row.response)},
          now_us + kRequestKeepUs};
    }
    t.head.head.seq = plan.seq;
    if (!plan.log.empty()) t.head.commit_time_us = plan.commit_time_us;
  }

  static void AddChange(Tenant* t, Change change) {
    const Position position{change.seq, change.ord};
    t->versions[change.key].insert(position);
    t->log.emplace(position, std::move(change));
  }

  // Removes what `change` supersedes, and itself where it is a deletion.
  static int64_t Supersede(Tenant* t, const Change& change) {
    const auto found = t->versions.find(change.key);
    std::set<Position>& versions = found->second;
    const Position position{change.seq, change.ord};
    int64_t count = 0;
    while (*versions.begin() < position) {
      t->log.erase(*versions.begin());
      versions.erase(versions.begin());
      ++count;
    }
    if (change.operation == Operation::kDelete) {
      t->log.erase(position);
      versions.erase(position);
      ++count;
    }
    if (versions.empty()) t->versions.erase(found);
    return count;
  }

  const StoreOptions options_;
  std::shared_mutex mutex_;
  std::string epoch_;
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::map<std::string, int64_t> job_times_;
};

Result<WriteOutcome> MemoryStore::Erase(const TenantId& tenant, const EraseRequest& request,
                                        int64_t now_us) {
  std::unique_lock lock(mutex_);
  Tenant& t = Obtain(tenant);
  if (!request.request_id.empty()) {
    const auto known = t.requests.find(request.request_id);
    if (known != t.requests.end()) return RecallErase(request, known->second.request);
  }
  ErasePlanner planner(request, t.head, now_us);
  for (const Rewrite& rewrite : request.rewrites) {
    const auto row = t.log.find({rewrite.seq, rewrite.ord});
    if (row == t.log.end()) continue;
    row->second.body = rewrite.body;
    const auto current = t.objects.find(row->second.key);
    const bool is_current = current != t.objects.end() && current->second.seq == rewrite.seq &&
                            current->second.ord == rewrite.ord;
    planner.Add(row->second.key, rewrite, is_current ? &current->second : nullptr);
  }
  for (const std::string& id : request.blanked_requests) {
    const auto known = t.requests.find(id);
    if (known != t.requests.end()) known->second.request.fingerprint.clear();
  }
  GroupPlan plan = std::move(planner).Take();
  Apply(tenant, plan, now_us);
  return std::move(plan.results.front());
}

}  // namespace

std::string MakeEpoch() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device device;
  std::string epoch = "e";
  for (int i = 0; i < 12; ++i) epoch += kDigits[device() & 15];
  return epoch;
}

std::unique_ptr<Store> OpenMemory(const StoreOptions& options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace gtm::records::store
