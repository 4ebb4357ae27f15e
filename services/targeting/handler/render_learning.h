#pragma once
// What was learned of the targets, as its message. No decisions.

#include "common/records_client/records_client.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/domain/learn_definition.h"

namespace gtm::targeting::handler {

// `agreed` is the definition that was compared with, or null. `out` is empty.
void Render(const domain::LearnedTarget& learned, const v1::TargetDefinition* agreed,
            const records_client::Question& question, v1::LearnTargetDefinitionResponse* out);

}  // namespace gtm::targeting::handler
