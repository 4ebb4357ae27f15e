// What the platform adds to gRPC: unary ScoreAccount and BatchScoreAccounts against an
// empty echo of the same message sizes over the callback API. Both run in turn in one run,
// each in a process of its own on one core, asked by this process from another core over
// loopback with the same client code; ScoreAccount also with a token that is verified.
// Figures are medians of the rounds; ratios count.
//
//   rpc_bench [--seconds S] [--rounds N] [--inflight N]
//   rpc_bench --only echo|lean|unary|verified|batch   asks one of them alone, for a profiler

#include <fmt/format.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "common/identity/test_issuer.h"
#include "common/process/process.h"
#include "common/rpc/raw_unary.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/load.h"
#include "services/gtm/platform.h"
#include "tests/bench/bench_server.h"

namespace gtm {
namespace {

using bench::Child;
using bench::Must;
using bench::ServePlatform;
using google::protobuf::BytesValue;
using targeting::v1::TargetingService;

constexpr int kAccounts = 1'000;
constexpr int kBatch = 256;
constexpr char kTenant[] = "bench";
constexpr char kUnary[] = "/gtm.targeting.v1.TargetingService/ScoreAccount";
constexpr char kBatchMethod[] = "/gtm.targeting.v1.TargetingService/BatchScoreAccounts";

struct Flags {
  double seconds = 2;
  int rounds = 5;
  int inflight = 64;
  std::string only;  // empty: all
};

// ---- servers

// Parses the request and answers with as many bytes as `reply_bytes` says: what generated
// code of the callback API does for an empty handler.
class Echo final
    : public TargetingService::WithRawCallbackMethod_ScoreAccount<TargetingService::Service> {
 public:
  grpc::ServerUnaryReactor* ScoreAccount(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    BytesValue asked;
    BytesValue answer;
    grpc::ByteBuffer bytes(*request);
    (void)grpc::SerializationTraits<BytesValue>::Deserialize(&bytes, &asked);
    // The first four bytes say how long the answer is to be.
    uint32_t size = 0;
    if (asked.value().size() >= sizeof(size)) memcpy(&size, asked.value().data(), sizeof(size));
    answer.mutable_value()->assign(size, 'x');
    bool own = false;
    (void)grpc::SerializationTraits<BytesValue>::Serialize(answer, response, &own);
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// `lean`: without what our own server leaves out, too (see common/rpc/server.cc).
[[noreturn]] void ServeEcho(bool lean, const std::function<void(int)>& tell_port) {
  Echo echo;
  grpc::ServerBuilder builder;
  if (lean) {
    builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  }
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const auto server = builder.BuildAndStart();
  tell_port(port);
  pause();
  _exit(0);
}

// Signs a token with every role, and has the flags of a server that believes it.
class TokenIssuer {
 public:
  TokenIssuer() {
    claims_.tenant = kTenant;
    folder_.Write("jwks.json", identity::testing::JwksOf({&key_}));
  }
  std::vector<std::string> server_flags() const {
    return {"--auth=required", "--audit-log=" + folder_.Path("audit.log"),
            "--jwks-file=" + folder_.Path("jwks.json"), "--jwt-issuer=" + claims_.iss,
            "--jwt-audience=" + claims_.aud};
  }
  std::string authorization() const { return "Bearer " + key_.Token(claims_.Text()); }

 private:
  const identity::testing::SigningKey key_ =
      identity::testing::SigningKey::Make(identity::Algorithm::kEs256, "bench");
  identity::testing::Claims claims_ = identity::testing::Claims::At(absl::Now());
  const identity::testing::Folder folder_;
};

// ---- the client

struct Measured {
  double calls_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double server_cpu_us = 0;  // a call
};

// Keeps `inflight` calls under way for some seconds.
class Load {
 public:
  // `authorization` is metadata of each call; empty: none.
  Load(const Child& server, std::string method, std::vector<grpc::ByteBuffer> requests,
       std::string authorization = "")
      : server_(server),
        method_(std::move(method)),
        requests_(std::move(requests)),
        authorization_(std::move(authorization)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(server.address(), grpc::InsecureChannelCredentials(), arguments));
  }

  Measured Run(int inflight, double seconds) {
    (void)RunOnce(inflight, seconds / 4);  // warm
    const double cpu = server_.CpuSeconds();
    Measured measured = RunOnce(inflight, seconds);
    const auto calls = static_cast<double>(latencies_us_.size());
    measured.server_cpu_us = (server_.CpuSeconds() - cpu) / calls * 1e6;
    return measured;
  }

 private:
  struct Slot {
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer response;
    absl::Time start;
  };

  Measured RunOnce(int inflight, double seconds) {
    slots_ = std::vector<Slot>(static_cast<size_t>(inflight));
    latencies_us_.clear();
    running_ = inflight;
    const absl::Time start = absl::Now();
    end_ = start + absl::Seconds(seconds);
    for (Slot& slot : slots_) Next(&slot);
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
    Measured measured;
    measured.calls_per_second =
        static_cast<double>(latencies_us_.size()) / absl::ToDoubleSeconds(absl::Now() - start);
    std::sort(latencies_us_.begin(), latencies_us_.end());
    measured.p50_us = latencies_us_[latencies_us_.size() / 2];
    measured.p99_us = latencies_us_[latencies_us_.size() * 99 / 100];
    return measured;
  }

  void Next(Slot* slot) {
    slot->context = std::make_unique<grpc::ClientContext>();
    slot->context->AddMetadata("gtm-tenant", kTenant);
    if (!authorization_.empty()) slot->context->AddMetadata("authorization", authorization_);
    slot->start = absl::Now();
    const grpc::ByteBuffer& request = requests_[next_.fetch_add(1) % requests_.size()];
    stub_->UnaryCall(slot->context.get(), method_, {}, &request, &slot->response,
                     [this, slot](const grpc::Status& status) { Answered(slot, status); });
  }

  void Answered(Slot* slot, const grpc::Status& status) {
    if (!status.ok()) {
      std::fprintf(stderr, "%s: %s\n", method_.c_str(), status.error_message().c_str());
      std::exit(1);
    }
    const absl::Time now = absl::Now();
    {
      const std::lock_guard lock(mutex_);
      latencies_us_.push_back(absl::ToDoubleMicroseconds(now - slot->start));
      if (now >= end_) {
        if (--running_ == 0) idle_.notify_all();
        return;
      }
    }
    Next(slot);
  }

  const Child& server_;
  const std::string method_;
  const std::vector<grpc::ByteBuffer> requests_;
  const std::string authorization_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::vector<Slot> slots_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<double> latencies_us_;
  int running_ = 0;
  absl::Time end_;
};

grpc::ByteBuffer BytesOf(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// ---- the measurement

// Loads the demo company and returns ids of accounts.
std::vector<std::string> LoadDemo(const cli::Client& client, std::string* revision) {
  demo::Options options;
  options.account_count = kAccounts;
  options.today = absl::CivilDay(2026, 8, 20);
  (void)Must(demo::LoadRecords(client, options, [](int64_t) {}));
  *revision = Must(demo::LoadDecisions(client));
  using records::v1::RecordsService;
  records::v1::ListRequest list;
  list.set_kind(records::v1::RECORD_KIND_ACCOUNT);
  list.set_page_size(kAccounts);
  const auto listed =
      Must(client.Call<RecordsService, records::v1::ListRequest, records::v1::ListResponse>(
          &RecordsService::Stub::List, list));
  std::vector<std::string> ids;
  for (const auto& record : listed.records()) ids.push_back(record.account().id());
  return ids;
}

struct Requests {
  std::vector<grpc::ByteBuffer> unary;
  std::vector<grpc::ByteBuffer> batch;
  std::vector<grpc::ByteBuffer> echo;
  size_t request_bytes = 0;
  size_t reply_bytes = 0;
};

Requests MakeRequests(const cli::Client& client) {
  using namespace targeting::v1;  // NOLINT: its messages only
  std::string revision;
  const std::vector<std::string> ids = LoadDemo(client, &revision);
  Requests requests;
  size_t reply_bytes = 0;
  for (const std::string& id : ids) {
    ScoreAccountRequest request;
    request.set_account_id(id);
    requests.unary.push_back(BytesOf(request));
    requests.request_bytes = std::max(requests.request_bytes, request.ByteSizeLong());
    request.mutable_point()->set_min_revision(revision);  // once: the Book is there
    reply_bytes += Must(client.Call<TargetingService, ScoreAccountRequest, ScoreAccountResponse>(
                            &TargetingService::Stub::ScoreAccount, request))
                       .ByteSizeLong();
  }
  requests.reply_bytes = reply_bytes / ids.size();
  for (size_t start = 0; start < ids.size(); start += 100) {
    BatchScoreAccountsRequest batch;
    for (size_t i = 0; i < kBatch; ++i) batch.add_account_ids(ids[(start + i) % ids.size()]);
    requests.batch.push_back(BytesOf(batch));
  }
  BytesValue echo;
  const auto size = static_cast<uint32_t>(requests.reply_bytes);
  echo.mutable_value()->assign(requests.request_bytes, '\0');
  memcpy(echo.mutable_value()->data(), &size, sizeof(size));
  requests.echo.push_back(BytesOf(echo));
  return requests;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class Get>
double MedianOf(const std::vector<Measured>& rounds, Get get) {
  std::vector<double> values;
  for (const Measured& round : rounds) values.push_back(get(round));
  return Median(values);
}

void PrintRow(const char* name, const std::vector<Measured>& rounds) {
  fmt::print("{:<28}{:>10.0f}{:>10.0f}{:>10.0f}{:>12.1f}\n", name,
             MedianOf(rounds, [](const Measured& m) { return m.calls_per_second; }),
             MedianOf(rounds, [](const Measured& m) { return m.p50_us; }),
             MedianOf(rounds, [](const Measured& m) { return m.p99_us; }),
             MedianOf(rounds, [](const Measured& m) { return m.server_cpu_us; }));
}

// Ratios round by round, so that a slow moment of the machine meets both.
template <class Get>
double RatioOf(const std::vector<Measured>& ours, const std::vector<Measured>& peer, Get get) {
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) ratios.push_back(get(ours[i]) / get(peer[i]));
  return Median(ratios);
}

void Run(const Flags& flags) {
  const TokenIssuer issuer;
  const Child echo_server([](const auto& tell_port) { ServeEcho(false, tell_port); });
  const Child lean_server([](const auto& tell_port) { ServeEcho(true, tell_port); });
  const Child platform([](const auto& tell_port) { ServePlatform({}, tell_port); });
  const Child secured(
      [&](const auto& tell_port) { ServePlatform(issuer.server_flags(), tell_port); });
  Child::Pin(1);
  const auto ask = [&](const Child& server, const std::string& authorization) {
    const cli::Client client(
        grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials()),
        {.tenant = kTenant, .address = server.address(), .authorization = authorization});
    return MakeRequests(client);
  };
  const Requests requests = ask(platform, "");
  (void)ask(secured, issuer.authorization());
  Load echo(echo_server, kUnary, requests.echo);
  Load lean(lean_server, kUnary, requests.echo);
  Load unary(platform, kUnary, requests.unary);
  Load verified(secured, kUnary, requests.unary, issuer.authorization());
  Load batch(platform, kBatchMethod, requests.batch);
  if (!flags.only.empty()) {
    const std::map<std::string, std::pair<Load*, const Child*>> loads = {
        {"echo", {&echo, &echo_server}},
        {"lean", {&lean, &lean_server}},
        {"unary", {&unary, &platform}},
        {"verified", {&verified, &secured}},
        {"batch", {&batch, &platform}}};
    const auto& [load, server] = loads.at(flags.only);
    fmt::print("process {}\n", server->pid());
    std::fflush(stdout);
    std::vector<Measured> rounds;
    for (int round = 0; round < flags.rounds; ++round) {
      rounds.push_back(load->Run(flags.only == "batch" ? 4 : flags.inflight, flags.seconds));
    }
    PrintRow(flags.only.c_str(), rounds);
    return;
  }
  std::vector<Measured> echo_rounds;
  std::vector<Measured> lean_rounds;
  std::vector<Measured> unary_rounds;
  std::vector<Measured> verified_rounds;
  std::vector<Measured> batch_rounds;
  for (int round = 0; round < flags.rounds; ++round) {
    echo_rounds.push_back(echo.Run(flags.inflight, flags.seconds));
    lean_rounds.push_back(lean.Run(flags.inflight, flags.seconds));
    unary_rounds.push_back(unary.Run(flags.inflight, flags.seconds));
    verified_rounds.push_back(verified.Run(flags.inflight, flags.seconds));
    batch_rounds.push_back(batch.Run(4, flags.seconds));
  }
  fmt::print("{} in flight, request {} B, reply {} B, medians of {} rounds of {} s\n",
             flags.inflight, requests.request_bytes, requests.reply_bytes, flags.rounds,
             flags.seconds);
  fmt::print("{:<28}{:>10}{:>10}{:>10}{:>12}\n", "", "calls/s", "p50 us", "p99 us", "CPU us/call");
  PrintRow("empty echo", echo_rounds);
  PrintRow("the same, lean", lean_rounds);
  PrintRow("ScoreAccount", unary_rounds);
  PrintRow("ScoreAccount with a token", verified_rounds);
  PrintRow("BatchScoreAccounts (256)", batch_rounds);
  const auto rate = [](const Measured& m) { return m.calls_per_second; };
  fmt::print(
      "ScoreAccount to echo: req/s {:.2f} (goal 0.85), p99 {:.2f} (1.25), CPU {:.2f} (1.15)\n",
      RatioOf(unary_rounds, echo_rounds, rate),
      RatioOf(unary_rounds, echo_rounds, [](const Measured& m) { return m.p99_us; }),
      RatioOf(unary_rounds, echo_rounds, [](const Measured& m) { return m.server_cpu_us; }));
  fmt::print("ScoreAccount with a token to echo: req/s {:.2f} (goal 0.75)\n",
             RatioOf(verified_rounds, echo_rounds, rate));
  fmt::print("accounts/s, batch of {} to unary: {:.1f} (goal 20)\n", kBatch,
             kBatch * RatioOf(batch_rounds, unary_rounds, rate));
}

}  // namespace
}  // namespace gtm

int main(int argc, char** argv) {
  gtm::Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--seconds") flags.seconds = std::stod(argv[i + 1]);
    if (name == "--rounds") flags.rounds = std::stoi(argv[i + 1]);
    if (name == "--only") flags.only = argv[i + 1];
    if (name == "--inflight") flags.inflight = std::stoi(argv[i + 1]);
  }
  gtm::Run(flags);
  return 0;
}
