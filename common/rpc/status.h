#pragma once
// Errors on the wire: a canonical code, exactly one google.rpc.ErrorInfo, and
// BadRequest or RetryInfo where they apply (AIP-193).

#include <grpcpp/support/status.h>

#include <string_view>

#include "common/core/result.h"

namespace gtm::rpc {

// `domain` is "<service>.gtm".
grpc::Status ToGrpcStatus(const Error& error, std::string_view domain);
// The Error that ToGrpcStatus was given, as far as the wire keeps it. Of a status that
// does not come from this platform (a proxy, gRPC itself), the nearest reason:
// UNAVAILABLE is PEER_UNAVAILABLE, DEADLINE_EXCEEDED is DEADLINE_EXPIRED, ...
// `status` must not be OK.
Error FromGrpcStatus(const grpc::Status& status);

inline constexpr int kCodeCount = 17;
// "InvalidArgument" of 3, as go-grpc-middleware writes codes; "Unknown" of what is no code.
std::string_view CodeName(int code);

}  // namespace gtm::rpc
