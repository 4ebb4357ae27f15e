#pragma once
// Who a client of records says that it is.

#include <grpcpp/client_context.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/core/error.h"
#include "common/core/result.h"
#include "common/rpc/call.h"
#include "common/telemetry/log.h"

namespace gtm::records_client {

struct Identity {
  std::string tenant;
  std::string service;      // "targeting"; "" where no service of ours decides
  std::string actor;        // on whose behalf: the subject of the call
  std::string traceparent;  // the header of the span that calls, or ""
};
// Of calls that answer `call`, as `service`: below its span.
Identity IdentityOf(const rpc::Call& call, std::string service);

// Sets metadata and deadline of a call. Error: INVALID_FIELDS ("tenant") where the
// tenant cannot travel as metadata.
Status Prepare(const Identity& identity, absl::Time deadline, grpc::ClientContext* context);

// What a failed call of records means to a caller of ours: the reason that records
// gave; RECORDS_UNAVAILABLE where it could not be reached. What the transport says of it
// (addresses of ours) is for the log alone.
Error FromRecords(const grpc::Status& status, telemetry::Log* log = nullptr);

// True where the same call may succeed a little later.
bool IsTransient(const Error& error);

}  // namespace gtm::records_client
