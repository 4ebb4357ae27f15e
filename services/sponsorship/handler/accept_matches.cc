// From a proposal to sponsorships, in one guarded transaction.

#include <fmt/format.h>

#include <algorithm>

#include "common/core/limits.h"
#include "services/sponsorship/handler/decisions.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"
#include "services/sponsorship/handler/render.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

using gtm::records::v1::RECORD_KIND_CONTACT;
using gtm::records::v1::RECORD_KIND_EXECUTIVE;
using gtm::records::v1::RECORD_KIND_MATCH_RUN;
using gtm::records::v1::RECORD_KIND_SPONSORSHIP;
using gtm::records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM;
using v1::MatchRun;
using v1::Sponsorship;
using v1::SponsorshipProgram;

// Other proposals that one acceptance marks as superseded, at most.
constexpr int kSupersededMax = 100;

Error Changed(std::string_view kind, const std::string& id, std::string_view what) {
  return Error(Reason::ETAG_MISMATCH, fmt::format("{} {}: {}; propose again", kind, id, what))
      .With("kind", std::string(kind))
      .With("id", id);
}

std::string_view StateName(MatchRun::State state) {
  return state == MatchRun::STATE_ACCEPTED ? "accepted" : "superseded";
}

// Records that the run rests on or changes.
std::vector<RecordKeyOf> KeysOf(const MatchRun& run) {
  std::vector<RecordKeyOf> keys = {{RECORD_KIND_MATCH_RUN, run.id()},
                                   {RECORD_KIND_SPONSORSHIP_PROGRAM, run.program_id()}};
  for (const auto& pair : run.pairs()) {
    if (!pair.sponsorship_id().empty()) {
      keys.emplace_back(RECORD_KIND_SPONSORSHIP, pair.sponsorship_id());
      continue;
    }
    keys.emplace_back(RECORD_KIND_CONTACT, pair.contact_id());
    keys.emplace_back(RECORD_KIND_EXECUTIVE, pair.executive_id());
  }
  for (const auto& t : run.transitions()) {
    keys.emplace_back(RECORD_KIND_SPONSORSHIP, t.sponsorship_id());
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

// One acceptance in the making.
class Acceptance {
 public:
  Acceptance(const rpc::Call& call, const std::string& request_id, const MatchRun& run,
             const Found& found, const Matter& matter)
      : call_(call),
        request_id_(request_id),
        run_(run),
        found_(found),
        matter_(matter),
        today_(RenderDate(matter.view.settings().calendar.DayOf(call.now))),
        writing_(request_id) {}

  Result<Writing> Write() {
    AcceptRun();
    // The program changes with every acceptance: two at once cannot both succeed.
    const SponsorshipProgram* program = found_.Program(run_.program_id());
    if (program == nullptr) return Changed("sponsorship_program", run_.program_id(), "is gone");
    SponsorshipProgram accepted = *program;
    accepted.set_accepted_match_run_id(run_.id());
    writing_.Replace(std::move(accepted));
    BeginSponsorships();
    GTM_RETURN_IF_ERROR(EndSponsorships());
    GuardBasis();
    SupersedeOthers();
    const int most = std::max(writing_.change_count(), writing_.guard_count());
    if (most > limits::kBatchRecordsMax) {
      return InvalidField("match_run_id",
                          fmt::format("the run needs {} changes or guards and a transaction takes "
                                      "at most {}; propose for fewer executives at a time",
                                      most, limits::kBatchRecordsMax));
    }
    return std::move(writing_);
  }

 private:
  void AcceptRun() {
    MatchRun accepted = run_;
    accepted.set_state(MatchRun::STATE_ACCEPTED);
    *accepted.mutable_accept_time() = RenderTime(call_.now);
    accepted.set_accept_request_id(request_id_);
    writing_.Replace(std::move(accepted));
  }

  void BeginSponsorships() {
    for (int i = 0; i < run_.pairs_size(); ++i) {
      const MatchRun::Pair& pair = run_.pairs(i);
      if (!pair.sponsorship_id().empty()) continue;
      Sponsorship s;
      s.set_id(fmt::format("{}-{:05}", run_.id(), i + 1));
      s.set_executive_id(pair.executive_id());
      s.set_contact_id(pair.contact_id());
      s.set_account_id(pair.account_id());
      s.set_state(Sponsorship::STATE_ACTIVE);
      *s.mutable_start_date() = today_;
      s.set_score_micropoints(pair.score().micropoints());
      s.set_affinity_points(pair.affinity_points());
      s.set_program_version(run_.program_version());
      s.set_match_run_id(run_.id());
      writing_.Create(std::move(s));
    }
  }

  Status EndSponsorships() {
    for (const auto& transition : run_.transitions()) {
      const Sponsorship* live = found_.Sponsorship(transition.sponsorship_id());
      if (live == nullptr || live->state() != Sponsorship::STATE_ACTIVE) {
        return Changed("sponsorship", transition.sponsorship_id(), "is over already");
      }
      Sponsorship ended = *live;
      ended.set_state(Sponsorship::STATE_ENDED);
      *ended.mutable_end_date() = today_;
      ended.set_end_reason(transition.reason());
      ended.set_end_match_run_id(run_.id());
      ended.set_end_request_id(request_id_);
      writing_.Replace(std::move(ended));
    }
    return {};
  }

  // What pairs rest on stays as it was found until the transaction is through.
  void GuardBasis() {
    for (const RecordKeyOf& key : KeysOf(run_)) {
      const bool changed =
          key.first == RECORD_KIND_MATCH_RUN || key.first == RECORD_KIND_SPONSORSHIP_PROGRAM ||
          std::any_of(run_.transitions().begin(), run_.transitions().end(), [&](const auto& t) {
            return key.first == RECORD_KIND_SPONSORSHIP && t.sponsorship_id() == key.second;
          });
      if (!changed) writing_.Guard(key, found_.EtagOf(key));
    }
  }

  void SupersedeOthers() {
    int room = std::min(kSupersededMax, limits::kBatchRecordsMax - writing_.change_count());
    for (const auto& other : matter_.view.match_runs()) {
      if (other->id() == run_.id() || other->state() != MatchRun::STATE_PROPOSED) continue;
      if (--room < 0) return;
      MatchRun superseded = *other;
      superseded.set_state(MatchRun::STATE_SUPERSEDED);
      writing_.Replace(std::move(superseded));
    }
  }

  const rpc::Call& call_;
  const std::string& request_id_;
  const MatchRun& run_;
  const Found& found_;
  const Matter& matter_;
  const type::v1::Date today_;
  Writing writing_;
};

// The answer to a repetition, from what was recorded the first time.
void RenderAccepted(const book::BookView& view, const MatchRun& run,
                    v1::AcceptMatchesResponse* response) {
  *response->mutable_match_run() = run;
  for (const auto& s : view.sponsorships()) {
    if (s->match_run_id() == run.id() || s->end_match_run_id() == run.id()) {
      *response->add_sponsorships() = *s;
    }
  }
  response->set_revision(view.revision());
}

}  // namespace

Status SponsorshipHandler::AcceptMatches(rpc::Call& call, const v1::AcceptMatchesRequest& request,
                                         v1::AcceptMatchesResponse* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("match_run_id", request.match_run_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());

  GTM_ASSIGN_OR_RETURN(const Found first,
                       Find(records_, call, {{RECORD_KIND_MATCH_RUN, request.match_run_id()}}));
  const MatchRun* run = first.MatchRun(request.match_run_id());
  if (run == nullptr) return NotFound("match_run", request.match_run_id());
  if (run->accept_request_id() == request.request_id()) {
    GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, first.revision()));
    RenderAccepted(view, *run, response);
    return {};
  }
  GTM_RETURN_IF_ERROR(CheckEtag("match_run", run->id(), run->etag(), request.etag()));
  if (run->state() != MatchRun::STATE_PROPOSED) {
    return WrongState("match_run", run->id(), StateName(run->state()),
                      "only a proposal can be accepted; propose again");
  }

  // Etags first, then a view at least as new: whatever changes later fails the commit.
  GTM_ASSIGN_OR_RETURN(const Found found, Find(records_, call, KeysOf(*run)));
  type::v1::PointInTime point;
  point.set_min_revision(found.revision());
  GTM_ASSIGN_OR_RETURN(const Matter matter, Gather(records_, call, point, ""));
  if (matter.message->id() != run->program_id() ||
      matter.message->version() != run->program_version()) {
    return Changed("sponsorship_program", run->program_id(), "is not the active program any more");
  }
  if (const auto change = domain::FindChange(matter.program, BasisOf(*run), matter.input)) {
    return Changed(change->kind, change->id, change->what);
  }
  GTM_ASSIGN_OR_RETURN(const Writing writing,
                       Acceptance(call, request.request_id(), *run, found, matter).Write());
  GTM_ASSIGN_OR_RETURN(auto committed, writing.Commit(records_, call));
  *response->mutable_match_run() = committed.results(0).record().match_run();
  for (const auto& result : committed.results()) {
    if (result.record().has_sponsorship()) {
      *response->add_sponsorships() = result.record().sponsorship();
    }
  }
  std::sort(response->mutable_sponsorships()->pointer_begin(),
            response->mutable_sponsorships()->pointer_end(),
            [](const Sponsorship* a, const Sponsorship* b) { return a->id() < b->id(); });
  response->set_revision(committed.revision());
  return {};
}

}  // namespace gtm::sponsorship::handler
