// Watch over gRPC: what the transport adds to RunWatch.
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <prometheus/gauge.h>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/records/handler/records_service.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

class WatchCallTest : public ::testing::Test {
 protected:
  void SetUp() override { Start({}, limits::kWatchStreamsMax); }
  void Start(RecordsOptions options, int streams_max) {
    stub_.reset();
    server_.reset();
    handler_ = std::make_unique<RecordsHandler>(*store_, SystemClock(), options);
    rpc::GateOptions gate;
    gate.authenticator = &trust_;
    gate.metrics = &metrics_;
    gate.streams_max = streams_max;
    gate_ = std::make_unique<rpc::Gate>(gate);
    gate_->AddMethods(RecordsMethods());
    service_ = MakeRecordsService(*gate_, *handler_);
    auto server = rpc::Server::Start({.address = "", .services = {service_.get()}}, trust_);
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(server).value();
    stub_ = v1::RecordsService::NewStub(server_->InProcessChannel());
  }
  void TearDown() override {
    handler_->EndStreams();
    server_->Drain(*gate_, absl::Seconds(10));
  }

  static void SetTenant(grpc::ClientContext* context) { context->AddMetadata("gtm-tenant", "t1"); }
  void PutAccount(const std::string& id) {
    grpc::ClientContext context;
    SetTenant(&context);
    v1::CommitRequest request;
    request.set_request_id(RequestId(++requests_));
    request.mutable_mutation()->mutable_put()->mutable_account()->set_id(id);
    v1::CommitResponse response;
    const grpc::Status status = stub_->Commit(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  // Streams that the gate counts, when none is left or after 10 s.
  double StreamsLeft() {
    auto& streams = metrics_.Gauge(telemetry::kWatchStreams, {});
    for (int i = 0; i < 1'000 && streams.Value() > 0; ++i) absl::SleepFor(absl::Milliseconds(10));
    return streams.Value();
  }

  std::unique_ptr<store::Store> store_ = store::OpenMemory();
  rpc::LoopbackAuthenticator trust_;
  telemetry::Metrics metrics_;
  std::unique_ptr<RecordsHandler> handler_;
  std::unique_ptr<rpc::Gate> gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::RecordsService::Stub> stub_;
  int requests_ = 0;
};

TEST_F(WatchCallTest, NoMethodIsSynchronous) { EXPECT_FALSE(service_->has_synchronous_methods()); }

TEST_F(WatchCallTest, SendsChangesUntilTheCallerLeaves) {
  grpc::ClientContext context;
  SetTenant(&context);
  auto reader = stub_->Watch(&context, {});
  v1::WatchResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.changes_size(), 0);
  for (const char* id : {"a", "b"}) {
    PutAccount(id);
    do {
      ASSERT_TRUE(reader->Read(&response));
    } while (response.changes().empty());
    EXPECT_EQ(response.changes(0).record().account().id(), id);
  }
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(StreamsLeft(), 0);
}

TEST_F(WatchCallTest, EndsAtShutdownWithAWord) {
  grpc::ClientContext context;
  SetTenant(&context);
  auto reader = stub_->Watch(&context, {});
  v1::WatchResponse response;
  ASSERT_TRUE(reader->Read(&response));
  handler_->EndStreams();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(rpc::FromGrpcStatus(reader->Finish()).reason(), Reason::SHUTTING_DOWN);
}

TEST_F(WatchCallTest, EndsAtTheDeadline) {
  grpc::ClientContext context;
  SetTenant(&context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  auto reader = stub_->Watch(&context, {});
  v1::WatchResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(StreamsLeft(), 0);
}

TEST_F(WatchCallTest, CutsWhoDoesNotRead) {
  RecordsOptions options;
  options.feed.stall_max = absl::Milliseconds(200);
  Start(options, limits::kWatchStreamsMax);
  grpc::ClientContext context;
  SetTenant(&context);
  auto reader = stub_->Watch(&context, {});
  v1::WatchResponse response;
  ASSERT_TRUE(reader->Read(&response));
  for (const char* id : {"a", "b", "c"}) {
    PutAccount(id);
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(StreamsLeft(), 0);
  while (reader->Read(&response)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
}

TEST_F(WatchCallTest, RefusesBytesThatAreNoRequest) {
  grpc::GenericStub stub(server_->InProcessChannel());
  grpc::ClientContext context;
  SetTenant(&context);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(&context, "/gtm.records.v1.RecordsService/Watch", &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const grpc::Slice slice("\xff\xff\xff");
  call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  ASSERT_TRUE(wait());
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(wait());
  EXPECT_EQ(rpc::FromGrpcStatus(status).reason(), Reason::MALFORMED_MESSAGE);
}

TEST_F(WatchCallTest, KeepsToTheLimitOfStreams) {
  Start({}, 1);
  grpc::ClientContext first_context;
  SetTenant(&first_context);
  auto first = stub_->Watch(&first_context, {});
  v1::WatchResponse response;
  ASSERT_TRUE(first->Read(&response));
  grpc::ClientContext second_context;
  SetTenant(&second_context);
  auto second = stub_->Watch(&second_context, {});
  EXPECT_FALSE(second->Read(&response));
  EXPECT_EQ(rpc::FromGrpcStatus(second->Finish()).reason(), Reason::OVERLOADED);
  first_context.TryCancel();
  EXPECT_FALSE(first->Finish().ok());
}

}  // namespace
}  // namespace gtm::records::handler
