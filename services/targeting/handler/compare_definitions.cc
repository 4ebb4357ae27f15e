// What differs between two definitions.

#include "services/targeting/domain/definition_changes.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {

Status TargetingHandler::CompareTargetDefinitions(
    rpc::Call& call, const v1::CompareTargetDefinitionsRequest& request,
    v1::CompareTargetDefinitionsResponse* response) {
  Violations violations;
  violations.CheckId("definition_id", request.definition_id());
  violations.CheckId("older_definition_id", request.older_definition_id(), false);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const auto newer, ChooseDefinition(question, request.definition_id()));
  const std::string& older_id = request.older_definition_id().empty()
                                    ? newer->previous_definition_id()
                                    : request.older_definition_id();
  if (older_id.empty()) {
    return InvalidField("older_definition_id",
                        "required: this definition was written from no other");
  }
  GTM_ASSIGN_OR_RETURN(const auto older, ChooseDefinition(question, older_id));
  response->set_older_definition_id(older_id);
  response->set_change_reason(newer->change_reason());
  for (const domain::DefinitionChange& change : domain::ChangesBetween(*older, *newer)) {
    auto* out = response->add_changes();
    out->set_kind(static_cast<v1::CompareTargetDefinitionsResponse::Change::Kind>(change.kind));
    out->set_field(change.field);
    out->set_before(change.before);
    out->set_after(change.after);
  }
  return {};
}

}  // namespace gtm::targeting::handler
