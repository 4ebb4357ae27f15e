// Triggers, the simmer queue and meetings.

#include <charconv>

#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/simmer_queue.h"
#include "services/targeting/domain/trigger_statistics.h"
#include "services/targeting/domain/urgency.h"
#include "services/targeting/handler/answer_basis.h"
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

Status CheckAlive(const rpc::Call& call) {
  if (!call.is_cancelled()) return {};
  return Error(Reason::CANCELLED_BY_CALLER, "the caller cancelled");
}

Error BadToken() {
  return Error(Reason::PAGE_TOKEN_INVALID,
               "page_token: does not belong to this request; start again without it");
}

// Where a page ended and the instant that it held for, as "<day>:<as_of ns>:<id>".
struct PagePosition {
  domain::SimmerPosition simmer;
  int64_t as_of_ns = 0;
};

std::string PositionText(const PagePosition& position) {
  return fmt::format("{}:{}:{}", position.simmer.due_day - absl::CivilDay(), position.as_of_ns,
                     position.simmer.account_id);
}

Result<std::optional<PagePosition>> ParsePosition(const std::string& text) {
  if (text.empty()) return std::optional<PagePosition>();
  PagePosition position;
  int64_t day = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int64_t* number : {&day, &position.as_of_ns}) {
    const auto parsed = std::from_chars(at, end, *number);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') return BadToken();
    at = parsed.ptr + 1;
  }
  position.simmer.due_day = absl::CivilDay() + day;
  position.simmer.account_id.assign(at, end);
  return std::optional(position);
}

// The same instant on every page.
Result<type::v1::PointInTime> PointOf(const type::v1::PointInTime& asked,
                                      const std::optional<PagePosition>& position) {
  if (!position) return asked;
  type::v1::PointInTime point = asked;
  domain::SetTime(absl::FromUnixNanos(position->as_of_ns), point.mutable_as_of());
  const bool same = !asked.has_as_of() || (asked.as_of().seconds() == point.as_of().seconds() &&
                                           asked.as_of().nanos() == point.as_of().nanos());
  if (!same) return BadToken();
  return point;
}

}  // namespace

Status TargetingHandler::GetUrgency(rpc::Call& call, const v1::GetUrgencyRequest& request,
                                    v1::GetUrgencyResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  const domain::UrgencyRules rules = UrgencyRulesOf(request.rules(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
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
  const domain::UrgencyRules rules = UrgencyRulesOf(request.rules(), &violations);
  const domain::SimmerFilter filter = SimmerFilterOf(request, &violations);
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(const auto position, ParsePosition(token));
  GTM_ASSIGN_OR_RETURN(const auto point, PointOf(request.point(), position));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question, records_.Ask(call, point));
  const book::BookView& view = question.view;
  const domain::UrgencyReader reader(view, rules);
  const auto after = position ? std::optional(position->simmer) : std::nullopt;
  GTM_ASSIGN_OR_RETURN(const domain::SimmerPage page,
                       domain::ListSimmering(view, reader, question.as_of, filter, after, page_size,
                                             [&call] { return CheckAlive(call); }));
  for (const domain::Simmering& account : page.accounts) {
    Render(view, reader.Read(account.row, question.as_of), account, response->add_accounts());
  }
  if (page.more) {
    const domain::Simmering& last = page.accounts.back();
    response->set_next_page_token(
        MakePageToken(PositionText({{last.due_day, std::string(view.account(last.row).id)},
                                    absl::ToUnixNanos(question.as_of)}),
                      digest));
  }
  response->set_total_count(page.total_count);
  response->set_due_count(page.due_count);
  response->set_active_count(page.active_count);
  FillProvenance(question, "urgency 1", request, response);
  return {};
}

Status TargetingHandler::GetTriggerStatistics(rpc::Call& call,
                                              const v1::GetTriggerStatisticsRequest& request,
                                              v1::GetTriggerStatisticsResponse* response) {
  Violations violations;
  const domain::UrgencyRules rules = UrgencyRulesOf(request.rules(), &violations);
  domain::TriggerStatisticsQuestion asked = StatisticsQuestionOf(request, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  asked.as_of = question.as_of;
  GTM_ASSIGN_OR_RETURN(
      const domain::TriggerStatistics statistics,
      domain::CountTriggers(question.view, rules, asked, [&call] { return CheckAlive(call); }));
  Render(statistics.all, response->mutable_all());
  for (const auto& segment : statistics.segments) Render(segment, response->add_segments());
  const FiscalCalendar& calendar = question.view.settings().calendar;
  const absl::CivilDay end = calendar.DayOf(question.as_of) + 1;
  Render({end - 1 - asked.window_days, end}, response->mutable_days());
  FillProvenance(question, "triggers 1", request, response);
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
  GTM_ASSIGN_OR_RETURN(
      const domain::MeetingCounts counts,
      domain::CountMeetings(question.view, asked, [&call] { return CheckAlive(call); }));
  Render(counts, domain::MeetingCurve(counts, asked), response);
  FillProvenance(question, "meetings 1", request, response);
  return {};
}

}  // namespace gtm::targeting::handler
