#include "services/records/handler/writer.h"

#include <gtest/gtest.h>

#include <future>

#include "services/records/handler/faulty_store.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() : memory_(store::OpenMemory()), store_(*memory_), handler_(store_, clock_) {}

  // A kind with fields that cannot change: what is stored is read before it is written.
  v1::CommitRequest PutOf(int number) {
    v1::CommitRequest request;
    request.set_request_id(RequestId(number));
    *request.mutable_mutation()->mutable_put() =
        domain::MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
    request.mutable_mutation()->mutable_put()->mutable_engagement()->set_note(
        std::to_string(number));
    return request;
  }

  StandingClock clock_;
  std::unique_ptr<store::Store> memory_;
  FaultyStore store_;
  RecordsHandler handler_;
};

// Finding D: the comparison read the store on the thread that gRPC calls with.
TEST_F(WriterTest, DoesNotReadTheStoreOnTheCallersThread) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<bool> read_here{false};
  const auto caller = std::this_thread::get_id();
  store_.before_get = [&, released] {
    read_here = read_here || std::this_thread::get_id() == caller;
    if (!read_here) released.wait();
  };
  const v1::CommitRequest request = PutOf(1);
  v1::CommitResponse response;
  std::promise<Status> answered;
  handler_.Commit(std::make_shared<rpc::Call>(CallOf("t1", clock_)), request, &response,
                  [&](Status status) { answered.set_value(std::move(status)); });
  auto answer = answered.get_future();
  EXPECT_FALSE(read_here);
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(1)), std::future_status::timeout);
  release.set_value();
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(WriterTest, AnswersEveryCallAlsoAtTheEnd) {
  constexpr int kCalls = 500;
  std::vector<v1::CommitRequest> requests;
  std::vector<v1::CommitResponse> responses(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    requests.push_back(PutOf(i + 1));
    requests[i].mutable_mutation()->mutable_put()->mutable_engagement()->set_id(std::to_string(i));
  }
  std::atomic<int> good{0};
  std::atomic<int> refused{0};
  {
    RecordsHandler brief(store_, clock_);
    for (int i = 0; i < kCalls; ++i) {
      brief.Commit(std::make_shared<rpc::Call>(CallOf("t1", clock_)), requests[i], &responses[i],
                   [&](const Status& status) { ++(status.ok() ? good : refused); });
    }
  }
  EXPECT_EQ(good + refused, kCalls);
  EXPECT_EQ(memory_->GetHead(TenantId("t1"))->seq > 0, good > 0);
}

}  // namespace
}  // namespace gtm::records::handler
