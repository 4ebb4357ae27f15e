#include "tests/load/server.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"

namespace gtm::load {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// A port that was free a moment ago: a server that is started again needs the same one.
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

// grpc.health.v1.Health/Check says SERVING: field 1 is 1.
bool IsServing(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  context.set_wait_for_ready(true);
  grpc::CompletionQueue queue;
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  if (!queue.Next(&tag, &ok) || !status.ok()) return false;
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok()) return false;
  return slice.size() == 2 && slice.begin()[0] == 8 && slice.begin()[1] == 1;
}

}  // namespace

Server::Server(std::string binary, std::vector<std::string> arguments)
    : binary_(std::string(GTM_BINARY_FOLDER) + "/" + binary),
      arguments_(std::move(arguments)),
      address_("127.0.0.1:" + std::to_string(FreePort())) {
  arguments_.insert(arguments_.begin(), binary_);
  arguments_.insert(arguments_.end(),
                    {"--address=" + address_, "--metrics-address=", "--log-level=error"});
}

Server::~Server() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Server::Start() {
  std::vector<char*> argv;
  for (std::string& argument : arguments_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execv(binary_.c_str(), argv.data());
    _exit(127);
  }
  const absl::Time start = absl::Now();
  while (!IsServing(address_)) {
    if (!alive()) Die(binary_ + " ended at its start");
    if (absl::Now() - start > absl::Seconds(30)) Die(binary_ + " does not answer");
  }
}

void Server::Terminate() { kill(pid_, SIGTERM); }

Server::Ended Server::WaitForEnd(absl::Duration patience) {
  const absl::Time start = absl::Now();
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 && absl::Now() - start < patience) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  if (ended == 0) return {-1, absl::Now() - start};
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, absl::Now() - start};
}

bool Server::alive() const {
  siginfo_t info{};
  if (pid_ < 0) return false;
  const int found = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return found == 0 && info.si_pid == 0;
}

int64_t Server::MemoryBytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  int64_t total = 0;
  int64_t resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "gtm_load_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Die("cannot make a folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gtm::load
