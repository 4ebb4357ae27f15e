#pragma once
// Writes through the committer, after comparing with what is stored where a kind has
// fields that cannot change.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/records/handler/committer.h"

namespace gtm::records::handler {

// Thread-safe.
class Writer {
 public:
  // Path of the record of a mutation, for violations: 3 -> "mutations[3].put".
  using PathOf = std::function<std::string(size_t)>;

  Writer(store::Store& store, EpochCache& epochs, Committer& committer)
      : store_(store), epochs_(epochs), committer_(committer) {}

  // As Committer::Submit; besides, INVALID_FIELDS where an immutable field would change.
  // The comparison holds until the write: it is repeated where another writer was faster.
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
};

}  // namespace gtm::records::handler
