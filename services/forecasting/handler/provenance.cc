#include "services/forecasting/handler/provenance.h"

#include "common/core/sha256.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
void RenderProvenance(const records_client::Question& question, const domain::DealTable& table,
                      const DayRange& days, const domain::Selection& selection,
                      const std::optional<domain::Target>& target, std::string_view extra,
                      type::v1::Provenance* result) {
  Sha256 hash;
  hash.UpdateText(domain::kModelVersion).UpdateText(domain::HashOf(table));
  hash.Update(absl::ToUnixMicros(question.as_of));
  hash.Update(domain::NumberOf(days.start)).Update(domain::NumberOf(days.end));
  hash.UpdateText(selection.owner_seller_id).UpdateText(selection.segment);
  hash.Update(target ? target->micros : int64_t{-1}).UpdateText(extra);
  *result->mutable_as_of() = ToProto(question.as_of);
  result->set_revision(question.view.revision());
  result->set_input_sha256(hash.HexDigest());
  result->set_rules_version(std::string(domain::kModelVersion));
}

}  // namespace gtm::forecasting::handler
