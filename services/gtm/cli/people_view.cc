#include "services/gtm/cli/people_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/score_cells.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::ContactScore;

std::string RangeOf(const ContactScore& score) {
  if (score.weighted_low_micropoints() == score.weighted_high_micropoints()) return "";
  return fmt::format("{} to {}", Points(score.weighted_low_micropoints()),
                     Points(score.weighted_high_micropoints()));
}

}  // namespace

void PrintTargetPeople(const targeting::v1::ListTargetPeopleResponse& answer,
                       const Names& contact_names, Printer* printer) {
  Table table{{{"#", "rank", Align::kRight, false},
               {"person", "contact_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"counts", "weighted_micropoints", Align::kRight, false},
               {"could be", "", Align::kRight, false, Shown::kInTables},
               {"", "weighted_low_micropoints", Align::kRight, false, Shown::kInCsv},
               {"", "weighted_high_micropoints", Align::kRight, false, Shown::kInCsv},
               {"fit", "fit_micropoints", Align::kRight, false},
               {"role counts", "role_factor_bps", Align::kRight, false},
               {"known", "known_weight_bps", Align::kRight, false}},
              {}};
  int rank = 0;
  for (const ContactScore& score : answer.people()) {
    table.rows.push_back(
        {std::to_string(++rank), score.contact_id(), NameOf(contact_names, score.contact_id()),
         Cell(Points(score.weighted_micropoints()), std::to_string(score.weighted_micropoints())),
         RangeOf(score), std::to_string(score.weighted_low_micropoints()),
         std::to_string(score.weighted_high_micropoints()), PointsCell(score.fit(), true),
         Cell(BpsPercent(score.role_factor_bps()), std::to_string(score.role_factor_bps())),
         Cell(BpsPercent(score.fit().known_weight_bps()),
              std::to_string(score.fit().known_weight_bps()))});
  }
  printer->Heading(fmt::format("People: {} pass", Thousands(answer.total_count())));
  printer->Main(table);
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

void PrintPersonExplained(const targeting::v1::ScoreContactResponse& answer,
                          const std::string& name, Printer* printer) {
  const ContactScore& score = answer.score();
  Table table = PartsTable();
  AddParts("fit", score.fit(), &table);
  printer->Heading(
      fmt::format("{}{}: counts {}, fit {} of which the buying role counts {}", score.contact_id(),
                  name.empty() ? "" : " (" + name + ")", Points(score.weighted_micropoints()),
                  Points(score.fit().micropoints()), BpsPercent(score.role_factor_bps())));
  printer->Main(table);
  if (const std::string range = RangeOf(score); !range.empty()) {
    printer->Line(fmt::format("{} of the weight is known; with full data it would count {}",
                              BpsPercent(score.fit().known_weight_bps()), range));
  }
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
