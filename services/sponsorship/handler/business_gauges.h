#pragma once
// The capacity of executive sponsors as metrics.

#include <string>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/metrics.h"

namespace gtm::sponsorship::handler {

// Slots and executives by load under the active program, which says what a sponsee takes;
// without one, only the live sponsorships. Errors: none that ask for another answer.
Status AddBusinessGauges(const records_client::Question& question, const std::string& tenant,
                         telemetry::GaugeSheet* sheet);

}  // namespace gtm::sponsorship::handler
