#pragma once
// A question with the definition that says what a target is, and, where it is about the market,
// the days whose touches count.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "services/targeting/domain/activity.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/buying_group.h"
#include "services/targeting/handler/compiled_definition.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"

namespace gtm::targeting::handler {

inline constexpr int kReachDays = 90;       // days that end with as_of, unless asked otherwise
inline constexpr int kSpanDaysMax = 3'660;  // of any span asked for

struct MarketQuestion {
  records_client::Question question;
  std::shared_ptr<const CompiledDefinition> compiled;

  const book::BookView& view() const { return question.view; }
  const domain::Definition& definition() const { return compiled->definition; }
  const FiscalCalendar& calendar() const { return question.view.settings().calendar; }
  domain::TimeSpan SpanOf(const DayRange& days) const {
    return domain::SpanOf(days, calendar(), question.as_of);
  }
  bool is_review_overdue() const { return question.as_of >= compiled->review_due_time; }
  // What an answer was computed with.
  v1::DefinitionUsed Used() const;
  // What an answer rests on; `inputs` is hashed with definition and instant.
  type::v1::Provenance Basis(std::string_view inputs) const;
};

// Errors: INVALID_FIELDS ("definition_id"), NO_ACTIVE_DEFINITION, RECORD_NOT_FOUND, and those of
// Records::Ask.
Result<MarketQuestion> AskMarket(records_client::Records& records, CompiledDefinitions& definitions,
                                 const rpc::Call& call, const type::v1::PointInTime& point,
                                 const std::string& definition_id);

// The same, of a list that is asked for page by page: later pages hold for the instant of the
// first.
struct PageQuestion {
  MarketQuestion asked;
  std::string digest;                    // of the request
  std::optional<PagePosition> position;  // where the page before ended; none for the first

  // What the next page begins after.
  std::string TokenAfter(int64_t order, const std::string& id) const;
  // What an answer rests on: definition, instant, revision and filters.
  std::string Inputs() const { return asked.view().revision() + digest; }
};

// Of any request that has point, definition_id and page_token. Errors: PAGE_TOKEN_INVALID, and
// those of AskMarket.
template <class Request>
Result<PageQuestion> AskPage(records_client::Records& records, CompiledDefinitions& definitions,
                             const rpc::Call& call, const Request& request) {
  std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(auto position, ParsePosition(token));
  GTM_ASSIGN_OR_RETURN(const auto point, PointOf(request.point(), position));
  GTM_ASSIGN_OR_RETURN(MarketQuestion asked,
                       AskMarket(records, definitions, call, point, request.definition_id()));
  return PageQuestion{std::move(asked), std::move(digest), std::move(position)};
}

// So many days that end with the day of as_of.
DayRange DaysUntil(absl::Time as_of, const FiscalCalendar& calendar, int day_count);
// Errors: INVALID_FIELDS where there are more than kSpanDaysMax.
Result<DayRange> CheckSpan(const DayRange& days);

// The span of any request that has `period` and `days`.
template <class Request>
Result<DayRange> SpanDaysOf(const Request& request, const FiscalCalendar& calendar,
                            const DayRange& otherwise) {
  if (request.has_period()) return DaysOf(request.period(), calendar);
  if (!request.has_days()) return otherwise;
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(request.days()));
  return CheckSpan(days);
}

// What `grouping` asks for; channels where it does not say. Any other number is a violation.
domain::ActivityGrouping GroupingOf(v1::ActivityGrouping grouping, Violations* violations);

// The rule with its defaults filled in; what is out of range is a violation of "group_rule".
domain::GroupRule GroupRuleOf(const v1::BuyingGroupRule& rule, const book::Settings& settings,
                              Violations* violations);

}  // namespace gtm::targeting::handler
