#include "services/targeting/handler/parse_urgency.h"

#include <algorithm>

#include "fmt/format.h"

namespace gtm::targeting::handler {

int32_t NumberOr(int32_t number, int32_t otherwise, int32_t min, int32_t max,
                 const std::string& field, Violations* violations) {
  if (number == 0) return otherwise;
  if (number < min || number > max) {
    violations->Add(field, fmt::format("{} is out of range; use {} to {}, or 0 for {}", number, min,
                                       max, otherwise));
  }
  return number;
}

domain::UrgencyRules UrgencyRulesOf(const v1::UrgencyRules& rules, const std::string& field,
                                    Violations* violations) {
  constexpr int32_t kPointsMax = 100;
  constexpr int32_t kDaysMax = 3'650;
  domain::UrgencyRules out;
  const auto points = [&](int32_t number, int32_t* value, const char* name) {
    *value = NumberOr(number, *value, 1, kPointsMax, field + name, violations);
  };
  const auto days = [&](int32_t number, int32_t* value, const char* name) {
    *value = NumberOr(number, *value, 1, kDaysMax, field + name, violations);
  };
  points(rules.mandate_points(), &out.mandate_points, ".mandate_points");
  points(rules.authority_shift_points(), &out.authority_shift_points, ".authority_shift_points");
  points(rules.personal_drive_points(), &out.personal_drive_points, ".personal_drive_points");
  days(rules.mandate_half_life_days(), &out.mandate_half_life_days, ".mandate_half_life_days");
  days(rules.authority_shift_half_life_days(), &out.authority_shift_half_life_days,
       ".authority_shift_half_life_days");
  days(rules.personal_drive_half_life_days(), &out.personal_drive_half_life_days,
       ".personal_drive_half_life_days");
  days(rules.merger_settle_days(), &out.merger_settle_days, ".merger_settle_days");
  days(rules.review_days(), &out.review_days, ".review_days");
  return out;
}

domain::SimmerFilter SimmerFilterOf(const v1::ListSimmeringRequest& request,
                                    Violations* violations) {
  domain::SimmerFilter filter;
  filter.due_only = request.due_only();
  filter.with_opportunities_only = request.with_opportunities_only();
  filter.segment = request.segment();
  filter.owner_seller_id = request.owner_seller_id();
  if (!v1::WakeUpRule::Kind_IsValid(request.kind())) {
    violations->Add("kind", "not a kind of rule; leave it out for all");
  } else if (request.kind() != v1::WakeUpRule::KIND_UNSPECIFIED) {
    filter.kind = static_cast<domain::WakeUpKind>(request.kind());
  }
  return filter;
}

std::vector<std::string> InterviewQuestionsOf(const v1::GetTriggerStatisticsRequest& request,
                                              Violations* violations) {
  constexpr int kQuestionsMax = 10;
  if (request.interview_questions().empty()) return {"made_it_a_priority", "outranked_by"};
  if (request.interview_questions_size() > kQuestionsMax) {
    violations->Add("interview_questions", "more than 10");
    return {};
  }
  std::vector<std::string> questions;
  for (int i = 0; i < request.interview_questions_size(); ++i) {
    const std::string& question = request.interview_questions(i);
    const std::string field = fmt::format("interview_questions[{}]", i);
    if (question.empty()) violations->Add(field, "empty; give a key of SurveyResponse.answers");
    if (std::find(questions.begin(), questions.end(), question) != questions.end()) {
      violations->Add(field, "asked twice; name a question once");
    }
    questions.push_back(question);
  }
  return questions;
}

domain::TriggerStatisticsQuestion StatisticsQuestionOf(
    const v1::GetTriggerStatisticsRequest& request, Violations* violations) {
  domain::TriggerStatisticsQuestion question;
  if (!v1::TriggerDimension_IsValid(request.dimension())) {
    violations->Add("dimension", "not a dimension; use segment, industry or region");
  } else if (request.dimension() != v1::TRIGGER_DIMENSION_UNSPECIFIED) {
    question.dimension = static_cast<domain::TriggerDimension>(request.dimension());
  }
  question.window_days =
      NumberOr(request.window_days(), question.window_days, 30, 3'650, "window_days", violations);
  return question;
}

domain::MeetingQuestion MeetingQuestionOf(const v1::GetMeetingYieldRequest& request,
                                          Violations* violations) {
  domain::MeetingQuestion question;
  question.window_days =
      NumberOr(request.window_days(), question.window_days, 7, 3'650, "window_days", violations);
  question.yield_days =
      NumberOr(request.yield_days(), question.yield_days, 1, 365, "yield_days", violations);
  question.week_meetings_max = NumberOr(request.week_meetings_max(), question.week_meetings_max, 1,
                                        100, "week_meetings_max", violations);
  return question;
}

}  // namespace gtm::targeting::handler
