// InterrogatePipeline.

#include <algorithm>

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/page_token.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/interrogation.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_evidence.h"
#include "services/forecasting/handler/decisions.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/period.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"
#include "services/forecasting/handler/render_interrogation.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using records_client::Question;

constexpr int kDaysMax = 365;
constexpr int kPushCountMax = 100;

struct Asked {
  domain::Selection selection;
  std::optional<FiscalPeriod> period;
  ShownWarnings shown;
  domain::InterrogationRules rules;
  std::string opportunity_id;
  size_t page_size = 0;
};

// 0 leaves the default.
void ParseRule(const char* field, int32_t asked, int max, int* value, Violations* violations) {
  if (asked < 0 || asked > max) {
    violations->Add(fmt::format("rules.{}", field),
                    fmt::format("must be 1 to {}, or 0 for the default", max));
  } else if (asked > 0) {
    *value = asked;
  }
}

Result<Asked> Parse(const v1::InterrogatePipelineRequest& request) {
  Violations violations;
  Asked asked;
  asked.selection = SelectionOf(request.selection(), "selection", &violations);
  if (request.has_period()) asked.period = PeriodOf("period", request.period(), &violations);
  if (request.warning_types_size() > domain::kDealWarningTypeCount) {
    violations.Add("warning_types",
                   fmt::format("at most {} are allowed", domain::kDealWarningTypeCount));
  }
  for (int i = 0; i < request.warning_types_size(); ++i) {
    const int type = request.warning_types(i);
    if (type < 1 || type > domain::kDealWarningTypeCount) {
      violations.Add(fmt::format("warning_types[{}]", i), "must be a type of DealWarning");
      break;
    }
    asked.shown.types.push_back(static_cast<domain::DealWarningType>(type));
  }
  if (request.severity_min() < 0 || request.severity_min() > v1::DealWarning::SEVERITY_HIGH) {
    violations.Add("severity_min", "must be SEVERITY_INFO, _LOW, _MEDIUM or _HIGH");
  } else if (request.severity_min() != v1::DealWarning::SEVERITY_UNSPECIFIED) {
    asked.shown.severity_min = static_cast<domain::Severity>(request.severity_min());
  }
  violations.CheckText("opportunity_id", request.opportunity_id(), kIdBytesMax);
  asked.opportunity_id = request.opportunity_id();
  const auto& rules = request.rules();
  ParseRule("quiet_days", rules.quiet_days(), kDaysMax, &asked.rules.quiet_days, &violations);
  ParseRule("push_count", rules.push_count(), kPushCountMax, &asked.rules.push_count, &violations);
  ParseRule("late_days", rules.late_days(), kDaysMax, &asked.rules.late_days, &violations);
  ParseRule("overdue_high_days", rules.overdue_high_days(), kDaysMax,
            &asked.rules.overdue_high_days, &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(asked.page_size, PageSize(request.page_size()));
  return asked;
}

// A text that rises in the order of the answer: most at stake first, then id.
std::string KeyOf(const DealTable& table, const domain::InterrogatedDeal& deal) {
  const auto at_stake = static_cast<uint64_t>(std::max<int64_t>(0, deal.chance.expected_micros));
  return fmt::format("{:020}{}", static_cast<uint64_t>(INT64_MAX) - at_stake,
                     table.deals[deal.chance.deal].id);
}

// The opportunities that were asked for, in the order of the answer.
std::vector<const domain::InterrogatedDeal*> Choose(const DealTable& table, const Asked& asked,
                                                    const domain::Interrogation& all) {
  std::vector<const domain::InterrogatedDeal*> chosen;
  for (const domain::InterrogatedDeal& deal : all.deals) {
    if (!asked.opportunity_id.empty() && table.deals[deal.chance.deal].id != asked.opportunity_id) {
      continue;
    }
    const bool is_shown =
        asked.shown.is_everything() ||
        std::any_of(deal.warnings.begin(), deal.warnings.end(),
                    [&](const auto& warning) { return asked.shown.Shows(warning); });
    if (is_shown) chosen.push_back(&deal);
  }
  return chosen;
}

bool Holds(const DealTable& table, const domain::Interrogation& all, const std::string& id) {
  return std::any_of(all.deals.begin(), all.deals.end(),
                     [&](const auto& deal) { return table.deals[deal.chance.deal].id == id; });
}

Status AddCoaching(const rpc::Call& call, const Question& question, const DealTable& now,
                   const domain::InterrogationRules& rules,
                   v1::InterrogatePipelineResponse* response) {
  const domain::PastAt past_at = [&](absl::Time as_of) -> Result<domain::PastView> {
    GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
    domain::PastView past;
    GTM_ASSIGN_OR_RETURN(past.table, domain::DealsAt(question.view, as_of));
    past.facts = domain::ReadEvidence(question.view, past.table);
    return past;
  };
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::CoachingEffect> effects,
                       domain::MeasureCoaching(now, past_at, rules));
  RenderCoaching(effects, response);
  return {};
}

}  // namespace

Status ForecastingHandler::InterrogatePipeline(rpc::Call& call,
                                               const v1::InterrogatePipelineRequest& request,
                                               v1::InterrogatePipelineResponse* response) {
  GTM_ASSIGN_OR_RETURN(const Asked asked, Parse(request));
  v1::InterrogatePipelineRequest arguments = request;
  arguments.clear_page_size();
  arguments.clear_page_token();
  const std::string bound = CanonicalBytes(arguments);
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), bound));
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question.view, question.as_of));
  const FiscalPeriod period = PeriodAt(table, asked.period);
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(table, period));
  const domain::Model learned = domain::LearnModel(table);
  const domain::PeriodForecast forecast =
      domain::ForecastPeriod(table, domain::Blend(table, learned, period), days, asked.selection,
                             domain::Detail::kBookings);
  const domain::PipelineFacts facts = domain::ReadEvidence(question.view, table);
  const domain::Interrogation all =
      domain::Interrogate(table, facts, forecast.chances, asked.selection, asked.rules);
  if (!asked.opportunity_id.empty() && !Holds(table, all, asked.opportunity_id)) {
    return Error(Reason::RECORD_NOT_FOUND,
                 fmt::format("opportunity {}: not among the selected opportunities in pipeline",
                             asked.opportunity_id))
        .With("kind", "opportunity")
        .With("id", asked.opportunity_id);
  }
  const auto chosen = Choose(table, asked, all);
  const auto key = [&](const domain::InterrogatedDeal& deal) { return KeyOf(table, deal); };
  const Page page = PageAfter(chosen, key, after, asked.page_size);
  for (size_t i = page.begin; i < page.end; ++i) {
    RenderDeal(table, facts, *chosen[i], asked.shown, response->add_deals());
  }
  if (page.end < chosen.size()) {
    response->set_next_page_token(EncodePageToken(key(*chosen[page.end - 1]), bound));
  }
  RenderWhole(all, table.currency, response);
  RenderWins(table, facts, all, response);
  if (request.with_coaching()) {
    GTM_RETURN_IF_ERROR(AddCoaching(call, question, table, asked.rules, response));
  }
  *response->mutable_period() = ToProto(period);
  response->set_sufficiency(table.deals.empty() ? type::v1::SUFFICIENCY_NO_DATA
                            : domain::HasEnoughHistory(learned.close)
                                ? type::v1::SUFFICIENCY_ENOUGH
                                : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  // The evidence and the whole question are inputs, too.
  RenderProvenance(question, table, days, asked.selection, std::nullopt,
                   fmt::format("interrogate {} {}", domain::HashOf(facts), CanonicalBytes(request)),
                   response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
