#include "services/sponsorship/handler/question.h"

#include <fmt/format.h>

#include "common/core/sha256.h"
#include "services/sponsorship/domain/gather.h"
#include "services/sponsorship/handler/decisions.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/render.h"

namespace gtm::sponsorship::handler {

Result<book::BookView> ViewAt(records_client::Records& records, const rpc::Call& call,
                              const std::string& min_revision) {
  type::v1::PointInTime point;
  point.set_min_revision(min_revision);
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records.Ask(call, point));
  return question.view;
}

std::shared_ptr<const v1::SponsorshipProgram> ActiveProgram(const book::BookView& view) {
  std::shared_ptr<const v1::SponsorshipProgram> active;
  for (const auto& program : view.sponsorship_programs()) {
    if (program->state() != v1::SponsorshipProgram::STATE_ACTIVE) continue;
    if (active == nullptr || program->version() > active->version()) active = program;
  }
  return active;
}

Result<std::shared_ptr<const v1::SponsorshipProgram>> FindProgram(const book::BookView& view,
                                                                  const std::string& program_id) {
  if (program_id.empty()) {
    auto active = ActiveProgram(view);
    if (active != nullptr) return active;
    return Error(Reason::NO_ACTIVE_PROGRAM,
                 "no sponsorship program is active; write one with CreateSponsorshipProgram and "
                 "activate it with ActivateSponsorshipProgram");
  }
  for (const auto& program : view.sponsorship_programs()) {
    if (program->id() == program_id) return program;
  }
  return NotFound("sponsorship_program", program_id);
}

Result<Matter> Gather(records_client::Records& records, const rpc::Call& call,
                      const type::v1::PointInTime& point, const std::string& program_id) {
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records.Ask(call, point));
  GTM_ASSIGN_OR_RETURN(auto message, FindProgram(question.view, program_id));
  GTM_ASSIGN_OR_RETURN(domain::Program program, CompileProgram(*message));
  const absl::CivilDay day = question.view.settings().calendar.DayOf(question.as_of);
  domain::PlanInput input = domain::GatherInput(question.view, day);
  return Matter{std::move(question.view), question.as_of, std::move(message), std::move(program),
                std::move(input)};
}

type::v1::Provenance ProvenanceOf(const Matter& matter) {
  type::v1::Provenance provenance;
  *provenance.mutable_as_of() = RenderTime(matter.as_of);
  provenance.set_revision(matter.view.revision());
  const std::string program_sha256 = Sha256Hex(CanonicalBytes(ContentOf(*matter.message)));
  provenance.set_input_sha256(domain::HashInput(matter.program, program_sha256, matter.input));
  provenance.set_rules_version(
      fmt::format("{}/{}", matter.message->id(), matter.message->version()));
  return provenance;
}

}  // namespace gtm::sponsorship::handler
