#include "common/rpc/wire_scan.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::rpc {
namespace {

namespace v1 = records::v1;
constexpr ScanLimits kSmall{.list_items_max = 10, .message_items_max = 40};

Status Scan(const std::string& bytes, const google::protobuf::Descriptor& type,
            const ScanLimits& limits = kSmall) {
  // Small blocks, as slices of the network are.
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()), 7);
  return ScanMessage(&stream, type, limits);
}

template <class Message>
Status Scan(const Message& message, const ScanLimits& limits = kSmall) {
  return Scan(message.SerializeAsString(), *Message::descriptor(), limits);
}

std::string FieldOf(const Status& status) {
  return status.ok() ? "" : status.error().violations().at(0).field;
}

TEST(ScanMessage, NamesTheListThatIsTooLong) {
  v1::BatchCommitRequest request;
  for (int i = 0; i < 10; ++i) request.add_mutations()->mutable_put()->mutable_account();
  EXPECT_TRUE(Scan(request).ok());
  request.add_mutations();
  const Status status = Scan(request);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().reason(), Reason::INVALID_FIELDS);
  EXPECT_EQ(FieldOf(status), "mutations");
  EXPECT_NE(status.error().message().find("send fewer"), std::string::npos);
}

TEST(ScanMessage, LooksIntoEveryDepth) {
  v1::CommitRequest request;
  auto* account = request.mutable_mutation()->mutable_put()->mutable_account();
  for (int i = 0; i < 11; ++i) account->add_technologies("x");
  EXPECT_EQ(FieldOf(Scan(request)), "mutation.put.account.technologies");
  account->clear_technologies();
  for (int i = 0; i < 11; ++i) (*account->mutable_custom_numbers())[std::to_string(i)] = i;
  EXPECT_EQ(FieldOf(Scan(request)), "mutation.put.account.custom_numbers");
}

TEST(ScanMessage, CountsItemsOfAllListsTogether) {
  v1::BatchCommitRequest request;
  for (int i = 0; i < 5; ++i) {
    auto* account = request.add_mutations()->mutable_put()->mutable_account();
    for (int j = 0; j < 7; ++j) account->add_technologies("x");
  }
  EXPECT_TRUE(Scan(request).ok());  // 5 + 5 x 7 = 40
  request.add_mutations();
  EXPECT_EQ(FieldOf(Scan(request)), "mutations");
}

TEST(ScanMessage, CountsPackedAndUnpackedNumbers) {
  v1::WatchRequest request;
  for (int i = 0; i < 11; ++i) request.add_kinds(v1::RECORD_KIND_ACCOUNT);
  EXPECT_EQ(FieldOf(Scan(request)), "kinds");
  std::string unpacked;
  for (int i = 0; i < 11; ++i) unpacked += std::string("\x10\x01", 2);
  EXPECT_EQ(FieldOf(Scan(unpacked, *v1::WatchRequest::descriptor())), "kinds");
}

TEST(ScanMessage, CountsWhatItDoesNotKnow) {
  std::string bytes;
  for (int i = 0; i < 11; ++i) bytes += std::string("\xF8\x3F\x01", 3);  // field 1023
  EXPECT_EQ(FieldOf(Scan(bytes, *v1::CommitRequest::descriptor())), "(unknown fields)");
}

TEST(ScanMessage, LeavesDamagedBytesToTheParser) {
  v1::CommitRequest request;
  request.set_request_id("r");
  request.mutable_mutation()->mutable_put()->mutable_account()->set_id("a");
  const std::string good = request.SerializeAsString();
  for (size_t length = 0; length <= good.size(); ++length) {
    EXPECT_TRUE(Scan(good.substr(0, length), *v1::CommitRequest::descriptor()).ok());
  }
  EXPECT_TRUE(Scan(std::string(50'000, '\x7B'), *v1::CommitRequest::descriptor()).ok());
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = good;
    for (int j = 0; j < 3; ++j) {
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    }
    (void)Scan(damaged, *v1::CommitRequest::descriptor());  // must return
  }
}

}  // namespace
}  // namespace gtm::rpc
