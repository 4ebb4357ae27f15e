// Warnings about what a purchase needs and the questions behind it: FC-12, FC-17 to FC-19,
// UR-10, and about the record itself.

#include "fmt/format.h"
#include "services/forecasting/domain/deal_warnings.h"

namespace gtm::forecasting::domain {
namespace {

// A gate that every purchase passes: negotiation, legal and security review.
struct Gate {
  EvidenceKind kind;
  DealWarningType type;
  const char* rule;
  const char* what;    // "no legal review has started"
  const char* action;  // imperative
  const char* clears;
  bool is_early;  // nudge as early as possible (FC-19), not only late
};
constexpr Gate kGates[] = {
    {EvidenceKind::kNegotiation, DealWarningType::kNoNegotiation, "FC-17",
     "the buyer has asked nothing about discount, services or support",
     "Ask what the purchase must look like to be signed: price, services, support",
     "the buyer asks about discount, services or support", false},
    {EvidenceKind::kLegalReview, DealWarningType::kNoLegalReview, "FC-18",
     "no legal review has started", "Send the contract and ask who in legal reads it, by when",
     "the buyer's lawyers read the contract", true},
    {EvidenceKind::kSecurityReview, DealWarningType::kNoSecurityReview, "FC-18",
     "no security review has started",
     "Offer the SOC 2 report and ask who in security reviews it, by when",
     "the buyer asks for the SOC 2 report or reviews security", true},
};

void WarnOfGate(const DealCase& c, const Gate& gate, WarningList* list) {
  if (c.facts.touch_count == 0 || c.deal.account < 0 || !c.is_past_first()) return;
  const EvidenceState state = c.evidence.at(gate.kind).state;
  if (state == EvidenceState::kFound) return;
  const bool is_late = c.is_late();
  if (!is_late && !gate.is_early) return;
  Severity severity = c.deal.in_contract ? Severity::kHigh
                      : is_late          ? Severity::kMedium
                                         : Severity::kLow;
  std::string message =
      fmt::format("{} at stage {} of {}", gate.what, c.deal.stage_number, c.facts.stage_count);
  if (state == EvidenceState::kNotRecorded) {
    // Nobody's deal has one: not recorded, perhaps, rather than not done.
    if (!is_late) return;
    severity = Severity::kInfo;
    message += ", or none is ever recorded: no deal has one";
  }
  list->Add(
      gate.type, severity, is_late ? gate.rule : "FC-19", std::move(message),
      is_late ? gate.action : fmt::format("{}: the earlier, the less it delays", gate.action),
      {.type = ClearType::kBuyerTouches, .text = gate.clears, .count = 1, .evidence = gate.kind},
      {gate.kind});
}

void WarnOfUrgency(const DealCase& c, WarningList* list) {
  const EvidenceState state = c.evidence.at(EvidenceKind::kUrgency).state;
  if (!c.is_past_first()) return;
  if (state != EvidenceState::kDenied && state != EvidenceState::kMissing) return;
  const bool is_denied = state == EvidenceState::kDenied;
  list->Add(DealWarningType::kNoUrgency, is_denied ? Severity::kMedium : Severity::kLow, "FC-12",
            is_denied ? "the need is not urgent, by the deal's own record"
                      : fmt::format("no reason to act now is known: no urgent need, no trigger "
                                    "event in {} days, no answer to why now",
                                    kTriggerDays),
            "Ask why now: a new boss, a mandate with a date, or somebody's own plan",
            {.type = ClearType::kAnswersYes,
             .text = "an urgent need, a trigger event or an answer to why now is recorded",
             .count = 1,
             .evidence = EvidenceKind::kUrgency},
            {EvidenceKind::kUrgency});
}

struct Condition {
  EvidenceKind kind;
  const char* name;
};
constexpr Condition kConditions[] = {{EvidenceKind::kBudget, "budget"},
                                     {EvidenceKind::kAuthority, "authority"},
                                     {EvidenceKind::kConfidence, "confidence"},
                                     {EvidenceKind::kConsensus, "consensus"},
                                     {EvidenceKind::kStatesValue, "stated value"}};

void WarnOfConditions(const DealCase& c, WarningList* list) {
  int64_t answered = 0;
  for (const int64_t count : c.facts.answer_counts) answered += count;
  if (answered == 0 || !c.is_past_first()) return;  // nobody asks such questions here
  std::string denied, open;
  std::vector<EvidenceKind> denied_kinds, open_kinds;
  for (const auto& [kind, name] : kConditions) {
    const EvidenceState state = c.evidence.at(kind).state;
    if (state == EvidenceState::kFound) continue;
    const bool is_denied = state == EvidenceState::kDenied;
    std::string& names = is_denied ? denied : open;
    names += (names.empty() ? "" : ", ") + std::string(name);
    (is_denied ? denied_kinds : open_kinds).push_back(kind);
  }
  if (!denied_kinds.empty()) {
    const auto count = static_cast<int64_t>(denied_kinds.size());
    list->Add(
        DealWarningType::kConditionDenied, c.is_late() ? Severity::kHigh : Severity::kMedium,
        "UR-10",
        fmt::format("{} of the conditions to buy {} not met: {}", count, count == 1 ? "is" : "are",
                    denied),
        fmt::format("Agree with the champion how to get there: {}", denied),
        {.type = ClearType::kAnswersYes, .text = fmt::format("met: {}", denied), .count = count},
        denied_kinds);
  }
  if (!open_kinds.empty()) {
    const auto count = static_cast<int64_t>(open_kinds.size());
    list->Add(
        DealWarningType::kQuestionsOpen, c.is_late() ? Severity::kLow : Severity::kInfo, "FC-12",
        fmt::format("not asked yet: {}", open),
        fmt::format("Ask in the next conversation and record the answer: {}", open),
        {.type = ClearType::kAnswersYes, .text = fmt::format("answered: {}", open), .count = count},
        open_kinds);
  }
}

void WarnOfNextStep(const DealCase& c, WarningList* list) {
  if (c.evidence.at(EvidenceKind::kNextStep).state != EvidenceState::kMissing) return;
  const std::string last =
      c.deal.summary_day
          ? fmt::format("the last call summary is of {}{}", DayText(*c.deal.summary_day),
                        c.deal.summary_has_next_step ? "" : ", without a next step")
          : "there is no call summary";
  list->Add(DealWarningType::kNoNextStep, c.is_late() ? Severity::kMedium : Severity::kLow, "FC-23",
            fmt::format("no next step was agreed in the last {} days: {}", kNextStepDays, last),
            "Agree one next step with the buyer, with a day and a name",
            {.type = ClearType::kNextStep,
             .text = fmt::format("a call summary with a next step, of {} or later",
                                 DayText(c.table.today)),
             .count = 1,
             .day = c.table.today,
             .evidence = EvidenceKind::kNextStep},
            {EvidenceKind::kNextStep});
}

void WarnOfRecord(const DealCase& c, WarningList* list) {
  if (!c.row().amount_micros) {
    list->Add(DealWarningType::kMissingAmount,
              c.is_past_first() ? Severity::kMedium : Severity::kLow, "FC-27",
              "no amount is recorded: it counts with the average of past deals",
              "Record the amount that the buyer was told",
              {.type = ClearType::kAmountSet,
               .text = "an amount is recorded",
               .evidence = EvidenceKind::kAmount},
              {EvidenceKind::kAmount});
  }
  if (c.evidence.at(EvidenceKind::kCloseDate).state == EvidenceState::kMissing) {
    list->Add(DealWarningType::kMissingCloseDate, Severity::kLow, "FC-27",
              "no expected close date is recorded", "Record by when the buyer means to decide",
              {.type = ClearType::kCloseDateSet,
               .text = "a close date is recorded",
               .evidence = EvidenceKind::kCloseDate},
              {EvidenceKind::kCloseDate});
  }
}

}  // namespace

void WarnOfProcess(const DealCase& deal_case, WarningList* list) {
  for (const Gate& gate : kGates) WarnOfGate(deal_case, gate, list);
  WarnOfUrgency(deal_case, list);
  WarnOfConditions(deal_case, list);
  WarnOfNextStep(deal_case, list);
  WarnOfRecord(deal_case, list);
}

}  // namespace gtm::forecasting::domain
