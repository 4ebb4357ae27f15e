#pragma once
// WhatIf: one question, then scenarios about it.

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/records_client/records_client.h"
#include "common/rpc/message_stream.h"
#include "gtm/forecasting/v1/what_if.pb.h"
#include "services/forecasting/domain/what_if.h"

namespace gtm::forecasting::handler {

using WhatIfStream = rpc::MessageStream<v1::WhatIfRequest, v1::WhatIfResponse>;

// A stream is a slot that others want, and keeps a table and draws in memory.
inline constexpr int kWhatIfMessagesMax = 1'000;
inline constexpr absl::Duration kWhatIfSilenceMax = absl::Seconds(60);

// Serves one stream on this thread.
Status RunWhatIf(rpc::Call& call, records_client::Records& records, const Clock& clock,
                 absl::Duration silence_max, WhatIfStream& stream);

// Error: INVALID_FIELDS under "scenario"; amounts are converted with today's rate.
Result<domain::Scenario> ScenarioOf(const v1::Scenario& scenario, const book::BookView& view,
                                    const domain::DealTable& table);

}  // namespace gtm::forecasting::handler
