// Match runs: proposed and read.

#include <fmt/format.h>

#include "common/core/limits.h"
#include "services/sponsorship/handler/decisions.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"
#include "services/sponsorship/handler/render.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

using gtm::records::v1::RECORD_KIND_MATCH_RUN;
using gtm::records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM;
using v1::MatchRun;

constexpr size_t kRunIdBytesMax = 120;  // leaves room for "-00001" in sponsorship ids
constexpr int kExcludedPairsMax = 1000;

Status Check(const v1::ProposeMatchesRequest& request) {
  Violations violations;
  if (!request.validate_only()) {
    violations.CheckRequestId(request.request_id());
    if (!request.program_id().empty()) {
      violations.Add("program_id", "only with validate_only: proposals use the active program");
    }
    if (request.point().has_recorded_as_of()) {
      violations.Add("point.recorded_as_of", "only with validate_only: proposals use all records");
    }
  }
  if (!request.match_run_id().empty()) {
    violations.CheckId("match_run_id", request.match_run_id());
    if (request.match_run_id().size() > kRunIdBytesMax) {
      violations.Add("match_run_id", fmt::format("at most {} bytes", kRunIdBytesMax));
    }
  }
  if (request.excluded_pairs_size() > kExcludedPairsMax) {
    violations.Add("excluded_pairs", fmt::format("at most {}", kExcludedPairsMax));
  }
  return std::move(violations).ToStatus();
}

// Excluding somebody who does not exist is a typing mistake that must not go unnoticed.
Status AddExcluded(const v1::ProposeMatchesRequest& request, Matter* matter) {
  Violations violations;
  for (int i = 0; i < request.excluded_pairs_size(); ++i) {
    const auto& pair = request.excluded_pairs(i);
    if (!matter->view.FindContact(pair.contact_id())) {
      violations.Add(fmt::format("excluded_pairs[{}].contact_id", i), "no such contact");
    }
    bool known = false;
    for (const auto& e : matter->input.executives) known |= e.id == pair.executive_id();
    if (!known) {
      violations.Add(fmt::format("excluded_pairs[{}].executive_id", i), "no such executive");
    }
    matter->input.excluded.emplace_back(pair.contact_id(), pair.executive_id());
  }
  return std::move(violations).ToStatus();
}

bool IsRepetition(const v1::ProposeMatchesRequest& request, const MatchRun& run) {
  if (request.excluded_pairs_size() != run.excluded_pairs_size()) return false;
  for (int i = 0; i < run.excluded_pairs_size(); ++i) {
    if (CanonicalBytes(request.excluded_pairs(i)) != CanonicalBytes(run.excluded_pairs(i))) {
      return false;
    }
  }
  return !request.point().has_as_of() ||
         CanonicalBytes(request.point().as_of()) == CanonicalBytes(run.provenance().as_of());
}

}  // namespace

Status SponsorshipHandler::ProposeMatches(rpc::Call& call, const v1::ProposeMatchesRequest& request,
                                          MatchRun* response) {
  GTM_RETURN_IF_ERROR(Check(request));
  const std::string run_id =
      request.match_run_id().empty() ? request.request_id() : request.match_run_id();
  if (!request.validate_only()) {
    GTM_ASSIGN_OR_RETURN(const Found found,
                         Find(records_, call, {{RECORD_KIND_MATCH_RUN, run_id}}));
    const MatchRun* earlier = found.MatchRun(run_id);
    if (earlier != nullptr && earlier->propose_request_id() == request.request_id()) {
      if (!IsRepetition(request, *earlier)) return RequestIdReused(request.request_id());
      *response = *earlier;
      return {};
    }
  }
  GTM_ASSIGN_OR_RETURN(Matter matter,
                       Gather(records_, call, request.point(), request.program_id()));
  GTM_RETURN_IF_ERROR(AddExcluded(request, &matter));
  GTM_ASSIGN_OR_RETURN(const domain::MatchPlan plan,
                       domain::PlanMatches(matter.program, matter.input));
  MatchRun run;
  run.set_id(run_id);
  run.set_state(MatchRun::STATE_PROPOSED);
  run.set_program_id(matter.message->id());
  run.set_program_version(matter.message->version());
  *run.mutable_provenance() = ProvenanceOf(matter);
  Render(matter.program, matter.input, plan, &run);
  if (request.validate_only()) {
    *response = std::move(run);
    return {};
  }
  run.set_propose_request_id(request.request_id());
  if (run.ByteSizeLong() > static_cast<size_t>(limits::kRecordBytesMax)) {
    return InvalidField("match_run_id",
                        fmt::format("the run would take {} bytes and a record at most {}; use "
                                    "validate_only, or nominate fewer people",
                                    run.ByteSizeLong(), limits::kRecordBytesMax));
  }
  Writing writing(request.request_id());
  writing.Create(std::move(run));
  writing.Guard({RECORD_KIND_SPONSORSHIP_PROGRAM, matter.message->id()}, matter.message->etag());
  GTM_ASSIGN_OR_RETURN(auto committed, writing.Commit(records_, call));
  *response = committed.results(0).record().match_run();
  return {};
}

Status SponsorshipHandler::GetMatchRun(rpc::Call& call, const v1::GetMatchRunRequest& request,
                                       MatchRun* response) {
  Violations violations;
  violations.CheckId("match_run_id", request.match_run_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  if (!request.min_revision().empty()) {
    GTM_RETURN_IF_ERROR(ViewAt(records_, call, request.min_revision()));
  }
  // From the record store itself: what was committed a moment ago is there.
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records_, call, {{RECORD_KIND_MATCH_RUN, request.match_run_id()}}));
  if (const MatchRun* run = found.MatchRun(request.match_run_id())) {
    *response = *run;
    return {};
  }
  return NotFound("match_run", request.match_run_id());
}

}  // namespace gtm::sponsorship::handler
