#pragma once
// Records over gRPC.

#include <memory>
#include <string>

#include "common/records_client/book_cache.h"
#include "common/telemetry/metrics.h"

namespace gtm::records_client {

// `service` is the identity with which decisions are written: "targeting". Services of
// one process share the cache; the channel may be in-process. A call of Commit or Get
// lasts until it is answered, at most until the call's deadline. Retry-safe: Commit
// repeats itself with the same request_id while records cannot be reached. `metrics`, where
// given, counts what is asked of records and outlives the result.
std::unique_ptr<Records> MakeGrpcRecords(std::shared_ptr<BookCache> books,
                                         const std::shared_ptr<grpc::ChannelInterface>& channel,
                                         std::string service,
                                         telemetry::Metrics* metrics = nullptr);

}  // namespace gtm::records_client
