// A12: one caller's metadata does not break its neighbours, up to the stated limit of
// 64 KiB (limits::kMetadataBytesMax). Beyond it gRPC 1.51 may end the connection, so that
// only callers on other connections are promised to live on.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "common/core/limits.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "tests/load/caller.h"
#include "tests/load/server.h"

namespace gtm::load {
namespace {

using grpc::StatusCode;
using records::v1::RecordsService;

// Calls that go on on one channel while something else happens.
class Neighbor {
 public:
  explicit Neighbor(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(RecordsService::NewStub(channel)), thread_([this] { Run(); }) {}
  ~Neighbor() { Stop(); }
  void Stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int64_t calls() const { return calls_; }
  int64_t failures() const { return failures_; }
  void WaitForCalls(int64_t more) const {
    const int64_t until = calls_ + more;
    while (calls_ < until && !stopped_) absl::SleepFor(absl::Milliseconds(1));
  }

 private:
  void Run() {
    while (!stopped_) {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
      records::v1::GetHeadResponse response;
      if (!stub_->GetHead(&context, {}, &response).ok()) ++failures_;
      ++calls_;
    }
  }

  const std::unique_ptr<RecordsService::Stub> stub_;
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> calls_{0};
  std::atomic<int64_t> failures_{0};
  std::thread thread_;
};

StatusCode CallWithMetadata(const std::shared_ptr<grpc::Channel>& channel, size_t bytes) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  context.AddMetadata("x-filler", std::string(bytes, 'x'));
  records::v1::GetHeadResponse response;
  return RecordsService::NewStub(channel)->GetHead(&context, {}, &response).error_code();
}

class MetadataTest : public testing::Test {
 protected:
  MetadataTest() : server_("gtm-records", {"--store=memory:"}) { server_.Start(); }
  Server server_;
};

TEST_F(MetadataTest, UpToTheLimitNeighborsOnTheSameConnectionLiveOn) {
  const auto channel = PlainChannel(server_.address());
  Neighbor neighbor(channel);
  neighbor.WaitForCalls(5);
  for (const int kib : {9, 16, 32, 48, 60}) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(CallWithMetadata(channel, static_cast<size_t>(kib) * 1024), StatusCode::OK)
          << kib << " KiB";
    }
    neighbor.WaitForCalls(2);
  }
  neighbor.Stop();
  EXPECT_GT(neighbor.calls(), 10);
  EXPECT_EQ(neighbor.failures(), 0);
}

TEST_F(MetadataTest, BeyondTheLimitTheCallIsRefusedAndOtherConnectionsLiveOn) {
  Neighbor neighbor(PlainChannel(server_.address()));
  neighbor.WaitForCalls(5);
  for (const int kib : {70, 128, 512, 1024}) {
    ASSERT_GT(kib * 1024, limits::kMetadataBytesMax);
    for (int i = 0; i < 5; ++i) {
      const StatusCode code =
          CallWithMetadata(PlainChannel(server_.address()), static_cast<size_t>(kib) * 1024);
      EXPECT_TRUE(code == StatusCode::RESOURCE_EXHAUSTED || code == StatusCode::UNAVAILABLE ||
                  code == StatusCode::INTERNAL || code == StatusCode::UNKNOWN)
          << kib << " KiB: " << code;
    }
    neighbor.WaitForCalls(2);
  }
  neighbor.Stop();
  EXPECT_EQ(neighbor.failures(), 0);
  EXPECT_TRUE(server_.alive());
}

}  // namespace
}  // namespace gtm::load
