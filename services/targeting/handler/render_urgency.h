#pragma once
// From urgency, the simmer queue, statistics and meetings to messages. No decisions.

#include <vector>

#include "gtm/targeting/v1/urgency.pb.h"
#include "services/targeting/domain/interview_answers.h"
#include "services/targeting/domain/meeting_yield.h"
#include "services/targeting/domain/simmer_queue.h"
#include "services/targeting/domain/trigger_statistics.h"

namespace gtm::targeting::handler {

void Render(const DayRange& days, type::v1::DateRange* out);
void Render(const domain::UrgencyRules& rules, v1::UrgencyRules* out);
// All but account, opportunities, rules and provenance.
void Render(const domain::AccountUrgency& urgency, v1::GetUrgencyResponse* out);
void Render(const book::BookView& view, const domain::BuyingConditions& conditions,
            v1::OpportunityConditions* out);
void Render(const book::BookView& view, const domain::AccountUrgency& urgency,
            const domain::Simmering& account, v1::SimmeringAccount* out);
void Render(const domain::SegmentTriggers& segment, v1::SegmentTriggers* out);
void Render(const domain::SubtypeTally& tally, v1::TriggerSubtype* out);
void Render(const domain::InterviewAnswer& answer, v1::InterviewAnswer* out);
void Render(const domain::MeetingCounts& counts, const std::vector<domain::SellerYield>& curve,
            v1::GetMeetingYieldResponse* out);

}  // namespace gtm::targeting::handler
