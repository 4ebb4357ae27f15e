#include "services/gtm/cli/experiments_view.h"

#include <fmt/format.h>

#include <cmath>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::ActivityImpact;
using targeting::v1::ArmComparison;
using targeting::v1::Experiment;
using targeting::v1::ExperimentArm;
using targeting::v1::RankActivitiesResponse;
using type::v1::Estimate;

Cell CountCell(int64_t count) { return {Thousands(count), std::to_string(count)}; }
Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

std::string Signed(double number, int decimals) {
  return (number > 0 ? "+" : "") + Fixed(number, decimals);
}

// "+12.5 points (3.1 to 21.9)" of two rates.
std::string PointsText(const Estimate& difference) {
  if (!difference.has_value()) return "no data";
  return fmt::format("{} points ({} to {})", Signed(difference.value() * 100, 1),
                     Signed(difference.low() * 100, 1), Signed(difference.high() * 100, 1));
}

const ActivityImpact::Test* Find(const ActivityImpact& impact, ActivityImpact::Measure measure) {
  for (const ActivityImpact::Test& test : impact.tests()) {
    if (test.measure() == measure) return &test;
  }
  return nullptr;
}

// What may be told is in color; what may be chance is faint.
Cell TestCell(const ActivityImpact& impact, ActivityImpact::Measure measure) {
  const ActivityImpact::Test* test = Find(impact, measure);
  if (test == nullptr || !test->effect().has_value()) {
    const bool few = test != nullptr && test->touched_count() > 0;
    return {few ? "too few" : "no data", "", Tone::kFaint};
  }
  const double value = test->effect().value();
  const bool is_ratio =
      measure == ActivityImpact::MEASURE_CYCLE || measure == ActivityImpact::MEASURE_PRICE;
  const bool is_more = is_ratio ? value > 1 : value > 0;
  const bool is_good = is_more != (measure == ActivityImpact::MEASURE_CYCLE);
  const Tone tone = !test->significant() ? Tone::kFaint : is_good ? Tone::kGood : Tone::kBad;
  const std::string text = is_ratio ? "x" + Fixed(value, 2) : Signed(value * 100, 1) + " points";
  return {text + (test->significant() ? " *" : ""), EstimatePlain(test->effect(), Bound::kValue),
          tone};
}

Cell ExtraCell(const ActivityImpact& impact) {
  const Estimate& extra = impact.extra_opportunities();
  if (!extra.has_value()) return {"too few", "", Tone::kFaint};
  const ActivityImpact::Test* test = Find(impact, ActivityImpact::MEASURE_CREATION);
  const bool told = test != nullptr && test->significant();
  return {fmt::format("{} ({} to {}){}", Signed(extra.value(), 1), Signed(extra.low(), 1),
                      Signed(extra.high(), 1), told ? " *" : ""),
          EstimatePlain(extra, Bound::kValue),
          !told               ? Tone::kFaint
          : extra.value() > 0 ? Tone::kGood
                              : Tone::kBad};
}

Table ActivityTable(const RankActivitiesResponse& answer) {
  const bool by_campaign = answer.grouping() == targeting::v1::ACTIVITY_GROUPING_CAMPAIGN;
  const bool by_content = answer.grouping() == targeting::v1::ACTIVITY_GROUPING_CONTENT;
  Table table{{{by_campaign  ? "campaign"
                : by_content ? "content"
                             : "channel",
                "key", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true,
                by_campaign ? Shown::kEverywhere : Shown::kInCsv},
               {"targets", "touched_target_count", Align::kRight, false},
               {"more deals begun", "extra_opportunities", Align::kRight, false},
               {"low", "extra_low", Align::kRight, false, Shown::kInCsv},
               {"high", "extra_high", Align::kRight, false, Shown::kInCsv},
               {"q", "creation_q_value", Align::kRight, false, Shown::kInCsv},
               {"win rate", "win_rate_difference", Align::kRight, false},
               {"cycle", "cycle_ratio", Align::kRight, false},
               {"price", "price_ratio", Align::kRight, false},
               {"open deals", "open_opportunity_count", Align::kRight, false},
               {"amount", "open_amount", Align::kRight, false},
               {"named", "sourced_opportunity_count", Align::kRight, false}},
              {}};
  for (const ActivityImpact& impact : answer.activities()) {
    const ActivityImpact::Test* creation = Find(impact, ActivityImpact::MEASURE_CREATION);
    const bool tested = creation != nullptr && creation->has_q_value();
    table.rows.push_back(
        {impact.key(), impact.display_name(), CountCell(impact.touched_target_count()),
         ExtraCell(impact), EstimatePlain(impact.extra_opportunities(), Bound::kLow),
         EstimatePlain(impact.extra_opportunities(), Bound::kHigh),
         tested ? fmt::format("{}", creation->q_value()) : "",
         TestCell(impact, ActivityImpact::MEASURE_WIN_RATE),
         TestCell(impact, ActivityImpact::MEASURE_CYCLE),
         TestCell(impact, ActivityImpact::MEASURE_PRICE),
         CountCell(impact.open_opportunity_count()), MoneyCell(impact.open_amount()),
         CountCell(impact.sourced_opportunity_count())});
  }
  return table;
}

const ArmComparison* ComparisonOf(const Experiment& experiment, const std::string& arm) {
  for (const ArmComparison& comparison : experiment.comparisons()) {
    if (comparison.arm() == arm) return &comparison;
  }
  return nullptr;
}

const ExperimentArm* ArmOf(const Experiment& experiment, const std::string& name) {
  for (const ExperimentArm& arm : experiment.arms()) {
    if (arm.name() == name) return &arm;
  }
  return nullptr;
}

Cell VerdictCell(const ArmComparison* comparison) {
  if (comparison == nullptr) return {"control", "control", Tone::kFaint};
  const std::string raw = EnumText(ArmComparison::Verdict_Name(comparison->verdict()), "VERDICT_");
  switch (comparison->verdict()) {
    case ArmComparison::VERDICT_BETTER:
      return {"better", raw, Tone::kGood};
    case ArmComparison::VERDICT_WORSE:
      return {"worse", raw, Tone::kBad};
    case ArmComparison::VERDICT_NO_WORTHWHILE_DIFFERENCE:
      return {"no difference", raw};
    case ArmComparison::VERDICT_SPLIT_MISMATCH:
      return {"uneven split", raw, Tone::kBad};
    default:
      return {"go on", raw, Tone::kWarn};
  }
}

Cell RateCell(const Estimate& rate) {
  if (!rate.has_value()) return {"no data", "", Tone::kFaint};
  return {EstimateText(rate, true), EstimatePlain(rate, Bound::kValue)};
}

Cell CostCell(bool known, const type::v1::Money& money) {
  if (!known) return {"not known", "", Tone::kFaint};
  return MoneyCell(money);
}

std::string StateText(const Experiment& experiment) {
  return EnumText(Experiment::State_Name(experiment.state()), "STATE_");
}

// Nothing for what the verdicts say already.
std::string StateNote(const Experiment& experiment) {
  switch (experiment.state()) {
    case Experiment::STATE_NOT_BEGUN:
      return "no account was touched yet";
    case Experiment::STATE_STOPPED_EARLY:
      return "stopped early: no account came in for a whole horizon, and not all is told; go on "
             "with it";
    default:
      return "";
  }
}

void AddArms(const Experiment& experiment, Table* table) {
  for (const ExperimentArm& arm : experiment.arms()) {
    const ArmComparison* comparison = ComparisonOf(experiment, arm.name());
    table->rows.push_back(
        {experiment.name(), arm.name(), CountCell(arm.account_count()),
         CountCell(arm.target_count()), CountCell(arm.pending_count()),
         CountCell(arm.contaminated_count()), RateCell(arm.rate()),
         CostCell(arm.has_cost(), arm.cost()),
         arm.has_cost() && !arm.has_cost_per_success()
             ? Cell("none yet", "", Tone::kFaint)
             : CostCell(arm.has_cost_per_success(), arm.cost_per_success()),
         VerdictCell(comparison),
         comparison == nullptr ? "" : EstimatePlain(comparison->difference(), Bound::kValue),
         comparison == nullptr ? "" : EstimatePlain(comparison->difference(), Bound::kLow),
         comparison == nullptr ? "" : EstimatePlain(comparison->difference(), Bound::kHigh),
         StateText(experiment)});
  }
}

std::string ScaleText(ArmComparison::ScaleUp scale_up) {
  switch (scale_up) {
    case ArmComparison::SCALE_UP_YES:
      return "each costs less: do more of it";
    case ArmComparison::SCALE_UP_COST_NOT_SURE:
      return "whether each costs less is not sure";
    case ArmComparison::SCALE_UP_COSTS_MORE:
      return "but each costs more: is it worth that?";
    case ArmComparison::SCALE_UP_COST_UNKNOWN:
      return "what it costs is not recorded: record the spend of its campaigns";
    default:
      return "";
  }
}

std::string RemainingText(const ArmComparison& comparison) {
  if (!comparison.has_remaining_account_count()) return "not decided; go on";
  std::string text = fmt::format("not decided; about {} more accounts an arm",
                                 Thousands(comparison.remaining_account_count()));
  if (comparison.has_remaining_days()) {
    text += fmt::format(", {} days at this pace", Thousands(comparison.remaining_days()));
  }
  return text;
}

}  // namespace

std::string ComparisonText(const Experiment& experiment, const ArmComparison& comparison) {
  const ExperimentArm* control = ArmOf(experiment, experiment.control_arm());
  const ExperimentArm* arm = ArmOf(experiment, comparison.arm());
  const bool has_rates = control != nullptr && arm != nullptr && control->rate().has_value() &&
                         arm->rate().has_value();
  if (!has_rates) return "no account has had its time yet; go on";
  std::string text =
      fmt::format("{} against {}, {}", Percent(arm->rate().value()),
                  Percent(control->rate().value()), PointsText(comparison.difference()));
  switch (comparison.verdict()) {
    case ArmComparison::VERDICT_BETTER:
      text += fmt::format(": better, told after {} accounts; {}",
                          Thousands(comparison.decided_account_count()),
                          ScaleText(comparison.scale_up()));
      break;
    case ArmComparison::VERDICT_WORSE:
      text += fmt::format(": worse, told after {} accounts; stop it",
                          Thousands(comparison.decided_account_count()));
      break;
    case ArmComparison::VERDICT_NO_WORTHWHILE_DIFFERENCE:
      text += fmt::format(": no difference that is worth it, told after {} accounts; try another",
                          Thousands(comparison.decided_account_count()));
      break;
    case ArmComparison::VERDICT_SPLIT_MISMATCH:
      text +=
          ": not compared, since accounts are not split as intended (chance does that once in "
          "1,000); find out why";
      break;
    default:
      text += ": " + RemainingText(comparison);
  }
  return text;
}

void PrintActivities(const RankActivitiesResponse& answer, Printer* printer) {
  printer->Heading(fmt::format("Activities by pipeline, {}", RangeText(answer.days())));
  printer->Blank();
  if (answer.activities().empty()) {
    printer->Line("  no activity touched a target in these days");
  }
  printer->Main(ActivityTable(answer));
  printer->Blank();
  if (answer.total_count() > answer.activities_size()) {
    printer->Line(fmt::format("{} of {} activities; --limit shows more", answer.activities_size(),
                              answer.total_count()));
  }
  printer->Paragraph("",
                     "Targets that it touched in the 90 days before, against alike ones that it "
                     "did not. * may be told: of all marked ones 5 % at most are chance. A "
                     "correlation, not a cause; `gtm reach experiments` shows what works.");
  printer->Paragraph("",
                     "Open deals are those of targets that it touched before they began. A deal "
                     "counts for every activity before it: do not add them up.");
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintExperiments(const targeting::v1::ListExperimentsResponse& answer, Printer* printer) {
  const auto& rules = answer.rules();
  printer->Heading(fmt::format(
      "Experiments: accounts that {} within {} days",
      rules.outcome() == targeting::v1::EXPERIMENT_OUTCOME_HANDED_OVER   ? "were handed over"
      : rules.outcome() == targeting::v1::EXPERIMENT_OUTCOME_OPPORTUNITY ? "got an opportunity"
                                                                         : "acted",
      rules.horizon_days()));
  printer->Blank();
  if (answer.experiments().empty()) {
    printer->Line("  none: no campaign has an experiment_arm such as \"offer=a\"");
  }
  Table table{{{"experiment", "experiment", Align::kLeft, true},
               {"arm", "arm", Align::kLeft, true},
               {"accounts", "account_count", Align::kRight, false},
               {"targets", "target_count", Align::kRight, false},
               {"waiting", "pending_count", Align::kRight, false},
               {"in two arms", "contaminated_count", Align::kRight, false},
               {"rate", "rate", Align::kRight, false},
               {"cost", "cost", Align::kRight, false},
               {"cost each", "cost_per_success", Align::kRight, false},
               {"verdict", "verdict", Align::kLeft, false},
               {"difference", "difference", Align::kRight, false, Shown::kInCsv},
               {"low", "difference_low", Align::kRight, false, Shown::kInCsv},
               {"high", "difference_high", Align::kRight, false, Shown::kInCsv},
               {"state", "state", Align::kLeft, false, Shown::kInCsv}},
              {}};
  for (const Experiment& experiment : answer.experiments()) AddArms(experiment, &table);
  printer->Main(table);
  printer->Blank();
  for (const Experiment& experiment : answer.experiments()) {
    for (const ArmComparison& comparison : experiment.comparisons()) {
      printer->Paragraph(fmt::format("{}={}: ", experiment.name(), comparison.arm()),
                         ComparisonText(experiment, comparison));
    }
    const std::string note = StateNote(experiment);
    if (!note.empty()) printer->Paragraph(experiment.name() + ": ", note);
  }
  printer->Line(fmt::format(
      "Look as often as you like: all looks together tell a false difference in {} at most.",
      BpsPercent(rules.alpha_bps())));
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
