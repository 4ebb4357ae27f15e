#pragma once
// What an answer was computed from.

#include <optional>
#include <string_view>

#include "common/records_client/records_client.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/target.h"

namespace gtm::forecasting::handler {

// Everything that the answer depends on: the table, the question, the target, the model;
// `extra` is what else was asked.
void RenderProvenance(const records_client::Question& question, const domain::DealTable& table,
                      const DayRange& days, const domain::Selection& selection,
                      const std::optional<domain::Target>& target, std::string_view extra,
                      type::v1::Provenance* result);

}  // namespace gtm::forecasting::handler
