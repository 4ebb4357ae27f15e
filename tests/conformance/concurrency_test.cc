// Many writers at once, each through a store of its own where the engine allows.

#include <atomic>
#include <set>
#include <thread>

#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

class ConcurrencyTest : public StoreTest {
 protected:
  // Opens `count` stores and runs `body(store, i)` on as many threads.
  template <class Body>
  void RunThreads(int count, Body body) {
    std::vector<std::shared_ptr<Store>> stores;
    for (int i = 0; i < count; ++i) stores.push_back(Open());
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { body(*stores[static_cast<size_t>(i)], i); });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

// A4: read, modify, write with the version read. The sum is the number of writes that
// succeeded, and the others were told.
TEST_P(ConcurrencyTest, LosesNoUpdate) {
  constexpr int kWriters = 16;
  constexpr int kTries = 20;
  MustWrite(tenant_, Request({Put("counter", "0")}));
  std::atomic<int> ok_count = 0;
  std::atomic<int> stale_count = 0;
  std::atomic<int> other_count = 0;
  RunThreads(kWriters, [&](Store& store, int) {
    for (int i = 0; i < kTries; ++i) {
      auto got = store.Get(tenant_, std::vector<Key>{{kAccount, "counter"}});
      if (!got.ok() || !got->records[0]) {
        ++other_count;
        continue;
      }
      const StoredRecord& record = *got->records[0];
      const std::string next = std::to_string(std::stoi(record.body) + 1);
      const WriteRequest request = Request({At(Put("counter", next), record.version)});
      auto results = store.Write(tenant_, std::span(&request, 1), kNow);
      if (results.ok() && results->front().ok()) {
        ++ok_count;
      } else if (results.ok() && results->front().error().reason() == Reason::ETAG_MISMATCH) {
        ++stale_count;
      } else {
        ++other_count;
      }
    }
  });
  EXPECT_EQ(other_count, 0);
  EXPECT_EQ(ok_count + stale_count, kWriters * kTries);
  EXPECT_GT(ok_count, 0);
  EXPECT_EQ(ListText(tenant_), "counter=" + std::to_string(ok_count));
  EXPECT_EQ(store_->GetHead(tenant_)->seq, ok_count + 1);
}

// A6: a reader that follows the feed while eight write sees every change once, in order,
// without a gap, whatever the order in which they committed.
TEST_P(ConcurrencyTest, FeedsEveryChangeOnceInOrder) {
  constexpr int kWriters = 8;
  constexpr int kWrites = 40;
  std::atomic<bool> is_done = false;
  std::atomic<int> failure_count = 0;
  std::vector<Change> seen;
  std::thread reader([&] {
    auto store = Open();
    ChangesQuery query;
    query.after = Position::AfterSeq(0);
    query.limit = 7;
    for (bool last_round = false;;) {
      auto part = store->ReadChanges(tenant_, query);
      if (!part.ok()) {
        ++failure_count;
        return;
      }
      seen.insert(seen.end(), part->changes.begin(), part->changes.end());
      query.after = part->next;
      if (part->has_more) continue;
      if (last_round) return;
      last_round = is_done;
    }
  });
  RunThreads(kWriters, [&](Store& store, int writer) {
    for (int i = 0; i < kWrites; ++i) {
      const std::string id = std::to_string(writer) + "-" + std::to_string(i);
      const WriteRequest request = Request({Put(id, "1"), Put(id + "b", "1")}, "r" + id);
      auto results = store.Write(tenant_, std::span(&request, 1), kNow);
      if (!results.ok() || !results->front().ok()) ++failure_count;
    }
  });
  is_done = true;
  reader.join();
  EXPECT_EQ(failure_count, 0);
  ASSERT_EQ(seen.size(), static_cast<size_t>(kWriters * kWrites * 2));
  std::set<std::string> ids;
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].seq, static_cast<int64_t>(i / 2) + 1);
    EXPECT_EQ(seen[i].ord, static_cast<int>(i % 2));
    ids.insert(seen[i].key.id);
  }
  EXPECT_EQ(ids.size(), seen.size());
}

// A3: the same requests from several sides at once act once.
TEST_P(ConcurrencyTest, ActsOnceForRequestsSentManyTimes) {
  constexpr int kSenders = 6;
  constexpr int kRequests = 25;
  std::atomic<int> fresh_count = 0;
  std::atomic<int> failure_count = 0;
  RunThreads(kSenders, [&](Store& store, int) {
    for (int i = 0; i < kRequests; ++i) {
      const std::string id = std::to_string(i);
      const WriteRequest request = Request({Create(id, "1")}, "r" + id);
      auto results = store.Write(tenant_, std::span(&request, 1), kNow);
      if (!results.ok() || !results->front().ok()) {
        ++failure_count;
      } else if (!results->front()->replayed) {
        ++fresh_count;
      }
    }
  });
  EXPECT_EQ(failure_count, 0);
  EXPECT_EQ(fresh_count, kRequests);
  EXPECT_EQ(ReadAll(tenant_).size(), static_cast<size_t>(kRequests));
}

// First writes of many tenants, from many sides.
TEST_P(ConcurrencyTest, MakesTenantsOnce) {
  std::atomic<int> failure_count = 0;
  RunThreads(6, [&](Store& store, int writer) {
    for (int i = 0; i < 10; ++i) {
      const TenantId tenant("t" + std::to_string(i));
      const WriteRequest request = Request({Put("w" + std::to_string(writer), "1")});
      auto results = store.Write(tenant, std::span(&request, 1), kNow);
      if (!results.ok() || !results->front().ok()) ++failure_count;
    }
  });
  EXPECT_EQ(failure_count, 0);
  auto heads = store_->ListHeads("", 100);
  ASSERT_OK(heads);
  ASSERT_EQ(heads->size(), 10u);
  for (const TenantHead& head : *heads) EXPECT_EQ(head.head.seq, 6) << head.tenant;
}

// Readers see whole requests: pairs that are written together are equal at any time, also
// while the log is compacted.
TEST_P(ConcurrencyTest, ShowsWholeRequestsOnly) {
  std::atomic<bool> is_done = false;
  std::atomic<int> torn_count = 0;
  std::atomic<int> failure_count = 0;
  MustWrite(tenant_, Request({Put("x", "0"), Put("y", "0")}));
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      ListQuery query;
      query.kind = kAccount;
      while (!is_done) {
        auto list = store_->List(tenant_, query);
        auto got = store_->Get(tenant_, std::vector<Key>{{kAccount, "x"}, {kAccount, "y"}});
        if (!list.ok() || !got.ok() || list->records.size() != 2) {
          ++failure_count;
          continue;
        }
        if (list->records[0].body != list->records[1].body) ++torn_count;
        if (got->records[0]->body != got->records[1]->body) ++torn_count;
        if (list->records[0].version != list->head.seq) ++torn_count;
      }
    });
  }
  RunThreads(2, [&](Store& store, int writer) {
    for (int i = 0; i < 40; ++i) {
      const std::string body = std::to_string(writer * 1000 + i);
      const WriteRequest request = Request({Put("x", body), Put("y", body)});
      auto results = store.Write(tenant_, std::span(&request, 1), kNow);
      if (!results.ok() || !results->front().ok()) ++failure_count;
      if (i % 10 == 0 && !store.Compact(tenant_, INT64_MAX, 100).ok()) ++failure_count;
    }
  });
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failure_count, 0);
  EXPECT_EQ(torn_count, 0);
}

GTM_FOR_ALL_ENGINES(ConcurrencyTest);

}  // namespace
}  // namespace gtm::records::store
