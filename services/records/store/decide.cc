#include "services/records/store/decide.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "services/records/store/errors.h"

namespace gtm::records::store {
namespace {

// Decides one request after the other over a view of the state that grows with them.
class Decider {
 public:
  Decider(const GroupState& state, int64_t now_us, const StoreOptions& options)
      : state_(state), options_(options) {
    plan_.seq = state.head.head.seq;
    plan_.commit_time_us = std::max(now_us, state.head.commit_time_us);
  }

  void Add(const WriteRequest& request) { plan_.results.push_back(Decide(request)); }
  GroupPlan Take() && {
    plan_.objects.reserve(views_.size());
    for (const auto& [key, view] : views_) {
      if (view.is_changed) plan_.objects.emplace_back(key, view.row);
    }
    std::sort(plan_.objects.begin(), plan_.objects.end(),
              [](const auto& a, const auto& b) { return *a.first < *b.first; });
    return std::move(plan_);
  }

 private:
  // A change that is made if the whole request stands.
  struct Pending {
    const Mutation* mutation;
    ObjectRow row;
    Operation operation;
  };

  // A record as the requests so far leave it.
  struct View {
    std::optional<ObjectRow> row;  // nullopt: there is none
    std::string_view body;         // of a record that was changed
    bool is_changed = false;
    size_t named_by = 0;  // the last request that names it, counted from 1
  };
  struct Hash {
    size_t operator()(const Key* key) const { return absl::Hash<Key>()(*key); }
  };
  struct Equal {
    bool operator()(const Key* a, const Key* b) const { return *a == *b; }
  };

  View& Find(const Key& key) {
    const auto [entry, is_new] = views_.try_emplace(&key);
    if (is_new) {
      const auto stored = state_.objects.find(key);
      if (stored != state_.objects.end()) entry->second.row = stored->second;
    }
    return entry->second;
  }

  std::string_view BodyOf(const Key& key) {
    const View& view = Find(key);
    if (view.is_changed) return view.body;
    const auto stored = state_.bodies.find(key);
    return stored == state_.bodies.end() ? std::string_view() : std::string_view(stored->second);
  }

  std::optional<Result<WriteOutcome>> Recall(const WriteRequest& request) const {
    if (request.request_id.empty()) return std::nullopt;
    auto known = remembered_.find(request.request_id);
    if (known == remembered_.end()) {
      known = state_.requests.find(request.request_id);
      if (known == state_.requests.end()) return std::nullopt;
    }
    if (!known->second.Matches(request.method, request.fingerprint)) {
      return RequestIdReused(request.request_id);
    }
    WriteOutcome outcome = known->second.outcome;
    outcome.replayed = true;
    return outcome;
  }

  Result<WriteOutcome> Decide(const WriteRequest& request) {
    if (auto recalled = Recall(request)) return *std::move(recalled);
    for (const Guard& guard : request.guards) {
      const View& view = Find(guard.key);
      const int64_t found = view.row ? view.row->seq : 0;
      if (found != guard.version) return EtagMismatch(options_, guard.key, found, guard.version);
    }
    WriteOutcome outcome;
    std::vector<Pending> pending;
    pending.reserve(request.mutations.size());
    outcome.outcomes.reserve(request.mutations.size());
    ++request_count_;
    for (size_t i = 0; i < request.mutations.size(); ++i) {
      const Mutation& mutation = request.mutations[i];
      View& view = Find(mutation.key);
      if (std::exchange(view.named_by, request_count_) == request_count_) {
        return NamedTwice(options_, mutation.key, i);
      }
      GTM_ASSIGN_OR_RETURN(MutationOutcome one, DecideMutation(mutation, view, &pending));
      outcome.outcomes.push_back(one);
    }
    outcome.seq = pending.empty() ? plan_.seq : plan_.seq + 1;
    Apply(request, pending);
    Remember(request, outcome);
    return outcome;
  }

  Result<MutationOutcome> DecideMutation(const Mutation& mutation, const View& view,
                                         std::vector<Pending>* pending) const {
    const ObjectRow* const row = view.row ? &*view.row : nullptr;
    const int64_t found = row == nullptr ? 0 : row->seq;
    if (found == 0 && (mutation.is_delete || mutation.mode == Mode::kUpdate)) {
      return RecordNotFound(options_, mutation.key);
    }
    if (found != 0 && !mutation.is_delete && mutation.mode == Mode::kCreate) {
      return RecordExists(options_, mutation.key, found);
    }
    if (mutation.expected_version && *mutation.expected_version != found) {
      return EtagMismatch(options_, mutation.key, found, *mutation.expected_version);
    }
    ObjectRow next;
    next.seq = plan_.seq + 1;
    next.ord = static_cast<int>(pending->size());
    next.create_time_us = row == nullptr ? plan_.commit_time_us : row->create_time_us;
    next.update_time_us = plan_.commit_time_us;
    Operation operation = Operation::kDelete;
    if (!mutation.is_delete) {
      next.digest = DigestOf(mutation.body);
      operation = row == nullptr ? Operation::kCreate : Operation::kUpdate;
      if (row != nullptr && next.digest == row->digest) {
        return MutationOutcome{operation, true, row->seq, row->create_time_us, row->update_time_us};
      }
    }
    pending->push_back({&mutation, next, operation});
    return MutationOutcome{operation, false, next.seq, next.create_time_us, next.update_time_us};
  }

  void Apply(const WriteRequest& request, const std::vector<Pending>& pending) {
    if (pending.empty()) return;
    ++plan_.seq;
    for (const Pending& change : pending) {
      const Mutation& mutation = *change.mutation;
      const std::string_view body =
          mutation.is_delete ? BodyOf(mutation.key) : std::string_view(mutation.body);
      plan_.log.push_back({change.row.seq, change.row.ord, &mutation.key, change.operation, body,
                           request.actor, request.request_id, change.row.create_time_us});
      View& view = Find(mutation.key);
      view.row = mutation.is_delete ? std::nullopt : std::optional<ObjectRow>(change.row);
      view.body = body;
      view.is_changed = true;
    }
  }

  void Remember(const WriteRequest& request, const WriteOutcome& outcome) {
    if (request.request_id.empty()) return;
    plan_.requests.push_back(
        {request.request_id, request.method, request.fingerprint, EncodeOutcome(outcome)});
    remembered_[request.request_id] = {request.method, request.fingerprint, outcome};
  }

  const GroupState& state_;
  const StoreOptions& options_;
  GroupPlan plan_;
  // Of the records named; the keys are those of the requests.
  absl::flat_hash_map<const Key*, View, Hash, Equal> views_;
  size_t request_count_ = 0;
  std::map<std::string, StoredRequest, std::less<>> remembered_;
};

void SortUnique(std::vector<const Key*>* keys) {
  std::sort(keys->begin(), keys->end(), [](const Key* a, const Key* b) { return *a < *b; });
  const auto equal = [](const Key* a, const Key* b) { return *a == *b; };
  keys->erase(std::unique(keys->begin(), keys->end(), equal), keys->end());
}

void SortUnique(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

void PutNumber(std::string* bytes, int64_t number) {
  uint64_t rest = static_cast<uint64_t>(number);
  while (rest >= 0x80) {
    bytes->push_back(static_cast<char>(rest | 0x80));
    rest >>= 7;
  }
  bytes->push_back(static_cast<char>(rest));
}

bool TakeNumber(std::string_view* bytes, int64_t* number) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *number = static_cast<int64_t>(value);
      return true;
    }
  }
  return false;
}

// Layout version of an encoded outcome.
constexpr int64_t kOutcomeFormat = 1;

}  // namespace

Position Position::AfterSeq(int64_t seq) { return {seq, INT32_MAX}; }

Digest DigestOf(std::string_view body) {
  // Found and made once: that takes longer than a small body.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  unsigned char hash[EVP_MAX_MD_SIZE];
  if (EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), body.data(), body.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), hash, nullptr) != 1) {
    std::abort();  // without memory, or OpenSSL was set up without SHA-256
  }
  Digest digest;
  std::memcpy(digest.data(), hash, digest.size());
  return digest;
}

GroupKeys KeysOf(std::span<const WriteRequest> requests) {
  GroupKeys keys;
  for (const WriteRequest& request : requests) {
    if (!request.request_id.empty()) keys.request_ids.push_back(request.request_id);
    for (const Mutation& mutation : request.mutations) {
      keys.keys.push_back(&mutation.key);
      if (mutation.is_delete) keys.deleted.push_back(&mutation.key);
    }
    for (const Guard& guard : request.guards) keys.keys.push_back(&guard.key);
  }
  SortUnique(&keys.keys);
  SortUnique(&keys.deleted);
  SortUnique(&keys.request_ids);
  return keys;
}

GroupPlan DecideGroup(std::span<const WriteRequest> requests, const GroupState& state,
                      int64_t now_us, const StoreOptions& options) {
  Decider decider(state, now_us, options);
  for (const WriteRequest& request : requests) decider.Add(request);
  return std::move(decider).Take();
}

Result<WriteOutcome> RecallErase(const EraseRequest& request, const StoredRequest& known) {
  if (!known.Matches(request.method, request.fingerprint)) {
    return RequestIdReused(request.request_id);
  }
  WriteOutcome outcome = known.outcome;
  outcome.replayed = true;
  return outcome;
}

ErasePlanner::ErasePlanner(const EraseRequest& request, const HeadRow& head, int64_t now_us)
    : request_(request), erased_count_(request.erased_before) {
  plan_.seq = head.head.seq;
  plan_.commit_time_us = std::max(now_us, head.commit_time_us);
}

void ErasePlanner::Add(const Key& key, const Rewrite& rewrite, const ObjectRow* current) {
  ++erased_count_;
  if (current == nullptr) return;
  const ObjectRow row{plan_.seq + 1, change_count_++, DigestOf(rewrite.body),
                      current->create_time_us, plan_.commit_time_us};
  plan_.objects.emplace_back(&key, row);
  plan_.log.push_back({row.seq, row.ord, &key, Operation::kErase, rewrite.body, request_.actor,
                       request_.request_id, row.create_time_us});
}

GroupPlan ErasePlanner::Take() && {
  if (change_count_ > 0) ++plan_.seq;
  WriteOutcome outcome;
  outcome.seq = plan_.seq;
  outcome.erased_count = erased_count_;
  if (!request_.request_id.empty()) {
    plan_.requests.push_back(
        {request_.request_id, request_.method, request_.fingerprint, EncodeOutcome(outcome)});
  }
  plan_.results.push_back(outcome);
  return std::move(plan_);
}

std::string EncodeOutcome(const WriteOutcome& outcome) {
  std::string bytes;
  PutNumber(&bytes, kOutcomeFormat);
  PutNumber(&bytes, outcome.seq);
  PutNumber(&bytes, outcome.erased_count);
  PutNumber(&bytes, static_cast<int64_t>(outcome.outcomes.size()));
  for (const MutationOutcome& one : outcome.outcomes) {
    PutNumber(&bytes, static_cast<int64_t>(one.operation) * 2 + (one.unchanged ? 1 : 0));
    PutNumber(&bytes, one.version);
    PutNumber(&bytes, one.create_time_us);
    PutNumber(&bytes, one.update_time_us);
  }
  return bytes;
}

std::optional<WriteOutcome> DecodeOutcome(std::string_view bytes) {
  WriteOutcome outcome;
  int64_t format = 0;
  int64_t count = 0;
  if (!TakeNumber(&bytes, &format) || format != kOutcomeFormat ||
      !TakeNumber(&bytes, &outcome.seq) || !TakeNumber(&bytes, &outcome.erased_count) ||
      !TakeNumber(&bytes, &count) || count < 0 || count > static_cast<int64_t>(bytes.size())) {
    return std::nullopt;
  }
  for (int64_t i = 0; i < count; ++i) {
    MutationOutcome one;
    int64_t tag = 0;
    if (!TakeNumber(&bytes, &tag) || !TakeNumber(&bytes, &one.version) ||
        !TakeNumber(&bytes, &one.create_time_us) || !TakeNumber(&bytes, &one.update_time_us) ||
        tag < 2 || tag > 9) {
      return std::nullopt;
    }
    one.operation = static_cast<Operation>(tag / 2);
    one.unchanged = (tag & 1) != 0;
    outcome.outcomes.push_back(one);
  }
  if (!bytes.empty()) return std::nullopt;
  return outcome;
}

std::string UpperBoundOfPrefix(std::string_view prefix) {
  static constexpr std::string_view kLastCodePoint = "\xF4\x8F\xBF\xBF";
  while (prefix.size() >= kLastCodePoint.size() && prefix.ends_with(kLastCodePoint)) {
    prefix.remove_suffix(kLastCodePoint.size());
  }
  std::string bound(prefix);
  if (bound.empty()) {
    // Ids have at most 128 bytes, so 33 of the last code point are above each.
    for (int i = 0; i < 33; ++i) bound += kLastCodePoint;
    return bound;
  }
  // The next code point: the last byte goes up, with carry from a full continuation byte.
  size_t last = bound.size() - 1;
  while (last > 0 && static_cast<unsigned char>(bound[last]) == 0xBF) bound[last--] = '\x80';
  const auto byte = static_cast<unsigned char>(bound[last]);
  if (byte == 0x7F) {
    bound.replace(last, 1, "\xC2\x80");
  } else if (byte == 0xDF && last + 2 == bound.size()) {
    bound.replace(last, 2, "\xE0\xA0\x80");
  } else if (byte == 0x9F && last > 0 && static_cast<unsigned char>(bound[last - 1]) == 0xED) {
    bound.replace(last - 1, 3, "\xEE\x80\x80");  // no surrogates in UTF-8
  } else if (byte == 0xEF && last + 3 == bound.size()) {
    bound.replace(last, 3, "\xF0\x90\x80\x80");
  } else {
    bound[last] = static_cast<char>(byte + 1);
  }
  return bound;
}

}  // namespace gtm::records::store
