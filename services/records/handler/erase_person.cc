#include "services/records/handler/erase_person.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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
constexpr int kNamesMax = 20;
constexpr size_t kNameBytesMax = 320;

// Kinds of which some record can hold words about a person of the kind.
std::vector<int> KindsAbout(record::Kind person) {
  std::vector<int> kinds;
  for (const record::KindInfo& info : record::Kinds()) {
    if (domain::MayHoldWordsAbout(info.kind, person)) kinds.push_back(info.kind);
  }
  return kinds;
}

class Erasure {
 public:
  Erasure(const rpc::Call& call, domain::Person person, store::Store& store, const Clock& clock)
      : call_(call),
        person_(std::move(person)),
        key_{person_.kind, person_.id},
        store_(store),
        clock_(clock) {}

  Result<store::WriteOutcome> Run(const std::string& request_id, const std::string& fingerprint) {
    GTM_RETURN_IF_ERROR(
        OverOwn([this](const v1::Record& record) { domain::AddNames(record, &person_.names); }));
    query_.kinds = KindsAbout(person_.kind);
    query_.include_compacted = true;
    query_.after = store::Position::AfterSeq(0);
    GTM_RETURN_IF_ERROR(ReadOn());
    // The person's own record goes last: an erasure that is broken off finds the names in it.
    own_turn_ = true;
    GTM_RETURN_IF_ERROR(EraseOwn());
    if (!found_) return NotFound(key_);
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
      for (const store::Change& change : read.changes) {
        if (change.key != key_ || own_turn_) GTM_RETURN_IF_ERROR(Look(change));
      }
      query_.after = read.next;
      if (!read.has_more) return {};
      if (Full()) GTM_RETURN_IF_ERROR(FlushPart());
    }
  }

  // Calls `visit` with every kept version of the person's own record.
  template <typename Visit>
  Status OverOwn(const Visit& visit) {
    return OverHistory([&](const store::Change& change) -> Status {
      GTM_ASSIGN_OR_RETURN(const v1::Record record, Parse(change));
      visit(record);
      return {};
    });
  }

  Status EraseOwn() {
    return OverHistory([this](const store::Change& change) -> Status {
      if (Full()) GTM_RETURN_IF_ERROR(FlushPart());
      return Look(change);
    });
  }

  template <typename Visit>
  Status OverHistory(const Visit& visit) {
    store::HistoryQuery query;
    query.key = key_;
    while (true) {
      GTM_RETURN_IF_ERROR(call_.CheckAlive(clock_.Now()));
      GTM_ASSIGN_OR_RETURN(const store::HistoryResult read,
                           store_.ReadHistory(call_.tenant(), query));
      for (const store::Change& change : read.changes) {
        found_ = true;
        GTM_RETURN_IF_ERROR(visit(change));
        query.before_seq = change.seq;
      }
      if (!read.has_more) return {};
    }
  }

  bool Full() const {
    return static_cast<int>(rewrites_.size()) >= kPartRewrites || bytes_ >= kPartBytes;
  }

  static Result<v1::Record> Parse(const store::Change& change) {
    v1::Record record;
    if (record::ParseBody(static_cast<record::Kind>(change.key.kind), change.body, &record)) {
      return record;
    }
    return Error(Reason::STORE_DAMAGED,
                 fmt::format("the store is damaged: {} {} cannot be read; restore from a backup",
                             KindNameOf(change.key.kind), change.key.id));
  }

  // Most records are about somebody else: seen without parsing.
  bool MayConcern(const store::Change& change) const {
    if (change.key == key_ || change.body.find(person_.id) != std::string::npos) return true;
    return !person_.names.empty() &&
           domain::MayNameInWords(static_cast<record::Kind>(change.key.kind));
  }

  Status Look(const store::Change& change) {
    if (!MayConcern(change)) return {};
    GTM_ASSIGN_OR_RETURN(v1::Record record, Parse(change));
    if (!domain::ConcernsPerson(record, person_)) return {};
    found_ = true;
    const std::string before = domain::TakeErasureStamp(&record);
    const std::string removed = domain::ErasePerson(&record, person_);
    if (removed.empty()) return {};  // nothing there, or removed before
    const std::string salt = RandomBytes(kSaltBytes);
    domain::SetErasureStamp(&record, fmt::format("{}{}{}:{}", before, before.empty() ? "" : " ",
                                                 Hex(salt), Hex(Sha256(salt + removed))));
    store::Rewrite rewrite{change.seq, change.ord, record::CanonicalBody(record)};
    bytes_ += static_cast<int64_t>(rewrite.body.size());
    rewrites_.push_back(std::move(rewrite));
    if (!change.request_id.empty()) writers_.insert(change.request_id);
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
    request.blanked_requests.assign(writers_.begin(), writers_.end());
    rewrites_.clear();
    writers_.clear();
    bytes_ = 0;
    return store_.Erase(call_.tenant(), request, absl::ToUnixMicros(clock_.Now()));
  }

  const rpc::Call& call_;
  domain::Person person_;
  const store::Key key_;
  store::Store& store_;
  const Clock& clock_;
  store::ChangesQuery query_;
  std::vector<store::Rewrite> rewrites_;
  std::set<std::string> writers_;  // requests that wrote what is rewritten
  int64_t bytes_ = 0;
  // Of the parts.
  int64_t erased_ = 0;
  int64_t seq_ = 0;
  bool found_ = false;
  bool own_turn_ = false;
};

// The person to look for, with the names that the caller gave. Names are compared whole.
domain::Person ParsePerson(const v1::ErasePersonRequest& request, domain::Violations* violations) {
  const domain::Path path{nullptr, "person"};
  store::Key key = ParseKey(request.person(), path, violations);
  const record::KindInfo* info = record::FindKind(request.person().kind());
  if (info != nullptr && !info->person) {
    violations->Add(path.Field("kind"), "no person; give a contact, a seller or an executive");
  }
  domain::Person person{request.person().kind(), std::move(key.id), {}};
  const domain::Path names{nullptr, "names"};
  if (request.names_size() > kNamesMax) {
    violations->Add(names,
                    fmt::format("{} names; give at most {}", request.names_size(), kNamesMax));
    return person;
  }
  for (int i = 0; i < request.names_size(); ++i) {
    person.names.push_back(domain::PlainName(request.names(i)));
    if (person.names.back().empty()) violations->Add(names.Item(i), "empty; give a name");
    if (request.names(i).size() > kNameBytesMax) {
      violations->Add(names.Item(i), fmt::format("{} bytes; give at most {}",
                                                 request.names(i).size(), kNameBytesMax));
    }
  }
  return person;
}

// The names are left out: what is remembered would let them be guessed.
std::string FingerprintOf(const domain::Person& person) {
  return Sha256(Canonical().Text(kMethod).Number(person.kind).Text(person.id).bytes());
}

}  // namespace

Status RunErasePerson(const rpc::Call& call, const v1::ErasePersonRequest& request,
                      store::Store& store, EpochCache& epochs, Feed& feed, const Clock& clock,
                      v1::ErasePersonResponse* response) {
  domain::Violations violations;
  CheckRequestId(request.request_id(), &violations);
  domain::Person person = ParsePerson(request, &violations);
  if (!violations.empty()) return InvalidFields(violations.Take());
  const std::string fingerprint = FingerprintOf(person);

  GTM_ASSIGN_OR_RETURN(const auto known, store.FindRequest(call.tenant(), request.request_id()));
  store::WriteOutcome outcome;
  if (known.has_value()) {
    if (!known->Matches(kMethod, fingerprint)) {
      return Error(Reason::REQUEST_ID_REUSED,
                   fmt::format("request_id {}: used before with another request; use a fresh UUID "
                               "for a new request",
                               request.request_id()))
          .With("request_id", request.request_id());
    }
    outcome = known->outcome;
  } else {
    auto erased =
        Erasure(call, std::move(person), store, clock).Run(request.request_id(), fingerprint);
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
