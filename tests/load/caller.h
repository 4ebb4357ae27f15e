#pragma once
// Calls in numbers: as many at once as asked for, or as many a second whatever becomes of
// them, with what came back.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace gtm::load {

// The kind of call to make.
struct Ask {
  std::string method;   // "/gtm.targeting.v1.TargetingService/ListTargets"
  std::string request;  // its bytes
  std::string tenant;
  absl::Duration timeout = absl::Seconds(10);
};

struct Outcome {
  int64_t sent = 0;
  int64_t ok = 0;
  std::map<grpc::StatusCode, int64_t> failed;
  std::string first_error;
  int64_t pushbacks = 0;           // failures with grpc-retry-pushback-ms
  std::vector<double> ok_ms;       // latencies, sorted
  std::vector<double> refused_ms;  // of RESOURCE_EXHAUSTED, sorted
  absl::Duration took;

  double ok_per_second() const { return static_cast<double>(ok) / absl::ToDoubleSeconds(took); }
  int64_t failures() const { return sent - ok; }
};

// `share` of the values are at or below it; 0 where there are none.
double Percentile(const std::vector<double>& sorted, double share);

// Thread-safe; each Run waits for its own calls.
class Caller {
 public:
  explicit Caller(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}

  // `count` callers, each with one call at a time, for a while. Who is refused waits as
  // long as it is told, if `patient`.
  Outcome RunClosed(const Ask& ask, int count, absl::Duration duration, bool patient = false);
  // Begins `rate` calls a second for a while, and waits for their answers.
  Outcome RunOpen(const Ask& ask, double rate, absl::Duration duration);

 private:
  struct Run;
  struct Slot;
  void Begin(const std::shared_ptr<Run>& run);

  grpc::GenericStub stub_;
};

// A channel of its own connection, without retries.
std::shared_ptr<grpc::Channel> PlainChannel(const std::string& address);

}  // namespace gtm::load
