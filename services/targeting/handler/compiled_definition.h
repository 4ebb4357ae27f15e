#pragma once
// Definitions made ready to score with, once for as long as they are asked for.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "common/core/sha256.h"
#include "gtm/targeting/v1/resources.pb.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/handler/score_bytes.h"

namespace gtm::targeting::handler {

struct CompiledDefinition {
  std::shared_ptr<const v1::TargetDefinition> message;
  domain::Definition definition;
  Sha256 content;  // of content and version; what is hashed with it comes after
  ScoreBytes score_bytes;
  // When its review is due in the tenant's time zone; never where it is not active.
  absl::TimeZone time_zone;
  absl::Time review_due_time;
  // gtm.targeting.v1.DefinitionUsed before and from `review_due_time`, and rules_version of
  // gtm.type.v1.Provenance: what each answer repeats.
  std::string used_bytes;
  std::string used_overdue_bytes;
  std::string rules_version;

  // SHA-256 (hex) over the definition's content and version, the instant and `inputs`.
  std::string HashInputs(absl::Time as_of, std::string_view inputs) const;
};

// Error: INVALID_FIELDS where the message is no complete definition.
Result<std::shared_ptr<const CompiledDefinition>> CompileForScoring(
    std::shared_ptr<const v1::TargetDefinition> message, const FiscalCalendar& calendar);

// The definitions used last, of all tenants. Thread-safe.
class CompiledDefinitions {
 public:
  // As CompileForScoring. A message of a Book never changes, so that its address names it
  // for as long as it is held here.
  Result<std::shared_ptr<const CompiledDefinition>> Of(
      const std::shared_ptr<const v1::TargetDefinition>& message, const FiscalCalendar& calendar);

 private:
  static constexpr size_t kCountMax = 64;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const CompiledDefinition>> used_;  // the last used first
};

}  // namespace gtm::targeting::handler
