// Replay of a definition over history.

#include "services/targeting/domain/replay.h"

#include <algorithm>
#include <map>

#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/spend_share.h"
#include "services/targeting/domain/values_text.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/compiled_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using Request = v1::ReplayTargetDefinitionRequest;
using Response = v1::ReplayTargetDefinitionResponse;
using Message = std::shared_ptr<const v1::TargetDefinition>;

constexpr int kMovedDefault = 20;
constexpr int kMovedMax = 1'000;
constexpr int kDifferentIdsMax = 100;

// What is tried, and, by the time, what it is compared with. Keeps what is compiled.
class Definitions {
 public:
  Definitions(CompiledDefinitions& cache, const records_client::Question& question)
      : cache_(cache), question_(question) {}

  Result<const CompiledDefinition*> Compile(const Message& message) {
    const auto found = compiled_.find(message.get());
    if (found != compiled_.end()) return found->second.get();
    GTM_ASSIGN_OR_RETURN(auto compiled, cache_.Of(message, question_.view.settings().calendar));
    return (compiled_[message.get()] = std::move(compiled)).get();
  }

  // Compiles all that were ever in force, so that asking cannot fail.
  Status CompileHistory() {
    for (const Message& message : question_.view.target_definitions()) {
      if (!message->has_activate_time()) continue;
      GTM_ASSIGN_OR_RETURN(const CompiledDefinition* compiled, Compile(message));
      history_.emplace_back(message, compiled);
    }
    return {};
  }
  const domain::Definition* InForceAt(absl::Time time) const {
    for (const auto& [message, compiled] : history_) {
      if (domain::IsInForceAt(*message, time)) return &compiled->definition;
    }
    return nullptr;
  }

 private:
  CompiledDefinitions& cache_;
  const records_client::Question& question_;
  std::map<const v1::TargetDefinition*, std::shared_ptr<const CompiledDefinition>> compiled_;
  std::vector<std::pair<Message, const CompiledDefinition*>> history_;
};

// The days asked for; the year that ends with today where none are.
Result<DayRange> HistoryDays(const Request& request, absl::CivilDay today) {
  if (!request.has_days()) {
    return DayRange{absl::CivilDay(today.year() - 1, today.month(), today.day()) + 1, today + 1};
  }
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(request.days()));
  if (days.start <= today) return days;
  return InvalidField("days.start_date", "after as_of; there is no history to replay yet");
}

// The first day of the step after the one that holds `day`.
absl::CivilDay NextStep(Request::Step step, const FiscalCalendar& calendar, absl::CivilDay day) {
  if (step == Request::STEP_WEEK) {
    return absl::NextWeekday(day, absl::Weekday::monday);
  }
  if (step == Request::STEP_QUARTER) {
    return calendar.DaysOf(calendar.PeriodOf(day, PeriodUnit::kQuarter)).end;
  }
  return absl::CivilDay(absl::CivilMonth(day) + 1);
}

Result<std::vector<absl::Time>> InstantsOf(const Request& request, const DayRange& days,
                                           const FiscalCalendar& calendar, absl::Time as_of) {
  std::vector<absl::Time> instants;
  for (absl::CivilDay day = days.start;;) {
    day = std::min(NextStep(request.step(), calendar, day), days.end);
    const absl::Time end = calendar.StartOf(day) - absl::Nanoseconds(1);
    instants.push_back(std::min(end, as_of));
    if (day >= days.end || end >= as_of) return instants;
    if (instants.size() == domain::kReplayInstantsMax) {
      return InvalidField("days", fmt::format("more than {} steps; use fewer days or longer steps",
                                              domain::kReplayInstantsMax));
    }
  }
}

void Render(const domain::ReplayCounts& counts, Response::Counts* out) {
  const auto of = [&](domain::Verdict verdict) {
    return counts.verdicts[static_cast<size_t>(verdict)];
  };
  out->set_target_count(of(domain::Verdict::kTarget));
  out->set_not_target_count(of(domain::Verdict::kNotTarget));
  out->set_undecided_count(of(domain::Verdict::kUndecided));
  out->set_prospect_count(counts.prospect_count);
}

void Render(const domain::ReplayOutcomes& outcomes, Currency currency, Response::Outcomes* out) {
  out->set_handover_count(outcomes.handover_count);
  *out->mutable_acceptance() = stats::RateEstimate(
      outcomes.accepted_count, outcomes.accepted_count + outcomes.rejected_count);
  out->set_opportunity_count(outcomes.opportunity_count);
  *out->mutable_win_rate() =
      stats::RateEstimate(outcomes.won_count, outcomes.won_count + outcomes.lost_count);
  *out->mutable_won_amount() = RenderMoney(outcomes.won_micros, currency);
}

void Render(const domain::ReplaySideOutcomes& outcomes, const Money& spend,
            Response::SideOutcomes* out) {
  Render(outcomes.targets, spend.currency, out->mutable_targets());
  Render(outcomes.others, spend.currency, out->mutable_others());
  out->set_prospect_account_count(outcomes.prospect_account_count);
  if (outcomes.prospect_account_count == 0) return;
  *out->mutable_cost_per_prospect() =
      RenderMoney(spend.micros / outcomes.prospect_account_count, spend.currency);
}

void Render(const domain::Replay& replay, bool has_baseline, const book::BookView& view,
            Response* response) {
  for (const domain::ReplayStep& step : replay.steps) {
    Response::Instant* out = response->add_instants();
    domain::SetTime(step.as_of, out->mutable_as_of());
    out->set_account_count(step.account_count);
    Render(step.sides[domain::kDraft], out->mutable_tried());
    if (step.sides[domain::kBaseline] != domain::ReplayCounts{} || has_baseline) {
      Render(step.sides[domain::kBaseline], out->mutable_baseline());
    }
    out->set_entering_count(step.entering_count);
    out->set_leaving_count(step.leaving_count);
  }
  const auto add = [&](const domain::MovedAccount& moved, Response::MovedAccount* out) {
    out->set_account_id(std::string(view.account(moved.row).id));
    out->set_tried_fit_micropoints(moved.fit_micropoints[domain::kDraft].value_or(0));
    const auto baseline = moved.fit_micropoints[domain::kBaseline];
    if (baseline) out->set_baseline_fit_micropoints(*baseline);
  };
  for (const auto& moved : replay.entering) add(moved, response->add_entering());
  for (const auto& moved : replay.leaving) add(moved, response->add_leaving());
}

// Scores that were stored with hand-overs under this definition, computed again.
void CheckStored(const CompiledDefinition& compiled, const records_client::Question& question,
                 const DayRange& days, Response::StoredDecisions* out) {
  const FiscalCalendar& calendar = question.view.settings().calendar;
  int64_t count = 0, equal = 0, changed = 0;
  for (const auto& handover : question.view.handovers()) {
    const absl::Time time = domain::TimeOf(handover->handover_time());
    if (handover->definition_id() != compiled.message->id() || !handover->has_fit_micropoints() ||
        time > question.as_of || !days.contains(calendar.DayOf(time))) {
      continue;
    }
    ++count;
    const auto row = question.view.FindAccount(handover->account_id());
    if (!row || !question.view.is_live(*row)) {
      ++changed;
      continue;
    }
    domain::AccountScorer scorer(compiled.definition, question.view, time, row);
    std::string inputs;
    scorer.AppendInputs(*row, &inputs);
    if (compiled.HashInputs(time, inputs) != handover->input_sha256()) {
      ++changed;
      continue;
    }
    const domain::AccountScore score = scorer.Score(*row);
    if (score.fit.micropoints == handover->fit_micropoints() &&
        score.priority.micropoints == handover->priority_micropoints()) {
      ++equal;
    } else if (out->different_handover_ids_size() < kDifferentIdsMax) {
      out->add_different_handover_ids(handover->id());
    }
  }
  out->set_handover_count(count);
  out->set_equal_count(equal);
  out->set_changed_facts_count(changed);
}

Status Check(const Request& request) {
  Violations violations;
  violations.CheckId("baseline_definition_id", request.baseline_definition_id(), false);
  switch (request.tried_case()) {
    case Request::kDefinitionId:
      violations.CheckId("definition_id", request.definition_id());
      break;
    case Request::kDefinition:
      break;
    case Request::TRIED_NOT_SET:
      violations.Add("tried", "required: set definition_id or definition");
  }
  if (!Request::Step_IsValid(request.step())) violations.Add("step", "unknown; use STEP_MONTH");
  if (request.moved_account_count() < 0) {
    violations.Add("moved_account_count", "must not be negative; 0 means 20");
  }
  return std::move(violations).ToStatus();
}

size_t MovedMax(const Request& request) {
  if (request.moved_account_count() == 0) return kMovedDefault;
  return static_cast<size_t>(std::min(request.moved_account_count(), kMovedMax));
}

}  // namespace

Status TargetingHandler::ReplayTargetDefinition(rpc::Call& call, const Request& request,
                                                Response* response) {
  GTM_RETURN_IF_ERROR(Check(request));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const book::BookView& view = question.view;
  const FiscalCalendar& calendar = view.settings().calendar;
  GTM_ASSIGN_OR_RETURN(const DayRange days, HistoryDays(request, calendar.DayOf(question.as_of)));
  Definitions definitions(definitions_, question);
  Message tried;
  std::shared_ptr<const CompiledDefinition> unstored;
  const CompiledDefinition* compiled = nullptr;
  if (request.has_definition()) {
    GTM_RETURN_IF_ERROR(CheckContent(request.definition(), true));
    tried = std::make_shared<const v1::TargetDefinition>(request.definition());
    GTM_ASSIGN_OR_RETURN(unstored, CompileForScoring(tried, calendar));
    compiled = unstored.get();
  } else {
    GTM_ASSIGN_OR_RETURN(tried, ChooseDefinition(question, request.definition_id()));
    GTM_ASSIGN_OR_RETURN(compiled, definitions.Compile(tried));
  }
  domain::ReplayQuestion replay;
  replay.draft = &compiled->definition;
  replay.days = days;
  replay.as_of = question.as_of;
  replay.moved_max = MovedMax(request);
  const bool is_named = !request.baseline_definition_id().empty();
  if (is_named) {
    GTM_ASSIGN_OR_RETURN(const Message named,
                         ChooseDefinition(question, request.baseline_definition_id()));
    GTM_ASSIGN_OR_RETURN(const CompiledDefinition* const baseline, definitions.Compile(named));
    replay.baseline = [baseline](absl::Time) { return &baseline->definition; };
  } else {
    GTM_RETURN_IF_ERROR(definitions.CompileHistory());
    replay.baseline = [&definitions](absl::Time time) { return definitions.InForceAt(time); };
  }
  GTM_ASSIGN_OR_RETURN(replay.instants, InstantsOf(request, days, calendar, question.as_of));
  GTM_ASSIGN_OR_RETURN(const domain::Replay result,
                       domain::ReplayDefinition(replay, view, AliveWhile(call)));
  Money spend{0, view.settings().reporting_currency};
  for (const auto& one : view.spends()) {
    GTM_ASSIGN_OR_RETURN(const int64_t micros, domain::SpendMicrosOn(*one, days, view));
    GTM_ASSIGN_OR_RETURN(spend.micros, AddMicros(spend.micros, micros));
  }
  Render(result, is_named, view, response);
  Render(result.outcomes[domain::kDraft], spend, response->mutable_tried());
  Render(result.outcomes[domain::kBaseline], spend, response->mutable_baseline());
  *response->mutable_spend() = RenderMoney(spend.micros, spend.currency);
  *response->mutable_days() = RenderDays(days);
  if (!request.has_definition()) {
    CheckStored(*compiled, question, days, response->mutable_stored_decisions());
  }
  Sha256 hash;
  hash.UpdateText("replay 1").UpdateText(CanonicalBytes(*response));
  *response->mutable_provenance() = RenderProvenance(question, tried.get(), hash.HexDigest());
  return {};
}

}  // namespace gtm::targeting::handler
