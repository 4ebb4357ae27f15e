// What holds for every method of every service: it has a row in the role table, and what
// it answers to nonsense is an error with exactly one reason of the contract.

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <set>

#include "common/rpc/status.h"
#include "google/rpc/status_details.pb.h"
#include "gtm/errors/v1/error_reason.pb.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "gtm/growth/v1/service.pb.h"
#include "gtm/records/v1/service.pb.h"
#include "gtm/sponsorship/v1/service.pb.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/forecasting/handler/forecasting_service.h"
#include "services/growth/handler/growth_service.h"
#include "services/records/handler/records_service.h"
#include "services/sponsorship/handler/sponsorship_service.h"
#include "services/targeting/handler/targeting_service.h"
#include "tests/scenario/platform_under_test.h"

namespace gtm {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

// Every method of the five services.
std::vector<const MethodDescriptor*> Methods() {
  const FileDescriptor* files[] = {records::v1::GetHeadRequest::descriptor()->file(),
                                   targeting::v1::ScoreAccountRequest::descriptor()->file(),
                                   sponsorship::v1::GetCapacityRequest::descriptor()->file(),
                                   forecasting::v1::GetForecastRequest::descriptor()->file(),
                                   growth::v1::GetSignalsRequest::descriptor()->file()};
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

std::string PathOf(const MethodDescriptor* method) {
  return method->service()->full_name() + "/" + method->name();
}

grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, const MethodDescriptor* method,
                     const std::string& bytes) {
  grpc::GenericStub stub(channel);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/" + PathOf(method), request, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return status;
}

// The one reason of a failed call.
std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
  std::string reason;
  int count = 0;
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    ++count;
    reason = info.reason();
    EXPECT_TRUE(info.domain().ends_with(".gtm")) << info.domain();
  }
  EXPECT_EQ(count, 1) << "exactly one ErrorInfo";
  errors::v1::ErrorReason value;
  EXPECT_TRUE(errors::v1::ErrorReason_Parse(reason, &value)) << reason;
  EXPECT_FALSE(status.error_message().empty());
  return reason;
}

TEST(EveryMethod, HasARowInTheRoleTableAndNoRowIsLeftOver) {
  std::set<std::string> rows;
  for (const auto table :
       {records::handler::RecordsMethods(), targeting::handler::TargetingMethods(),
        sponsorship::handler::SponsorshipMethods(), forecasting::handler::ForecastingMethods(),
        growth::handler::GrowthMethods()}) {
    for (const rpc::MethodRule& rule : table) {
      EXPECT_TRUE(rows.insert(std::string(rule.method)).second) << rule.method;
    }
  }
  for (const MethodDescriptor* method : Methods()) {
    EXPECT_EQ(rows.erase(PathOf(method)), 1u) << PathOf(method) << " has no row: denied";
  }
  for (const std::string& row : rows) ADD_FAILURE() << row << " is no method";
}

TEST(EveryMethod, AnswersMalformedBytesAndEmptyRequestsWithOneReason) {
  scenario::PlatformUnderTest platform("memory");
  for (const MethodDescriptor* method : Methods()) {
    if (method->client_streaming() || method->server_streaming()) continue;
    SCOPED_TRACE(PathOf(method));
    const grpc::Status malformed = CallRaw(platform.channel(), method, "\xff\xff\xff");
    ASSERT_FALSE(malformed.ok());
    EXPECT_EQ(ReasonOf(malformed), "MALFORMED_MESSAGE");
    const grpc::Status empty = CallRaw(platform.channel(), method, "");
    if (!empty.ok()) {
      EXPECT_NE(ReasonOf(empty), "INTERNAL_ERROR") << empty.error_message();
    }
    EXPECT_NE(empty.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
}

}  // namespace
}  // namespace gtm
