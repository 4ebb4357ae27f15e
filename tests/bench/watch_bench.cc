// How soon a change of a record is a pushed score: WatchTargets of a whole company, of which up to
// 1,000 accounts change in turn at a steady rate. From the moment that the commit is sent until its
// score arrives, over loopback, the server in a process of its own on one core.
//
//   watch_bench [--accounts N] [--seconds S] [--rate N]

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <mutex>
#include <unordered_map>

#include "absl/time/clock.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/load.h"
#include "tests/bench/bench_server.h"

namespace gtm {
namespace {

using bench::Child;
using bench::Must;
using records::v1::RecordsService;
using targeting::v1::TargetingService;

constexpr int kChangingMax = 1'000;
constexpr double kTouchesPerAccount = 40;
// More of a large company would take minutes to load.
constexpr double kTouchesMax = 1e6;
constexpr char kTenant[] = "bench";
constexpr double kLimitMs = 20;

std::vector<crm::v1::Account> LoadDemo(const cli::Client& client, int account_count) {
  demo::Options options;
  options.account_count = account_count;
  options.engagements_per_account = std::min(kTouchesPerAccount, kTouchesMax / account_count);
  options.today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  (void)Must(demo::LoadRecords(client, options, [](int64_t) {}));
  (void)Must(demo::LoadDecisions(client));
  records::v1::ListRequest list;
  list.set_kind(records::v1::RECORD_KIND_ACCOUNT);
  list.set_page_size(kChangingMax);
  const auto listed =
      Must(client.Call<RecordsService, records::v1::ListRequest, records::v1::ListResponse>(
          &RecordsService::Stub::List, list));
  std::vector<crm::v1::Account> accounts;
  for (const auto& record : listed.records()) accounts.push_back(record.account());
  return accounts;
}

// When each account's change was sent, until its score arrives.
class Pending {
 public:
  void Sent(const std::string& id) {
    const std::lock_guard lock(mutex_);
    sent_[id] = absl::Now();
  }
  void Arrived(const std::string& id) {
    const absl::Time now = absl::Now();
    const std::lock_guard lock(mutex_);
    const auto found = sent_.find(id);
    if (found == sent_.end()) return;
    milliseconds_.push_back(absl::ToDoubleMilliseconds(now - found->second));
    sent_.erase(found);
  }
  size_t waiting() {
    const std::lock_guard lock(mutex_);
    return sent_.size();
  }
  std::vector<double> Take() {
    const std::lock_guard lock(mutex_);
    std::sort(milliseconds_.begin(), milliseconds_.end());
    return milliseconds_;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, absl::Time> sent_;
  std::vector<double> milliseconds_;
};

struct Commit {
  grpc::ClientContext context;
  records::v1::CommitRequest request;
  records::v1::CommitResponse response;
};

void Run(int account_count, double seconds, int rate) {
  const Child server([](const auto& tell_port) { bench::ServePlatform({}, tell_port); });
  Child::Pin(1);
  const auto channel = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  const cli::Client client(channel, {.tenant = kTenant, .address = server.address()});
  std::vector<crm::v1::Account> accounts = LoadDemo(client, account_count);

  Pending pending;
  const auto context = client.NewContext(absl::Seconds(seconds + 60));
  const auto watching = TargetingService::NewStub(channel);
  targeting::v1::WatchTargetsRequest watch;
  watch.set_changes_only(true);
  const auto stream = watching->WatchTargets(context.get(), watch);
  targeting::v1::WatchTargetsResponse message;
  if (!stream->Read(&message)) std::abort();
  std::thread reader([&] {
    targeting::v1::WatchTargetsResponse told;
    while (stream->Read(&told)) {
      for (const auto& score : told.scores()) pending.Arrived(score.account_id());
    }
  });

  const auto stub = RecordsService::NewStub(channel);
  const absl::Time start = absl::Now();
  const int count = static_cast<int>(seconds * rate);
  for (int i = 0; i < count; ++i) {
    absl::SleepFor(start + absl::Seconds(i) / rate - absl::Now());
    crm::v1::Account& account = accounts[static_cast<size_t>(i) % accounts.size()];
    // From one band to another: the score is another one each time.
    account.set_employee_count(account.employee_count() < 1'000 ? 5'000 : 10);
    auto commit = std::make_shared<Commit>();
    commit->context.AddMetadata("gtm-tenant", kTenant);
    commit->request.set_request_id(cli::NewRequestId());
    *commit->request.mutable_mutation()->mutable_put()->mutable_account() = account;
    pending.Sent(account.id());
    stub->async()->Commit(&commit->context, &commit->request, &commit->response,
                          [commit](const grpc::Status& status) {
                            if (status.ok()) return;
                            std::fprintf(stderr, "commit: %s\n", status.error_message().c_str());
                            std::exit(1);
                          });
  }
  for (int i = 0; i < 100 && pending.waiting() > 0; ++i) absl::SleepFor(absl::Milliseconds(50));
  const size_t lost = pending.waiting();
  context->TryCancel();
  reader.join();
  (void)stream->Finish();
  const std::vector<double> milliseconds = pending.Take();
  const auto quantile = [&](size_t percent) {
    return milliseconds[std::min(milliseconds.size() - 1, milliseconds.size() * percent / 100)];
  };
  fmt::print(
      "change to pushed score, {} accounts, {} changes/s for {} s: {} told, {} not told, p50 "
      "{:.2f} ms, p99 {:.2f} ms (goal {:.0f}), most {:.2f} ms\n",
      account_count, rate, seconds, milliseconds.size(), lost, quantile(50), quantile(99), kLimitMs,
      milliseconds.back());
}

}  // namespace
}  // namespace gtm

int main(int argc, char** argv) {
  int account_count = 1'000;
  double seconds = 10;
  int rate = 500;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--accounts") account_count = std::stoi(argv[i + 1]);
    if (name == "--seconds") seconds = std::stod(argv[i + 1]);
    if (name == "--rate") rate = std::stoi(argv[i + 1]);
  }
  gtm::Run(account_count, seconds, rate);
  return 0;
}
