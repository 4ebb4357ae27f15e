#include "tests/fault/harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "common/core/ids.h"
#include "common/rpc/authenticator.h"
#include "common/testing/postgres_server.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;

// A port that was free a moment ago. A server that is started again needs the same one.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  int port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

bool IsRetried(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED ||
         code == grpc::StatusCode::RESOURCE_EXHAUSTED || code == grpc::StatusCode::CANCELLED;
}

}  // namespace

uint64_t Seed() {
  static const uint64_t seed = [] {
    const char* text = std::getenv("GTM_FAULT_SEED");
    const uint64_t value = text == nullptr ? static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()))
                                           : std::strtoull(text, nullptr, 10);
    std::printf("seed %llu (again: GTM_FAULT_SEED=%llu)\n", static_cast<unsigned long long>(value),
                static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

int Scaled(int count) {
  const char* text = std::getenv("GTM_FAULT_SCALE");
  const double scale = text == nullptr ? 1 : std::strtod(text, nullptr);
  return std::max(1, static_cast<int>(count * scale));
}

ServerProcess::ServerProcess(std::string store_url)
    : store_url_(std::move(store_url)), address_("127.0.0.1:" + std::to_string(FreePort())) {}

ServerProcess::~ServerProcess() { Kill(); }

absl::Duration ServerProcess::Start() {
  const absl::Time start = absl::Now();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const std::string store = "--store=" + store_url_;
    const std::string address = "--address=" + address_;
    execl(GTM_RECORDS_BINARY, "gtm-records", store.c_str(), address.c_str(),
          "--metrics-address=", "--log-level=error", static_cast<char*>(nullptr));
    _exit(127);
  }
  const auto stub = NewStub();
  while (absl::Now() - start < absl::Seconds(30)) {
    if (!alive()) Die("gtm-records ended at its start");
    const auto context = ContextOf("probe", absl::Milliseconds(500));
    v1::GetHeadResponse response;
    if (stub->GetHead(context.get(), {}, &response).ok()) return absl::Now() - start;
  }
  Die("gtm-records does not answer");
}

void ServerProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int ServerProcess::Stop() {
  if (pid_ < 0) return -1;
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool ServerProcess::alive() const {
  siginfo_t info{};
  if (pid_ < 0) return false;
  const int found = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return found == 0 && info.si_pid == 0;
}

int64_t ServerProcess::MemoryBytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::shared_ptr<grpc::Channel> ServerProcess::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<Stub> ServerProcess::NewStub() const {
  return v1::RecordsService::NewStub(NewChannel());
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "gtm_fault_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Die("cannot make a folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Engine::Engine(const std::string& name) {
  if (name == "sqlite") {
    file_ = folder_.File("records.db");
    url_ = "sqlite:" + file_;
    return;
  }
  test::PostgresServer& server = test::PostgresServer::Shared();
  const auto schema = server.MakeSchema();
  if (!schema.ok()) Die(schema.error().message());
  const size_t at = schema->find("search_path=");
  const std::string path = schema->substr(at, schema->find('\'', at) - at);
  url_ = "postgres://gtm@127.0.0.1:" + std::to_string(server.port()) + "/postgres?options=-c%20" +
         path.substr(0, path.find('=')) + "%3D" + path.substr(path.find('=') + 1);
}

std::string Engine::IntegrityProblem() const {
  if (file_.empty()) return "";
  sqlite3* database = nullptr;
  std::string answer = "cannot be opened";
  if (sqlite3_open_v2(file_.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    const auto collect = [](void* text, int, char** values, char**) {
      *static_cast<std::string*>(text) = values[0];
      return 0;
    };
    sqlite3_exec(database, "PRAGMA integrity_check", collect, &answer, nullptr);
  }
  sqlite3_close(database);
  return answer == "ok" ? "" : answer;
}

std::vector<std::string> Engine::Names() {
  std::vector<std::string> names = {"sqlite"};
  if (test::PostgresServer::IsInstalled()) names.push_back("postgres");
  return names;
}

std::unique_ptr<grpc::ClientContext> ContextOf(const std::string& tenant, absl::Duration timeout,
                                               const std::string& service) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata(std::string(rpc::kTenantKey), tenant);
  if (!service.empty()) context->AddMetadata(std::string(rpc::kServiceKey), service);
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  context->set_wait_for_ready(true);
  return context;
}

std::string MakeRequestId(Random& random) { return MakeUuidV7(absl::Now(), random); }

v1::CommitRequest PutAccount(const std::string& request_id, const std::string& id,
                             int64_t employees) {
  v1::CommitRequest request;
  request.set_request_id(request_id);
  auto* account = request.mutable_mutation()->mutable_put()->mutable_account();
  account->set_id(id);
  account->set_employee_count(employees);
  return request;
}

grpc::Status CommitUntilAnswered(Stub& stub, const std::string& tenant,
                                 const v1::CommitRequest& request, v1::CommitResponse* response,
                                 absl::Duration patience) {
  const absl::Time give_up = absl::Now() + patience;
  while (true) {
    const auto context = ContextOf(tenant, absl::Seconds(3));
    response->Clear();
    const grpc::Status status = stub.Commit(context.get(), request, response);
    if (status.ok() || !IsRetried(status.error_code()) || absl::Now() > give_up) return status;
    absl::SleepFor(absl::Milliseconds(5));
  }
}

std::vector<v1::Change> ReadFeed(Stub& stub, const std::string& tenant) {
  std::vector<v1::Change> changes;
  v1::GetHeadResponse head;
  const auto head_context = ContextOf(tenant);
  if (!stub.GetHead(head_context.get(), {}, &head).ok()) Die("GetHead failed");
  const auto context = ContextOf(tenant, absl::Seconds(30));
  v1::WatchRequest request;
  request.set_revision(head.revision().substr(0, head.revision().rfind(':')) + ":0");
  const auto reader = stub.Watch(context.get(), request);
  v1::WatchResponse response;
  while (reader->Read(&response)) {
    changes.insert(changes.end(), response.changes().begin(), response.changes().end());
    if (!response.revision().empty() && SeqOf(response.revision()) >= SeqOf(head.revision())) {
      break;
    }
  }
  context->TryCancel();
  (void)reader->Finish();
  return changes;
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

int64_t SeqOf(const std::string& revision) {
  return std::strtoll(revision.substr(revision.rfind(':') + 1).c_str(), nullptr, 10);
}

}  // namespace gtm::fault
