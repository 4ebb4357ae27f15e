#pragma once
// WhatIf: one question, then scenarios about it.

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/records_client/records_client.h"
#include "gtm/forecasting/v1/what_if.pb.h"
#include "services/forecasting/domain/what_if.h"

namespace gtm::forecasting::handler {

// What the call needs of its transport, so that it can be tested without one. Both block.
class WhatIfStream {
 public:
  enum class Got {
    kRequest,
    kEnd,       // the caller has sent everything, or is gone
    kNothing,   // nothing within the time
    kMalformed  // bytes that are no request: the end, too
  };
  virtual ~WhatIfStream() = default;
  virtual Got Read(absl::Duration patience, v1::WhatIfRequest* request) = 0;
  // False where the caller is gone.
  virtual bool Write(const v1::WhatIfResponse& response) = 0;
};

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
