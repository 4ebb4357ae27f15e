#pragma once
// Writes through the committer, after comparing with what is stored where a kind has
// fields that cannot change.

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "services/records/handler/committer.h"

namespace gtm::records::handler {

// Thread-safe. Reads on threads of its own, so that Write never waits for the store. What
// needs a comparison is submitted in the order of the calls of its tenant.
class Writer {
 public:
  // Path of the record of a mutation, for violations: 3 -> "mutations[3].put".
  using PathOf = std::function<std::string(size_t)>;

  Writer(store::Store& store, EpochCache& epochs, Committer& committer);
  // Compares and submits what was written, then ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // As Committer::Submit, with a bound on the comparisons that wait (OVERLOADED); besides,
  // INVALID_FIELDS where an immutable field would change. The comparison holds until the write: it
  // is repeated where another writer was faster.
  void Write(const TenantId& tenant, store::WriteRequest request, absl::Time deadline,
             PathOf path_of, Committer::Done done);

 private:
  struct Pending {
    TenantId tenant;
    store::WriteRequest request;
    absl::Time deadline;
    PathOf path_of;
    Committer::Done done;
    int attempt = 0;
    std::vector<size_t> pinned;  // mutations whose expected version was set here
  };

  // Submits what needs no comparison here, and the rest on a thread of the writer.
  void Start(std::shared_ptr<Pending> pending);
  struct Lane;
  void ReadLoop(Lane* lane);
  void Try(std::shared_ptr<Pending> pending);
  // Sets the expected versions. Errors: INVALID_FIELDS and those of the store.
  Status Pin(Pending* pending);
  // True where the error comes from a version that was set here and not by the caller.
  static bool IsRace(const Pending& pending, const Error& error);
  // The remembered answer where this very request acted before.
  std::optional<Committed> Recall(const Pending& pending);

  store::Store& store_;
  EpochCache& epochs_;
  Committer& committer_;

  // One thread, and the work of the tenants that are its own.
  struct Lane {
    std::mutex mutex;
    std::condition_variable work;
    std::deque<std::shared_ptr<Pending>> waiting;
    bool ending = false;
    std::thread reader;
  };
  static constexpr size_t kLanes = 2;
  std::array<Lane, kLanes> lanes_;
};

}  // namespace gtm::records::handler
