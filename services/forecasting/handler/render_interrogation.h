#pragma once
// An interrogation as messages. Decides nothing.

#include "gtm/forecasting/v1/interrogation.pb.h"
#include "services/forecasting/domain/coaching.h"
#include "services/forecasting/domain/interrogation.h"

namespace gtm::forecasting::handler {

// People shown of one opportunity.
inline constexpr size_t kEngagedContactsMax = 50;

// One opportunity, with the warnings that `shown` lets through.
struct ShownWarnings {
  // By number of the type; empty shows all.
  std::vector<domain::DealWarningType> types;
  domain::Severity severity_min = domain::Severity::kInfo;
  bool Shows(const domain::DealWarning& warning) const;
  bool is_everything() const { return types.empty() && severity_min == domain::Severity::kInfo; }
};
void RenderDeal(const domain::DealTable& table, const domain::PipelineFacts& facts,
                const domain::InterrogatedDeal& deal, const ShownWarnings& shown,
                v1::InterrogatedDeal* result);

// All that is told of the whole, beside deals, period and provenance.
void RenderWhole(const domain::Interrogation& interrogation, Currency currency,
                 v1::InterrogatePipelineResponse* result);

// Recent wins with a reason to doubt them.
void RenderWins(const domain::DealTable& table, const domain::PipelineFacts& facts,
                const domain::Interrogation& interrogation,
                v1::InterrogatePipelineResponse* result);

void RenderCoaching(const std::vector<domain::CoachingEffect>& effects,
                    v1::InterrogatePipelineResponse* result);

}  // namespace gtm::forecasting::handler
