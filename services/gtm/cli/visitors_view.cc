#include "services/gtm/cli/visitors_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/gtm/cli/score_cells.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::VisitorScore;

std::string LastTouch(const VisitorScore& score) {
  return score.has_last_touch_time() ? TimeText(score.last_touch_time()) : "";
}

}  // namespace

void PrintVisitors(const targeting::v1::ListVisitorsResponse& answer, const Names& account_names,
                   Printer* printer) {
  Table table{{{"#", "rank", Align::kRight, false},
               {"visitor", "visitor_id", Align::kLeft, true},
               {"engaged", "engagement_micropoints", Align::kRight, false},
               {"touches", "touch_count", Align::kRight, false},
               {"last", "last_touch_time", Align::kLeft, false},
               {"account", "account_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"contact", "contact_id", Align::kLeft, true},
               {"fit", "fit_micropoints", Align::kRight, false},
               {"fit could be", "", Align::kRight, false, Shown::kInTables},
               {"", "fit_low_micropoints", Align::kRight, false, Shown::kInCsv},
               {"", "fit_high_micropoints", Align::kRight, false, Shown::kInCsv},
               {"verdict", "verdict", Align::kLeft, false},
               {"prospect", "prospect", Align::kLeft, false}},
              {}};
  int rank = 0;
  for (const VisitorScore& score : answer.visitors()) {
    table.rows.push_back(
        {std::to_string(++rank), score.visitor_id(),
         PointsCell(score.engagement(), score.has_engagement()),
         Cell(Thousands(score.touch_count()), std::to_string(score.touch_count())),
         LastTouch(score), score.account_id(), NameOf(account_names, score.account_id()),
         score.contact_id(), PointsCell(score.fit(), true), ScoreRange(score.fit()),
         std::to_string(score.fit().low_micropoints()),
         std::to_string(score.fit().high_micropoints()), VerdictCell(score.verdict()),
         Cell(score.prospect() ? "yes" : "", score.prospect() ? "true" : "false")});
  }
  printer->Heading(fmt::format("Visitors: {} pass · {} unknown · {} linked",
                               Thousands(answer.total_count()), Thousands(answer.unknown_count()),
                               Thousands(answer.linked_count())));
  printer->Main(table);
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

void PrintVisitorExplained(const targeting::v1::ScoreVisitorResponse& answer, Printer* printer) {
  const VisitorScore& score = answer.score();
  Table table = PartsTable();
  AddParts("fit", score.fit(), &table);
  AddParts("engagement", score.engagement(), &table);
  AddParts("priority", score.priority(), &table);
  std::string who = "nobody knows who";
  if (!score.account_id().empty()) {
    who = score.account_id();
    if (!score.contact_id().empty()) who += ", " + score.contact_id();
  }
  printer->Heading(fmt::format("{} ({}): {}, {} touches, last {}{}", score.visitor_id(), who,
                               VerdictCell(score.verdict()).text, Thousands(score.touch_count()),
                               LastTouch(score), score.prospect() ? ", a prospect" : ""));
  printer->Main(table);
  if (score.account_id().empty()) {
    printer->Line(
        fmt::format("with all known the fit would be {}; learn first: {}", ScoreRange(score.fit()),
                    score.deciding_criterion_ids().empty()
                        ? "anything"
                        : fmt::format("{}", fmt::join(score.deciding_criterion_ids(), ", "))));
  } else {
    printer->Line(fmt::format("what it did is part of {}'s engagement, once", score.account_id()));
  }
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
