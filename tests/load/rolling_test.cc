// A22: replicas are replaced one after the other while clients with the shipped service
// config go on asking: no call fails, and each replica ends by itself with code 0.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "tests/load/platform.h"

namespace gtm::load {
namespace {

using targeting::v1::TargetingService;

// Asks about 100 times a second until it is stopped.
class Client {
 public:
  Client(const std::string& target, const std::string& account_id)
      : stub_(TargetingService::NewStub(rpc::MakeChannel(target))), account_id_(account_id) {
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~Client() { Stop(); }
  void Stop() {
    stopped_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int64_t calls() const { return calls_; }
  int64_t failures() const { return failures_; }
  const std::string& first_error() const { return first_error_; }

 private:
  static constexpr int kThreads = 4;
  void Run() {
    while (!stopped_) {
      grpc::ClientContext context;
      context.AddMetadata("gtm-tenant", "t");
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
      targeting::v1::ScoreAccountRequest request;
      request.set_account_id(account_id_);
      targeting::v1::ScoreAccountResponse response;
      const grpc::Status status = stub_->ScoreAccount(&context, request, &response);
      ++calls_;
      if (!status.ok() && failures_.fetch_add(1) == 0) {
        first_error_ = std::to_string(status.error_code()) + " " + status.error_message();
      }
      absl::SleepFor(absl::Milliseconds(30));
    }
  }

  const std::unique_ptr<TargetingService::Stub> stub_;
  const std::string account_id_;
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> calls_{0};
  std::atomic<int64_t> failures_{0};
  std::string first_error_;
  std::vector<std::thread> threads_;
};

TEST(RollingRestart, NoCallFailsAndEveryReplicaEndsByItself) {
  const TemporaryFolder folder;
  Server records("gtm-records", {"--store=sqlite:" + folder.File("r.db")});
  records.Start();
  const std::vector<std::string> flags = {"--records-address=" + records.address(),
                                          "--drain-delay-ms=500"};
  Server first("gtm-targeting", flags);
  Server second("gtm-targeting", flags);
  first.Start();
  second.Start();
  // The demo is written through records and agreed on through a replica.
  Server all("gtm", {"serve", "--store=sqlite:" + folder.File("r.db")});
  all.Start();
  LoadDemo(all.address(), "t", 200);
  const std::string account = AnyAccount(records.address(), "t");
  Client client("ipv4:" + first.address() + "," + second.address(), account);
  const auto let_it_run = [&] {
    const int64_t until = client.calls() + 30;
    while (client.calls() < until) absl::SleepFor(absl::Milliseconds(5));
  };
  let_it_run();
  absl::Duration slowest;
  for (int round = 0; round < (IsStrict() ? 15 : 2); ++round) {
    for (Server* replica : {&first, &second}) {
      replica->Terminate();
      const Server::Ended ended = replica->WaitForEnd(absl::Seconds(30));
      EXPECT_EQ(ended.exit_code, 0);
      slowest = std::max(slowest, ended.took);
      replica->Start();
      // Long enough for clients to see that it serves again (they look with a backoff).
      absl::SleepFor(absl::Milliseconds(1'500));
      let_it_run();
    }
  }
  client.Stop();
  std::printf("%lld calls, %lld failed, slowest end %.1f s\n",
              static_cast<long long>(client.calls()), static_cast<long long>(client.failures()),
              absl::ToDoubleSeconds(slowest));
  EXPECT_EQ(client.failures(), 0) << client.first_error();
}

}  // namespace
}  // namespace gtm::load
