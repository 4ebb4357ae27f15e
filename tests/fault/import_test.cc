// Import over gRPC against callers that behave badly: what a silent, a vanished or a confused
// one costs others.
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/records_service.h"
#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;

// records over memory on a free loopback port; one stream at a time.
class ImportRpcTest : public ::testing::Test {
 protected:
  ImportRpcTest() : handler_(*store_, SystemClock(), Silence()), gate_(Options()) {
    gate_.AddMethods(records::handler::RecordsMethods());
    service_ = records::handler::MakeRecordsService(gate_, handler_);
    rpc::ServerOptions server;
    server.address = "127.0.0.1:0";
    server.services = {service_.get()};
    server_ = std::move(*rpc::Server::Start(server, authenticator_));
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::RecordsService::NewStub(channel_);
  }
  ~ImportRpcTest() override { handler_.Shutdown(); }

  static v1::ImportRequest BatchOf(int number) {
    v1::ImportRequest batch;
    batch.set_batch_number(number);
    for (int i = 0; i < 100; ++i) {
      batch.add_records()->mutable_account()->set_id("a" + std::to_string(number * 100 + i));
    }
    return batch;
  }

  // A whole import, tried until the only slot is free.
  grpc::Status ImportAll(int batches, int* created) {
    for (int attempt = 0;; ++attempt) {
      const auto context = ContextOf("t1", absl::Seconds(30));
      const auto stream = stub_->Import(context.get());
      for (int i = 0; i < batches; ++i) {
        if (!stream->Write(BatchOf(i))) break;
      }
      stream->WritesDone();
      v1::ImportResponse response;
      *created = 0;
      for (int next = 0; stream->Read(&response); ++next) {
        EXPECT_EQ(response.batch_number(), next);
        *created += response.created_count();
      }
      const grpc::Status status = stream->Finish();
      if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED || attempt == 500) {
        return status;
      }
      absl::SleepFor(absl::Milliseconds(10));
    }
  }

 private:
  static records::handler::RecordsOptions Silence() {
    records::handler::RecordsOptions options;
    options.import_silence_max = absl::Milliseconds(300);
    return options;
  }
  rpc::GateOptions Options() {
    rpc::GateOptions options;
    options.authenticator = &authenticator_;
    options.metrics = &metrics_;
    options.streams_max = 1;
    return options;
  }

  const std::unique_ptr<records::store::Store> store_ = records::store::OpenMemory();
  records::handler::RecordsHandler handler_;
  telemetry::Metrics metrics_;
  const rpc::LoopbackAuthenticator authenticator_;
  rpc::Gate gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<rpc::Server> server_;

 protected:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(ImportRpcTest, AnswersEveryBatchInOrder) {
  int created = 0;
  const grpc::Status status = ImportAll(40, &created);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(created, 4'000);
}

// Finding G: it held its slot for five and a half minutes.
TEST_F(ImportRpcTest, TellsASilentCallerWhyItIsEnded) {
  const auto context = ContextOf("t1", absl::Seconds(60));
  const auto stream = stub_->Import(context.get());
  ASSERT_TRUE(stream->Write(BatchOf(0)));
  v1::ImportResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.created_count(), 100);
  EXPECT_FALSE(stream->Read(&response)) << "ended by the server";
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_NE(status.error_message().find("no batch came"), std::string::npos)
      << status.error_message();
  int created = 0;
  EXPECT_TRUE(ImportAll(2, &created).ok()) << "the slot is free again";
  EXPECT_EQ(created, 100);
}

TEST_F(ImportRpcTest, GivesTheSlotOfAVanishedCallerToTheNext) {
  {
    const auto context = ContextOf("t1", absl::Seconds(60));
    const auto stream = stub_->Import(context.get());
    ASSERT_TRUE(stream->Write(BatchOf(0)));
    context->TryCancel();
    (void)stream->Finish();
  }
  int created = 0;
  EXPECT_TRUE(ImportAll(1, &created).ok());
}

TEST_F(ImportRpcTest, RefusesBytesThatAreNoBatch) {
  grpc::GenericStub generic(channel_);
  grpc::CompletionQueue queue;
  const auto context = ContextOf("t1", absl::Seconds(30));
  const auto call =
      generic.PrepareCall(context.get(), "/gtm.records.v1.RecordsService/Import", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  const grpc::Slice garbage("\xFF\xFF\xFF");
  call->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

}  // namespace
}  // namespace gtm::fault
