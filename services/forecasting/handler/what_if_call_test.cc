// WhatIf over gRPC: what the transport adds to RunWhatIf.

#include <gtest/gtest.h>
#include <prometheus/gauge.h>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/testing/fake_records.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/forecasting/handler/forecasting_service.h"

namespace gtm::forecasting::handler {
namespace {

class WhatIfCallTest : public ::testing::Test {
 protected:
  WhatIfCallTest() : records_("forecasting") {
    records_.Put(
        test::Opportunity("d1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", 50'000),
        absl::UnixEpoch(), trust_tenant_);
    rpc::GateOptions gate;
    gate.authenticator = &trust_;
    gate.metrics = &metrics_;
    gate_ = std::make_unique<rpc::Gate>(gate);
    gate_->AddMethods(ForecastingMethods());
    service_ = MakeForecastingService(*gate_, records_);
    auto server = rpc::Server::Start({.address = "", .services = {service_.get()}}, trust_);
    EXPECT_TRUE(server.ok());
    server_ = std::move(server).value();
    stub_ = v1::ForecastingService::NewStub(server_->InProcessChannel());
    context_.AddMetadata("gtm-tenant", std::string(trust_tenant_.value()));
  }
  ~WhatIfCallTest() override { server_->Drain(*gate_, absl::Seconds(10)); }

  // Streams that the gate counts, when none is left or after 10 s.
  double StreamsLeft() {
    auto& streams = metrics_.Gauge(telemetry::kWatchStreams, {});
    for (int i = 0; i < 1'000 && streams.Value() > 0; ++i) absl::SleepFor(absl::Milliseconds(10));
    return streams.Value();
  }
  static v1::WhatIfRequest FirstRequest() {
    v1::WhatIfRequest request;
    request.mutable_question()->mutable_point()->mutable_as_of()->set_seconds(1'778'400'000);
    request.mutable_scenario()->add_lost_opportunity_ids("d1");
    return request;
  }

  const TenantId trust_tenant_{"t1"};
  test::FakeRecords records_;
  rpc::LoopbackAuthenticator trust_;
  telemetry::Metrics metrics_;
  std::unique_ptr<rpc::Gate> gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::ForecastingService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(WhatIfCallTest, NoMethodIsSynchronous) { EXPECT_FALSE(service_->has_synchronous_methods()); }

TEST_F(WhatIfCallTest, AnswersEachMessageBeforeTheNext) {
  auto stream = stub_->WhatIf(&context_);
  ASSERT_TRUE(stream->Write(FirstRequest()));
  v1::WhatIfResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.request_number(), 1);
  EXPECT_LT(answer.difference().mean().units(), 0);
  v1::WhatIfRequest more;
  more.mutable_scenario()->add_won_opportunity_ids("d1");
  ASSERT_TRUE(stream->Write(more));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.request_number(), 2);
  EXPECT_GT(answer.difference().mean().units(), 0);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(StreamsLeft(), 0);
}

TEST_F(WhatIfCallTest, SaysWhatIsWrongAndEnds) {
  auto stream = stub_->WhatIf(&context_);
  ASSERT_TRUE(stream->Write({}));
  v1::WhatIfResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(rpc::FromGrpcStatus(stream->Finish()).reason(), Reason::INVALID_FIELDS);
}

TEST_F(WhatIfCallTest, EndsWithACallerWhoLeaves) {
  auto stream = stub_->WhatIf(&context_);
  ASSERT_TRUE(stream->Write(FirstRequest()));
  v1::WhatIfResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  context_.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(StreamsLeft(), 0);
}

TEST_F(WhatIfCallTest, EndsAtTheDeadline) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  auto stream = stub_->WhatIf(&context_);
  v1::WhatIfResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(StreamsLeft(), 0);
}

}  // namespace
}  // namespace gtm::forecasting::handler
