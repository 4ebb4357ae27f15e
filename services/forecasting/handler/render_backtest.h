#pragma once
// From the cuts of a back-test to its answer.

#include <vector>

#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::handler {

// Everything of the answer that follows from its cuts.
void RenderBacktest(const std::vector<domain::Cut>& cuts, Currency currency,
                    v1::BacktestResponse* response);

}  // namespace gtm::forecasting::handler
