#pragma once
// The signals of growth as metrics.

#include <string>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/metrics.h"

namespace gtm::growth::handler {

// The five signals of the last complete quarter, as GetSignals answers them: a value only
// where there is enough data for one, a state always. Errors: those of GetSignals.
Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet);

}  // namespace gtm::growth::handler
