#include "services/targeting/domain/lifecycle.h"

#include <algorithm>

#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/review_clock.h"

namespace gtm::targeting::domain {
namespace {

using Event = TargetDefinition::Event;

Error WrongState(const TargetDefinition& definition, std::string what) {
  return Error(Reason::WRONG_STATE, fmt::format("target_definition {}: is {}; {}", definition.id(),
                                                StateText(definition.state()), what))
      .With("kind", "target_definition")
      .With("id", definition.id())
      .With("state", StateText(definition.state()));
}

Event* AddEvent(Event::Action action, const Step& step, TargetDefinition* definition) {
  Event* event = definition->add_events();
  event->set_action(action);
  SetTime(step.now, event->mutable_event_time());
  event->set_subject(step.subject);
  event->set_request_id(step.request_id);
  event->set_request_sha256(step.request_sha256);
  return event;
}

}  // namespace

std::string StateText(TargetDefinition::State state) {
  switch (state) {
    case TargetDefinition::STATE_DRAFT:
      return "a draft";
    case TargetDefinition::STATE_PROPOSED:
      return "proposed";
    case TargetDefinition::STATE_ACTIVE:
      return "active";
    case TargetDefinition::STATE_RETIRED:
      return "retired";
    default:
      return "in an unknown state";
  }
}

std::string FunctionText(v1::SigningFunction function) {
  switch (function) {
    case v1::SIGNING_FUNCTION_SALES:
      return "sales";
    case v1::SIGNING_FUNCTION_MARKETING:
      return "marketing";
    case v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS:
      return "customer success";
    default:
      return "no function";
  }
}

Result<const Event*> FindReplay(const TargetDefinition& definition, const Step& step) {
  for (const Event& event : definition.events()) {
    if (event.request_id() != step.request_id) continue;
    if (event.request_sha256() == step.request_sha256) return &event;
    return Error(Reason::REQUEST_ID_REUSED,
                 fmt::format("request_id {}: used before with another request; use a fresh UUID "
                             "for a new request",
                             step.request_id))
        .With("request_id", step.request_id);
  }
  return static_cast<const Event*>(nullptr);
}

void ClearOutputOnly(TargetDefinition* definition) {
  definition->clear_etag();
  definition->clear_create_time();
  definition->clear_update_time();
  definition->clear_state();
  definition->clear_version_number();
  definition->clear_sign_offs();
  definition->clear_propose_time();
  definition->clear_activate_time();
  definition->clear_retire_time();
  definition->clear_early_change();
  definition->clear_successor_definition_id();
  definition->clear_events();
}

TargetDefinition Draft(TargetDefinition definition, const Step& step) {
  ClearOutputOnly(&definition);
  definition.set_state(TargetDefinition::STATE_DRAFT);
  AddEvent(Event::ACTION_CREATED, step, &definition);
  return definition;
}

Result<TargetDefinition> Redraft(const TargetDefinition& stored, TargetDefinition content,
                                 const Step& step) {
  if (stored.state() != TargetDefinition::STATE_DRAFT) {
    return WrongState(stored, "only drafts can be changed; create a new definition from it");
  }
  constexpr int kUpdateEventsKept = 100;
  ClearOutputOnly(&content);
  content.set_id(stored.id());
  content.set_state(TargetDefinition::STATE_DRAFT);
  *content.mutable_events() = stored.events();
  // The oldest updates of a long-lived draft are in the record's own history.
  if (content.events_size() >= kUpdateEventsKept) {
    content.mutable_events()->DeleteSubrange(1, 1);
  }
  AddEvent(Event::ACTION_UPDATED, step, &content);
  return content;
}

std::vector<FieldViolation> MissingForProposal(const TargetDefinition& definition, bool replaces) {
  std::vector<FieldViolation> missing;
  if (definition.text().empty()) {
    missing.push_back({"definition.text", "required: write down in words what a target is"});
  }
  if (definition.account_criteria().empty()) {
    missing.push_back({"definition.account_criteria", "required: at least one criterion"});
  }
  if (definition.target_min_fit_points() < 1) {
    missing.push_back({"definition.target_min_fit_points",
                       "required: from how many points, 1 to 100, an account is a target"});
  }
  if (replaces && definition.change_reason().empty()) {
    missing.push_back({"definition.change_reason",
                       "required: say what changes against the definition in force, and why"});
  }
  return missing;
}

Result<TargetDefinition> Propose(TargetDefinition definition, bool replaces, const Step& step) {
  if (definition.state() != TargetDefinition::STATE_DRAFT) {
    return WrongState(definition, "only a draft can be proposed");
  }
  if (auto missing = MissingForProposal(definition, replaces); !missing.empty()) {
    return InvalidFields(std::move(missing));
  }
  definition.set_state(TargetDefinition::STATE_PROPOSED);
  SetTime(step.now, definition.mutable_propose_time());
  AddEvent(Event::ACTION_PROPOSED, step, &definition);
  return definition;
}

Result<TargetDefinition> SignOff(TargetDefinition definition, const Signature& signature,
                                 const Step& step) {
  if (signature.function < v1::SIGNING_FUNCTION_SALES ||
      signature.function > v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS) {
    return InvalidField("function", "required: sales, marketing or customer success");
  }
  if (definition.state() != TargetDefinition::STATE_PROPOSED) {
    return WrongState(definition, "only a proposal can be signed");
  }
  for (const TargetDefinition::SignOff& earlier : definition.sign_offs()) {
    if (earlier.function() == signature.function) {
      return WrongState(
          definition, fmt::format("{} has signed already (by {})", FunctionText(signature.function),
                                  earlier.signer()));
    }
    if (earlier.signer() == signature.signer) {
      return InvalidField("signer", fmt::format("{} has signed for {}; another person must sign "
                                                "for {}",
                                                signature.signer, FunctionText(earlier.function()),
                                                FunctionText(signature.function)));
    }
  }
  TargetDefinition::SignOff* sign_off = definition.add_sign_offs();
  sign_off->set_function(signature.function);
  sign_off->set_signer(signature.signer);
  sign_off->set_subject(step.subject);
  SetTime(step.now, sign_off->mutable_sign_time());
  sign_off->set_note(signature.note);
  AddEvent(Event::ACTION_SIGNED, step, &definition)->set_function(signature.function);
  return definition;
}

std::vector<v1::SigningFunction> WaitingFor(const TargetDefinition& definition) {
  std::vector<v1::SigningFunction> waiting;
  if (definition.state() != TargetDefinition::STATE_PROPOSED) return waiting;
  for (int number = 1; number <= kSigningFunctionCount; ++number) {
    const auto function = static_cast<v1::SigningFunction>(number);
    const auto& signed_off = definition.sign_offs();
    if (std::none_of(signed_off.begin(), signed_off.end(),
                     [&](const auto& s) { return s.function() == function; })) {
      waiting.push_back(function);
    }
  }
  return waiting;
}

Activation Activate(TargetDefinition definition, const std::optional<TargetAgreement>& agreement,
                    const std::optional<TargetDefinition>& former, const FiscalCalendar& calendar,
                    const Step& step) {
  Activation out;
  if (agreement) out.agreement = *agreement;
  const int32_t version = out.agreement.last_version_number() + 1;
  definition.set_early_change(
      out.agreement.has_activate_time() &&
      IsEarlyChange(calendar, TimeOf(out.agreement.activate_time()), step.now));
  definition.set_state(TargetDefinition::STATE_ACTIVE);
  definition.set_version_number(version);
  SetTime(step.now, definition.mutable_activate_time());
  AddEvent(Event::ACTION_ACTIVATED, step, &definition);
  out.agreement.set_id(kAgreementId);
  out.agreement.set_active_definition_id(definition.id());
  out.agreement.set_last_version_number(version);
  SetTime(step.now, out.agreement.mutable_activate_time());
  if (former) {
    out.former = former;
    out.former->set_state(TargetDefinition::STATE_RETIRED);
    out.former->set_successor_definition_id(definition.id());
    SetTime(step.now, out.former->mutable_retire_time());
    AddEvent(Event::ACTION_RETIRED, step, &*out.former)
        ->set_reason(fmt::format("replaced by {}", definition.id()));
  }
  out.definition = std::move(definition);
  return out;
}

Result<TargetDefinition> Retire(TargetDefinition definition, const std::string& reason,
                                const Step& step) {
  if (reason.empty()) return InvalidField("reason", "required: say why (TG-02)");
  if (definition.state() == TargetDefinition::STATE_RETIRED) {
    return WrongState(definition, "there is nothing to retire");
  }
  definition.set_state(TargetDefinition::STATE_RETIRED);
  SetTime(step.now, definition.mutable_retire_time());
  AddEvent(Event::ACTION_RETIRED, step, &definition)->set_reason(reason);
  return definition;
}

bool IsInForceAt(const TargetDefinition& definition, absl::Time time) {
  if (!definition.has_activate_time() || TimeOf(definition.activate_time()) > time) return false;
  return !definition.has_retire_time() || TimeOf(definition.retire_time()) > time;
}

}  // namespace gtm::targeting::domain
