#pragma once
// What a handler knows about the call that it answers. No gRPC here, so that
// handlers can be tested as plain functions.

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "common/core/ids.h"
#include "common/core/result.h"

namespace gtm::rpc {

// Roles, each allowing what its comment says. A method asks for exactly one.
enum class Role {
  kReader,    // ask and read
  kWriter,    // write CRM kinds
  kApprover,  // sign definitions, decide matches and verdicts
  kAdmin,     // erase, compact, backup
};
inline constexpr int kRoleCount = 4;
std::string_view RoleName(Role role);

// Who calls, verified.
struct Principal {
  std::string subject;  // "user:ada", "key:7f3a", "service:targeting"
  TenantId tenant;
  // "targeting" where the caller is one of our own services, else empty. Decides who
  // may write decision kinds.
  std::string service;
  // Bit per Role.
  unsigned roles = 0;
  bool Has(Role role) const { return (roles >> static_cast<int>(role)) & 1u; }
};

// One call, alive until it is answered. Not copied, used by one thread at a time.
class Call {
 public:
  Principal principal;
  std::string method;    // "gtm.targeting.v1.TargetingService/ScoreAccount"
  std::string trace_id;  // 32 hex digits, from traceparent or made here
  absl::Time now;        // the clock's time when the call began: default of as_of
  absl::Time deadline = absl::InfiniteFuture();  // wall clock; after the cap
  std::function<bool()> is_cancelled = [] { return false; };

  const TenantId& tenant() const { return principal.tenant; }
  // DEADLINE_EXPIRED or CANCELLED_BY_CALLER where the answer is no longer wanted:
  // long loops ask now and then.
  Status CheckAlive(absl::Time wall_now) const;
};

}  // namespace gtm::rpc
