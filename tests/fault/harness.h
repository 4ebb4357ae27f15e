#pragma once
// A real server process to hurt, and clients that keep a log of what they were told.

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/core/random.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::fault {

using Stub = records::v1::RecordsService::Stub;

// GTM_FAULT_SEED, else of the clock. Printed once with how to run it again.
uint64_t Seed();
// GTM_FAULT_SCALE: multiplies how much a test does. 1 where absent.
int Scaled(int count);

// gtm-records on a loopback port of its own, over a store that outlives it. The process
// ends with the test, also where the test crashes.
class ServerProcess {
 public:
  explicit ServerProcess(std::string store_url);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it and waits until it answers; says how long that took.
  absl::Duration Start();
  // The next Start serves another store at the same address.
  void Use(std::string store_url) { store_url_ = std::move(store_url); }
  // SIGKILL: no chance to finish anything.
  void Kill();
  // SIGTERM; returns the exit code, -1 where it was ended by a signal.
  int Stop();
  bool alive() const;
  // Resident memory in bytes.
  int64_t MemoryBytes() const;

  const std::string& address() const { return address_; }
  // A channel of its own that reconnects quickly.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  std::unique_ptr<Stub> NewStub() const;

 private:
  std::string store_url_;
  std::string address_;
  pid_t pid_ = -1;
};

// A folder that is gone with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// An engine to test, with a store of its own: "sqlite" or "postgres".
class Engine {
 public:
  explicit Engine(const std::string& name);
  const std::string& url() const { return url_; }
  // "" where the store is sound.
  std::string IntegrityProblem() const;
  // The engines of this machine.
  static std::vector<std::string> Names();

 private:
  TemporaryFolder folder_;
  std::string file_;
  std::string url_;
};

// A context with tenant and deadline that waits for a server that is just starting.
std::unique_ptr<grpc::ClientContext> ContextOf(const std::string& tenant,
                                               absl::Duration timeout = absl::Seconds(10),
                                               const std::string& service = "");

// A UUID from a generator.
std::string MakeRequestId(Random& random);

// An account to put.
records::v1::CommitRequest PutAccount(const std::string& request_id, const std::string& id,
                                      int64_t employees);

// Commits until it is answered for good, with the same request id; codes that say "try
// again" are tried again. `attempts`, if given, counts.
grpc::Status CommitUntilAnswered(Stub& stub, const std::string& tenant,
                                 const records::v1::CommitRequest& request,
                                 records::v1::CommitResponse* response,
                                 absl::Duration patience = absl::Seconds(30));

// Every change of the tenant from the beginning up to the current revision, by Watch.
std::vector<records::v1::Change> ReadFeed(Stub& stub, const std::string& tenant);

// Bytes that are equal for equal messages.
std::string CanonicalBytes(const google::protobuf::Message& message);

// The number of "e1:42".
int64_t SeqOf(const std::string& revision);

}  // namespace gtm::fault
