#include "common/rpc/call.h"

namespace gtm::rpc {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kReader:
      return "reader";
    case Role::kWriter:
      return "writer";
    case Role::kApprover:
      return "approver";
    case Role::kAdmin:
      return "admin";
  }
  return "reader";
}

Status Call::CheckAlive(absl::Time wall_now) const {
  if (is_cancelled()) return Error(Reason::CANCELLED_BY_CALLER, "the caller cancelled");
  if (wall_now >= deadline) {
    return Error(Reason::DEADLINE_EXPIRED,
                 "the deadline passed before the answer was ready; allow more time");
  }
  return {};
}

Error Call::WantsToWait() const {
  wants_to_wait = true;
  return Error(Reason::OVERLOADED,
               "the answer is not at hand; it is made again, with time to wait");
}

}  // namespace gtm::rpc
