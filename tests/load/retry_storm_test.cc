// A9: clients with the shipped service config do not multiply the load of a server that
// fails, and are back soon after it is.

#include <gtest/gtest.h>

#include <atomic>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::load {
namespace {

using records::v1::GetHeadRequest;
using records::v1::GetHeadResponse;
using records::v1::RecordsService;

class Failing final : public RecordsService::Service {
 public:
  grpc::Status GetHead(grpc::ServerContext* context, const GetHeadRequest*,
                       GetHeadResponse*) override {
    ++attempts;
    if (!broken) return grpc::Status::OK;
    if (overloaded) {
      context->AddTrailingMetadata("grpc-retry-pushback-ms", "20");
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "busy"};
    }
    return {grpc::StatusCode::UNAVAILABLE, "broken"};
  }
  std::atomic<int64_t> attempts{0};
  std::atomic<bool> broken{false};
  std::atomic<bool> overloaded{false};
};

class RetryStormTest : public testing::Test {
 protected:
  RetryStormTest() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = RecordsService::NewStub(rpc::MakeChannel("127.0.0.1:" + std::to_string(port)));
  }
  ~RetryStormTest() override { server_->Shutdown(std::chrono::system_clock::now()); }

  bool Ask() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    context.set_wait_for_ready(true);
    GetHeadResponse response;
    return stub_->GetHead(&context, {}, &response).ok();
  }

  // Attempts a request while everything fails.
  double AttemptsWhileBroken() {
    EXPECT_TRUE(Ask());
    service_.broken = true;
    service_.attempts = 0;
    constexpr int kRequests = 200;
    for (int i = 0; i < kRequests; ++i) EXPECT_FALSE(Ask());
    return static_cast<double>(service_.attempts) / kRequests;
  }

  Failing service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<RecordsService::Stub> stub_;
};

TEST_F(RetryStormTest, AServerThatFailsIsAskedHardlyMoreThanOnceACall) {
  const double attempts = AttemptsWhileBroken();
  std::printf("%.3f attempts a request\n", attempts);
  EXPECT_LE(attempts, 1.2);
  EXPECT_GT(attempts, 1.0) << "nothing was retried at all";
}

TEST_F(RetryStormTest, NorOneThatIsBusyThoughItSaysWhenToComeBack) {
  service_.overloaded = true;
  const double attempts = AttemptsWhileBroken();
  std::printf("%.3f attempts a request\n", attempts);
  EXPECT_LE(attempts, 1.2);
  EXPECT_GT(attempts, 1.0) << "nothing was retried at all";
}

TEST_F(RetryStormTest, CallsSucceedAtOnceWhenItIsBackAndRetriesReturnWithSuccesses) {
  (void)AttemptsWhileBroken();
  service_.broken = false;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Ask());
  // One failure in many is hidden again.
  service_.attempts = 0;
  service_.broken = true;
  EXPECT_FALSE(Ask());
  EXPECT_GT(service_.attempts, 1);
}

}  // namespace
}  // namespace gtm::load
