#pragma once
// From domain values to messages. No decisions here.

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtm/sponsorship/v1/service.pb.h"
#include "services/sponsorship/domain/plan.h"

namespace gtm::sponsorship::handler {

// Cuts that a match run lists; it says how many there are in all.
inline constexpr size_t kListedCutsMax = 2000;

google::protobuf::Timestamp RenderTime(absl::Time time);
type::v1::Date RenderDate(absl::CivilDay day);

// `used` sponsees are the executive's.
v1::ExecutiveCapacity Render(const domain::Executive& executive, const domain::Capacity& capacity,
                             int32_t used);

v1::Candidate Render(const domain::Program& program, const domain::Candidate& candidate,
                     const domain::Standing& standing, int32_t rank,
                     const domain::LiveSponsorship* live);

// Pairs, cuts, transitions, capacities and totals of a plan.
void Render(const domain::Program& program, const domain::PlanInput& input,
            const domain::MatchPlan& plan, v1::MatchRun* run);

}  // namespace gtm::sponsorship::handler
