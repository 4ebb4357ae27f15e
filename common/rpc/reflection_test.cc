#include "common/rpc/reflection.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <set>

#include "common/rpc/server.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::rpc {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

class RecordsRpc final : public records::v1::RecordsService::CallbackService {};

class ReflectionTest : public testing::Test {
 protected:
  void SetUp() override { Start(true); }
  void Start(bool reflection) {
    server_.reset();
    auto server = Server::Start({.address = "", .reflection = reflection, .services = {&records_}},
                                loopback_);
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(server).value();
  }
  // The answers to questions of one stream.
  template <class Service, class Request, class Response>
  std::vector<Response> AskAs(const std::vector<Request>& requests, grpc::Status* status) {
    const auto stub = Service::NewStub(server_->InProcessChannel());
    grpc::ClientContext context;
    auto stream = stub->ServerReflectionInfo(&context);
    std::vector<Response> responses;
    for (const Request& request : requests) {
      Response response;
      if (!stream->Write(request) || !stream->Read(&response)) break;
      responses.push_back(response);
    }
    stream->WritesDone();
    *status = stream->Finish();
    return responses;
  }
  v1::ServerReflectionResponse Ask(const v1::ServerReflectionRequest& request) {
    grpc::Status status;
    const auto responses =
        AskAs<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
            {request}, &status);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(responses.size(), 1u);
    return responses.empty() ? v1::ServerReflectionResponse() : responses[0];
  }
  static std::vector<std::string> Files(const v1::ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  LoopbackAuthenticator loopback_;
  RecordsRpc records_;
  std::unique_ptr<Server> server_;
};

template <class Response>
std::set<std::string> Services(const Response& response) {
  std::set<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.insert(service.name());
  }
  return names;
}

const std::set<std::string> kServed = {"gtm.records.v1.RecordsService", "grpc.health.v1.Health",
                                       "grpc.reflection.v1.ServerReflection",
                                       "grpc.reflection.v1alpha.ServerReflection"};

TEST_F(ReflectionTest, ListsWhatIsServedInBothVersions) {
  v1::ServerReflectionRequest request;
  request.set_host("h");
  request.set_list_services("*");
  const auto response = Ask(request);
  EXPECT_EQ(Services(response), kServed);
  EXPECT_EQ(response.valid_host(), "h");
  EXPECT_EQ(response.original_request().list_services(), "*");
  v1alpha::ServerReflectionRequest alpha;
  alpha.set_list_services("*");
  grpc::Status status;
  const auto responses = AskAs<v1alpha::ServerReflection, v1alpha::ServerReflectionRequest,
                               v1alpha::ServerReflectionResponse>({alpha, alpha}, &status);
  EXPECT_TRUE(status.ok());
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(Services(responses[1]), kServed);
}

TEST_F(ReflectionTest, DescribesEveryServiceThatItLists) {
  for (const std::string& service : kServed) {
    v1::ServerReflectionRequest request;
    request.set_file_containing_symbol(service);
    EXPECT_FALSE(Files(Ask(request)).empty()) << service;
  }
}

TEST_F(ReflectionTest, SendsAFileWithWhatItImports) {
  v1::ServerReflectionRequest request;
  for (const char* symbol : {"gtm.records.v1.RecordsService", "gtm.records.v1.RecordsService.Watch",
                             "gtm.records.v1.GetRequest"}) {
    request.set_file_containing_symbol(symbol);
    const std::vector<std::string> files = Files(Ask(request));
    ASSERT_FALSE(files.empty());
    EXPECT_EQ(files[0], "gtm/records/v1/service.proto") << symbol;
    const std::set<std::string> once(files.begin(), files.end());
    EXPECT_EQ(once.size(), files.size());
    EXPECT_TRUE(once.contains("gtm/crm/v1/account.proto"));
    EXPECT_TRUE(once.contains("google/protobuf/descriptor.proto"));
  }
  request.set_file_by_filename("gtm/crm/v1/account.proto");
  EXPECT_EQ(Files(Ask(request)).at(0), "gtm/crm/v1/account.proto");
}

TEST_F(ReflectionTest, FindsExtensions) {
  v1::ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  const auto numbers = Ask(request).all_extension_numbers_response();
  EXPECT_EQ(numbers.base_type_name(), "google.protobuf.FieldOptions");
  ASSERT_GT(numbers.extension_number_size(), 0);
  auto* extension = request.mutable_file_containing_extension();
  extension->set_containing_type("google.protobuf.FieldOptions");
  extension->set_extension_number(numbers.extension_number(0));
  EXPECT_EQ(Files(Ask(request)).at(0), "gtm/type/v1/rules.proto");
}

TEST_F(ReflectionTest, SaysWhatItDoesNotKnowAndGoesOn) {
  std::vector<v1::ServerReflectionRequest> unknown(6);
  unknown[0].set_file_by_filename("no/such.proto");
  unknown[1].set_file_containing_symbol("no.such.Symbol");
  unknown[2].mutable_file_containing_extension()->set_containing_type("no.such.Type");
  unknown[3].mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.FieldOptions");
  unknown[4].set_all_extension_numbers_of_type("no.such.Type");
  grpc::Status status;
  const auto responses =
      AskAs<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
          unknown, &status);
  EXPECT_TRUE(status.ok());
  ASSERT_EQ(responses.size(), unknown.size());
  for (size_t i = 0; i < responses.size(); ++i) {
    EXPECT_EQ(responses[i].error_response().error_code(),
              i == 5 ? grpc::INVALID_ARGUMENT : grpc::NOT_FOUND)
        << i;
  }
}

TEST_F(ReflectionTest, IsNotServedUnlessWanted) {
  Start(false);
  v1::ServerReflectionRequest request;
  request.set_list_services("*");
  grpc::Status status;
  const auto responses =
      AskAs<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
          {request}, &status);
  EXPECT_TRUE(responses.empty());
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED);
}

// A client that goes away, or is silent, while the server ends.
TEST_F(ReflectionTest, EndsWithTheServer) {
  const auto stub = v1::ServerReflection::NewStub(server_->InProcessChannel());
  grpc::ClientContext context;
  auto stream = stub->ServerReflectionInfo(&context);
  v1::ServerReflectionRequest request;
  request.set_list_services("*");
  ASSERT_TRUE(stream->Write(request));
  v1::ServerReflectionResponse response;
  ASSERT_TRUE(stream->Read(&response));
  server_.reset();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace gtm::rpc
