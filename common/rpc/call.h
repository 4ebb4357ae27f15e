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

// How long a handler may hold up the thread that it runs on.
enum class Patience {
  kNone,   // a gRPC thread: not at all
  kShort,  // the CPU pool: for a commit, but not for a Book that is being read
  kLong,   // until the deadline
};

// One call, alive until it is answered. Not copied, used by one thread at a time.
class Call {
 public:
  Principal principal;
  std::string method;          // "gtm.targeting.v1.TargetingService/ScoreAccount"
  std::string trace_id;        // 32 hex digits, from traceparent or made here
  std::string span_id;         // 16 hex digits, of this call: what it calls is below it
  std::string parent_span_id;  // of the caller; "" where it names none
  bool trace_sampled = true;   // whether the caller records the trace
  absl::Time now;              // the clock's time when the call began: default of as_of
  absl::Time deadline = absl::InfiniteFuture();  // wall clock; after the cap
  std::function<bool()> is_cancelled = [] { return false; };
  // For the audit log: the request_id of a call that writes, and the revision that has the
  // write; "" where there is none.
  std::string request_id;
  std::string revision;
  Patience patience = Patience::kLong;
  // True once the handler would have had to wait for longer than `patience`: whatever it
  // answered then, it is run again from the start where it may wait.
  mutable bool wants_to_wait = false;

  const TenantId& tenant() const { return principal.tenant; }
  // DEADLINE_EXPIRED or CANCELLED_BY_CALLER where the answer is no longer wanted:
  // long loops ask now and then.
  Status CheckAlive(absl::Time wall_now) const;
  // Said instead of waiting where `patience` is too short. The error is for the handler's
  // way out and never sent.
  Error WantsToWait() const;
};

}  // namespace gtm::rpc
