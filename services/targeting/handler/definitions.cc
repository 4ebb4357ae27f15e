// Writing and reading definitions. Signing and retiring them: agreement.cc.

#include <algorithm>

#include "google/protobuf/util/field_mask_util.h"
#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/review_clock.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using google::protobuf::util::FieldMaskUtil;
using gtm::records::v1::RECORD_KIND_TARGET_AGREEMENT;
using gtm::records::v1::RECORD_KIND_TARGET_DEFINITION;
using v1::TargetDefinition;

constexpr char kKind[] = "target_definition";

bool IsReplaced(const std::optional<v1::TargetAgreement>& agreement) {
  return agreement && !agreement->active_definition_id().empty();
}

// Works for both answers that carry a draft.
template <class Response>
void FillDraft(const TargetDefinition& definition, const std::string& revision,
               const std::optional<v1::TargetAgreement>& agreement, Response* response) {
  *response->mutable_definition() = definition;
  response->set_revision(revision);
  for (const FieldViolation& missing :
       domain::MissingForProposal(definition, IsReplaced(agreement))) {
    response->add_missing_for_proposal(missing.field + ": " + missing.description);
  }
}

Status CheckMask(const google::protobuf::FieldMask& mask) {
  Violations violations;
  for (const std::string& path : mask.paths()) {
    if (path != "*" && !FieldMaskUtil::IsValidPath<TargetDefinition>(path)) {
      violations.Add("update_mask", "\"" + path + "\" is not a field of a target definition");
    }
  }
  return std::move(violations).ToStatus();
}

// The stored draft with the fields of the mask taken from `change`. Without a mask: the
// populated fields; with "*": everything.
TargetDefinition Merge(const TargetDefinition& stored, const TargetDefinition& change,
                       const google::protobuf::FieldMask& mask) {
  google::protobuf::FieldMask paths = mask;
  if (mask.paths().empty()) {
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    change.GetReflection()->ListFields(change, &fields);
    for (const auto* field : fields) paths.add_paths(field->name());
  } else if (std::count(mask.paths().begin(), mask.paths().end(), "*") > 0) {
    return change;
  }
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  TargetDefinition merged = stored;
  FieldMaskUtil::MergeMessageTo(change, paths, options, &merged);
  return merged;
}

}  // namespace

Status TargetingHandler::CreateTargetDefinition(rpc::Call& call,
                                                const v1::CreateTargetDefinitionRequest& request,
                                                v1::CreateTargetDefinitionResponse* response) {
  const domain::Step step = StepOf(call, request.request_id(), request);
  TargetDefinition draft = domain::Draft(request.definition(), step);
  if (draft.id().empty()) draft.set_id(request.request_id());
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("definition.id", request.definition().id(), false);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_RETURN_IF_ERROR(CheckContent(draft, false));
  const std::vector<Key> keys = {{RECORD_KIND_TARGET_DEFINITION, draft.id()},
                                 {RECORD_KIND_TARGET_AGREEMENT, domain::kAgreementId}};
  if (request.validate_only()) {
    GTM_ASSIGN_OR_RETURN(const Found found, Find(records_, call, keys));
    FillDraft(draft, "", AgreementIn(found), response);
    return {};
  }
  const auto committed = Commit(records_, call, request.request_id(), {Create(draft)});
  if (!committed.ok() && !IsRace(committed.error())) return committed.error();
  GTM_ASSIGN_OR_RETURN(const Found found, Find(records_, call, keys));
  if (committed.ok()) {
    FillDraft(committed->records[0].target_definition(), committed->revision, AgreementIn(found),
              response);
    return {};
  }
  const auto stored = DefinitionIn(found, draft.id());
  if (!stored) return committed.error();
  GTM_ASSIGN_OR_RETURN(const auto* replay, domain::FindReplay(*stored, step));
  if (replay == nullptr) return committed.error();
  FillDraft(*stored, found.revision, AgreementIn(found), response);
  return {};
}

Status TargetingHandler::UpdateTargetDefinition(rpc::Call& call,
                                                const v1::UpdateTargetDefinitionRequest& request,
                                                v1::UpdateTargetDefinitionResponse* response) {
  const TargetDefinition& change = request.definition();
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("definition.id", change.id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_RETURN_IF_ERROR(CheckMask(request.update_mask()));
  const domain::Step step = StepOf(call, request.request_id(), request);
  return RetryRaces([&](bool* race) -> Status {
    GTM_ASSIGN_OR_RETURN(const Found found,
                         Find(records_, call,
                              {{RECORD_KIND_TARGET_DEFINITION, change.id()},
                               {RECORD_KIND_TARGET_AGREEMENT, domain::kAgreementId}}));
    const auto stored = DefinitionIn(found, change.id());
    if (!stored) return NotFound(kKind, change.id());
    GTM_ASSIGN_OR_RETURN(const auto* replay, domain::FindReplay(*stored, step));
    if (replay != nullptr) {
      FillDraft(*stored, found.revision, AgreementIn(found), response);
      return {};
    }
    GTM_RETURN_IF_ERROR(CheckEtag(kKind, change.id(), stored->etag(), change.etag()));
    GTM_ASSIGN_OR_RETURN(
        TargetDefinition draft,
        domain::Redraft(*stored, Merge(*stored, change, request.update_mask()), step));
    GTM_RETURN_IF_ERROR(CheckContent(draft, false));
    if (request.validate_only()) {
      FillDraft(draft, "", AgreementIn(found), response);
      return {};
    }
    draft.set_etag(stored->etag());
    const auto committed = Commit(records_, call, request.request_id(), {Replace(draft)});
    if (!committed.ok()) {
      *race = IsRace(committed.error());
      return committed.error();
    }
    FillDraft(committed->records[0].target_definition(), committed->revision, AgreementIn(found),
              response);
    return {};
  });
}

Status TargetingHandler::ProposeTargetDefinition(rpc::Call& call,
                                                 const v1::ProposeTargetDefinitionRequest& request,
                                                 v1::ProposeTargetDefinitionResponse* response) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("definition_id", request.definition_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const domain::Step step = StepOf(call, request.request_id(), request);
  GTM_ASSIGN_OR_RETURN(const records_client::Question now, records_.Ask(call, {}));
  return RetryRaces([&](bool* race) -> Status {
    GTM_ASSIGN_OR_RETURN(const Found found,
                         Find(records_, call,
                              {{RECORD_KIND_TARGET_DEFINITION, request.definition_id()},
                               {RECORD_KIND_TARGET_AGREEMENT, domain::kAgreementId}}));
    const auto agreement = AgreementIn(found);
    response->set_early_change(agreement && agreement->has_activate_time() &&
                               domain::IsEarlyChange(now.view.settings().calendar,
                                                     domain::TimeOf(agreement->activate_time()),
                                                     step.now));
    const auto stored = DefinitionIn(found, request.definition_id());
    if (!stored) return NotFound(kKind, request.definition_id());
    GTM_ASSIGN_OR_RETURN(const auto* replay, domain::FindReplay(*stored, step));
    if (replay != nullptr) {
      *response->mutable_definition() = *stored;
      response->set_revision(found.revision);
      return {};
    }
    GTM_RETURN_IF_ERROR(CheckEtag(kKind, stored->id(), stored->etag(), request.etag()));
    GTM_ASSIGN_OR_RETURN(TargetDefinition proposal,
                         domain::Propose(*stored, IsReplaced(agreement), step));
    GTM_RETURN_IF_ERROR(CheckContent(proposal, true));
    auto committed = Commit(records_, call, request.request_id(), {Replace(proposal)});
    if (!committed.ok()) {
      *race = IsRace(committed.error());
      return committed.error();
    }
    *response->mutable_definition() = committed->records[0].target_definition();
    response->set_revision(committed->revision);
    return {};
  });
}

Status TargetingHandler::GetTargetDefinition(rpc::Call& call,
                                             const v1::GetTargetDefinitionRequest& request,
                                             TargetDefinition* response) {
  Violations violations;
  violations.CheckId("definition_id", request.definition_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const Found found,
      Find(records_, call, {{RECORD_KIND_TARGET_DEFINITION, request.definition_id()}}));
  const auto stored = DefinitionIn(found, request.definition_id());
  if (!stored) return NotFound(kKind, request.definition_id());
  *response = *stored;
  return {};
}

Status TargetingHandler::GetActiveTargetDefinition(
    rpc::Call& call, const v1::GetActiveTargetDefinitionRequest& request,
    v1::GetActiveTargetDefinitionResponse* response) {
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const auto definition, ChooseDefinition(question, ""));
  *response->mutable_definition() = *definition;
  *response->mutable_review() = Render(domain::ReviewOf(question.view.settings().calendar,
                                                        domain::TimeOf(definition->activate_time()),
                                                        definition->early_change(), question.as_of),
                                       definition->early_change());
  *response->mutable_provenance() =
      RenderProvenance(question, definition.get(), HashInputs(*definition, question.as_of, ""));
  return {};
}

Status TargetingHandler::ListTargetDefinitions(rpc::Call& call,
                                               const v1::ListTargetDefinitionsRequest& request,
                                               v1::ListTargetDefinitionsResponse* response) {
  Violations violations;
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string after, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  for (const auto& definition : question.view.target_definitions()) {
    if (definition->id() <= after) continue;
    const auto& states = request.states();
    if (!states.empty() &&
        std::find(states.begin(), states.end(), definition->state()) == states.end()) {
      continue;
    }
    if (static_cast<size_t>(response->definitions_size()) == page_size) {
      const auto& last = response->definitions(response->definitions_size() - 1);
      response->set_next_page_token(MakePageToken(last.id(), digest));
      break;
    }
    *response->add_definitions() = *definition;
  }
  *response->mutable_provenance() = RenderProvenance(question, nullptr, "");
  return {};
}

Status TargetingHandler::ListAttributes(rpc::Call& call, const v1::ListAttributesRequest& request,
                                        v1::ListAttributesResponse* response) {
  *response = RenderAttributes();
  return {};
}

}  // namespace gtm::targeting::handler
