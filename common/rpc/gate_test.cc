#include "common/rpc/gate.h"

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "common/rpc/raw_unary.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "google/rpc/status_details.pb.h"
#include "gtm/errors/v1/error_reason.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::rpc {
namespace {

using records::v1::GetHeadRequest;
using records::v1::GetHeadResponse;
using records::v1::GetRequest;
using records::v1::RecordsService;

// A service whose GetHead does what the test says.
class FakeHandler {
 public:
  Status GetHead(Call& call, const GetHeadRequest&, GetHeadResponse* response) {
    response->set_revision(call.tenant().value() + "/" + call.principal.subject);
    deadline = call.deadline;
    trace_id = call.trace_id;
    return behave(call);
  }
  std::function<Status(Call&)> behave = [](Call&) { return Status(); };
  absl::Time deadline;
  std::string trace_id;
};

class FakeRpc final
    : public RecordsService::WithRawCallbackMethod_GetHead<RecordsService::Service> {
 public:
  static constexpr std::string_view kService = "gtm.records.v1.RecordsService";
  FakeRpc(Gate& gate, FakeHandler& handler) : gate_(gate), handler_(handler) {}
  GTM_RPC_UNARY(GetHead, GetHeadRequest, GetHeadResponse)

 private:
  Gate& gate_;
  FakeHandler& handler_;
};

class OnlyReaders final : public Authenticator {
 public:
  Verdict Authenticate(const Presented& presented) const override {
    if (!presented.metadata.Find("token").has_value()) {
      return Denial{Error(Reason::CREDENTIALS_MISSING, "no credentials: send a token"),
                    DenyReason::kMissing, ""};
    }
    Principal principal;
    principal.tenant = TenantId("t");
    principal.roles = 1u << static_cast<int>(Role::kReader);
    return principal;
  }
  bool verifies() const override { return true; }
};

class GateTest : public testing::Test {
 protected:
  void StartWith(const Authenticator& authenticator, MethodRule rule, int inflight_max = 8,
                 const std::string& address = "") {
    GateOptions options;
    options.authenticator = &authenticator;
    options.metrics = &metrics_;
    options.inflight_max = inflight_max;
    gate_ = std::make_unique<Gate>(options);
    gate_->AddMethods({&rule, 1});
    service_ = std::make_unique<FakeRpc>(*gate_, handler_);
    auto server = Server::Start({.address = address, .services = {service_.get()}}, authenticator);
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(server).value();
    stub_ = RecordsService::NewStub(server_->InProcessChannel());
  }

  Error Fail(grpc::ClientContext* context) {
    GetHeadResponse response;
    const grpc::Status status = stub_->GetHead(context, {}, &response);
    EXPECT_FALSE(status.ok());
    google::rpc::Status details;
    EXPECT_TRUE(details.ParseFromString(status.error_details()));
    int infos = 0;
    for (const auto& detail : details.details()) infos += detail.Is<google::rpc::ErrorInfo>();
    EXPECT_EQ(infos, 1) << "exactly one ErrorInfo on every error";
    return FromGrpcStatus(status);
  }

  static constexpr MethodRule kRead{"gtm.records.v1.RecordsService/GetHead", Role::kReader,
                                    Cost::kLight};
  LoopbackAuthenticator loopback_;
  OnlyReaders readers_;
  telemetry::Metrics metrics_;
  FakeHandler handler_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<FakeRpc> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<RecordsService::Stub> stub_;
};

TEST_F(GateTest, PassesTenantActorAndTrace) {
  StartWith(loopback_, kRead);
  grpc::ClientContext context;
  context.AddMetadata("gtm-tenant", "acme");
  context.AddMetadata("gtm-actor", "ada");
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  GetHeadResponse response;
  ASSERT_TRUE(stub_->GetHead(&context, {}, &response).ok());
  EXPECT_EQ(response.revision(), "acme/ada");
  EXPECT_EQ(handler_.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(GateTest, CapsTheDeadlineOfACallThatHasNone) {
  StartWith(loopback_, kRead);
  grpc::ClientContext context;
  GetHeadResponse response;
  ASSERT_TRUE(stub_->GetHead(&context, {}, &response).ok());
  EXPECT_LT(handler_.deadline, absl::Now() + absl::Milliseconds(limits::kDeadlineCapMs));
}

TEST_F(GateTest, RefusesWithoutCredentialsAndWithoutTheRole) {
  StartWith(readers_, {"gtm.records.v1.RecordsService/GetHead", Role::kWriter, Cost::kLight});
  bool ran = false;
  handler_.behave = [&](Call&) {
    ran = true;
    return Status();
  };
  grpc::ClientContext without;
  EXPECT_EQ(Fail(&without).reason(), Reason::CREDENTIALS_MISSING);
  grpc::ClientContext with;
  with.AddMetadata("token", "x");
  const Error error = Fail(&with);
  EXPECT_EQ(error.reason(), Reason::ROLE_MISSING);
  EXPECT_EQ(error.metadata().at("role"), "writer");
  EXPECT_FALSE(ran);
}

TEST_F(GateTest, LoopbackRefusesMalformedIdentities) {
  StartWith(loopback_, kRead);
  grpc::ClientContext context;
  context.AddMetadata("gtm-service", "somebody");
  EXPECT_EQ(Fail(&context).reason(), Reason::CREDENTIALS_INVALID);
}

TEST_F(GateTest, AMethodWithoutARowIsDenied) {
  StartWith(loopback_, {"gtm.records.v1.RecordsService/Get", Role::kReader, Cost::kLight});
  grpc::ClientContext context;
  EXPECT_EQ(Fail(&context).reason(), Reason::METHOD_NOT_SERVED);
}

TEST_F(GateTest, AServiceThatNobodyServesSaysSo) {
  auto server = Server::Start({.address = ""}, loopback_);
  ASSERT_TRUE(server.ok());
  stub_ = RecordsService::NewStub((*server)->InProcessChannel());
  grpc::ClientContext context;
  EXPECT_EQ(Fail(&context).reason(), Reason::METHOD_NOT_SERVED);
}

TEST_F(GateTest, BytesThatAreNoMessageAreMalformed) {
  StartWith(loopback_, kRead);
  grpc::GenericStub stub(server_->InProcessChannel());
  const grpc::Slice slice(std::string("\xff\xff\xff"));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/gtm.records.v1.RecordsService/GetHead", request, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FromGrpcStatus(status).reason(), Reason::MALFORMED_MESSAGE);
}

TEST_F(GateTest, AHeavyCallRunsOnThePoolAndStrayExceptionsBecomeInternal) {
  StartWith(loopback_, {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kHeavy});
  handler_.behave = [](Call&) -> Status { throw std::runtime_error("secret detail"); };
  grpc::ClientContext context;
  const Error error = Fail(&context);
  EXPECT_EQ(error.reason(), Reason::INTERNAL_ERROR);
  EXPECT_EQ(error.message().find("secret"), std::string::npos);
}

TEST_F(GateTest, ShedsBeyondTheLimitWithPushback) {
  StartWith(loopback_, {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kHeavy}, 1);
  std::promise<void> entered;
  std::promise<void> leave;
  handler_.behave = [&](Call&) {
    entered.set_value();
    leave.get_future().wait();
    return Status();
  };
  auto first = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    GetHeadResponse response;
    return stub_->GetHead(&context, {}, &response).ok();
  });
  entered.get_future().wait();
  grpc::ClientContext context;
  const Error error = Fail(&context);
  EXPECT_EQ(error.reason(), Reason::OVERLOADED);
  EXPECT_EQ(error.retry_after_ms(), 100);
  EXPECT_EQ(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1u);
  leave.set_value();
  EXPECT_TRUE(first.get());
}

TEST_F(GateTest, DrainRefusesNewCallsAndLetsRunningOnesEnd) {
  StartWith(loopback_, kRead);
  gate_->StopAdmitting();
  grpc::ClientContext context;
  EXPECT_EQ(Fail(&context).reason(), Reason::SHUTTING_DOWN);
  server_->Drain(*gate_, absl::Seconds(1));
}

// gRPC answers calls that meet the end of the listener with CANCELLED. Clients with the shipped
// service config are told that nobody is there, never that they themselves cancelled.
TEST_F(GateTest, AServerThatEndsCancelsNobody) {
  constexpr int kRounds = 20, kClients = 4;
  std::mutex mutex;
  std::set<grpc::StatusCode> codes;
  for (int round = 0; round < kRounds; ++round) {
    StartWith(loopback_, kRead, kClients, "127.0.0.1:0");
    const std::string address = fmt::format("127.0.0.1:{}", server_->port());
    std::atomic<int> running{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([&] {
        const auto stub = RecordsService::NewStub(MakeChannel(address));
        grpc::Status status;
        for (int64_t calls = 0; status.ok(); ++calls) {
          if (calls == 1) ++running;
          grpc::ClientContext context;
          GetHeadResponse response;
          status = stub->GetHead(&context, {}, &response);
        }
        const std::lock_guard lock(mutex);
        codes.insert(status.error_code());
      });
    }
    while (running < kClients) absl::SleepFor(absl::Milliseconds(1));
    server_->Drain(*gate_, absl::Seconds(5));
    for (std::thread& client : clients) client.join();
  }
  EXPECT_EQ(codes, std::set{grpc::StatusCode::UNAVAILABLE});
}

TEST_F(GateTest, AnExpiredDeadlineIsToldByTheHandler) {
  StartWith(loopback_, kRead);
  handler_.behave = [](Call& call) { return call.CheckAlive(call.deadline); };
  grpc::ClientContext context;
  EXPECT_EQ(Fail(&context).reason(), Reason::DEADLINE_EXPIRED);
  handler_.behave = [](Call& call) {
    call.is_cancelled = [] { return true; };
    return call.CheckAlive(call.now);
  };
  grpc::ClientContext again;
  EXPECT_EQ(Fail(&again).reason(), Reason::CANCELLED_BY_CALLER);
}

TEST_F(GateTest, ALightCallThatWouldHaveToWaitRunsAgainWhereItMay) {
  StartWith(loopback_, kRead);
  std::vector<Patience> seen;
  handler_.behave = [&](Call& call) -> Status {
    seen.push_back(call.patience);
    if (call.patience == Patience::kNone) return call.WantsToWait();
    return {};
  };
  grpc::ClientContext context;
  GetHeadResponse response;
  ASSERT_TRUE(stub_->GetHead(&context, {}, &response).ok());
  EXPECT_EQ(seen, (std::vector{Patience::kNone, Patience::kLong}));
}

TEST_F(GateTest, CallsThatWaitForOneTenantsBookDoNotKeepThoseOfAnother) {
  StartWith(loopback_, {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kHeavy}, 100);
  std::promise<void> leave;
  const std::shared_future<void> left = leave.get_future().share();
  std::atomic<int> waiting{0};
  handler_.behave = [&](Call& call) -> Status {
    if (call.tenant().value() == "cold" || call.tenant().value() == "colder") {
      if (call.patience != Patience::kLong) return call.WantsToWait();
      ++waiting;
      left.wait();
    }
    return {};
  };
  const auto ask = [&](const std::string& tenant) {
    grpc::ClientContext context;
    context.AddMetadata("gtm-tenant", tenant);
    GetHeadResponse response;
    return stub_->GetHead(&context, {}, &response).ok();
  };
  std::vector<std::future<bool>> cold;
  for (int i = 0; i < 20; ++i) cold.push_back(std::async(std::launch::async, ask, "cold"));
  while (waiting < limits::kTenantWaitThreads) std::this_thread::yield();
  EXPECT_TRUE(ask("warm"));
  cold.push_back(std::async(std::launch::async, ask, "colder"));
  while (waiting < limits::kTenantWaitThreads + 1) std::this_thread::yield();
  EXPECT_TRUE(ask("warm"));
  leave.set_value();
  for (auto& answer : cold) EXPECT_TRUE(answer.get());
}

TEST_F(GateTest, ATenantAtItsQuotaIsToldAndAnotherIsServed) {
  StartWith(loopback_, {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kStore},
            limits::kTenantInflightMax + 8);
  std::promise<void> leave;
  const std::shared_future<void> left = leave.get_future().share();
  handler_.behave = [&](Call& call) -> Status {
    if (call.tenant().value() == "greedy") left.wait();
    return {};
  };
  std::atomic<int> quota{0};
  std::atomic<int> pushbacks{0};
  const auto ask = [&](const std::string& tenant) {
    grpc::ClientContext context;
    context.AddMetadata("gtm-tenant", tenant);
    GetHeadResponse response;
    const grpc::Status status = stub_->GetHead(&context, {}, &response);
    if (!status.ok() && FromGrpcStatus(status).reason() == Reason::TENANT_QUOTA) ++quota;
    pushbacks +=
        static_cast<int>(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"));
    return status.ok();
  };
  std::vector<std::future<bool>> greedy;
  for (int i = 0; i <= limits::kTenantInflightMax; ++i) {
    greedy.push_back(std::async(std::launch::async, ask, "greedy"));
  }
  while (quota < 1) std::this_thread::yield();
  EXPECT_TRUE(ask("modest"));
  leave.set_value();
  int served = 0;
  for (auto& answer : greedy) served += answer.get() ? 1 : 0;
  EXPECT_EQ(served, limits::kTenantInflightMax);
  EXPECT_EQ(quota, 1);
  EXPECT_EQ(pushbacks, 1);
  EXPECT_TRUE(ask("greedy"));
}

TEST(Server, RefusesToBeReachableWithoutAuthentication) {
  const LoopbackAuthenticator loopback;
  const auto server = Server::Start({.address = "0.0.0.0:0"}, loopback);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().violations()[0].field, "address");
}

TEST(ErrorReason, TheCoreTableIsTheContract) {
  const auto* contract = errors::v1::ErrorReason_descriptor();
  int count = 0;
#define GTM_X(reason, number)                                         \
  ASSERT_NE(contract->FindValueByNumber(number), nullptr) << #reason; \
  EXPECT_EQ(contract->FindValueByNumber(number)->name(), #reason);    \
  EXPECT_EQ(ReasonName(Reason::reason), #reason);                     \
  ++count;
  GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
  EXPECT_EQ(contract->value_count(), count + 1);
}

TEST(Status, EveryReasonSurvivesTheWire){
#define GTM_X(reason_name, number)                                         \
  {                                                                        \
    Error error(Reason::reason_name, "what to do");                        \
    error.With("k", "v").WithViolations({{"f", "d"}}).RetryAfterMs(1'500); \
    const Error back = FromGrpcStatus(ToGrpcStatus(error, "records.gtm")); \
    EXPECT_EQ(back.reason(), Reason::reason_name);                         \
    EXPECT_EQ(back.message(), "what to do");                               \
    EXPECT_EQ(back.metadata().at("k"), "v");                               \
    EXPECT_EQ(back.violations(), error.violations());                      \
    EXPECT_EQ(back.retry_after_ms(), 1'500);                               \
  }
    GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
}

TEST(Status, AForeignStatusGetsTheNearestReason) {
  EXPECT_EQ(FromGrpcStatus({grpc::StatusCode::UNAVAILABLE, "proxy"}).reason(),
            Reason::PEER_UNAVAILABLE);
}

}  // namespace
}  // namespace gtm::rpc
