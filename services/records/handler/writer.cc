#include "services/records/handler/writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/core/limits.h"
#include "common/core/time_limit.h"
#include "common/record/kinds.h"
#include "services/records/domain/validate.h"

namespace gtm::records::handler {
namespace {

constexpr int kAttemptsMax = 8;
// Callers are bounded before (admission, batches in flight of an import): never reached in
// practice, but a queue has a bound.
constexpr size_t kWaitingMax = 4 * limits::kWriteQueueMax;
constexpr int kRetryAfterMs = 100;

bool NeedsComparison(const store::Mutation& mutation) {
  return !mutation.is_delete && mutation.mode != store::Mode::kCreate &&
         domain::HasImmutableFields(static_cast<record::Kind>(mutation.key.kind));
}

}  // namespace

Writer::Writer(store::Store& store, EpochCache& epochs, Committer& committer)
    : store_(store), epochs_(epochs), committer_(committer) {
  for (Lane& lane : lanes_) {
    lane.reader = std::thread([this, &lane] { ReadLoop(&lane); });
  }
}

Writer::~Writer() {
  for (Lane& lane : lanes_) {
    {
      const std::lock_guard lock(lane.mutex);
      lane.ending = true;
    }
    lane.work.notify_all();
    lane.reader.join();
  }
}

void Writer::Write(const TenantId& tenant, store::WriteRequest request, absl::Time deadline,
                   PathOf path_of, Committer::Done done) {
  auto pending = std::make_shared<Pending>();
  pending->tenant = tenant;
  pending->request = std::move(request);
  pending->deadline = deadline;
  pending->path_of = std::move(path_of);
  pending->done = std::move(done);
  Start(std::move(pending));
}

void Writer::Start(std::shared_ptr<Pending> pending) {
  const auto& mutations = pending->request.mutations;
  if (std::none_of(mutations.begin(), mutations.end(), NeedsComparison)) {
    return Try(std::move(pending));
  }
  Lane& lane = lanes_[std::hash<std::string>()(pending->tenant.value()) % kLanes];
  {
    const std::lock_guard lock(lane.mutex);
    if (lane.waiting.size() < kWaitingMax) {
      lane.waiting.push_back(std::move(pending));
      lane.work.notify_one();
      return;
    }
  }
  pending->done(
      Error(Reason::OVERLOADED,
            fmt::format("the server is at its limit of {} waiting writes; try again in {} ms",
                        kWaitingMax, kRetryAfterMs))
          .With("limit", std::to_string(kWaitingMax))
          .RetryAfterMs(kRetryAfterMs));
}

void Writer::ReadLoop(Lane* lane) {
  std::unique_lock lock(lane->mutex);
  while (true) {
    lane->work.wait(lock, [lane] { return lane->ending || !lane->waiting.empty(); });
    if (lane->waiting.empty()) return;
    std::shared_ptr<Pending> pending = std::move(lane->waiting.front());
    lane->waiting.pop_front();
    lock.unlock();
    {
      const TimeLimit limit(pending->deadline);  // reaches the store
      Try(std::move(pending));
    }
    lock.lock();
  }
}

void Writer::Try(std::shared_ptr<Pending> pending) {
  if (const Status pinned = Pin(pending.get()); !pinned.ok()) {
    // What is stored may have changed since this request acted: its answer has not.
    if (auto committed = Recall(*pending)) return pending->done(*std::move(committed));
    return pending->done(pinned.error());
  }
  if (pending->pinned.empty()) {
    committer_.Submit(pending->tenant, std::move(pending->request), pending->deadline,
                      std::move(pending->done));
    return;
  }
  committer_.Submit(pending->tenant, pending->request, pending->deadline,
                    [this, pending](Result<Committed> result) {
                      const bool again = !result.ok() && IsRace(*pending, result.error()) &&
                                         ++pending->attempt < kAttemptsMax;
                      if (!again) return pending->done(std::move(result));
                      for (const size_t i : pending->pinned) {
                        pending->request.mutations[i].expected_version.reset();
                      }
                      pending->pinned.clear();
                      Start(pending);
                    });
}

bool Writer::IsRace(const Pending& pending, const Error& error) {
  if (error.reason() != Reason::ETAG_MISMATCH) return false;
  const auto id = error.metadata().find("id");
  for (const size_t i : pending.pinned) {
    if (id != error.metadata().end() && pending.request.mutations[i].key.id == id->second) {
      return true;
    }
  }
  return false;
}

Status Writer::Pin(Pending* pending) {
  std::vector<size_t> positions;
  std::vector<store::Key> keys;
  std::vector<store::Mutation>& mutations = pending->request.mutations;
  for (size_t i = 0; i < mutations.size(); ++i) {
    if (!NeedsComparison(mutations[i])) continue;
    positions.push_back(i);
    keys.push_back(mutations[i].key);
  }
  if (keys.empty()) return {};
  GTM_ASSIGN_OR_RETURN(const store::GetResult stored, store_.Get(pending->tenant, keys));
  domain::Violations violations;
  for (size_t j = 0; j < positions.size(); ++j) {
    store::Mutation& mutation = mutations[positions[j]];
    const auto& found = stored.records[j];
    if (found.has_value() && found->body != mutation.body) {
      const auto kind = static_cast<record::Kind>(mutation.key.kind);
      record::Record before, after;
      if (record::ParseBody(kind, found->body, &before) &&
          record::ParseBody(kind, mutation.body, &after)) {
        const std::string path = pending->path_of(positions[j]);
        domain::ValidateImmutable(before, after, domain::Path{nullptr, path}, &violations);
      }
    }
    if (!mutation.expected_version.has_value()) {
      mutation.expected_version = found.has_value() ? found->version : 0;
      pending->pinned.push_back(positions[j]);
    }
  }
  if (!violations.empty()) return InvalidFields(violations.Take());
  return {};
}

std::optional<Committed> Writer::Recall(const Pending& pending) {
  if (pending.request.request_id.empty()) return std::nullopt;
  auto known = store_.FindRequest(pending.tenant, pending.request.request_id);
  if (!known.ok() || !known->has_value()) return std::nullopt;
  store::StoredRequest& stored = **known;
  if (!stored.Matches(pending.request.method, pending.request.fingerprint)) return std::nullopt;
  const auto epoch = epochs_.Of(pending.tenant);
  if (!epoch.ok()) return std::nullopt;
  stored.outcome.replayed = true;
  return Committed{std::move(stored.outcome), *epoch};
}

}  // namespace gtm::records::handler
