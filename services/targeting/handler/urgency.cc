// Triggers, the simmer queue and meetings.

#include "services/targeting/domain/urgency.h"

#include <set>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "services/targeting/domain/interview_answers.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/simmer_queue.h"
#include "services/targeting/domain/trigger_statistics.h"
#include "services/targeting/handler/answer_basis.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/parse_urgency.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/render_urgency.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kOpportunitiesMax = 200;

// The rules that a question brings; without any, those that people signed.
template <class Request>
domain::UrgencyRules RulesFor(const Request& request, const domain::UrgencyRules& asked,
                              const records_client::Question& question) {
  return request.has_rules() ? asked : UrgencyRulesInForce(question);
}

}  // namespace

Status TargetingHandler::GetUrgency(rpc::Call& call, const v1::GetUrgencyRequest& request,
                                    v1::GetUrgencyResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  const domain::UrgencyRules asked_rules = UrgencyRulesOf(request.rules(), "rules", &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const domain::UrgencyRules rules = RulesFor(request, asked_rules, question);
  const book::BookView& view = question.view;
  const auto row = view.FindAccount(request.account_id());
  if (!row || !view.is_live(*row)) return NotFound("account", request.account_id());
  const domain::UrgencyReader reader(view, rules, row);
  const domain::AccountUrgency urgency = reader.Read(*row, question.as_of);
  response->set_account_id(request.account_id());
  Render(urgency, response);
  int count = 0;
  for (const auto& conditions : reader.Conditions(*row, urgency, question.as_of)) {
    if (++count > kOpportunitiesMax) break;
    Render(view, conditions, response->add_opportunities());
  }
  Render(rules, response->mutable_rules());
  FillProvenance(question, "urgency 1", request, response);
  return {};
}

Status TargetingHandler::ListSimmering(rpc::Call& call, const v1::ListSimmeringRequest& request,
                                       v1::ListSimmeringResponse* response) {
  Violations violations;
  const domain::UrgencyRules asked_rules = UrgencyRulesOf(request.rules(), "rules", &violations);
  const domain::SimmerFilter filter = SimmerFilterOf(request, &violations);
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(const auto position, ParsePosition(token));
  GTM_ASSIGN_OR_RETURN(const auto point, PointOf(request.point(), position));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question, records_.Ask(call, point));
  const domain::UrgencyRules rules = RulesFor(request, asked_rules, question);
  const book::BookView& view = question.view;
  const domain::UrgencyReader reader(view, rules);
  std::optional<domain::SimmerPosition> after;
  if (position) after = {absl::CivilDay() + position->order, position->id};
  GTM_ASSIGN_OR_RETURN(const domain::SimmerPage page,
                       domain::ListSimmering(view, reader, question.as_of, filter, after, page_size,
                                             AliveWhile(call)));
  for (const domain::Simmering& account : page.accounts) {
    Render(view, reader.Read(account.row, question.as_of), account, response->add_accounts());
  }
  if (page.more) {
    const domain::Simmering& last = page.accounts.back();
    response->set_next_page_token(
        MakePageToken(PositionText({last.due_day - absl::CivilDay(), question.as_of,
                                    std::string(view.account(last.row).id)}),
                      digest));
  }
  response->set_total_count(page.total_count);
  response->set_due_count(page.due_count);
  response->set_overdue_count(page.overdue_count);
  response->set_active_count(page.active_count);
  FillProvenance(question, "urgency 1", request, response);
  return {};
}

Status TargetingHandler::GetTriggerStatistics(rpc::Call& call,
                                              const v1::GetTriggerStatisticsRequest& request,
                                              v1::GetTriggerStatisticsResponse* response) {
  Violations violations;
  const domain::UrgencyRules asked_rules = UrgencyRulesOf(request.rules(), "rules", &violations);
  domain::TriggerStatisticsQuestion asked = StatisticsQuestionOf(request, &violations);
  const std::vector<std::string> interviews = InterviewQuestionsOf(request, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const domain::UrgencyRules rules = RulesFor(request, asked_rules, question);
  asked.as_of = question.as_of;
  GTM_ASSIGN_OR_RETURN(const domain::TriggerStatistics statistics,
                       domain::CountTriggers(question.view, rules, asked, AliveWhile(call)));
  Render(statistics.all, response->mutable_all());
  for (const auto& segment : statistics.segments) Render(segment, response->add_segments());
  std::set<std::string> subtypes;
  for (const auto& subtype : statistics.subtypes) {
    Render(subtype, response->add_subtypes());
    subtypes.insert(absl::AsciiStrToLower(subtype.subtype));
  }
  GTM_ASSIGN_OR_RETURN(
      const domain::InterviewAnswers answers,
      domain::CountInterviewAnswers(question.view, interviews, subtypes, asked.from(),
                                    question.as_of, AliveWhile(call)));
  for (const auto& answer : answers.answers) Render(answer, response->add_interview_answers());
  response->set_interview_count(answers.interview_count);
  const FiscalCalendar& calendar = question.view.settings().calendar;
  const absl::CivilDay end = calendar.DayOf(question.as_of) + 1;
  Render({end - 1 - asked.window_days, end}, response->mutable_days());
  FillProvenance(question, "triggers 2", request, response);
  return {};
}

Status TargetingHandler::GetMeetingYield(rpc::Call& call, const v1::GetMeetingYieldRequest& request,
                                         v1::GetMeetingYieldResponse* response) {
  Violations violations;
  domain::MeetingQuestion asked = MeetingQuestionOf(request, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  asked.as_of = question.as_of;
  GTM_ASSIGN_OR_RETURN(const domain::MeetingCounts counts,
                       domain::CountMeetings(question.view, asked, AliveWhile(call)));
  Render(counts, domain::MeetingCurve(counts, asked), response);
  FillProvenance(question, "meetings 1", request, response);
  return {};
}

}  // namespace gtm::targeting::handler
