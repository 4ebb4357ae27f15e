#include "services/records/handler/erase_person.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/record/kinds.h"
#include "services/records/domain/erase.h"
#include "services/records/domain/path.h"
#include "services/records/handler/digest.h"
#include "services/records/handler/parse.h"
#include "services/records/handler/render.h"
#include "services/records/handler/revision.h"

namespace gtm::records::handler {
namespace {

constexpr std::string_view kMethod = "ErasePerson";
constexpr int kPartRewrites = 500;
constexpr int64_t kPartBytes = int64_t{2} << 20;
constexpr int kSaltBytes = 16;

bool IsPersonKind(record::Kind kind) {
  return kind == v1::RECORD_KIND_CONTACT || kind == v1::RECORD_KIND_SELLER ||
         kind == v1::RECORD_KIND_EXECUTIVE;
}

// Kinds of which some record can be, or be about, a person of the kind.
std::vector<int> KindsAbout(record::Kind person) {
  std::vector<int> kinds;
  for (const record::KindInfo& info : record::Kinds()) {
    const bool about = info.kind == person || !info.person_field.empty();
    if (about && domain::HoldsPersonal(info.kind)) kinds.push_back(info.kind);
  }
  return kinds;
}

class Erasure {
 public:
  Erasure(const rpc::Call& call, store::Key person, store::Store& store, const Clock& clock)
      : call_(call), person_(std::move(person)), store_(store), clock_(clock) {}

  Result<store::WriteOutcome> Run(const std::string& request_id, const std::string& fingerprint) {
    query_.kinds = KindsAbout(static_cast<record::Kind>(person_.kind));
    query_.include_compacted = true;
    query_.after = store::Position::AfterSeq(0);
    GTM_RETURN_IF_ERROR(ReadOn());
    if (!found_) return NotFound(person_);
    GTM_ASSIGN_OR_RETURN(store::WriteOutcome outcome, Flush(request_id, fingerprint));
    // What was written about the person between the look and the erasure lies before the
    // revision that is answered: it goes, too.
    const int64_t erased_before = erased_;
    while (true) {
      GTM_RETURN_IF_ERROR(ReadOn());
      if (rewrites_.empty()) break;
      GTM_RETURN_IF_ERROR(FlushPart());
    }
    outcome.erased_count += erased_ - erased_before;
    outcome.seq = std::max(outcome.seq, seq_);
    return outcome;
  }

 private:
  // Looks at what came after what has been looked at.
  Status ReadOn() {
    while (true) {
      GTM_RETURN_IF_ERROR(call_.CheckAlive(clock_.Now()));
      GTM_ASSIGN_OR_RETURN(const store::ChangesResult read,
                           store_.ReadChanges(call_.tenant(), query_));
      for (const store::Change& change : read.changes) GTM_RETURN_IF_ERROR(Look(change));
      query_.after = read.next;
      if (!read.has_more) return {};
      if (Full()) GTM_RETURN_IF_ERROR(FlushPart());
    }
  }

  bool Full() const {
    return static_cast<int>(rewrites_.size()) >= kPartRewrites || bytes_ >= kPartBytes;
  }

  Status Look(const store::Change& change) {
    const bool own = change.key == person_;
    found_ = found_ || own;
    // Most records are about somebody else: seen without parsing.
    if (!own && change.body.find(person_.id) == std::string::npos) return {};
    v1::Record record;
    if (!record::ParseBody(static_cast<record::Kind>(change.key.kind), change.body, &record)) {
      return Error(Reason::STORE_DAMAGED,
                   fmt::format("the store is damaged: {} {} cannot be read; restore from a backup",
                               KindNameOf(change.key.kind), change.key.id));
    }
    const auto kind = static_cast<record::Kind>(person_.kind);
    if (!domain::ConcernsPerson(record, kind, person_.id)) return {};
    found_ = true;
    const std::string stamp = domain::TakeErasureStamp(&record);
    const std::string removed = domain::ErasePersonal(&record);
    if (removed.empty()) return {};  // nothing there, or removed before
    const std::string salt = RandomBytes(kSaltBytes);
    domain::SetErasureStamp(&record, Hex(salt) + ":" + Hex(Sha256(salt + removed)));
    store::Rewrite rewrite{change.seq, change.ord, record::CanonicalBody(record)};
    bytes_ += static_cast<int64_t>(rewrite.body.size());
    rewrites_.push_back(std::move(rewrite));
    return {};
  }

  Status FlushPart() {
    GTM_ASSIGN_OR_RETURN(const store::WriteOutcome part, Flush("", ""));
    erased_ += part.erased_count;
    seq_ = std::max(seq_, part.seq);
    return {};
  }

  Result<store::WriteOutcome> Flush(const std::string& request_id, const std::string& fingerprint) {
    store::EraseRequest request;
    request.request_id = request_id;
    request.method = kMethod;
    request.fingerprint = fingerprint;
    request.actor = call_.principal.subject;
    request.rewrites = std::move(rewrites_);
    request.erased_before = request_id.empty() ? 0 : erased_;
    rewrites_.clear();
    bytes_ = 0;
    return store_.Erase(call_.tenant(), request, absl::ToUnixMicros(clock_.Now()));
  }

  const rpc::Call& call_;
  const store::Key person_;
  store::Store& store_;
  const Clock& clock_;
  store::ChangesQuery query_;
  std::vector<store::Rewrite> rewrites_;
  int64_t bytes_ = 0;
  // Of the parts.
  int64_t erased_ = 0;
  int64_t seq_ = 0;
  bool found_ = false;
};

}  // namespace

Status RunErasePerson(const rpc::Call& call, const v1::ErasePersonRequest& request,
                      store::Store& store, EpochCache& epochs, Feed& feed, const Clock& clock,
                      v1::ErasePersonResponse* response) {
  domain::Violations violations;
  CheckRequestId(request.request_id(), &violations);
  const domain::Path path{nullptr, "person"};
  const store::Key person = ParseKey(request.person(), path, &violations);
  if (record::FindKind(request.person().kind()) != nullptr &&
      !IsPersonKind(request.person().kind())) {
    violations.Add(path.Field("kind"), "no person; give a contact, a seller or an executive");
  }
  if (!violations.empty()) return InvalidFields(violations.Take());
  const std::string fingerprint =
      Sha256(Canonical().Text(kMethod).Number(person.kind).Text(person.id).bytes());

  GTM_ASSIGN_OR_RETURN(const auto known, store.FindRequest(call.tenant(), request.request_id()));
  store::WriteOutcome outcome;
  if (known.has_value()) {
    if (known->method != kMethod || known->fingerprint != fingerprint) {
      return Error(Reason::REQUEST_ID_REUSED,
                   fmt::format("request_id {}: used before with another request; use a fresh UUID "
                               "for a new request",
                               request.request_id()))
          .With("request_id", request.request_id());
    }
    outcome = known->outcome;
  } else {
    auto erased = Erasure(call, person, store, clock).Run(request.request_id(), fingerprint);
    feed.Forget(call.tenant());  // also where it was broken off
    if (!erased.ok()) return std::move(erased).error();
    outcome = *std::move(erased);
  }
  GTM_ASSIGN_OR_RETURN(const std::string epoch, epochs.Of(call.tenant()));
  feed.Notify(call.tenant(), epoch, outcome.seq);
  response->set_erased_version_count(outcome.erased_count);
  response->set_revision(FormatRevision(epoch, outcome.seq));
  return {};
}

}  // namespace gtm::records::handler
