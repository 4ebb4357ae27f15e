#include "common/core/error_reason.h"

namespace gtm {

std::string_view ReasonName(Reason reason) {
  switch (reason) {
#define GTM_X(name, number) \
  case Reason::name:        \
    return #name;
    GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
  }
  return "INTERNAL_ERROR";
}

Code CodeOf(Reason reason) {
  switch (reason) {
    case Reason::INVALID_FIELDS:
    case Reason::REQUEST_ID_REUSED:
    case Reason::PAGE_TOKEN_INVALID:
    case Reason::MALFORMED_MESSAGE:
    case Reason::REVISION_INVALID:
      return Code::kInvalidArgument;
    case Reason::RECORD_NOT_FOUND:
      return Code::kNotFound;
    case Reason::RECORD_EXISTS:
      return Code::kAlreadyExists;
    case Reason::ETAG_MISMATCH:
      return Code::kAborted;
    case Reason::WRONG_STATE:
    case Reason::NO_ACTIVE_DEFINITION:
    case Reason::NO_ACTIVE_PROGRAM:
    case Reason::EXCHANGE_RATE_MISSING:
    case Reason::DATA_MISSING:
      return Code::kFailedPrecondition;
    case Reason::REVISION_COMPACTED:
    case Reason::EPOCH_CHANGED:
      return Code::kOutOfRange;
    case Reason::REVISION_NOT_REACHED:
    case Reason::DEADLINE_EXPIRED:
      return Code::kDeadlineExceeded;
    case Reason::CREDENTIALS_MISSING:
    case Reason::CREDENTIALS_INVALID:
      return Code::kUnauthenticated;
    case Reason::ROLE_MISSING:
    case Reason::KIND_NOT_WRITABLE:
    case Reason::TENANT_NOT_ALLOWED:
      return Code::kPermissionDenied;
    case Reason::WATCHER_TOO_SLOW:
    case Reason::OVERLOADED:
    case Reason::TENANT_QUOTA:
    case Reason::STORE_FULL:
      return Code::kResourceExhausted;
    case Reason::CANCELLED_BY_CALLER:
      return Code::kCancelled;
    case Reason::SHUTTING_DOWN:
    case Reason::STORE_UNAVAILABLE:
    case Reason::RECORDS_UNAVAILABLE:
    case Reason::PEER_UNAVAILABLE:
      return Code::kUnavailable;
    case Reason::STORE_DAMAGED:
      return Code::kDataLoss;
    case Reason::METHOD_NOT_SERVED:
      return Code::kUnimplemented;
    case Reason::INTERNAL_ERROR:
      return Code::kInternal;
  }
  return Code::kInternal;
}

}  // namespace gtm
