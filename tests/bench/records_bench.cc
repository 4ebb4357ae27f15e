// The record store through its real server on loopback, next to rows inserted by hand: import,
// single commits, how soon a commit is seen elsewhere, and how fast a Book is read again.
// `records_bench [import] [commit] [visible] [rebuild]`; without words: all. Each figure is the
// median of five rounds, both sides in turn. Prints; judges nothing. A word `sqlite` or `postgres`
// leaves out the other.
//
// What is compared. Imports: the stored bodies with their keys, inserted by hand in this process
// into one table with one index, in the same order and batches, each one durable transaction; both
// sides have their bytes before the clock starts. Ours pays for gRPC, validation, and the log and
// its index besides. Commits: single records of 64 callers, next to (1) rows inserted by hand one a
// transaction, without any server, (2) one caller of the same server who waits for each
// answer, so that each call has a sync of its own, and (3) the same 64 callers of a server that
// syncs for each call, both within this process. (1) has no server to pay for; (3) differs in
// the shared sync alone.

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "common/record/kinds.h"
#include "common/records_client/book_cache.h"
#include "common/rpc/gate.h"
#include "common/rpc/server.h"
#include "common/telemetry/metrics.h"
#include "common/testing/postgres_server.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/gtm/demo/company.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/records_service.h"
#include "services/records/store/store.h"
#include "tests/bench/records_peer.h"

namespace gtm::bench {
namespace {

namespace v1 = records::v1;
using v1::RecordsService;

constexpr int kRounds = 5;
constexpr size_t kRecords = 100'000;
constexpr int kBatchRecords = 1'000;
constexpr int kCallers = 64;
constexpr int kCommits = 4'000;
constexpr int kSingleInserts = 300;
constexpr int kCommitsPerSecond = 500;
constexpr int kVisibleCommits = 2'500;

// Records as they are sent and as they are stored: bytes for both sides, made before the
// clock starts.
struct Load {
  std::vector<grpc::ByteBuffer> batches;  // of ImportRequest
  std::vector<Row> rows;
  int64_t bytes = 0;
};

class LoadMaker {
 public:
  bool full() const { return load_.rows.size() == kRecords; }
  void Add(v1::Record record) {
    load_.rows.push_back({record::KindOf(record), record::IdOf(record),
                          record::Payload(record)->SerializeAsString()});
    load_.bytes += static_cast<int64_t>(load_.rows.back().body.size());
    *batch_.add_records() = std::move(record);
    if (batch_.records_size() < kBatchRecords) return;
    const grpc::Slice bytes(batch_.SerializeAsString());
    load_.batches.emplace_back(&bytes, 1);
    batch_.Clear();
  }
  Load Take() && {
    if (!full()) Die("too few records");
    return std::move(load_);
  }

 private:
  Load load_;
  v1::ImportRequest batch_;
};

// Of the demo company: 91 bytes each, most of them engagements.
Load MakeCompany() {
  LoadMaker maker;
  const demo::Options options{
      .seed = 1, .account_count = 2'000, .today = absl::CivilDay(2026, 8, 20)};
  demo::Generate(options, demo::Truth{}, [&](v1::Record record) {
    if (!maker.full()) maker.Add(std::move(record));
  });
  return std::move(maker).Take();
}

// Accounts of about 300 bytes each, as rows of a CRM are, by rising id: what suits the rows
// inserted by hand best.
Load MakeAccounts() {
  LoadMaker maker;
  for (int64_t i = 0; !maker.full(); ++i) {
    v1::Record record;
    auto* account = record.mutable_account();
    account->set_id(fmt::format("account-{:07}", i));
    account->set_display_name(std::string(190, 'x'));
    account->set_industry(std::string(80, 'i'));
    account->set_employee_count(i + 1);
    maker.Add(std::move(record));
  }
  return std::move(maker).Take();
}

std::shared_ptr<grpc::Channel> ChannelTo(const ServerProcess& server) {
  return rpc::MakeChannel(server.address());
}

// Sends everything over one stream; returns once every batch is durable.
void Import(const std::shared_ptr<grpc::Channel>& channel, const Load& load) {
  using Stream = grpc::ClientReaderWriter<grpc::ByteBuffer, v1::ImportResponse>;
  using Factory = grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, v1::ImportResponse>;
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream(
      Factory::Create(channel.get(),
                      grpc::internal::RpcMethod("/gtm.records.v1.RecordsService/Import",
                                                grpc::internal::RpcMethod::BIDI_STREAMING, channel),
                      &context));
  int64_t created = 0;
  std::thread reader([&] {
    v1::ImportResponse response;
    while (stream->Read(&response)) created += response.created_count();
  });
  for (const grpc::ByteBuffer& batch : load.batches) {
    if (!stream->Write(batch)) break;
  }
  stream->WritesDone();
  reader.join();
  const grpc::Status status = stream->Finish();
  if (!status.ok() || created != static_cast<int64_t>(load.rows.size())) {
    Die(fmt::format("import: {} of {} created: {}", created, load.rows.size(),
                    status.error_message()));
  }
}

v1::CommitRequest PutAccount(int64_t number) {
  v1::CommitRequest request;
  request.set_request_id(fmt::format("01900000-0000-7000-8000-{:012x}", number));
  auto* account = request.mutable_mutation()->mutable_put()->mutable_account();
  account->set_id(fmt::format("account-{}", number * 7919 % 1'000'003));
  account->set_display_name(std::string(200, 'x'));
  account->set_employee_count(number + 1);
  return request;
}

// Calls in flight that start the next one when they end. Lives as long as the last of them.
class Callers : public std::enable_shared_from_this<Callers> {
 public:
  Callers(const std::shared_ptr<grpc::Channel>& channel, int64_t first, int commit_count)
      : stub_(RecordsService::NewStub(channel)), next_(first), end_(first + commit_count) {}

  void Run(int caller_count) {
    running_ = caller_count;
    for (int i = 0; i < caller_count; ++i) Start();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return running_ == 0; });
  }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::CommitRequest request;
    v1::CommitResponse response;
  };
  void Start() {
    const int64_t number = next_++;
    if (number >= end_) {
      const std::lock_guard lock(mutex_);
      if (--running_ == 0) ended_.notify_all();
      return;
    }
    auto call = std::make_shared<Call>();
    call->request = PutAccount(number);
    stub_->async()->Commit(&call->context, &call->request, &call->response,
                           [this, self = shared_from_this(), call](const grpc::Status& status) {
                             if (!status.ok()) Die("commit: " + status.error_message());
                             Start();
                           });
  }

  const std::unique_ptr<RecordsService::Stub> stub_;
  std::atomic<int64_t> next_;
  const int64_t end_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ = 0;
};

struct Engine {
  std::string name;
  bool is_postgres = false;
  double Insert(const std::string& raw, const std::vector<Row>& rows, int rows_per_commit) const {
    return is_postgres ? InsertIntoPostgres(raw, rows, rows_per_commit)
                       : InsertIntoSqlite(raw, rows, rows_per_commit);
  }
};

void PrintRatio(const std::string& what, const std::string& engine, double ours, double raw,
                const std::string& goal) {
  fmt::print("{:34} {:9} {:>10.0f} {:>10.0f} {:>7.2f}  {}\n", what, engine, ours, raw, ours / raw,
             goal);
  std::fflush(stdout);
}

void BenchImport(const std::string& name, const Engine& engine, const Load& load) {
  Stores stores(engine.is_postgres);
  std::vector<double> ours, raw;
  for (int round = 0; round < kRounds; ++round) {
    raw.push_back(engine.Insert(stores.NewRaw(), load.rows, kBatchRecords));
    const ServerProcess server(stores.NewUrl());
    const auto channel = ChannelTo(server);
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
    ours.push_back(SecondsOf([&] { Import(channel, load); }));
  }
  PrintRatio("import of " + name + ", rows/s", engine.name, kRecords / Median(ours),
             kRecords / Median(raw),
             engine.is_postgres ? ">= 0.25, goal 0.5" : ">= 0.25, goal 0.4");
}

// The records service in this process, as `gtm serve` has it.
class InProcessServer {
 public:
  // `raw` is what Stores::NewRaw gave.
  InProcessServer(const std::string& raw, bool is_postgres,
                  const records::handler::CommitterOptions& committer = {})
      : store_(OpenStore(raw, is_postgres)),
        handler_(*store_, SystemClock(), {.committer = committer}),
        gate_(Options()) {
    gate_.AddMethods(records::handler::RecordsMethods());
    service_ = records::handler::MakeRecordsService(gate_, handler_);
    rpc::ServerOptions options;
    options.services = {service_.get()};
    auto server = rpc::Server::Start(options, authenticator_);
    if (!server.ok()) Die(server.error().message());
    server_ = *std::move(server);
  }
  ~InProcessServer() { handler_.Shutdown(); }
  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel(); }

 private:
  static std::unique_ptr<records::store::Store> OpenStore(const std::string& raw,
                                                          bool is_postgres) {
    auto store = is_postgres ? records::store::OpenPostgres(raw) : records::store::OpenSqlite(raw);
    if (!store.ok()) Die(store.error().message());
    return *std::move(store);
  }
  rpc::GateOptions Options() {
    rpc::GateOptions options;
    options.authenticator = &authenticator_;
    options.metrics = &metrics_;
    return options;
  }
  const std::unique_ptr<records::store::Store> store_;
  records::handler::RecordsHandler handler_;
  telemetry::Metrics metrics_;
  const rpc::LoopbackAuthenticator authenticator_;
  rpc::Gate gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<rpc::Server> server_;
};

void BenchCommit(const Engine& engine, const Load& load) {
  Stores stores(engine.is_postgres);
  const std::vector<Row> rows(load.rows.begin(), load.rows.begin() + kSingleInserts);
  const ServerProcess server(stores.NewUrl());
  InProcessServer grouping(stores.NewRaw(), engine.is_postgres);
  InProcessServer single(stores.NewRaw(), engine.is_postgres, {.group_requests_max = 1});
  std::vector<double> ours, raw, alone, grouped, ungrouped;
  int64_t next = 0;
  const auto run = [&](const std::shared_ptr<grpc::Channel>& channel, int caller_count,
                       int commit_count) {
    const auto callers = std::make_shared<Callers>(channel, next, commit_count);
    next += commit_count;
    return commit_count / SecondsOf([&] { callers->Run(caller_count); });
  };
  for (int round = 0; round < kRounds; ++round) {
    raw.push_back(kSingleInserts / engine.Insert(stores.NewRaw(), rows, 1));
    alone.push_back(run(ChannelTo(server), 1, kSingleInserts));
    ours.push_back(run(ChannelTo(server), kCallers, kCommits));
    grouped.push_back(run(grouping.Channel(), kCallers, kCommits));
    ungrouped.push_back(run(single.Channel(), kCallers, kCommits / 4));
  }
  PrintRatio("commits/s of 64, next to by hand", engine.name, Median(ours), Median(raw), ">= 5");
  PrintRatio("commits/s of 64, next to 1 caller", engine.name, Median(ours), Median(alone), ">= 5");
  PrintRatio("commits/s of 64, without groups", engine.name, Median(grouped), Median(ungrouped),
             ">= 5");
}

// ---- how soon a commit is seen

rpc::Call AskingCall() {
  rpc::Call call;
  call.principal.subject = "user:bench";
  call.principal.tenant = TenantId("default");
  call.principal.roles = (1u << rpc::kRoleCount) - 1;
  call.now = absl::Now();
  call.deadline = call.now + absl::Seconds(60);
  return call;
}

// A question that has seen the revision.
void AskFor(records_client::BookCache& cache, const std::string& revision) {
  type::v1::PointInTime point;
  point.set_min_revision(revision);
  const auto answer = cache.Ask(AskingCall(), point);
  if (!answer.ok()) Die("ask: " + answer.error().message());
}

// Commits at a steady rate through one channel; one thread waits for each revision in a Book
// that follows through another.
void BenchVisible(const std::string& name, const std::string& engine,
                  const std::shared_ptr<grpc::Channel>& writes,
                  const std::shared_ptr<grpc::Channel>& reads, double limit_ms) {
  records_client::BookCacheOptions options;
  options.follower.channel = reads;
  records_client::BookCache cache(options);
  AskFor(cache, "");
  struct Answer {
    std::string revision;
    absl::Duration time;
  };
  struct Call {
    grpc::ClientContext context;
    v1::CommitRequest request;
    v1::CommitResponse response;
  };
  // Shared with the callbacks, the last of which may outlive this function.
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Answer> answers;
  };
  const auto queue = std::make_shared<Queue>();
  // New requests in every run: one that was made before changes nothing.
  static int64_t first = 0;
  first += kVisibleCommits;
  std::vector<double> milliseconds;
  std::thread waiter([&] {
    for (int i = 0; i < kVisibleCommits; ++i) {
      std::unique_lock lock(queue->mutex);
      queue->changed.wait(lock, [&] { return !queue->answers.empty(); });
      const Answer answer = std::move(queue->answers.front());
      queue->answers.pop_front();
      lock.unlock();
      AskFor(cache, answer.revision);
      milliseconds.push_back(absl::ToDoubleMilliseconds(SystemClock().Monotonic() - answer.time));
    }
  });
  const auto stub = RecordsService::NewStub(writes);
  const absl::Duration start = SystemClock().Monotonic();
  for (int i = 0; i < kVisibleCommits; ++i) {
    absl::SleepFor(start + absl::Seconds(i) / kCommitsPerSecond - SystemClock().Monotonic());
    auto call = std::make_shared<Call>();
    call->request = PutAccount(first + i);
    stub->async()->Commit(
        &call->context, &call->request, &call->response, [queue, call](const grpc::Status& status) {
          if (!status.ok()) Die("commit: " + status.error_message());
          const std::lock_guard lock(queue->mutex);
          queue->answers.push_back({call->response.revision(), SystemClock().Monotonic()});
          queue->changed.notify_one();
        });
  }
  waiter.join();
  std::sort(milliseconds.begin(), milliseconds.end());
  fmt::print("{:34} {:9} p50 {:>6.2f} p99 {:>6.2f}          p99 <= {:.0f} ms\n", name, engine,
             milliseconds[milliseconds.size() / 2], milliseconds[milliseconds.size() * 99 / 100],
             limit_ms);
  std::fflush(stdout);
}

void BenchVisibleEverywhere(const std::vector<Engine>& engines) {
  {
    Stores stores(false);
    InProcessServer server(stores.NewRaw(), false);
    BenchVisible("visible in the same process", "sqlite", server.Channel(), server.Channel(), 20);
  }
  for (const Engine& engine : engines) {
    Stores stores(engine.is_postgres);
    const std::string url = stores.NewUrl();
    const ServerProcess server(url);
    BenchVisible("visible in another process", engine.name, ChannelTo(server), ChannelTo(server),
                 250);
    const ServerProcess replica(url);
    BenchVisible("visible through another replica", engine.name, ChannelTo(server),
                 ChannelTo(replica), 250);
  }
}

void BenchRebuild(const Engine& engine, const Load& load) {
  Stores stores(engine.is_postgres);
  const ServerProcess server(stores.NewUrl());
  Import(ChannelTo(server), load);
  std::vector<double> seconds;
  for (int round = 0; round < kRounds; ++round) {
    records_client::BookCacheOptions options;
    options.follower.channel = ChannelTo(server);
    records_client::BookCache cache(options);
    seconds.push_back(SecondsOf([&] { AskFor(cache, ""); }));
  }
  fmt::print("{:34} {:9} {:>10.0f}                     >= 100,000, goal 500,000\n",
             "Book read again, records/s", engine.name, kRecords / Median(seconds));
  std::fflush(stdout);
}

constexpr std::array kParts = {"import", "commit", "visible", "rebuild"};

void RunAll(const std::set<std::string>& words) {
  const bool is_all = std::none_of(kParts.begin(), kParts.end(),
                                   [&](const char* part) { return words.contains(part); });
  const auto wanted = [&](const char* word) { return is_all || words.contains(word); };
  std::vector<Engine> engines;
  if (!words.contains("postgres")) engines.push_back({"sqlite", false});
  if (!words.contains("sqlite") && test::PostgresServer::IsInstalled()) {
    engines.push_back({"postgres", true});
  }
  const Load company = MakeCompany();
  const Load accounts = MakeAccounts();
  for (const Load* load : {&company, &accounts}) {
    fmt::print("{} records of {} bytes, batches of {}\n", load->rows.size(),
               load->bytes / static_cast<int64_t>(load->rows.size()), kBatchRecords);
  }
  fmt::print("{:34} {:9} {:>10} {:>10} {:>7}\n", "", "engine", "ours", "raw", "ratio");
  for (const Engine& engine : engines) {
    if (wanted("import")) {
      BenchImport("a company", engine, company);
      BenchImport("accounts", engine, accounts);
    }
    if (wanted("commit")) BenchCommit(engine, accounts);
    if (wanted("rebuild")) BenchRebuild(engine, company);
  }
  if (wanted("visible")) BenchVisibleEverywhere(engines);
}

}  // namespace
}  // namespace gtm::bench

int main(int argc, char** argv) {
  std::set<std::string> words;
  for (int i = 1; i < argc; ++i) {
    // Flags are those of the other benchmarks.
    if (argv[i][0] != '-') words.insert(argv[i]);
  }
  gtm::bench::RunAll(words);
  return 0;
}
