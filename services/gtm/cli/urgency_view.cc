#include "services/gtm/cli/urgency_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;
using crm::v1::TriggerEvent;

std::string TypeText(TriggerEvent::Type type) {
  return EnumText(TriggerEvent::Type_Name(type), "TYPE_");
}

Cell VerdictCell(v1::TriggerVerdict verdict) {
  const std::string text = EnumText(v1::TriggerVerdict_Name(verdict), "TRIGGER_VERDICT_");
  switch (verdict) {
    case v1::TRIGGER_VERDICT_ACTIVE:
      return {text, Tone::kGood};
    case v1::TRIGGER_VERDICT_UNDECIDED:
      return {text, Tone::kWarn};
    default:
      return {text, Tone::kFaint};
  }
}

std::string ReasonText(v1::TriggerReason reason) {
  if (reason == v1::TRIGGER_REASON_UNSPECIFIED) return "";
  return EnumText(v1::TriggerReason_Name(reason), "TRIGGER_REASON_");
}

// The questions as a seller would ask them.
const char* QuestionText(int question) {
  switch (question) {
    case v1::URGENCY_QUESTION_WHY_NOW:
      return "why now?";
    case v1::URGENCY_QUESTION_AUTHORITY:
      return "can the person buy?";
    case v1::URGENCY_QUESTION_SOLVES_PROBLEM:
      return "do we solve the urgent problem?";
    case v1::URGENCY_QUESTION_DEADLINE:
      return "by when?";
    case v1::URGENCY_QUESTION_MERGER_SETTLED:
      return "has the merger settled?";
    case v1::URGENCY_QUESTION_BUDGET:
      return "is there a budget?";
    case v1::URGENCY_QUESTION_CONFIDENCE:
      return "are they confident?";
    case v1::URGENCY_QUESTION_CONSENSUS:
      return "do all agree?";
    case v1::URGENCY_QUESTION_URGENT_NEED:
      return "is the need urgent?";
    default:
      return "";
  }
}

template <class Questions>
std::string QuestionsText(const Questions& questions) {
  std::string text;
  for (const int question : questions) {
    text += (text.empty() ? "" : " ") + std::string(QuestionText(question));
  }
  return text;
}

std::string WakeText(const v1::WakeUpRule& rule) {
  const std::string day = DateText(rule.due_date());
  switch (rule.kind()) {
    case v1::WakeUpRule::KIND_ASK_WHY_NOW:
      return "ask why now";
    case v1::WakeUpRule::KIND_ANSWER_QUESTIONS:
      return fmt::format("answer the questions, open since {}", day);
    case v1::WakeUpRule::KIND_MERGER_SETTLES:
      return fmt::format("the merger settles; ask on {}", day);
    case v1::WakeUpRule::KIND_SETTLE_DATE:
      return fmt::format("the merger counts as settled on {}", day);
    default:
      return fmt::format("look again on {}", day);
  }
}

Cell StateCell(v1::UrgencyState state) {
  const std::string text = EnumText(v1::UrgencyState_Name(state), "URGENCY_STATE_");
  const Tone tone = state == v1::URGENCY_STATE_ACTIVE ? Tone::kGood
                    : state == v1::URGENCY_STATE_ASK  ? Tone::kWarn
                                                      : Tone::kFaint;
  return {text, tone};
}

const char* StateAdvice(v1::UrgencyState state) {
  switch (state) {
    case v1::URGENCY_STATE_ACTIVE:
      return "act: a trigger counts";
    case v1::URGENCY_STATE_ASK:
      return "simmer, and ask";
    default:
      return "simmer: an honest \"not now\"";
  }
}

Cell ConditionCell(const v1::BuyingCondition& condition) {
  if (!condition.has_met()) return {"?", "", Tone::kWarn};
  if (!condition.met()) return {"no", "false", Tone::kBad};
  return {condition.from_trigger() ? "yes (trigger)" : "yes", "true", Tone::kGood};
}

void PrintConditions(const v1::GetUrgencyResponse& answer, Printer* printer) {
  if (answer.opportunities().empty()) return;
  Table table{{{"open deal", "opportunity_id", Align::kLeft, true},
               {"budget", "budget"},
               {"authority", "authority"},
               {"confidence", "confidence"},
               {"consensus", "consensus"},
               {"urgent need", "urgent_need"},
               {"met", "met_count", Align::kRight},
               {"ask", "questions", Align::kLeft, true}},
              {}};
  for (const auto& deal : answer.opportunities()) {
    std::vector<Cell> row = {deal.opportunity_id()};
    for (const auto& condition : deal.conditions()) row.push_back(ConditionCell(condition));
    row.resize(6, Cell(""));
    row.emplace_back(fmt::format("{} of 5", deal.met_count()));
    row.emplace_back(QuestionsText(deal.questions()));
    table.rows.push_back(std::move(row));
  }
  printer->Blank();
  printer->Extra(table);
  for (const auto& deal : answer.opportunities()) {
    if (!deal.need_without_trigger()) continue;
    printer->Line(
        fmt::format("{} states an urgent need that no trigger bears out: found, or made up?",
                    deal.opportunity_id()));
  }
}

Cell EstimateCell(const type::v1::Estimate& estimate) {
  std::string text = EstimateText(estimate, true);
  if (estimate.sufficiency() == type::v1::SUFFICIENCY_NOT_ENOUGH_DATA) text += " ~";
  return {text, EstimatePlain(estimate, Bound::kValue)};
}

}  // namespace

void PrintUrgency(const v1::GetUrgencyResponse& answer, const std::string& account_name,
                  Printer* printer) {
  Table table{{{"trigger", "trigger_event_id", Align::kLeft, true},
               {"type", "type"},
               {"since", "start_time"},
               {"deadline", "deadline_date"},
               {"verdict", "verdict"},
               {"why", "reason", Align::kLeft, true},
               {"points", "micropoints", Align::kRight},
               {"ask", "questions", Align::kLeft, true}},
              {}};
  for (int i = 0; i < answer.triggers_size() && i < answer.urgency().parts_size(); ++i) {
    const v1::TriggerAssessment& trigger = answer.triggers(i);
    const int64_t points = answer.urgency().parts(i).micropoints();
    const std::string type =
        trigger.phase() == TriggerEvent::PHASE_UNSPECIFIED
            ? TypeText(trigger.type())
            : "merger, " + EnumText(TriggerEvent::Phase_Name(trigger.phase()), "PHASE_");
    table.rows.push_back(
        {trigger.trigger_event_id().empty() ? "leadership change" : trigger.trigger_event_id(),
         Cell(type, TypeText(trigger.type())), TimeText(trigger.start_time()).substr(0, 10),
         trigger.has_deadline_date() ? DateText(trigger.deadline_date()) : "",
         VerdictCell(trigger.verdict()), ReasonText(trigger.reason()),
         Cell(Points(points), std::to_string(points)), QuestionsText(trigger.questions())});
  }
  const auto& score = answer.urgency();
  const std::string range =
      score.high_micropoints() == score.low_micropoints()
          ? ""
          : fmt::format(" (to {} with every answer a yes)", Points(score.high_micropoints()));
  printer->Heading(fmt::format("{}{}: urgency {}{}; {}", answer.account_id(),
                               account_name.empty() ? "" : " (" + account_name + ")",
                               Points(score.micropoints()), range, StateAdvice(answer.state())));
  printer->Main(table);
  if (!answer.why_now_asked() && answer.triggers().empty()) {
    printer->Line("nobody has asked why now");
  }
  if (!answer.not_now_reason().empty()) printer->Paragraph("not now: ", answer.not_now_reason());
  for (const auto& rule : answer.wake_up_rules()) printer->Line("wakes: " + WakeText(rule));
  PrintConditions(answer, printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintSimmering(const v1::ListSimmeringResponse& answer, const Names& account_names,
                    Printer* printer) {
  Table table{{{"account", "account_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"due", "due_date"},
               {"", "due", Align::kLeft, false, Shown::kInCsv},
               {"state", "state"},
               {"wakes", "wake_up_kind", Align::kLeft, true},
               {"why it simmers", "reason", Align::kLeft, true},
               {"ask", "questions", Align::kLeft, true},
               {"deals", "open_opportunity_count", Align::kRight},
               {"could be", "high_micropoints", Align::kRight},
               {"why not now", "not_now_reason", Align::kLeft, true}},
              {}};
  for (const auto& account : answer.accounts()) {
    const auto& rule = account.wake_up_rule();
    table.rows.push_back(
        {account.account_id(), NameOf(account_names, account.account_id()),
         Cell(DateText(rule.due_date()), account.due() ? Tone::kWarn : Tone::kPlain),
         account.due() ? "true" : "false", StateCell(account.state()),
         Cell(WakeText(rule), EnumText(v1::WakeUpRule::Kind_Name(rule.kind()), "KIND_")),
         Cell(account.reason() == v1::TRIGGER_REASON_UNSPECIFIED ? "no trigger"
                                                                 : ReasonText(account.reason()),
              ReasonText(account.reason())),
         QuestionsText(account.questions()),
         Cell(account.open_opportunity_count() == 0
                  ? ""
                  : std::to_string(account.open_opportunity_count()),
              std::to_string(account.open_opportunity_count())),
         Cell(Points(account.high_micropoints()), std::to_string(account.high_micropoints())),
         account.not_now_reason()});
  }
  printer->Heading(fmt::format(
      "Simmering: {} accounts, {} of them due, {} overdue; {} have a trigger that counts",
      Thousands(answer.total_count()), Thousands(answer.due_count()),
      Thousands(answer.overdue_count()), Thousands(answer.active_count())));
  printer->Main(table);
  printer->Line(ProvenanceText(answer.provenance()));
}

namespace {

Table SubtypesTable(const v1::GetTriggerStatisticsResponse& answer) {
  Table table{{{"sub-type", "subtype", Align::kLeft, true},
               {"type", "type", Align::kLeft},
               {"triggers", "event_count", Align::kRight},
               {"false", "false_count", Align::kRight},
               {"won with one", "win_rate", Align::kRight}},
              {}};
  for (const auto& subtype : answer.subtypes()) {
    table.rows.push_back({subtype.subtype().empty() ? "(none)" : subtype.subtype(),
                          TypeText(subtype.type()), Thousands(subtype.event_count()),
                          Thousands(subtype.false_count()), EstimateCell(subtype.win_rate())});
  }
  return table;
}

Table AnswersTable(const v1::GetTriggerStatisticsResponse& answer) {
  Table table{{{"question", "question", Align::kLeft},
               {"answer", "answer", Align::kLeft, true},
               {"customers", "customer_count", Align::kRight},
               {"lost", "lost_count", Align::kRight},
               {"others", "other_count", Align::kRight},
               {"sub-type", "subtype_known", Align::kLeft}},
              {}};
  for (const auto& said : answer.interview_answers()) {
    table.rows.push_back({said.question(), said.answer(), Thousands(said.customer_count()),
                          Thousands(said.lost_count()), Thousands(said.other_count()),
                          said.subtype_known() ? "yes" : "not yet"});
  }
  return table;
}

}  // namespace

void PrintTriggerStatistics(const v1::GetTriggerStatisticsResponse& answer, Printer* printer) {
  Table table{{{"segment", "segment", Align::kLeft, true},
               {"accounts", "account_count", Align::kRight},
               {"shifts", "authority_shift_count", Align::kRight},
               {"mandates", "mandate_count", Align::kRight},
               {"drive", "personal_drive_count", Align::kRight},
               {"false", "false_count", Align::kRight},
               {"won with one", "win_rate_with", Align::kRight},
               {"without", "win_rate_without", Align::kRight},
               {"difference", "difference", Align::kRight},
               {"", "difference_low", Align::kRight, false, Shown::kInCsv},
               {"", "difference_high", Align::kRight, false, Shown::kInCsv},
               {"shows", "effect", Align::kLeft, true}},
              {}};
  const auto add = [&table](const v1::SegmentTriggers& segment, const std::string& name) {
    int64_t false_count = 0;
    std::vector<Cell> row = {
        name, Cell(Thousands(segment.account_count()), std::to_string(segment.account_count()))};
    for (const auto& type : segment.types()) {
      false_count += type.false_count();
      row.emplace_back(Thousands(type.event_count()), std::to_string(type.event_count()));
    }
    row.resize(5, Cell("0"));
    row.emplace_back(Thousands(false_count), std::to_string(false_count));
    row.push_back(EstimateCell(segment.win_rate_with()));
    row.push_back(EstimateCell(segment.win_rate_without()));
    row.push_back(EstimateCell(segment.difference()));
    row.emplace_back(EstimatePlain(segment.difference(), Bound::kLow));
    row.emplace_back(EstimatePlain(segment.difference(), Bound::kHigh));
    const bool shown = segment.effect() == v1::TRIGGER_EFFECT_MORE_WINS;
    row.emplace_back(EnumText(v1::TriggerEffect_Name(segment.effect()), "TRIGGER_EFFECT_"),
                     shown ? Tone::kGood : Tone::kPlain);
    table.rows.push_back(std::move(row));
  };
  for (const auto& segment : answer.segments()) {
    add(segment, segment.segment().empty() ? "(none)" : segment.segment());
  }
  add(answer.all(), "all");
  printer->Heading(
      fmt::format("Triggers {}, and deals that qualified then", RangeText(answer.days())));
  printer->Main(table);
  printer->Line(
      "with one: a trigger was active when the deal qualified; ~ not enough data; "
      "correlation, never cause");
  if (!answer.subtypes().empty()) {
    printer->Blank();
    printer->Heading("Your own sub-types");
    printer->Extra(SubtypesTable(answer));
  }
  if (answer.interview_count() > 0) {
    printer->Blank();
    printer->Heading(fmt::format("What {} interviews say, where two accounts or more agree",
                                 Thousands(answer.interview_count())));
    printer->Extra(AnswersTable(answer));
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintMeetingYield(const v1::GetMeetingYieldResponse& answer, const Names& seller_names,
                       Printer* printer) {
  Table table{{{"seller", "seller_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"new meetings", "meeting_count", Align::kRight},
               {"deals", "opportunity_count", Align::kRight},
               {"a meeting", "average_yield", Align::kRight},
               {"more meetings", "extra_meetings", Align::kRight},
               {"more deals", "extra_opportunities", Align::kRight},
               {"an extra meeting", "marginal_yield", Align::kRight},
               {"", "marginal_yield_low", Align::kRight, false, Shown::kInCsv},
               {"", "marginal_yield_high", Align::kRight, false, Shown::kInCsv},
               {"advice", "advice", Align::kLeft, true},
               {"avoidable", "avoidable_meeting_count", Align::kRight}},
              {}};
  for (const auto& seller : answer.sellers()) {
    const bool compared = seller.compared_seller_count() > 0;
    const std::string advice = EnumText(v1::MeetingAdvice_Name(seller.advice()), "MEETING_ADVICE_");
    table.rows.push_back(
        {seller.seller_id(), NameOf(seller_names, seller.seller_id()),
         Cell(Thousands(seller.meeting_count()), std::to_string(seller.meeting_count())),
         Cell(Thousands(seller.opportunity_count()), std::to_string(seller.opportunity_count())),
         EstimateCell(seller.average_yield()),
         compared ? Cell(Fixed(seller.extra_meetings(), 1)) : Cell(""),
         compared ? Cell(Fixed(seller.extra_opportunities(), 1)) : Cell(""),
         EstimateCell(seller.marginal_yield()), EstimatePlain(seller.marginal_yield(), Bound::kLow),
         EstimatePlain(seller.marginal_yield(), Bound::kHigh),
         Cell(
             (compared ? advice : "fewest meetings") +
                 std::string(seller.overloaded() ? ", too many a week" : ""),
             advice,
             seller.advice() == v1::MEETING_ADVICE_DISQUALIFY_EARLIER ? Tone::kWarn : Tone::kPlain),
         Cell(seller.avoidable_meeting_count() == 0 ? ""
                                                    : Thousands(seller.avoidable_meeting_count()),
              std::to_string(seller.avoidable_meeting_count()))});
  }
  printer->Heading(fmt::format("New meetings {}: {} deals a meeting", RangeText(answer.days()),
                               EstimateText(answer.average_yield(), true)));
  printer->Main(table);
  printer->Line("more: than the mean of sellers with fewer new meetings; ~ not enough data");
  if (answer.owner_attributed_count() > 0 || answer.unattributed_count() > 0) {
    printer->Line(fmt::format(
        "{} meetings name no seller and count for the account's owner; {} are left out",
        Thousands(answer.owner_attributed_count()), Thousands(answer.unattributed_count())));
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
