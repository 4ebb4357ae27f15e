// Signing and retiring definitions: what changes which one is in force (C01).

#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using gtm::records::v1::RECORD_KIND_TARGET_AGREEMENT;
using gtm::records::v1::RECORD_KIND_TARGET_DEFINITION;
using v1::TargetDefinition;

constexpr char kKind[] = "target_definition";

// A definition and the agreement, read together, with the request's replay and etag
// looked at.
struct Stored {
  TargetDefinition definition;
  std::optional<v1::TargetAgreement> agreement;
  std::string revision;
  bool replayed = false;
};

Result<Stored> Read(records_client::Records& records, const rpc::Call& call, const std::string& id,
                    const std::string& etag, const domain::Step& step) {
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records, call,
                            {{RECORD_KIND_TARGET_DEFINITION, id},
                             {RECORD_KIND_TARGET_AGREEMENT, domain::kAgreementId}}));
  const auto definition = DefinitionIn(found, id);
  if (!definition) return NotFound(kKind, id);
  GTM_ASSIGN_OR_RETURN(const auto* replay, domain::FindReplay(*definition, step));
  if (replay == nullptr) {
    GTM_RETURN_IF_ERROR(CheckEtag(kKind, id, definition->etag(), etag));
  }
  return Stored{*definition, AgreementIn(found), found.revision, replay != nullptr};
}

void Fill(const TargetDefinition& definition, const std::string& revision,
          v1::SignOffTargetDefinitionResponse* response) {
  *response->mutable_definition() = definition;
  response->set_revision(revision);
  for (const v1::SigningFunction function : domain::WaitingFor(definition)) {
    response->add_waiting_for(function);
  }
}

// The definition in force, where there is one, as it is now.
Result<std::optional<TargetDefinition>> ReadFormer(
    records_client::Records& records, const rpc::Call& call,
    const std::optional<v1::TargetAgreement>& agreement) {
  std::optional<TargetDefinition> former;
  if (!agreement || agreement->active_definition_id().empty()) return former;
  const std::string& id = agreement->active_definition_id();
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records, call, {{RECORD_KIND_TARGET_DEFINITION, id}}));
  former = DefinitionIn(found, id);
  return former;
}

}  // namespace

Status TargetingHandler::SignOffTargetDefinition(rpc::Call& call,
                                                 const v1::SignOffTargetDefinitionRequest& request,
                                                 v1::SignOffTargetDefinitionResponse* response) {
  const domain::Signature signature{
      request.function(), request.signer().empty() ? call.principal.subject : request.signer(),
      request.note()};
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("definition_id", request.definition_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const domain::Step step = StepOf(call, request.request_id(), request);
  GTM_ASSIGN_OR_RETURN(const records_client::Question now, records_.Ask(call, {}));
  return RetryRaces([&](bool* race) -> Status {
    GTM_ASSIGN_OR_RETURN(const Stored stored,
                         Read(records_, call, request.definition_id(), request.etag(), step));
    if (stored.replayed) {
      Fill(stored.definition, stored.revision, response);
      return {};
    }
    GTM_ASSIGN_OR_RETURN(TargetDefinition definition,
                         domain::SignOff(stored.definition, signature, step));
    std::vector<Mutation> mutations;
    if (domain::WaitingFor(definition).empty()) {
      GTM_ASSIGN_OR_RETURN(const auto former, ReadFormer(records_, call, stored.agreement));
      domain::Activation activation = domain::Activate(std::move(definition), stored.agreement,
                                                       former, now.view.settings().calendar, step);
      mutations.push_back(Replace(std::move(activation.definition)));
      mutations.push_back(Put(std::move(activation.agreement)));
      if (activation.former) mutations.push_back(Replace(std::move(*activation.former)));
    } else {
      mutations.push_back(Replace(std::move(definition)));
    }
    const auto committed = Commit(records_, call, request.request_id(), std::move(mutations));
    if (!committed.ok()) {
      *race = IsRace(committed.error());
      return committed.error();
    }
    Fill(committed->records[0].target_definition(), committed->revision, response);
    return {};
  });
}

Status TargetingHandler::RetireTargetDefinition(rpc::Call& call,
                                                const v1::RetireTargetDefinitionRequest& request,
                                                v1::RetireTargetDefinitionResponse* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("definition_id", request.definition_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const domain::Step step = StepOf(call, request.request_id(), request);
  return RetryRaces([&](bool* race) -> Status {
    GTM_ASSIGN_OR_RETURN(const Stored stored,
                         Read(records_, call, request.definition_id(), request.etag(), step));
    if (stored.replayed) {
      *response->mutable_definition() = stored.definition;
      response->set_revision(stored.revision);
      return {};
    }
    GTM_ASSIGN_OR_RETURN(TargetDefinition definition,
                         domain::Retire(stored.definition, request.reason(), step));
    std::vector<Mutation> mutations{Replace(std::move(definition))};
    if (stored.agreement && stored.agreement->active_definition_id() == stored.definition.id()) {
      v1::TargetAgreement agreement = *stored.agreement;
      agreement.clear_active_definition_id();
      mutations.push_back(Put(std::move(agreement)));
    }
    const auto committed = Commit(records_, call, request.request_id(), std::move(mutations));
    if (!committed.ok()) {
      *race = IsRace(committed.error());
      return committed.error();
    }
    *response->mutable_definition() = committed->records[0].target_definition();
    response->set_revision(committed->revision);
    return {};
  });
}

}  // namespace gtm::targeting::handler
