// Programs: written down, activated, read.

#include <fmt/format.h>

#include <algorithm>

#include "common/core/page_token.h"
#include "services/sponsorship/handler/decisions.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"
#include "services/sponsorship/handler/render.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

using v1::SponsorshipProgram;
constexpr auto kKind = gtm::records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM;

// All programs as they are now.
Result<Found> FindPrograms(records_client::Records& records, const rpc::Call& call,
                           const book::BookView& view, const std::string& id) {
  std::vector<RecordKeyOf> keys = {{kKind, id}};
  for (const auto& program : view.sponsorship_programs()) {
    if (program->id() != id) keys.emplace_back(kKind, program->id());
  }
  return Find(records, call, keys);
}

std::string_view StateName(SponsorshipProgram::State state) {
  switch (state) {
    case SponsorshipProgram::STATE_DRAFT:
      return "a draft";
    case SponsorshipProgram::STATE_ACTIVE:
      return "active";
    default:
      return "retired";
  }
}

}  // namespace

Status SponsorshipHandler::CreateSponsorshipProgram(
    rpc::Call& call, const v1::CreateSponsorshipProgramRequest& request,
    SponsorshipProgram* response) {
  Violations violations;
  if (!request.validate_only()) violations.CheckRequestId(request.request_id());
  violations.CheckId("program.id", request.program().id());
  if (request.program().display_name().size() > 63) {
    violations.Add("program.display_name", "at most 63 bytes");
  }
  if (!SponsorshipProgram::Selection_IsValid(request.program().selection())) {
    violations.Add("program.selection", "no such selection");
  }
  violations.Add(domain::Validate(SpecOf(request.program()), "program"));
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());

  SponsorshipProgram program = ContentOf(request.program());
  program.set_state(SponsorshipProgram::STATE_DRAFT);
  if (request.validate_only()) {
    *response = std::move(program);
    return {};
  }
  Writing writing(request.request_id());
  writing.Create(std::move(program));
  GTM_ASSIGN_OR_RETURN(auto committed, writing.Commit(records_, call));
  *response = committed.results(0).record().sponsorship_program();
  return {};
}

Status SponsorshipHandler::ActivateSponsorshipProgram(
    rpc::Call& call, const v1::ActivateSponsorshipProgramRequest& request,
    SponsorshipProgram* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("program_id", request.program_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());

  GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, ""));
  GTM_ASSIGN_OR_RETURN(const Found found, FindPrograms(records_, call, view, request.program_id()));
  const SponsorshipProgram* draft = found.Program(request.program_id());
  if (draft == nullptr) return NotFound("sponsorship_program", request.program_id());
  if (draft->activate_request_id() == request.request_id()) {
    *response = *draft;  // a repetition
    return {};
  }
  GTM_RETURN_IF_ERROR(CheckEtag("sponsorship_program", draft->id(), draft->etag(), request.etag()));
  if (draft->state() != SponsorshipProgram::STATE_DRAFT) {
    return WrongState("sponsorship_program", draft->id(), StateName(draft->state()),
                      "only a draft can be activated; create a new one");
  }

  // Every program takes part in the transaction, changed or guarded, so that of two
  // activations at once only one succeeds.
  Writing writing(request.request_id());
  int32_t version = 0;
  for (const auto& known : view.sponsorship_programs()) {
    const SponsorshipProgram* other = found.Program(known->id());
    if (other == nullptr || other->id() == draft->id()) continue;
    version = std::max(version, other->version());
    if (other->state() == SponsorshipProgram::STATE_ACTIVE) {
      SponsorshipProgram retired = *other;
      retired.set_state(SponsorshipProgram::STATE_RETIRED);
      *retired.mutable_retire_time() = RenderTime(call.now);
      writing.Replace(std::move(retired));
    } else {
      writing.Guard({kKind, other->id()}, other->etag());
    }
  }
  SponsorshipProgram active = *draft;
  active.set_state(SponsorshipProgram::STATE_ACTIVE);
  active.set_version(version + 1);
  *active.mutable_activate_time() = RenderTime(call.now);
  active.set_activate_request_id(request.request_id());
  writing.Replace(std::move(active));
  GTM_ASSIGN_OR_RETURN(auto committed, writing.Commit(records_, call));
  *response = committed.results(committed.results_size() - 1).record().sponsorship_program();
  return {};
}

Status SponsorshipHandler::GetSponsorshipProgram(rpc::Call& call,
                                                 const v1::GetSponsorshipProgramRequest& request,
                                                 SponsorshipProgram* response) {
  const std::string& id = request.program_id();
  Violations violations;
  if (!id.empty()) violations.CheckId("program_id", id);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  if (id.empty() || !request.min_revision().empty()) {
    GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, request.min_revision()));
    if (id.empty()) {
      GTM_ASSIGN_OR_RETURN(const auto active, FindProgram(view, id));
      *response = *active;
      return {};
    }
  }
  // From the record store itself: what was committed a moment ago is there.
  GTM_ASSIGN_OR_RETURN(const Found found, Find(records_, call, {{kKind, id}}));
  if (const SponsorshipProgram* program = found.Program(id)) {
    *response = *program;
    return {};
  }
  return NotFound("sponsorship_program", id);
}

Status SponsorshipHandler::ListSponsorshipPrograms(
    rpc::Call& call, const v1::ListSponsorshipProgramsRequest& request,
    v1::ListSponsorshipProgramsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const int page_size, PageSizeOf(request.page_size()));
  const std::string arguments = fmt::format("programs {}", static_cast<int>(request.state()));
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), arguments));
  GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, request.min_revision()));
  for (const auto& program : view.sponsorship_programs()) {
    if (program->id() <= after && !after.empty()) continue;
    if (request.state() != SponsorshipProgram::STATE_UNSPECIFIED &&
        program->state() != request.state()) {
      continue;
    }
    if (response->programs_size() == page_size) {
      response->set_next_page_token(
          EncodePageToken(response->programs(page_size - 1).id(), arguments));
      return {};
    }
    *response->add_programs() = *program;
  }
  return {};
}

}  // namespace gtm::sponsorship::handler
