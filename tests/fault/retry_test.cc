// A3: the same request id acts once, however often and however concurrently it is sent, also
// after a restart. A4: no update is lost.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;

class RetryTest : public ::testing::TestWithParam<std::string> {};

// One request and the answer that every repetition must repeat.
struct Sent {
  v1::CommitRequest request;
  std::string answer;
};

// Requests for 50 accounts, each with an id of its own and labels in an order of their own.
std::vector<Sent> MakeRequests(size_t count) {
  Random random(Seed());
  std::vector<Sent> requests(count);
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string id = "a" + std::to_string(random.Below(50));
    requests[i].request = PutAccount(MakeRequestId(random), id, static_cast<int64_t>(i) + 1);
    auto& labels = *requests[i]
                        .request.mutable_mutation()
                        ->mutable_put()
                        ->mutable_account()
                        ->mutable_custom_labels();
    for (int j = 0; j < 3; ++j) labels["k" + std::to_string(random.Below(100))] = "v";
  }
  return requests;
}

// Sends each request `times(i)` times, from as many threads at about the same time: all walk
// the same list. Gives the number of calls, and of answers that differ from the first.
struct Sending {
  int calls = 0;
  int differing = 0;
};
template <typename Times>
Sending SendAll(const ServerProcess& server, std::vector<Sent>* requests, const Times& times) {
  constexpr int kThreads = 32;
  std::mutex mutex;
  Sending sending;
  const auto send = [&](Stub& stub, Sent* sent) {
    v1::CommitResponse response;
    const grpc::Status status = CommitUntilAnswered(stub, "retry", sent->request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const std::string answer = CanonicalBytes(response);
    const std::lock_guard lock(mutex);
    ++sending.calls;
    if (sent->answer.empty()) sent->answer = answer;
    if (sent->answer != answer) ++sending.differing;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto stub = server.NewStub();
      for (size_t i = 0; i < requests->size(); ++i) {
        const int place = (t + kThreads - static_cast<int>(i * 4 % kThreads)) % kThreads;
        if (place < times(i)) send(*stub, &(*requests)[i]);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return sending;
}

TEST_P(RetryTest, TheSameRequestIdActsOnce) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  std::vector<Sent> requests = MakeRequests(static_cast<size_t>(Scaled(10'000)));
  const Sending before =
      SendAll(server, &requests, [](size_t i) { return 1 + static_cast<int>(i * 7 % 4); });
  server.Kill();
  server.Start();
  const Sending after = SendAll(server, &requests, [](size_t) { return 1; });
  EXPECT_EQ(before.differing + after.differing, 0);
  EXPECT_GE(before.calls, static_cast<int>(requests.size()) * 2);
  std::printf("%s: %zu ids, %d calls, %d more after the restart\n", GetParam().c_str(),
              requests.size(), before.calls, after.calls);

  const auto stub = server.NewStub();
  std::map<std::string, int> effects;
  for (const v1::Change& change : ReadFeed(*stub, "retry")) ++effects[change.request_id()];
  EXPECT_EQ(effects.size(), requests.size());
  for (const auto& [id, count] : effects) EXPECT_EQ(count, 1) << id;

  v1::CommitRequest other = requests[0].request;
  other.mutable_mutation()->mutable_put()->mutable_account()->set_employee_count(99'999);
  const auto context = ContextOf("retry");
  v1::CommitResponse response;
  const grpc::Status status = stub->Commit(context.get(), other, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST_P(RetryTest, NoUpdateIsLost) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  constexpr int kClients = 16;
  constexpr int kCounters = 3;
  const int tries = Scaled(60);
  std::atomic<int64_t> good{0};
  std::atomic<int> stale{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  const auto stub_of_setup = server.NewStub();
  Random setup(Seed());
  for (int i = 0; i < kCounters; ++i) {
    v1::CommitResponse response;
    ASSERT_TRUE(CommitUntilAnswered(*stub_of_setup, "sum",
                                    PutAccount(MakeRequestId(setup), std::to_string(i), 0),
                                    &response)
                    .ok());
  }
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      Random random(Seed() + static_cast<uint64_t>(c) + 7);
      const auto stub = server.NewStub();
      for (int n = 0; n < tries; ++n) {
        v1::GetRequest get;
        get.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
        get.mutable_key()->set_id(std::to_string(random.Below(kCounters)));
        v1::Record record;
        const auto context = ContextOf("sum");
        ASSERT_TRUE(stub->Get(context.get(), get, &record).ok());
        auto request = PutAccount(MakeRequestId(random), get.key().id(),
                                  record.account().employee_count() + 1);
        request.mutable_mutation()->set_etag(record.account().etag());
        v1::CommitResponse response;
        const grpc::Status status = CommitUntilAnswered(*stub, "sum", request, &response);
        if (status.ok()) ++good;
        if (status.error_code() == grpc::StatusCode::ABORTED) ++stale;
        if (!status.ok() && status.error_code() != grpc::StatusCode::ABORTED) ++wrong;
      }
    });
  }
  for (auto& client : clients) client.join();
  int64_t sum = 0;
  for (int i = 0; i < kCounters; ++i) {
    v1::GetRequest get;
    get.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
    get.mutable_key()->set_id(std::to_string(i));
    v1::Record record;
    const auto context = ContextOf("sum");
    ASSERT_TRUE(stub_of_setup->Get(context.get(), get, &record).ok());
    sum += record.account().employee_count();
  }
  EXPECT_EQ(sum, good);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(stale, 0) << "the test did not bite: nobody collided";
  std::printf("%s: %lld updates, %d refused as stale\n", GetParam().c_str(),
              static_cast<long long>(good), stale.load());
}

INSTANTIATE_TEST_SUITE_P(Engines, RetryTest, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::fault
