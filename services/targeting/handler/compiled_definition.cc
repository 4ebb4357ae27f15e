#include "services/targeting/handler/compiled_definition.h"

#include <algorithm>
#include <utility>

#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"

namespace gtm::targeting::handler {

std::string CompiledDefinition::HashInputs(absl::Time as_of, std::string_view inputs) const {
  Sha256 hash = content;
  return hash.Update(absl::ToUnixNanos(as_of)).UpdateText(inputs).HexDigest();
}

Result<std::shared_ptr<const CompiledDefinition>> CompileForScoring(
    std::shared_ptr<const v1::TargetDefinition> message, const FiscalCalendar& calendar) {
  GTM_ASSIGN_OR_RETURN(domain::Definition definition, CompileDefinition(*message));
  v1::TargetDefinition bare = *message;
  domain::ClearOutputOnly(&bare);
  Sha256 content;
  content.UpdateText(CanonicalBytes(bare)).Update(int64_t{message->version_number()});
  ScoreBytes score_bytes(definition);
  const absl::Time due = ReviewDueTime(*message, calendar);
  const auto used = [&](bool overdue) { return CanonicalBytes(RenderUsed(*message, overdue)); };
  return std::shared_ptr<const CompiledDefinition>(new CompiledDefinition{
      message, std::move(definition), content, std::move(score_bytes), calendar.time_zone(), due,
      used(false), used(true), RulesVersion(*message)});
}

Result<std::shared_ptr<const CompiledDefinition>> CompiledDefinitions::Of(
    const std::shared_ptr<const v1::TargetDefinition>& message, const FiscalCalendar& calendar) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(used_.begin(), used_.end(), [&](const auto& one) {
      return one->message == message && one->time_zone == calendar.time_zone();
    });
    if (found != used_.end()) {
      if (found != used_.begin()) std::rotate(used_.begin(), found, found + 1);
      return used_.front();
    }
  }
  GTM_ASSIGN_OR_RETURN(auto compiled, CompileForScoring(message, calendar));
  const std::lock_guard lock(mutex_);
  if (used_.size() == kCountMax) used_.pop_back();
  used_.insert(used_.begin(), compiled);
  return compiled;
}

}  // namespace gtm::targeting::handler
