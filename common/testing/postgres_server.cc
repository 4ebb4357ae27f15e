#include "common/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/time/clock.h"

namespace gtm::test {
namespace {

namespace fs = std::filesystem;

constexpr int kStartTries = 5;
constexpr absl::Duration kReadyMax = absl::Seconds(30);
constexpr absl::Duration kStopMax = absl::Seconds(10);
constexpr absl::Duration kPoll = absl::Milliseconds(10);

Error Trouble(std::string message) { return Error(Reason::STORE_UNAVAILABLE, std::move(message)); }

// The folder with `initdb` and `postgres`: of the newest packaged version, or where
// pg_config says. "" where there is none.
std::string BinFolder() {
  std::vector<std::pair<int, std::string>> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const fs::path bin = entry.path() / "bin";
    if (fs::exists(bin / "initdb", ignored) && fs::exists(bin / "postgres", ignored)) {
      found.emplace_back(std::atoi(entry.path().filename().c_str()), bin.string());
    }
  }
  if (!found.empty()) return std::max_element(found.begin(), found.end())->second;
  FILE* pipe = popen("pg_config --bindir 2>/dev/null", "r");
  if (pipe == nullptr) return "";
  char line[512] = "";
  const bool has_line = std::fgets(line, sizeof line, pipe) != nullptr;
  pclose(pipe);
  std::string bin = has_line ? line : "";
  while (!bin.empty() && bin.back() == '\n') bin.pop_back();
  return !bin.empty() && fs::exists(bin + "/initdb") && fs::exists(bin + "/postgres") ? bin : "";
}

// PostgreSQL refuses to run as root: there an unprivileged user owns the folder.
const passwd* ServerUser() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  return user != nullptr ? user : getpwnam("nobody");
}

// Runs a program as the server's user, its output appended to `log`, and says its pid. It
// gets SIGQUIT when the calling thread ends.
pid_t Spawn(const std::vector<std::string>& command, const std::string& folder,
            const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = ServerUser();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // Only calls that are safe after fork from here on.
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, 0);
  // A group of its own, so that a Ctrl-C for the test is not one for the server.
  if (setpgid(0, 0) != 0 || chdir(folder.c_str()) != 0) _exit(126);
  if (user != nullptr &&
      (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

bool HasEnded(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) == pid; }

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

std::string Tail(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

}  // namespace

bool PostgresServer::IsInstalled() { return !BinFolder().empty(); }

PostgresServer& PostgresServer::Shared() {
  static const std::unique_ptr<PostgresServer> server = [] {
    auto started = Start({"max_connections=100"});
    if (!started.ok()) {
      fmt::print(stderr, "PostgreSQL is installed but does not start: {}\n",
                 started.error().message());
      std::abort();
    }
    return *std::move(started);
  }();
  return *server;
}

PostgresServer::PostgresServer(std::vector<std::string> settings)
    : settings_(std::move(settings)) {}

PostgresServer::~PostgresServer() {
  Stop();
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<std::unique_ptr<PostgresServer>> PostgresServer::Start(std::vector<std::string> settings) {
  std::unique_ptr<PostgresServer> server(new PostgresServer(std::move(settings)));
  GTM_RETURN_IF_ERROR(server->Initialize());
  GTM_RETURN_IF_ERROR(server->Restart());
  return server;
}

Status PostgresServer::Initialize() {
  // Short: a socket's path has at most 107 bytes.
  std::string folder = (fs::temp_directory_path() / "gtm-pg-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return Trouble("cannot make a folder " + folder);
  folder_ = folder;
  const passwd* user = ServerUser();
  if (user != nullptr && chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return Trouble("cannot give away " + folder);
  }
  const std::string log = folder_ + "/initdb.log";
  const pid_t pid = Spawn({BinFolder() + "/initdb", "-D", folder_ + "/data", "-U", "gtm", "-A",
                           "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                          folder_, log);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
    return Trouble("initdb failed: " + Tail(log));
  }
  return {};
}

Status PostgresServer::Restart() {
  Status status;
  for (int i = 0; i < kStartTries; ++i) {
    // The port of before, if any, so that clients find the server again.
    if (port_ == 0) port_ = FreePort();
    status = Launch();
    if (status.ok()) return status;
    Stop();
    if (schema_count_ == 0) port_ = 0;  // someone else may have taken it meanwhile
    absl::SleepFor(absl::Milliseconds(200));
  }
  return status;
}

Status PostgresServer::Launch() {
  std::vector<std::string> command = {BinFolder() + "/postgres",   "-D", folder_ + "/data", "-p",
                                      std::to_string(port_),       "-k", folder_,           "-c",
                                      "listen_addresses=127.0.0.1"};
  for (const std::string& setting : settings_) {
    command.push_back("-c");
    command.push_back(setting);
  }
  pid_ = Spawn(command, folder_, folder_ + "/server.log");
  return pid_ < 0 ? Status(Trouble("cannot fork")) : AwaitReady();
}

Status PostgresServer::AwaitReady() {
  const absl::Time give_up = absl::Now() + kReadyMax;
  while (absl::Now() < give_up) {
    if (PQping(ConnInfo().c_str()) == PQPING_OK) return {};
    if (HasEnded(pid_)) {
      pid_ = -1;
      break;
    }
    absl::SleepFor(kPoll);
  }
  return Trouble("the server does not get ready: " + Tail(folder_ + "/server.log"));
}

void PostgresServer::Stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGQUIT);  // at once: nobody will want the data
  const absl::Time give_up = absl::Now() + kStopMax;
  while (absl::Now() < give_up) {
    if (HasEnded(pid_)) {
      pid_ = -1;
      return;
    }
    absl::SleepFor(kPoll);
  }
  Kill();
}

void PostgresServer::Kill() {
  if (pid_ < 0) return;
  // The processes that it started see its death and end.
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::ConnInfo() const {
  return fmt::format("host=127.0.0.1 port={} user=gtm dbname=postgres", port_);
}

Result<std::string> PostgresServer::MakeSchema(const std::vector<std::string>& settings) {
  const std::string schema = fmt::format("schema_{}", ++schema_count_);
  PGconn* connection = PQconnectdb(ConnInfo().c_str());
  PGresult* result = PQexec(connection, ("CREATE SCHEMA " + schema).c_str());
  const bool is_made = PQresultStatus(result) == PGRES_COMMAND_OK;
  const std::string message = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  if (!is_made) return Trouble("cannot make a schema: " + message);
  std::string options = fmt::format("-c search_path={}", schema);
  for (const std::string& setting : settings) options += fmt::format(" -c {}", setting);
  return fmt::format("{} options='{}'", ConnInfo(), options);
}

}  // namespace gtm::test
