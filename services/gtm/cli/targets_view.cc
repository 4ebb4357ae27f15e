#include "services/gtm/cli/targets_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/score_cells.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::AccountScore;
using targeting::v1::TargetDefinition;

}  // namespace

void PrintTargets(const targeting::v1::ListTargetsResponse& answer, const Names& account_names,
                  Printer* printer) {
  // A definition that does not score urgency needs no empty column.
  const bool scores_urgency =
      std::any_of(answer.targets().begin(), answer.targets().end(),
                  [](const AccountScore& score) { return score.has_urgency(); });
  const Shown urgent = scores_urgency ? Shown::kEverywhere : Shown::kInCsv;
  Table table{{{"#", "rank", Align::kRight, false},
               {"account", "account_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"priority", "priority_micropoints", Align::kRight, false},
               {"could be", "", Align::kRight, false, Shown::kInTables},
               {"", "priority_low_micropoints", Align::kRight, false, Shown::kInCsv},
               {"", "priority_high_micropoints", Align::kRight, false, Shown::kInCsv},
               {"fit", "fit_micropoints", Align::kRight, false},
               {"engaged", "engagement_micropoints", Align::kRight, false},
               {"urgent", "urgency_micropoints", Align::kRight, false, urgent},
               {"known", "known_weight_bps", Align::kRight, false},
               {"verdict", "verdict", Align::kLeft, false},
               {"prospect", "prospect", Align::kLeft, false}},
              {}};
  int rank = 0;
  for (const AccountScore& score : answer.targets()) {
    table.rows.push_back(
        {std::to_string(++rank), score.account_id(), NameOf(account_names, score.account_id()),
         PointsCell(score.priority(), true), ScoreRange(score.priority()),
         std::to_string(score.priority().low_micropoints()),
         std::to_string(score.priority().high_micropoints()),
         PointsCell(score.fit(), score.has_fit()),
         PointsCell(score.engagement(), score.has_engagement()),
         PointsCell(score.urgency(), score.has_urgency()),
         Cell(BpsPercent(score.priority().known_weight_bps()),
              std::to_string(score.priority().known_weight_bps())),
         VerdictCell(score.verdict()),
         Cell(score.prospect() ? "yes" : "", score.prospect() ? "true" : "false")});
  }
  std::string heading = fmt::format("{} accounts pass", Thousands(answer.total_count()));
  for (const auto& count : answer.verdict_counts()) {
    heading += fmt::format(" · {} {}", Thousands(count.account_count()),
                           EnumText(TargetVerdict_Name(count.verdict()), "TARGET_VERDICT_"));
  }
  printer->Heading("Targets: " + heading);
  printer->Main(table);
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

void PrintTargetExplained(const targeting::v1::ScoreAccountResponse& answer,
                          const std::string& account_name, Printer* printer) {
  const AccountScore& score = answer.score();
  Table table = PartsTable();
  AddParts("fit", score.fit(), &table);
  AddParts("engagement", score.engagement(), &table);
  AddParts("urgency", score.urgency(), &table);
  AddParts("priority", score.priority(), &table);
  printer->Heading(fmt::format(
      "{}{}: {}, priority {}{}", score.account_id(),
      account_name.empty() ? "" : " (" + account_name + ")", VerdictCell(score.verdict()).text,
      Points(score.priority().micropoints()), score.prospect() ? ", a prospect" : ""));
  printer->Main(table);
  if (!ScoreRange(score.fit()).empty()) {
    printer->Line(fmt::format("{} of the weight is known; with full data the fit would be {}",
                              BpsPercent(score.fit().known_weight_bps()), ScoreRange(score.fit())));
  }
  if (score.deciding_criterion_ids_size() > 0) {
    printer->Line(
        fmt::format("the verdict hangs on: {}", fmt::join(score.deciding_criterion_ids(), ", ")));
  }
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

void PrintGapTable(const targeting::v1::GetScoreGapResponse& answer, Printer* printer) {
  using Gap = targeting::v1::GetScoreGapResponse::Gap;
  Table table{{{"to be a", "verdict", Align::kLeft, false},
               {"criterion", "criterion_id", Align::kLeft, false},
               {"observed", "observed", Align::kLeft, true},
               {"now", "micropoints", Align::kRight, false},
               {"could add", "gain_micropoints", Align::kRight, false},
               {"with", "best_outcome", Align::kLeft, true},
               {"alone enough", "sufficient_outcome", Align::kLeft, true}},
              {}};
  const auto add = [&](const char* what, const Gap& gap) {
    for (const auto& lever : gap.levers()) {
      const int64_t gain = lever.best_micropoints() - lever.micropoints();
      table.rows.push_back({what, lever.criterion_id(),
                            lever.known() ? lever.observed() : "not known",
                            Cell(Points(lever.micropoints()), std::to_string(lever.micropoints())),
                            Cell("+" + Points(gain), std::to_string(gain)), lever.best_outcome(),
                            lever.sufficient_outcome()});
    }
  };
  if (answer.target().gap_micropoints() > 0) add("target", answer.target());
  if (answer.has_prospect() && answer.prospect().gap_micropoints() > 0) {
    add("prospect", answer.prospect());
  }
  printer->Heading(table.rows.empty() ? "Nothing is missing" : "What would change it");
  if (!table.rows.empty() || !printer->is_table()) printer->Main(table);
  printer->Line(DefinitionText(answer.definition()) + " · " + ProvenanceText(answer.provenance()));
}

void PrintScoreGap(const targeting::v1::GetScoreGapResponse& answer, Printer* printer) {
  using Gap = targeting::v1::GetScoreGapResponse::Gap;
  const auto print = [&](const char* what, const Gap& gap) {
    if (gap.gap_micropoints() == 0) return;
    printer->Line(fmt::format("to be a {}: {} more points, at {}", what,
                              Points(gap.gap_micropoints()), Points(gap.threshold_micropoints())));
    for (const auto& lever : gap.levers()) {
      std::string line =
          fmt::format("  {}: {}, up to +{} with {}", lever.criterion_id(),
                      lever.known() ? lever.observed() : "not known",
                      Points(lever.best_micropoints() - lever.micropoints()), lever.best_outcome());
      if (!lever.sufficient_outcome().empty()) {
        line += fmt::format("; {} alone is enough", lever.sufficient_outcome());
      }
      printer->Line(line);
    }
    if (!gap.reachable()) printer->Line("  all together are not enough");
    if (gap.fewest_criterion_ids_size() > 1) {
      printer->Line(
          fmt::format("  fewest that are enough: {}", fmt::join(gap.fewest_criterion_ids(), ", ")));
    }
  };
  print("target", answer.target());
  if (answer.has_prospect()) print("prospect", answer.prospect());
}

void PrintWatched(const targeting::v1::WatchTargetsResponse& message, bool is_first,
                  Printer* printer) {
  Table table{{{"time", "as_of", Align::kLeft, false},
               {"account", "account_id", Align::kLeft, false},
               {"priority", "priority_micropoints", Align::kRight, false},
               {"fit", "fit_micropoints", Align::kRight, false},
               {"verdict", "verdict", Align::kLeft, false},
               {"prospect", "prospect", Align::kLeft, false},
               {"removed", "removed", Align::kLeft, false}},
              {}};
  for (const AccountScore& score : message.scores()) {
    const std::string verdict = EnumText(TargetVerdict_Name(score.verdict()), "TARGET_VERDICT_");
    table.rows.push_back({TimeText(message.as_of()), score.account_id(),
                          std::to_string(score.priority().micropoints()),
                          std::to_string(score.fit().micropoints()), verdict,
                          score.prospect() ? "true" : "false", "false"});
    printer->Line(fmt::format("{}  {}  priority {}  fit {}  {}{}", TimeText(message.as_of()),
                              score.account_id(), Points(score.priority().micropoints()),
                              Points(score.fit().micropoints()), verdict,
                              score.prospect() ? ", prospect" : ""));
  }
  for (const std::string& id : message.removed_account_ids()) {
    table.rows.push_back({TimeText(message.as_of()), id, "", "", "", "", "true"});
    printer->Line(fmt::format("{}  {}  is no more", TimeText(message.as_of()), id));
  }
  printer->CsvRows(table, is_first);
}

void PrintHandshake(const targeting::v1::GetHandshakeResponse& answer, Printer* printer) {
  Table table{{{"step", "step", Align::kLeft, false},
               {"share", "share", Align::kRight, false},
               {"", "share_low", Align::kRight, false, Shown::kInCsv},
               {"", "share_high", Align::kRight, false, Shown::kInCsv},
               {"decided", "decided_count", Align::kRight, false},
               {"status", "status", Align::kLeft, false}},
              {}};
  const std::string status = EnumText(HandshakeStatus_Name(answer.status()), "HANDSHAKE_STATUS_");
  table.rows.push_back({"accepted by sales",
                        Cell(EstimateText(answer.acceptance(), true),
                             EstimatePlain(answer.acceptance(), Bound::kValue)),
                        EstimatePlain(answer.acceptance(), Bound::kLow),
                        EstimatePlain(answer.acceptance(), Bound::kHigh),
                        Cell(Thousands(answer.acceptance().sample_count()),
                             std::to_string(answer.acceptance().sample_count())),
                        status + (answer.verdict_could_turn() ? " (could turn)" : "")});
  table.rows.push_back({"qualified after all",
                        Cell(EstimateText(answer.qualification(), true),
                             EstimatePlain(answer.qualification(), Bound::kValue)),
                        EstimatePlain(answer.qualification(), Bound::kLow),
                        EstimatePlain(answer.qualification(), Bound::kHigh),
                        Cell(Thousands(answer.qualification().sample_count()),
                             std::to_string(answer.qualification().sample_count())),
                        ""});
  printer->Heading(fmt::format("Handshake {}: {} handed over, {} not decided; the gate is {}",
                               RangeText(answer.days()), Thousands(answer.handover_count()),
                               Thousands(answer.pending_count()), BpsPercent(answer.gate_bps())));
  printer->Main(table);
  for (const auto& reason : answer.rejection_reasons()) {
    printer->Line(
        fmt::format("  rejected, {}: {}", reason.reason(), Thousands(reason.handover_count())));
  }
  for (const auto& reason : answer.disqualification_reasons()) {
    printer->Line(
        fmt::format("  turned away, {}: {}", reason.reason(), Thousands(reason.handover_count())));
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintDefinitions(const targeting::v1::ListTargetDefinitionsResponse& answer,
                      Printer* printer) {
  Table table{{{"id", "id", Align::kLeft, false},
               {"name", "display_name", Align::kLeft, true},
               {"state", "state", Align::kLeft, false},
               {"version", "version_number", Align::kRight, false},
               {"signed by", "signed_by", Align::kLeft, true},
               {"in force since", "activate_time", Align::kLeft, false},
               {"", "early_change", Align::kLeft, false}},
              {}};
  for (const TargetDefinition& definition : answer.definitions()) {
    std::string signers;
    for (const auto& sign_off : definition.sign_offs()) {
      signers += (signers.empty() ? "" : ", ") +
                 EnumText(SigningFunction_Name(sign_off.function()), "SIGNING_FUNCTION_");
    }
    const bool active = definition.state() == TargetDefinition::STATE_ACTIVE;
    table.rows.push_back(
        {definition.id(), definition.display_name(),
         Cell(EnumText(TargetDefinition::State_Name(definition.state()), "STATE_"),
              active ? Tone::kGood : Tone::kPlain),
         definition.version_number() == 0 ? "" : std::to_string(definition.version_number()),
         signers, TimeText(definition.activate_time()),
         Cell(definition.early_change() ? "changed early" : "",
              definition.early_change() ? "true" : "false", Tone::kWarn)});
  }
  printer->Main(table);
}

void PrintAttributes(const targeting::v1::ListAttributesResponse& answer, Printer* printer) {
  using Attribute = targeting::v1::ListAttributesResponse::Attribute;
  Table table{{{"attribute", "name", Align::kLeft, false},
               {"values", "value_type", Align::kLeft, false},
               {"meaning", "meaning", Align::kLeft, true}},
              {}};
  for (const Attribute& attribute : answer.attributes()) {
    table.rows.push_back(
        {attribute.name(),
         EnumText(Attribute::ValueType_Name(attribute.value_type()), "VALUE_TYPE_"),
         attribute.meaning()});
  }
  printer->Main(table);
}

void PrintHandover(const targeting::v1::Handover& handover, Printer* printer) {
  using targeting::v1::Handover;
  Table table{{{"id", "id", Align::kLeft, false},
               {"account", "account_id", Align::kLeft, true},
               {"person", "contact_id", Align::kLeft, true},
               {"deal", "opportunity_id", Align::kLeft, true},
               {"handed over", "handover_time", Align::kLeft, false},
               {"state", "state", Align::kLeft, false},
               {"etag", "etag", Align::kLeft, false}},
              {}};
  table.rows.push_back({handover.id(), handover.account_id(), handover.contact_id(),
                        handover.opportunity_id(), TimeText(handover.handover_time()),
                        EnumText(Handover::State_Name(handover.state()), "STATE_"),
                        handover.etag()});
  printer->Main(table);
}

void PrintFunnelCheck(const targeting::v1::CheckFunnelPlanResponse& answer, Printer* printer) {
  using Limit = targeting::v1::CheckFunnelPlanResponse::Limit;
  Table table{{{"limit", "kind", Align::kLeft, false},
               {"stage", "stage", Align::kLeft, true},
               {"needed", "needed", Align::kRight, false},
               {"there is", "available", Align::kRight, false},
               {"times", "ratio", Align::kRight, false},
               {"verdict", "violated", Align::kLeft, false}},
              {}};
  for (const Limit& limit : answer.limits()) {
    const bool is_money = limit.kind() == Limit::KIND_MONEY;
    const auto amount = [&](int64_t number) {
      return Cell(is_money ? Fixed(static_cast<double>(number) / 1e6, 0) : Thousands(number),
                  std::to_string(number));
    };
    table.rows.push_back({EnumText(Limit::Kind_Name(limit.kind()), "KIND_"), limit.stage(),
                          amount(limit.needed()), amount(limit.available()),
                          limit.has_ratio()
                              ? Cell(Fixed(limit.ratio(), 2), fmt::format("{}", limit.ratio()))
                              : Cell("", ""),
                          limit.violated() ? Cell("too much", "true", Tone::kBad)
                                           : Cell("fits", "false", Tone::kGood)});
  }
  printer->Heading(answer.feasible()
                       ? "The plan breaks no limit"
                       : "The plan cannot be: " + answer.first_violation().explanation());
  printer->Main(table);
  for (const auto& step : answer.steps()) {
    printer->Line(
        fmt::format("  {} to {}: {}", step.from_stage(), step.to_stage(), Percent(step.rate())));
  }
  if (answer.counter_plan_size() > 0) {
    Table plan{{{"stage", "stage", Align::kLeft, true}, {"count", "count", Align::kRight, false}},
               {}};
    for (const auto& stage : answer.counter_plan()) {
      plan.rows.push_back(
          {stage.display_name(), Cell(Thousands(stage.count()), std::to_string(stage.count()))});
    }
    printer->Blank();
    printer->Line("the largest plan with the same rates that fits:");
    printer->Extra(plan);
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintDefinition(const TargetDefinition& definition, Printer* printer) {
  targeting::v1::ListTargetDefinitionsResponse one;
  *one.add_definitions() = definition;
  PrintDefinitions(one, printer);
}

void PrintDefinitionChanges(const targeting::v1::CompareTargetDefinitionsResponse& answer,
                            const std::string& id, Printer* printer) {
  using Change = targeting::v1::CompareTargetDefinitionsResponse::Change;
  printer->Heading(fmt::format("From {} to {}: {} {}", answer.older_definition_id(), id,
                               answer.changes_size(),
                               answer.changes_size() == 1 ? "difference" : "differences"));
  Table table{{{"", "kind", Align::kLeft, false},
               {"field", "field", Align::kLeft, false},
               {"before", "before", Align::kLeft, true},
               {"after", "after", Align::kLeft, true}},
              {}};
  for (const Change& change : answer.changes()) {
    table.rows.push_back({EnumText(Change::Kind_Name(change.kind()), "KIND_"), change.field(),
                          change.before(), change.after()});
  }
  if (answer.changes_size() > 0) printer->Main(table);
  if (!answer.change_reason().empty()) {
    printer->Paragraph("why: ", answer.change_reason());
  }
}

}  // namespace gtm::cli
