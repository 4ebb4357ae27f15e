#pragma once
// From requests about urgency to values.

#include "gtm/targeting/v1/urgency.pb.h"
#include "services/targeting/domain/meeting_yield.h"
#include "services/targeting/domain/simmer_queue.h"
#include "services/targeting/domain/trigger_statistics.h"
#include "services/targeting/handler/parse.h"

namespace gtm::targeting::handler {

// A number that may be left 0, which gives `otherwise`; else it must lie in [min, max].
int32_t NumberOr(int32_t number, int32_t otherwise, int32_t min, int32_t max,
                 const std::string& field, Violations* violations);

// `field` is where the rules are: "rules".
domain::UrgencyRules UrgencyRulesOf(const v1::UrgencyRules& rules, const std::string& field,
                                    Violations* violations);
domain::SimmerFilter SimmerFilterOf(const v1::ListSimmeringRequest& request,
                                    Violations* violations);
// Without as_of.
// Questions of interviews; those of UR-08 where none is asked.
std::vector<std::string> InterviewQuestionsOf(const v1::GetTriggerStatisticsRequest& request,
                                              Violations* violations);
domain::TriggerStatisticsQuestion StatisticsQuestionOf(
    const v1::GetTriggerStatisticsRequest& request, Violations* violations);
domain::MeetingQuestion MeetingQuestionOf(const v1::GetMeetingYieldRequest& request,
                                          Violations* violations);

}  // namespace gtm::targeting::handler
