// A11: bad input is refused with the right code, and the process lives on.
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;
using grpc::StatusCode;

class BadInputTest : public ::testing::Test {
 protected:
  BadInputTest() : engine_("sqlite"), server_(engine_.url()) {
    server_.Start();
    channel_ = server_.NewChannel();
    stub_ = v1::RecordsService::NewStub(channel_);
    start_memory_ = server_.MemoryBytes();
  }

  // Raw bytes to a unary method.
  grpc::Status Send(const std::string& method, const std::string& bytes, bool compressed = false) {
    grpc::GenericStub generic(channel_);
    grpc::CompletionQueue queue;
    const auto context = ContextOf("bad");
    if (compressed) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    const auto call = generic.PrepareUnaryCall(
        context.get(), "/gtm.records.v1.RecordsService/" + method, request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
    return status;
  }

  grpc::Status Commit(const std::function<void(v1::CommitRequest*)>& change) {
    v1::CommitRequest request = PutAccount(MakeRequestId(random_), "a", 1);
    change(&request);
    v1::CommitResponse response;
    return stub_->Commit(ContextOf("bad").get(), request, &response);
  }

  void ExpectAlive() {
    v1::GetHeadResponse response;
    const grpc::Status status = stub_->GetHead(ContextOf("bad").get(), {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(server_.alive());
  }

  const Engine engine_;
  ServerProcess server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
  int64_t start_memory_ = 0;
  Random random_{Seed()};
};

// Field `number` as length-delimited.
std::string Delimited(int number, const std::string& bytes) {
  std::string out;
  const auto varint = [&out](uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
  };
  varint(static_cast<uint64_t>(number) << 3 | 2);
  varint(bytes.size());
  return out + bytes;
}

TEST_F(BadInputTest, BytesThatAreNoMessage) {
  const std::string good = PutAccount(MakeRequestId(random_), "a", 1).SerializeAsString();
  const auto malformed = [&](const std::string& bytes, const char* what) {
    const grpc::Status status = Send("Commit", bytes);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT)
        << what << ": " << status.error_code() << " " << status.error_message();
  };
  for (size_t length = 1; length < good.size(); length += 7) {
    malformed(good.substr(0, length), "cut short");
  }
  malformed(std::string(100, '\xFF'), "garbage");
  malformed(Delimited(1, "\xFF\xFE not UTF-8"), "bad UTF-8");
  // Unknown groups inside each other, deeper than any parser goes.
  std::string deep(50'000, '\x7B');  // start of group 15
  malformed(deep, "deep nesting");
  for (int i = 0; i < Scaled(500); ++i) {
    std::string damaged = good;
    for (int j = 0; j < 3; ++j) {
      damaged[random_.Below(damaged.size())] = static_cast<char>(random_.Below(256));
    }
    const grpc::Status status = Send("Commit", damaged);
    EXPECT_NE(status.error_code(), StatusCode::UNAVAILABLE);
    EXPECT_NE(status.error_code(), StatusCode::UNKNOWN);
  }
  ExpectAlive();
}

TEST_F(BadInputTest, MessagesThatAreTooLong) {
  const std::string large = Delimited(1, std::string(5 << 20, 'x'));
  EXPECT_EQ(Send("Commit", large).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  const std::string bomb = Delimited(1, std::string(64 << 20, '\0'));
  EXPECT_EQ(Send("Commit", bomb, true).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  ExpectAlive();
}

TEST_F(BadInputTest, ListsThatAreTooLong) {
  std::string keys;
  keys.reserve(2 << 20);
  for (int i = 0; i < 1'000'000; ++i) keys += std::string("\x0A\x00", 2);
  EXPECT_EQ(Send("BatchGet", keys).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Send("BatchCommit",
                 [] {
                   std::string mutations;
                   for (int i = 0; i < 1'000'000; ++i) mutations += std::string("\x12\x00", 2);
                   return mutations;
                 }())
                .error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Commit([](v1::CommitRequest* request) {
              auto* account = request->mutable_mutation()->mutable_put()->mutable_account();
              for (int i = 0; i < 1'000'000; ++i) account->add_technologies("x");
            }).error_code(),
            StatusCode::INVALID_ARGUMENT);
  ExpectAlive();
  const int64_t growth = server_.MemoryBytes() - start_memory_;
  std::printf("memory grew by %lld KiB\n", static_cast<long long>(growth >> 10));
  EXPECT_LT(growth, int64_t{64} << 20);
}

TEST_F(BadInputTest, ValuesThatMeanNothing) {
  const auto account = [](v1::CommitRequest* request) {
    return request->mutable_mutation()->mutable_put()->mutable_account();
  };
  const std::vector<std::function<void(v1::CommitRequest*)>> changes = {
      [&](auto* r) { (*account(r)->mutable_custom_numbers())["x"] = std::nan(""); },
      [&](auto* r) { (*account(r)->mutable_custom_numbers())["x"] = INFINITY; },
      [](auto* r) {
        r->mutable_mutation()->mutable_put()->mutable_campaign()->set_id("c");
        r->mutable_mutation()->mutable_put()->mutable_campaign()->set_owner_function(
            static_cast<crm::v1::MarketingFunction>(99));
      },
      [](auto* r) { r->mutable_mutation()->set_mode(static_cast<v1::Mutation::Mode>(9)); },
      [](auto* r) { r->clear_mutation(); },
      [](auto* r) { r->set_request_id("not a uuid"); },
      [&](auto* r) { account(r)->set_id(std::string(4'000, 'x')); },
      [&](auto* r) { account(r)->set_id(std::string("a\0b", 3)); },
      [&](auto* r) {
        account(r)->GetReflection()->MutableUnknownFields(account(r))->AddVarint(999, 1);
      },
      [](auto* r) { r->mutable_mutation()->set_etag("\"\xC3\xA4\""); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    const grpc::Status status = Commit(changes[i]);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT)
        << i << ": " << status.error_message();
  }
  v1::ListRequest list;
  list.set_kind(v1::RECORD_KIND_ACCOUNT);
  list.set_page_token(std::string(100'000, 'A'));
  v1::ListResponse listed;
  EXPECT_EQ(stub_->List(ContextOf("bad").get(), list, &listed).error_code(),
            StatusCode::INVALID_ARGUMENT);
  ExpectAlive();
}

TEST_F(BadInputTest, ManyViolationsStillMakeAnAnswer) {
  v1::BatchCommitRequest batch;
  for (int i = 0; i < 1'000; ++i) {
    auto* account = batch.add_mutations()->mutable_put()->mutable_account();
    account->set_employee_count(-1);
    account->set_founded_year(1);
  }
  v1::BatchCommitResponse response;
  const grpc::Status status = stub_->BatchCommit(ContextOf("bad").get(), batch, &response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
  ExpectAlive();
}

}  // namespace
}  // namespace gtm::fault
