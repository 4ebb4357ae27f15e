#pragma once
// Which definition a question is answered with (TG-24).

#include <memory>
#include <string>

#include "common/records_client/records_client.h"
#include "gtm/targeting/v1/resources.pb.h"
#include "services/targeting/domain/triggers.h"

namespace gtm::targeting::handler {

// The definition with this id in any state; with "" the one in force at question.as_of.
// Errors: RECORD_NOT_FOUND, NO_ACTIVE_DEFINITION.
Result<std::shared_ptr<const v1::TargetDefinition>> ChooseDefinition(
    const records_client::Question& question, const std::string& definition_id);

// What a trigger is worth: as the definition in force says, else the defaults. So urgency is the
// same number in a priority, an answer about urgency and a metric.
domain::UrgencyRules UrgencyRulesInForce(const records_client::Question& question);

// SHA-256 (hex) over the definition's content and version, the instant and `inputs`.
std::string HashInputs(const v1::TargetDefinition& definition, absl::Time as_of,
                       std::string_view inputs);

}  // namespace gtm::targeting::handler
