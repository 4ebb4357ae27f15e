// The hand-over to sales.

#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/score_account.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using gtm::records::v1::RECORD_KIND_HANDOVER;
using v1::Handover;

constexpr char kKind[] = "handover";

bool IsTimestamp(const google::protobuf::Timestamp& timestamp) {
  constexpr int64_t kSecondsMin = -62'135'596'800;  // year 1
  constexpr int64_t kSecondsMax = 253'402'300'799;  // year 9999
  return timestamp.seconds() >= kSecondsMin && timestamp.seconds() <= kSecondsMax &&
         timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000;
}

Status CheckHandover(const v1::RecordHandoverRequest& request, absl::Time now) {
  const Handover& handover = request.handover();
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("handover.id", handover.id(), false);
  violations.CheckId("handover.account_id", handover.account_id());
  violations.CheckId("handover.contact_id", handover.contact_id(), false);
  violations.CheckId("handover.opportunity_id", handover.opportunity_id(), false);
  if (handover.has_handover_time()) {
    if (!IsTimestamp(handover.handover_time())) {
      violations.Add("handover.handover_time", "not a valid timestamp");
    } else if (domain::TimeOf(handover.handover_time()) > now) {
      violations.Add("handover.handover_time", "in the future; record it when it happened");
    }
  }
  for (int i = 0; i < handover.rubric_answers_size(); ++i) {
    if (handover.rubric_answers(i).question().empty()) {
      violations.Add(fmt::format("handover.rubric_answers[{}].question", i), "required");
    }
  }
  return std::move(violations).ToStatus();
}

void ClearOutputOnly(Handover* handover) {
  handover->clear_etag();
  handover->clear_create_time();
  handover->clear_update_time();
  handover->clear_state();
  handover->clear_decisions();
  handover->clear_definition_id();
  handover->clear_fit_micropoints();
  handover->clear_priority_micropoints();
  handover->clear_input_sha256();
}

// What the account was worth when it was handed over, under the definition in force then
// (TG-24). Nothing where there was none, or the account is not recorded.
Status FillScore(const records_client::Question& question, Handover* handover) {
  const auto chosen = ChooseDefinition(question, "");
  if (!chosen.ok()) return {};
  handover->set_definition_id((*chosen)->id());
  const auto row = question.view.FindAccount(handover->account_id());
  if (!row) return {};
  GTM_ASSIGN_OR_RETURN(const domain::Definition definition, CompileDefinition(**chosen));
  domain::AccountScorer scorer(definition, question.view, question.as_of, row);
  const domain::AccountScore score = scorer.Score(*row);
  handover->set_fit_micropoints(score.fit.micropoints);
  handover->set_priority_micropoints(score.priority.micropoints);
  std::string inputs;
  scorer.AppendInputs(*row, &inputs);
  handover->set_input_sha256(HashInputs(**chosen, question.as_of, inputs));
  return {};
}

Error Reused(const std::string& request_id) {
  return Error(Reason::REQUEST_ID_REUSED,
               fmt::format("request_id {}: used before with another request; use a fresh UUID "
                           "for a new request",
                           request_id))
      .With("request_id", request_id);
}

}  // namespace

Status TargetingHandler::RecordHandover(rpc::Call& call, const v1::RecordHandoverRequest& request,
                                        v1::RecordHandoverResponse* response) {
  GTM_RETURN_IF_ERROR(CheckHandover(request, call.now));
  const domain::Step step = StepOf(call, request.request_id(), request);
  Handover handover = request.handover();
  ClearOutputOnly(&handover);
  if (handover.id().empty()) handover.set_id(request.request_id());
  if (!handover.has_handover_time()) domain::SetTime(call.now, handover.mutable_handover_time());
  handover.set_state(Handover::STATE_PENDING);
  handover.set_subject(step.subject);
  handover.set_request_id(step.request_id);
  handover.set_request_sha256(step.request_sha256);
  type::v1::PointInTime then;
  *then.mutable_as_of() = handover.handover_time();
  GTM_ASSIGN_OR_RETURN(const records_client::Question question, records_.Ask(call, then));
  GTM_RETURN_IF_ERROR(FillScore(question, &handover));
  if (request.validate_only()) {
    *response->mutable_handover() = handover;
    return {};
  }
  const auto committed = Commit(records_, call, request.request_id(), {Create(handover)});
  if (committed.ok()) {
    *response->mutable_handover() = committed->records[0].handover();
    response->set_revision(committed->revision);
    return {};
  }
  if (!IsRace(committed.error())) return committed.error();
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records_, call, {{RECORD_KIND_HANDOVER, handover.id()}}));
  const auto stored = HandoverIn(found, handover.id());
  if (!stored || stored->request_id() != step.request_id) return committed.error();
  if (stored->request_sha256() != step.request_sha256) return Reused(step.request_id);
  *response->mutable_handover() = *stored;
  response->set_revision(found.revision);
  return {};
}

Status TargetingHandler::DecideHandover(rpc::Call& call, const v1::DecideHandoverRequest& request,
                                        v1::DecideHandoverResponse* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("handover_id", request.handover_id());
  if (request.has_decide_time() && !IsTimestamp(request.decide_time())) {
    violations.Add("decide_time", "not a valid timestamp");
  }
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const domain::Step step = StepOf(call, request.request_id(), request);
  const domain::HandoverDecision decision{
      request.state(), request.reason(),
      request.has_decide_time() ? domain::TimeOf(request.decide_time()) : call.now};
  return RetryRaces([&](bool* race) -> Status {
    GTM_ASSIGN_OR_RETURN(const Found found,
                         Find(records_, call, {{RECORD_KIND_HANDOVER, request.handover_id()}}));
    const auto stored = HandoverIn(found, request.handover_id());
    if (!stored) return NotFound(kKind, request.handover_id());
    for (const Handover::Decision& before : stored->decisions()) {
      if (before.request_id() != step.request_id) continue;
      if (before.request_sha256() != step.request_sha256) return Reused(step.request_id);
      *response->mutable_handover() = *stored;
      response->set_revision(found.revision);
      return {};
    }
    GTM_RETURN_IF_ERROR(CheckEtag(kKind, stored->id(), stored->etag(), request.etag()));
    GTM_ASSIGN_OR_RETURN(Handover decided, domain::Decide(*stored, decision, step));
    const auto committed =
        Commit(records_, call, request.request_id(), {Replace(std::move(decided))});
    if (!committed.ok()) {
      *race = IsRace(committed.error());
      return committed.error();
    }
    *response->mutable_handover() = committed->records[0].handover();
    response->set_revision(committed->revision);
    return {};
  });
}

Status TargetingHandler::GetHandshake(rpc::Call& call, const v1::GetHandshakeRequest& request,
                                      v1::GetHandshakeResponse* response) {
  Violations violations;
  violations.CheckId("definition_id", request.definition_id(), false);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const FiscalCalendar& calendar = question.view.settings().calendar;
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(request, calendar, question.as_of));
  const domain::Handshake handshake = domain::CountHandovers(
      question.view.handovers(), calendar, {days, question.as_of, request.definition_id()});
  Render(handshake, days, response);
  Sha256 hash;
  hash.UpdateText(CanonicalBytes(*response)).Update(absl::ToUnixNanos(question.as_of));
  hash.UpdateText(request.definition_id());
  *response->mutable_provenance() = RenderProvenance(question, nullptr, hash.HexDigest());
  response->mutable_provenance()->set_rules_version("handshake 1");
  return {};
}

}  // namespace gtm::targeting::handler
