#pragma once
// Every reason that an error can have, for code that must not see protobuf.
// The numbers and names are those of gtm.errors.v1.ErrorReason, whose comments
// show what a client sees; a test in common/rpc holds the two equal.

#include <string_view>

namespace gtm {

// X(NAME, number)
#define GTM_ERROR_REASONS(X)   \
  X(INVALID_FIELDS, 1)         \
  X(REQUEST_ID_REUSED, 2)      \
  X(PAGE_TOKEN_INVALID, 3)     \
  X(MALFORMED_MESSAGE, 4)      \
  X(RECORD_NOT_FOUND, 10)      \
  X(RECORD_EXISTS, 11)         \
  X(ETAG_MISMATCH, 12)         \
  X(WRONG_STATE, 13)           \
  X(REVISION_COMPACTED, 20)    \
  X(EPOCH_CHANGED, 21)         \
  X(REVISION_INVALID, 22)      \
  X(REVISION_NOT_REACHED, 23)  \
  X(WATCHER_TOO_SLOW, 24)      \
  X(CREDENTIALS_MISSING, 30)   \
  X(CREDENTIALS_INVALID, 31)   \
  X(ROLE_MISSING, 32)          \
  X(KIND_NOT_WRITABLE, 33)     \
  X(TENANT_NOT_ALLOWED, 34)    \
  X(OVERLOADED, 40)            \
  X(TENANT_QUOTA, 41)          \
  X(DEADLINE_EXPIRED, 42)      \
  X(CANCELLED_BY_CALLER, 43)   \
  X(SHUTTING_DOWN, 44)         \
  X(STORE_UNAVAILABLE, 50)     \
  X(STORE_FULL, 51)            \
  X(STORE_DAMAGED, 52)         \
  X(RECORDS_UNAVAILABLE, 53)   \
  X(PEER_UNAVAILABLE, 54)      \
  X(NO_ACTIVE_DEFINITION, 60)  \
  X(NO_ACTIVE_PROGRAM, 61)     \
  X(EXCHANGE_RATE_MISSING, 62) \
  X(DATA_MISSING, 63)          \
  X(METHOD_NOT_SERVED, 70)     \
  X(INTERNAL_ERROR, 71)

// See gtm.errors.v1.ErrorReason.
enum class Reason {
#define GTM_X(name, number) name = number,
  GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
};

// The name that travels in ErrorInfo.reason: "ETAG_MISMATCH".
std::string_view ReasonName(Reason reason);

// Canonical gRPC status codes, by their public numbers.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The one code that a reason travels under.
Code CodeOf(Reason reason);

}  // namespace gtm
