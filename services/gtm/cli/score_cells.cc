#include "services/gtm/cli/score_cells.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {

Cell PointsCell(const type::v1::Score& score, bool present) {
  return present ? Cell(Points(score.micropoints()), std::to_string(score.micropoints()))
                 : Cell("", "");
}

std::string ScoreRange(const type::v1::Score& score) {
  if (score.low_micropoints() == score.high_micropoints()) return "";
  return Points(score.low_micropoints()) + " to " + Points(score.high_micropoints());
}

Cell VerdictCell(targeting::v1::TargetVerdict verdict) {
  const std::string text = EnumText(TargetVerdict_Name(verdict), "TARGET_VERDICT_");
  switch (verdict) {
    case targeting::v1::TARGET_VERDICT_TARGET:
      return {text, Tone::kGood};
    case targeting::v1::TARGET_VERDICT_UNDECIDED:
      return {text, Tone::kWarn};
    default:
      return {text, Tone::kFaint};
  }
}

std::string DefinitionText(const targeting::v1::DefinitionUsed& used) {
  std::string text = "definition " + used.definition_id();
  if (used.version_number() > 0) text += fmt::format(" (version {})", used.version_number());
  if (used.review_overdue()) text += ", its review is due";
  return text;
}

void AddParts(const std::string& what, const type::v1::Score& score, Table* table) {
  for (const type::v1::ScorePart& part : score.parts()) {
    const double share =
        part.max_micropoints() == 0
            ? 0
            : static_cast<double>(part.micropoints()) / static_cast<double>(part.max_micropoints());
    table->rows.push_back(
        {what, part.criterion_id(),
         part.known() ? Cell(part.observed()) : Cell("not known", "", Tone::kWarn), part.matched(),
         Cell(Points(part.micropoints()), std::to_string(part.micropoints())),
         Cell(Points(part.max_micropoints()), std::to_string(part.max_micropoints())),
         Cell(part.known() ? Bar(share, 12) : "", fmt::format("{:.4f}", share))});
  }
}

Table PartsTable() {
  return {{{"score", "score", Align::kLeft, false},
           {"criterion", "criterion_id", Align::kLeft, false},
           {"observed", "observed", Align::kLeft, true},
           {"matched", "matched", Align::kLeft, true},
           {"points", "micropoints", Align::kRight, false},
           {"of", "max_micropoints", Align::kRight, false},
           {"", "share", Align::kLeft, false}},
          {}};
}

}  // namespace gtm::cli
