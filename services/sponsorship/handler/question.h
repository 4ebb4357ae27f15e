#pragma once
// What most methods begin with: a pinned view, the program asked for, and its input.

#include <memory>
#include <string>

#include "common/records_client/records_client.h"
#include "gtm/sponsorship/v1/resources.pb.h"
#include "services/sponsorship/domain/plan.h"

namespace gtm::sponsorship::handler {

// A view at least as new as `min_revision` ("" for any).
Result<book::BookView> ViewAt(records_client::Records& records, const rpc::Call& call,
                              const std::string& min_revision);

// The active program of the highest version; null where none is active.
std::shared_ptr<const v1::SponsorshipProgram> ActiveProgram(const book::BookView& view);
// The program with this id, or the active one where it is "". Errors: RECORD_NOT_FOUND,
// NO_ACTIVE_PROGRAM.
Result<std::shared_ptr<const v1::SponsorshipProgram>> FindProgram(const book::BookView& view,
                                                                  const std::string& program_id);

// Everything to decide with. `input` borrows from `view`.
struct Matter {
  book::BookView view;
  absl::Time as_of;
  std::shared_ptr<const v1::SponsorshipProgram> message;
  domain::Program program;
  domain::PlanInput input;
};
Result<Matter> Gather(records_client::Records& records, const rpc::Call& call,
                      const type::v1::PointInTime& point, const std::string& program_id);

type::v1::Provenance ProvenanceOf(const Matter& matter);

}  // namespace gtm::sponsorship::handler
