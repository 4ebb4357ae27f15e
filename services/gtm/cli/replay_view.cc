#include "services/gtm/cli/replay_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using Replay = targeting::v1::ReplayTargetDefinitionResponse;

Cell CountCell(int64_t count) { return Cell(Thousands(count), std::to_string(count)); }

Cell CountCell(const Replay::Instant& instant, int64_t count) {
  return instant.has_baseline() ? CountCell(count) : Cell("", "");
}

Table InstantTable(const Replay& answer) {
  Table table{{{"as of", "as_of", Align::kLeft, false},
               {"accounts", "account_count", Align::kRight, false},
               {"targets", "target_count", Align::kRight, false},
               {"before", "baseline_target_count", Align::kRight, false},
               {"enter", "entering_count", Align::kRight, false},
               {"leave", "leaving_count", Align::kRight, false},
               {"undecided", "undecided_count", Align::kRight, false},
               {"prospects", "prospect_count", Align::kRight, false},
               {"before", "baseline_prospect_count", Align::kRight, false}},
              {}};
  for (const Replay::Instant& instant : answer.instants()) {
    table.rows.push_back(
        {TimeText(instant.as_of()), CountCell(instant.account_count()),
         CountCell(instant.tried().target_count()),
         CountCell(instant, instant.baseline().target_count()),
         CountCell(instant, instant.entering_count()), CountCell(instant, instant.leaving_count()),
         CountCell(instant.tried().undecided_count()), CountCell(instant.tried().prospect_count()),
         CountCell(instant, instant.baseline().prospect_count())});
  }
  return table;
}

void AddOutcomes(const char* definition, const char* accounts, const Replay::Outcomes& outcomes,
                 Table* table) {
  table->rows.push_back(
      {definition, accounts, CountCell(outcomes.handover_count()),
       Cell(EstimateText(outcomes.acceptance(), true),
            EstimatePlain(outcomes.acceptance(), Bound::kValue)),
       CountCell(outcomes.opportunity_count()),
       Cell(EstimateText(outcomes.win_rate(), true),
            EstimatePlain(outcomes.win_rate(), Bound::kValue)),
       Cell(MoneyText(outcomes.won_amount()), MoneyPlain(outcomes.won_amount()))});
}

Table OutcomeTable(const Replay& answer) {
  Table table{{{"definition", "definition", Align::kLeft, false},
               {"accounts", "accounts", Align::kLeft, false},
               {"handed over", "handover_count", Align::kRight, false},
               {"accepted by sales", "acceptance", Align::kRight, false},
               {"opportunities", "opportunity_count", Align::kRight, false},
               {"won of decided", "win_rate", Align::kRight, false},
               {"won", "won_amount", Align::kRight, false}},
              {}};
  AddOutcomes("tried", "targets", answer.tried().targets(), &table);
  AddOutcomes("tried", "others", answer.tried().others(), &table);
  const auto& baseline = answer.baseline();
  if (baseline.targets().opportunity_count() + baseline.others().opportunity_count() +
          baseline.targets().handover_count() + baseline.others().handover_count() >
      0) {
    AddOutcomes("before", "targets", baseline.targets(), &table);
    AddOutcomes("before", "others", baseline.others(), &table);
  }
  return table;
}

void PrintMoved(const char* what,
                const google::protobuf::RepeatedPtrField<Replay::MovedAccount>& all,
                const Names& names, Printer* printer) {
  if (all.empty()) return;
  Table table{{{what, "account_id", Align::kLeft, true},
               {"fit", "tried_fit_micropoints", Align::kRight, false},
               {"before", "baseline_fit_micropoints", Align::kRight, false}},
              {}};
  for (const Replay::MovedAccount& moved : all) {
    const auto name = names.find(moved.account_id());
    table.rows.push_back(
        {Cell(name != names.end() ? name->second : moved.account_id(), moved.account_id()),
         Cell(Points(moved.tried_fit_micropoints()), std::to_string(moved.tried_fit_micropoints())),
         moved.has_baseline_fit_micropoints()
             ? Cell(Points(moved.baseline_fit_micropoints()),
                    std::to_string(moved.baseline_fit_micropoints()))
             : Cell("", "")});
  }
  printer->Blank();
  printer->Extra(table);
}

std::string CostText(const char* definition, const Replay::SideOutcomes& side) {
  if (!side.has_cost_per_prospect()) return "";
  return fmt::format("{} for each of {} prospects {}", MoneyText(side.cost_per_prospect()),
                     Thousands(side.prospect_account_count()), definition);
}

}  // namespace

void PrintReplay(const Replay& answer, const Names& account_names, Printer* printer) {
  printer->Heading(fmt::format("Replay over {}", RangeText(answer.days())));
  printer->Main(InstantTable(answer));
  printer->Line(
      "touches, stages and decisions as of each day; facts of accounts as recorded today");
  printer->Blank();
  printer->Line("what came of accounts, by what they were when it happened:");
  printer->Extra(OutcomeTable(answer));
  if (MicrosOf(answer.spend()) > 0) {
    std::string line = fmt::format("spent: {}", MoneyText(answer.spend()));
    for (const std::string& cost :
         {CostText("as tried", answer.tried()), CostText("before", answer.baseline())}) {
      if (!cost.empty()) line += "; " + cost;
    }
    printer->Line(line);
  }
  PrintMoved("enters", answer.entering(), account_names, printer);
  PrintMoved("leaves", answer.leaving(), account_names, printer);
  if (answer.has_stored_decisions() && answer.stored_decisions().handover_count() > 0) {
    const auto& stored = answer.stored_decisions();
    printer->Line(fmt::format(
        "stored decisions of this definition: {}, the same again {}, facts changed since {}, "
        "different {}",
        Thousands(stored.handover_count()), Thousands(stored.equal_count()),
        Thousands(stored.changed_facts_count()), Thousands(stored.different_handover_ids_size())));
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
