// Random programs over several tenants: every engine answers as the memory engine does,
// and no tenant sees another's bytes (A18).

#include <sstream>

#include "common/core/random.h"
#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

constexpr int kTenants = 3;
constexpr int kOperations = 10'000;
// Where isolation is all that differs from an engine that runs the whole program.
constexpr int kOperationsShort = 3'000;

std::string Show(const Head& head) {
  return head.epoch + ":" + std::to_string(head.seq) + "/" + std::to_string(head.compacted_seq);
}

std::string Show(const Error& error) {
  std::string text =
      "error " + std::to_string(static_cast<int>(error.reason())) + " " + error.message();
  for (const auto& [name, value] : error.metadata()) text += " " + name + "=" + value;
  return text;
}

std::string Show(const WriteOutcome& outcome) {
  std::ostringstream text;
  text << outcome.seq << (outcome.replayed ? " replayed" : "") << " erased "
       << outcome.erased_count;
  for (const MutationOutcome& one : outcome.outcomes) {
    text << " [" << static_cast<int>(one.operation) << one.unchanged << " " << one.version << " "
         << one.create_time_us << " " << one.update_time_us << "]";
  }
  return text.str();
}

std::string Show(const StoredRecord& record) {
  std::ostringstream text;
  text << " {" << record.key.kind << " " << record.key.id << " " << record.version << " "
       << record.create_time_us << " " << record.update_time_us << " " << record.body << "}";
  return text.str();
}

std::string Show(const Change& change) {
  std::ostringstream text;
  text << " {" << change.seq << "." << change.ord << " " << static_cast<int>(change.operation)
       << " " << change.key.kind << " " << change.key.id << " " << change.body << " "
       << change.actor << " " << change.request_id << " " << change.create_time_us << " "
       << change.commit_time_us << "}";
  return text.str();
}

template <class T>
std::string ShowAll(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values) text += Show(value);
  return text;
}

// One random operation, the same for the same state of `random`; says what came out.
class Program {
 public:
  explicit Program(uint64_t seed) : random_(seed) {}

  std::string Step(Store& store) {
    now_us_ += static_cast<int64_t>(random_.Below(50)) - 5;
    tenant_ = static_cast<int>(random_.Below(kTenants));
    const TenantId tenant("tenant" + std::to_string(tenant_));
    switch (random_.Below(14)) {
      case 0:
        return List(store, tenant);
      case 1:
        return Changes(store, tenant);
      case 2:
        return History(store, tenant);
      case 3:
        return Get(store, tenant);
      case 4:
        return Upkeep(store, tenant);
      default:
        return Write(store, tenant);
    }
  }
  int tenant() const { return tenant_; }

 private:
  Key RandomKey() {
    return {random_.Below(3) == 0 ? kContact : kAccount, "id" + std::to_string(random_.Below(12))};
  }
  // Names its tenant, so that a leak shows itself.
  std::string RandomBody() {
    return "of-tenant" + std::to_string(tenant_) + "-" + std::to_string(random_.Below(4));
  }
  int64_t RandomSeq() {
    return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(seq_) + 2));
  }

  WriteRequest RandomRequest() {
    std::vector<Mutation> mutations;
    const uint64_t count = 1 + random_.Below(3);
    for (uint64_t i = 0; i < count; ++i) {
      Mutation mutation;
      mutation.key = RandomKey();
      mutation.is_delete = random_.Below(4) == 0;
      if (!mutation.is_delete) mutation.body = RandomBody();
      const uint64_t mode = random_.Below(8);
      mutation.mode = mode == 0 ? Mode::kCreate : mode == 1 ? Mode::kUpdate : Mode::kUpsert;
      if (random_.Below(12) == 0) mutation.expected_version = RandomSeq();
      mutations.push_back(std::move(mutation));
    }
    const bool has_id = random_.Below(2) == 0;
    WriteRequest request =
        Request(std::move(mutations), has_id ? "r" + std::to_string(random_.Below(400)) : "");
    if (random_.Below(10) == 0) request.guards.push_back({RandomKey(), RandomSeq()});
    return request;
  }

  std::string Write(Store& store, const TenantId& tenant) {
    std::vector<WriteRequest>& last = last_[tenant_];
    std::vector<WriteRequest> group(1 + random_.Below(3));
    for (WriteRequest& request : group) {
      const bool is_repeat = random_.Below(8) == 0 && !last.empty();
      request = is_repeat ? last[random_.Below(last.size())] : RandomRequest();
    }
    last = group;
    auto results = store.Write(tenant, group, now_us_);
    if (!results.ok()) return Show(results.error());
    std::string text = "write";
    for (const auto& result : *results) {
      text += " " + (result.ok() ? Show(*result) : Show(result.error()));
      if (result.ok()) seq_ = std::max(seq_, result->seq);
    }
    return text;
  }

  std::string List(Store& store, const TenantId& tenant) {
    ListQuery query;
    query.kind = random_.Below(3) == 0 ? kContact : kAccount;
    query.limit = static_cast<int>(1 + random_.Below(8));
    query.bytes_max = static_cast<int64_t>(1 + random_.Below(100));
    if (random_.Below(2) == 0) query.after_id = RandomKey().id;
    if (random_.Below(3) == 0) query.id_prefix = "id1";
    if (random_.Below(2) == 0) query.at_seq = RandomSeq();
    auto result = store.List(tenant, query);
    if (!result.ok()) return Show(result.error());
    return "list " + Show(result->head) + ShowAll(result->records) + (result->has_more ? "+" : "");
  }

  std::string Changes(Store& store, const TenantId& tenant) {
    ChangesQuery query;
    query.after = {RandomSeq(), static_cast<int>(random_.Below(3))};
    if (random_.Below(2) == 0) query.kinds = {kContact};
    query.limit = static_cast<int>(1 + random_.Below(20));
    query.bytes_max = static_cast<int64_t>(1 + random_.Below(200));
    query.include_compacted = random_.Below(4) == 0;
    auto result = store.ReadChanges(tenant, query);
    if (!result.ok()) return Show(result.error());
    std::ostringstream text;
    text << "changes " << Show(result->head) << ShowAll(result->changes) << " to "
         << result->complete_seq << " next " << result->next.seq << "." << result->next.ord << " "
         << result->has_more;
    return text.str();
  }

  std::string History(Store& store, const TenantId& tenant) {
    HistoryQuery query;
    query.key = RandomKey();
    query.limit = static_cast<int>(1 + random_.Below(5));
    if (random_.Below(2) == 0) query.before_seq = RandomSeq();
    auto result = store.ReadHistory(tenant, query);
    if (!result.ok()) return Show(result.error());
    return "history " + ShowAll(result->changes) + (result->has_more ? "+" : "");
  }

  std::string Get(Store& store, const TenantId& tenant) {
    std::vector<Key> keys(random_.Below(5));
    for (Key& key : keys) key = RandomKey();
    auto result = store.Get(tenant, keys);
    if (!result.ok()) return Show(result.error());
    std::string text = "get " + Show(result->head);
    for (const auto& record : result->records) text += record ? Show(*record) : " none";
    auto seq = store.SeqAt(tenant, now_us_ - static_cast<int64_t>(random_.Below(5'000)));
    text += " seq at " + (seq.ok() ? std::to_string(*seq) : Show(seq.error()));
    auto known = store.FindRequest(tenant, "r" + std::to_string(random_.Below(400)));
    if (known.ok() && known->has_value()) text += " known " + Show((*known)->outcome);
    return text;
  }

  std::string Upkeep(Store& store, const TenantId& tenant) {
    const uint64_t choice = random_.Below(12);
    if (choice == 0) {
      auto result = store.Compact(tenant, seq_ - static_cast<int64_t>(random_.Below(400)),
                                  static_cast<int>(1 + random_.Below(200)));
      if (!result.ok()) return Show(result.error());
      return "compact " + Show(result->head) + " " + std::to_string(result->deleted_rows) +
             (result->done ? " done" : "");
    }
    if (choice == 1) {
      auto count = store.ForgetRequests(now_us_ + kRequestKeepUs - 20'000, 20);
      return count.ok() ? "forget " + std::to_string(*count) : Show(count.error());
    }
    if (choice < 4) {
      EraseRequest request;
      request.actor = "eraser";
      request.rewrites.push_back({RandomSeq(), 0, RandomBody() + "erased"});
      const int64_t second = RandomSeq();
      if (second != request.rewrites[0].seq) request.rewrites.push_back({second, 0, RandomBody()});
      auto result = store.Erase(tenant, request, now_us_);
      return result.ok() ? "erase " + Show(*result) : Show(result.error());
    }
    std::string text = "counts";
    auto counts = store.CountByKind(tenant);
    if (!counts.ok()) return Show(counts.error());
    for (const auto& [kind, count] : *counts) {
      text += " " + std::to_string(kind) + "=" + std::to_string(count);
    }
    auto heads = store.ListHeads("", 10);
    if (!heads.ok()) return Show(heads.error());
    for (const TenantHead& head : *heads) text += " " + head.tenant + " " + Show(head.head);
    return text;
  }

  Random random_;
  int64_t now_us_ = kNow;
  int64_t seq_ = 0;
  int tenant_ = 0;
  std::vector<WriteRequest> last_[kTenants];  // the last group of each tenant
};

using ProgramTest = StoreTest;

TEST_P(ProgramTest, AnswersAsTheModelAndKeepsTenantsApart) {
  constexpr uint64_t kSeed = 20'240'501;
  const auto model = OpenMemory(TestOptions());
  Program asked(kSeed);
  Program expected(kSeed);
  int own_count = 0;
  const int operation_count =
      GetParam().name == "postgres_serializable" ? kOperationsShort : kOperations;
  for (int i = 0; i < operation_count; ++i) {
    const std::string answer = asked.Step(*store_);
    ASSERT_EQ(answer, expected.Step(*model)) << "operation " << i << " of seed " << kSeed;
    for (int tenant = 0; tenant < kTenants; ++tenant) {
      const bool is_seen = answer.find("of-tenant" + std::to_string(tenant)) != std::string::npos;
      if (tenant == asked.tenant()) {
        own_count += is_seen ? 1 : 0;
      } else {
        ASSERT_FALSE(is_seen) << "operation " << i << " leaks: " << answer;
      }
    }
  }
  EXPECT_GT(own_count, operation_count / 10) << "the program must look at records";
}

GTM_FOR_ALL_ENGINES(ProgramTest);

}  // namespace
}  // namespace gtm::records::store
