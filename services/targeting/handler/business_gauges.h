#pragma once
// Hand-overs, the definition in force and the age of what is known, as metrics.

#include <string>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/metrics.h"

namespace gtm::targeting::handler {

// Hand-overs of the quarter as GetHandshake counts them; when the definition in force became
// active; how long ago each kind of record last changed. Each is absent where there is none.
Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet);

}  // namespace gtm::targeting::handler
