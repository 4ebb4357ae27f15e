#include "services/targeting/handler/choose_definition.h"

#include <algorithm>

#include "common/core/sha256.h"
#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/parse_urgency.h"

namespace gtm::targeting::handler {

Result<std::shared_ptr<const v1::TargetDefinition>> ChooseDefinition(
    const records_client::Question& question, const std::string& definition_id) {
  const auto& definitions = question.view.target_definitions();
  if (!definition_id.empty()) {
    const auto found =
        std::lower_bound(definitions.begin(), definitions.end(), definition_id,
                         [](const auto& a, const std::string& id) { return a->id() < id; });
    if (found == definitions.end() || (*found)->id() != definition_id) {
      return NotFound("target_definition", definition_id);
    }
    return *found;
  }
  for (const auto& definition : definitions) {
    if (domain::IsInForceAt(*definition, question.as_of)) return definition;
  }
  return Error(Reason::NO_ACTIVE_DEFINITION,
               "no target definition is active; sign one off with SignOffTargetDefinition");
}

domain::UrgencyRules UrgencyRulesInForce(const records_client::Question& question) {
  const auto definition = ChooseDefinition(question, "");
  if (!definition.ok()) return {};
  Violations none;  // it was checked when it was proposed
  return UrgencyRulesOf((*definition)->urgency_rules(), "definition.urgency_rules", &none);
}

std::string HashInputs(const v1::TargetDefinition& definition, absl::Time as_of,
                       std::string_view inputs) {
  v1::TargetDefinition content = definition;
  domain::ClearOutputOnly(&content);
  Sha256 hash;
  hash.UpdateText(CanonicalBytes(content));
  hash.Update(int64_t{definition.version_number()});
  hash.Update(absl::ToUnixNanos(as_of));
  hash.UpdateText(inputs);
  return hash.HexDigest();
}

}  // namespace gtm::targeting::handler
