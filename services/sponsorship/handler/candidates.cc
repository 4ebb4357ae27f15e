// Candidates and capacity: questions without effect.

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "common/core/page_token.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"
#include "services/sponsorship/handler/render.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

// The page after a position: candidates are listed by rank, not by id.
size_t PositionOf(const std::string& after) {
  size_t position = 0;
  std::from_chars(after.data(), after.data() + after.size(), position);
  return position;
}

}  // namespace

Status SponsorshipHandler::ListCandidates(rpc::Call& call, const v1::ListCandidatesRequest& request,
                                          v1::ListCandidatesResponse* response) {
  GTM_ASSIGN_OR_RETURN(const int page_size, PageSizeOf(request.page_size()));
  const std::string arguments =
      fmt::format("candidates {} {}", request.program_id(), CanonicalBytes(request.point()));
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), arguments));
  GTM_ASSIGN_OR_RETURN(const Matter matter,
                       Gather(records_, call, request.point(), request.program_id()));
  GTM_ASSIGN_OR_RETURN(const domain::Ranking ranking,
                       domain::RankAndCut(matter.program, matter.input));
  const std::vector<int32_t> live_of = domain::LiveSponsorshipOf(matter.input);

  const size_t ranked = ranking.ranked.size();
  const size_t total = ranked + ranking.unranked.size();
  size_t position = PositionOf(after);
  for (; position < total && response->candidates_size() < page_size; ++position) {
    const bool is_ranked = position < ranked;
    const domain::Standing& standing =
        is_ranked ? ranking.ranked[position] : ranking.unranked[position - ranked];
    const int32_t live = live_of[standing.candidate];
    *response->add_candidates() =
        Render(matter.program, matter.input.candidates[standing.candidate], standing,
               is_ranked ? static_cast<int32_t>(position) + 1 : 0,
               live < 0 ? nullptr : &matter.input.live[static_cast<size_t>(live)]);
  }
  if (position < total) {
    response->set_next_page_token(EncodePageToken(std::to_string(position), arguments));
  }
  response->set_slot_count(domain::TotalSlots(
      domain::CountSlots(matter.input.executives, matter.program.spec().effort.week_minutes())));
  response->set_ranked_count(static_cast<int32_t>(ranked));
  *response->mutable_provenance() = ProvenanceOf(matter);
  return {};
}

Status SponsorshipHandler::GetCapacity(rpc::Call& call, const v1::GetCapacityRequest& request,
                                       v1::GetCapacityResponse* response) {
  GTM_ASSIGN_OR_RETURN(const Matter matter,
                       Gather(records_, call, request.point(), request.program_id()));
  std::map<std::string_view, int32_t> used;
  for (const domain::LiveSponsorship& live : matter.input.live) ++used[live.executive_id];
  const std::vector<domain::Capacity> capacities =
      domain::CountSlots(matter.input.executives, matter.program.spec().effort.week_minutes());
  for (size_t j = 0; j < capacities.size(); ++j) {
    const domain::Executive& executive = matter.input.executives[j];
    *response->add_capacities() = Render(executive, capacities[j], used[executive.id]);
  }
  response->set_slot_count(domain::TotalSlots(capacities));
  response->set_used_slot_count(static_cast<int32_t>(matter.input.live.size()));
  *response->mutable_provenance() = ProvenanceOf(matter);
  return {};
}

}  // namespace gtm::sponsorship::handler
