#include "services/gtm/cli/diagnosis_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::CheckStageGateResponse;
using targeting::v1::DiagnoseHandoversResponse;
using targeting::v1::HandoverFinding;
using targeting::v1::HandoverPeriod;
using type::v1::Estimate;

Cell RateCell(const Estimate& estimate) {
  if (!estimate.has_value()) return {"no data", "", Tone::kFaint};
  const bool enough = estimate.sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
  return {fmt::format("{} of {}", EstimateText(estimate, true), Thousands(estimate.sample_count())),
          EstimatePlain(estimate, Bound::kValue), enough ? Tone::kPlain : Tone::kFaint};
}

Cell CountCell(int64_t count) { return {Thousands(count), std::to_string(count)}; }

Cell MoneyCell(bool known, const type::v1::Money& money) {
  if (!known) return {"not known", "", Tone::kFaint};
  return {MoneyText(money), MoneyPlain(money)};
}

std::string FindingName(HandoverFinding::Kind kind) {
  switch (kind) {
    case HandoverFinding::KIND_WRONG_REASONS:
      return "lost for want of problem, value or money";
    case HandoverFinding::KIND_TARGETS_WIN_NO_MORE:
      return "targets win no more than others";
    case HandoverFinding::KIND_MONEY_WINS_LESS:
      return "the same money wins less";
    case HandoverFinding::KIND_MORE_LEADS:
      return "more leads";
    case HandoverFinding::KIND_FEWER_WON:
      return "fewer won deals";
    case HandoverFinding::KIND_SALES_REFUSES_OTHERS:
      return "sales refuses what is no target";
    default:
      return "";
  }
}

// Sales refusing what is no target is how it should be; every other yes is bad news.
Cell StatusCell(HandoverFinding::Kind kind, HandoverFinding::Status status) {
  const std::string text = EnumText(HandoverFinding::Status_Name(status), "STATUS_");
  if (status == HandoverFinding::STATUS_NOT_SURE) return {text, Tone::kWarn};
  if (status == HandoverFinding::STATUS_NO_DATA) return {text, Tone::kFaint};
  const bool good_news = kind == HandoverFinding::KIND_SALES_REFUSES_OTHERS;
  const bool yes = status == HandoverFinding::STATUS_YES;
  return {text, yes == good_news ? Tone::kGood : Tone::kBad};
}

// Shares and their differences as percent, ratios as factors.
Cell ValueCell(const HandoverFinding& finding) {
  const Estimate& value = finding.value();
  if (!value.has_value()) return {"", ""};
  const bool ratio = finding.kind() == HandoverFinding::KIND_MONEY_WINS_LESS ||
                     finding.kind() == HandoverFinding::KIND_MORE_LEADS ||
                     finding.kind() == HandoverFinding::KIND_FEWER_WON;
  std::string text;
  if (ratio) {
    text = fmt::format("{} times ({} to {})", Fixed(value.value(), 2), Fixed(value.low(), 2),
                       value.has_high() ? Fixed(value.high(), 2) : "?");
  } else {
    text = EstimateText(value, true);
  }
  return {text, EstimatePlain(value, Bound::kValue)};
}

Table FindingTable(const DiagnoseHandoversResponse& answer) {
  Table table{{{"finding", "kind", Align::kLeft, true},
               {"is it so", "status", Align::kLeft, false},
               {"value", "value", Align::kRight, false},
               {"what it means", "explanation", Align::kLeft, true}},
              {}};
  for (const HandoverFinding& finding : answer.findings()) {
    table.rows.push_back({Cell(FindingName(finding.kind()),
                               EnumText(HandoverFinding::Kind_Name(finding.kind()), "KIND_")),
                          StatusCell(finding.kind(), finding.status()), ValueCell(finding),
                          finding.explanation()});
  }
  return table;
}

Table PeriodTable(const DiagnoseHandoversResponse& answer) {
  Table table{{{"", "measure", Align::kLeft, true},
               {RangeText(answer.current().days()), "current", Align::kRight, false},
               {RangeText(answer.before().days()), "before", Align::kRight, false}},
              {}};
  const auto add = [&](const char* name, auto cell) {
    table.rows.push_back({name, cell(answer.current()), cell(answer.before())});
  };
  add("handed over", [](const HandoverPeriod& p) { return CountCell(p.handover_count()); });
  add("accepted by sales", [](const HandoverPeriod& p) { return RateCell(p.acceptance()); });
  add("  targets", [](const HandoverPeriod& p) { return RateCell(p.target_acceptance()); });
  add("  no targets", [](const HandoverPeriod& p) { return RateCell(p.other_acceptance()); });
  add("qualified after that", [](const HandoverPeriod& p) { return RateCell(p.qualification()); });
  add("win rate of targets", [](const HandoverPeriod& p) { return RateCell(p.target_win_rate()); });
  add("win rate of others", [](const HandoverPeriod& p) { return RateCell(p.other_win_rate()); });
  add("won deals", [](const HandoverPeriod& p) { return CountCell(p.won_count()); });
  add("leads counted", [](const HandoverPeriod& p) -> Cell {
    return p.has_lead_count() ? CountCell(p.lead_count()) : Cell("not known", "", Tone::kFaint);
  });
  add("spend", [](const HandoverPeriod& p) { return MoneyCell(p.has_spend(), p.spend()); });
  add("spend a won deal",
      [](const HandoverPeriod& p) { return MoneyCell(p.has_cost_per_won(), p.cost_per_won()); });
  return table;
}

template <class Wins>
void PrintWinsBy(const char* what, const Wins& all, Printer* printer) {
  constexpr int kShown = 10;
  if (all.empty()) return;
  Table table{{{what, what, Align::kLeft, true},
               {"won", "win_rate", Align::kRight, false},
               {"against all others", "difference", Align::kRight, false}},
              {}};
  for (int i = 0; i < all.size() && i < kShown; ++i) {
    table.rows.push_back(
        {all[i].name(), RateCell(all[i].win_rate()), EstimateText(all[i].difference(), true)});
  }
  printer->Extra(table);
  if (all.size() > kShown) {
    printer->Line(fmt::format("  and {} more: -o json", all.size() - kShown));
  }
  printer->Blank();
}

template <class Reasons>
void PrintReasons(const char* heading, const Reasons& reasons, Printer* printer) {
  if (reasons.empty()) return;
  Table table{{{heading, "reason", Align::kLeft, true},
               {"times", "handover_count", Align::kRight, false},
               {"share", "share", Align::kRight, false},
               {"which says", "reason_class", Align::kLeft, false}},
              {}};
  for (const auto& reason : reasons) {
    table.rows.push_back(
        {reason.reason(), CountCell(reason.handover_count()), RateCell(reason.share()),
         EnumText(targeting::v1::ReasonClass_Name(reason.reason_class()), "REASON_CLASS_")});
  }
  printer->Extra(table);
  printer->Blank();
}

std::string GateText(CheckStageGateResponse::Status status) {
  switch (status) {
    case CheckStageGateResponse::STATUS_READY:
      return "ready for Stage 1";
    case CheckStageGateResponse::STATUS_MISSING:
      return "not ready for Stage 1";
    case CheckStageGateResponse::STATUS_PASSED:
      return "in pipeline, with the evidence for it";
    case CheckStageGateResponse::STATUS_PASSED_WITHOUT:
      return "in pipeline without the evidence for it";
    case CheckStageGateResponse::STATUS_CLOSED:
      return "closed";
    default:
      return "";
  }
}

std::string EvidenceName(targeting::v1::StageEvidence::Kind kind) {
  switch (kind) {
    case targeting::v1::StageEvidence::KIND_RUBRIC:
      return "rubric (Stage 0)";
    case targeting::v1::StageEvidence::KIND_BUYING_TEAM:
      return "buying team engaged";
    case targeting::v1::StageEvidence::KIND_DISCOVERY:
      return "discovery";
    case targeting::v1::StageEvidence::KIND_MEASURED_INTEREST:
      return "measured interest";
    default:
      return "";
  }
}

}  // namespace

void PrintDiagnosis(const DiagnoseHandoversResponse& answer, Printer* printer) {
  printer->Heading(fmt::format("Hand-over {}, against {}", RangeText(answer.current().days()),
                               RangeText(answer.before().days())));
  for (const std::string& conclusion : answer.conclusions()) printer->Paragraph("  ", conclusion);
  printer->Blank();
  printer->Main(FindingTable(answer));
  printer->Blank();
  printer->Extra(PeriodTable(answer));
  printer->Blank();
  PrintReasons("why sales rejects", answer.rejection_reasons(), printer);
  PrintReasons("why accepted ones are turned away", answer.disqualification_reasons(), printer);
  PrintWinsBy("product", answer.products(), printer);
  PrintWinsBy("competitor", answer.competitors(), printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintStageGate(const CheckStageGateResponse& answer, Printer* printer) {
  printer->Heading(fmt::format("{}: {}", answer.opportunity_id(), GateText(answer.status())));
  std::string line = fmt::format("  stage {}, clock started {}", answer.stage_id(),
                                 TimeText(answer.clock_start_time()));
  line += answer.has_qualified_time()
              ? fmt::format(", in pipeline since {}", TimeText(answer.qualified_time()))
              : ", in no pipeline and no forecast";
  printer->Line(line);
  printer->Blank();
  Table table{{{"evidence", "kind", Align::kLeft, false},
               {"is there", "met", Align::kLeft, false},
               {"what there is", "observed", Align::kLeft, true},
               {"what is missing", "needed", Align::kLeft, true}},
              {}};
  for (const auto& evidence : answer.evidence()) {
    const Tone missing = evidence.required() ? Tone::kBad : Tone::kFaint;
    table.rows.push_back(
        {Cell(EvidenceName(evidence.kind()),
              EnumText(targeting::v1::StageEvidence::Kind_Name(evidence.kind()), "KIND_")),
         evidence.met() ? Cell("yes", Tone::kGood) : Cell("no", missing), evidence.observed(),
         evidence.needed()});
  }
  printer->Main(table);
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
