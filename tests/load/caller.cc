#include "tests/load/caller.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"

namespace gtm::load {

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

struct Caller::Slot {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  absl::Time start;
};

struct Caller::Run {
  Ask ask;
  grpc::ByteBuffer request;
  std::mutex mutex;
  std::condition_variable changed;
  int pending = 0;
  Outcome outcome;
  // Of the last answers: how long the next caller is told to wait.
  std::vector<int> pushbacks_ms;

  void Take(const Slot& slot, const grpc::Status& status, int pushback_ms) {
    const double ms = absl::ToDoubleMilliseconds(absl::Now() - slot.start);
    const std::lock_guard lock(mutex);
    if (status.ok()) {
      ++outcome.ok;
      outcome.ok_ms.push_back(ms);
    } else {
      ++outcome.failed[status.error_code()];
      if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        outcome.refused_ms.push_back(ms);
      }
      if (outcome.first_error.empty()) outcome.first_error = status.error_message();
      if (pushback_ms >= 0) ++outcome.pushbacks;
    }
    pushbacks_ms.push_back(std::max(0, pushback_ms));
    --pending;
    changed.notify_all();
  }
};

void Caller::Begin(const std::shared_ptr<Run>& run) {
  {
    const std::lock_guard lock(run->mutex);
    ++run->pending;
    ++run->outcome.sent;
  }
  auto slot = std::make_shared<Slot>();
  slot->context.AddMetadata("gtm-tenant", run->ask.tenant);
  slot->start = absl::Now();
  slot->context.set_deadline(absl::ToChronoTime(slot->start + run->ask.timeout));
  stub_.UnaryCall(&slot->context, run->ask.method, {}, &run->request, &slot->response,
                  [run, slot](const grpc::Status& status) {
                    int pushback_ms = -1;
                    const auto& trailers = slot->context.GetServerTrailingMetadata();
                    const auto at = trailers.find("grpc-retry-pushback-ms");
                    if (at != trailers.end()) {
                      pushback_ms =
                          std::atoi(std::string(at->second.data(), at->second.size()).c_str());
                    }
                    run->Take(*slot, status, pushback_ms);
                  });
}

namespace {

grpc::ByteBuffer BytesOf(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

void SortTimes(Outcome* outcome) {
  std::sort(outcome->ok_ms.begin(), outcome->ok_ms.end());
  std::sort(outcome->refused_ms.begin(), outcome->refused_ms.end());
}

}  // namespace

Outcome Caller::RunClosed(const Ask& ask, int count, absl::Duration duration, bool patient) {
  const auto run = std::make_shared<Run>();
  run->ask = ask;
  run->request = BytesOf(ask.request);
  const absl::Time start = absl::Now();
  const absl::Time end = start + duration;
  std::multimap<absl::Time, int> ready;  // when callers begin again
  for (int i = 0; i < count; ++i) ready.emplace(start, 0);
  while (absl::Now() < end) {
    while (!ready.empty() && ready.begin()->first <= absl::Now()) {
      ready.erase(ready.begin());
      Begin(run);
    }
    std::unique_lock lock(run->mutex);
    const absl::Time wake = ready.empty() ? end : std::min(end, ready.begin()->first);
    run->changed.wait_for(lock, absl::ToChronoMicroseconds(wake - absl::Now()),
                          [&] { return !run->pushbacks_ms.empty(); });
    for (const int pushback_ms : run->pushbacks_ms) {
      ready.emplace(absl::Now() + absl::Milliseconds(patient ? pushback_ms : 0), 0);
    }
    run->pushbacks_ms.clear();
  }
  std::unique_lock lock(run->mutex);
  run->changed.wait(lock, [&] { return run->pending == 0; });
  run->outcome.took = absl::Now() - start;
  SortTimes(&run->outcome);
  return run->outcome;
}

Outcome Caller::RunOpen(const Ask& ask, double rate, absl::Duration duration) {
  const auto run = std::make_shared<Run>();
  run->ask = ask;
  run->request = BytesOf(ask.request);
  const absl::Time start = absl::Now();
  const auto count = static_cast<int64_t>(rate * absl::ToDoubleSeconds(duration));
  for (int64_t i = 0; i < count; ++i) {
    absl::SleepFor(start + absl::Seconds(static_cast<double>(i) / rate) - absl::Now());
    Begin(run);
  }
  // The server works on the last ones until they are answered: their time counts, too.
  std::unique_lock lock(run->mutex);
  run->changed.wait(lock, [&] { return run->pending == 0; });
  run->outcome.took = std::max(duration, absl::Now() - start);
  SortTimes(&run->outcome);
  return run->outcome;
}

std::shared_ptr<grpc::Channel> PlainChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  // Kept to the end of the process: the last answer of a channel is told while a thread of gRPC
  // still works on it. One run of overload_test in some thirty was aborted near its end by an
  // assertion of gRPC 1.51 (ref_counted.h: prior > 0), most likely as its channel went away.
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::shared_ptr<grpc::Channel>>();
  const std::lock_guard lock(mutex);
  kept.push_back(channel);
  return channel;
}

}  // namespace gtm::load
