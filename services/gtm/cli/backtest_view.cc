#include "services/gtm/cli/backtest_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::BacktestCut;
using forecasting::v1::BacktestDay;
using forecasting::v1::BacktestResponse;
using forecasting::v1::MethodSkill;

// Whole units without the currency, which the heading has.
Cell AmountCell(const type::v1::Money& money) {
  if (money.currency_code().empty()) return {"", ""};
  const double units = static_cast<double>(MicrosOf(money)) / 1e6;
  return {Fixed(units, 0), MoneyPlain(money)};
}

std::string MethodText(const std::string& method) {
  if (method == "last_year") return "last year x growth";
  return EnumText(method, "");
}

// The same as the head of a narrow column.
std::string ShortText(const std::string& method) {
  if (method == "weighted_pipeline") return "weighted";
  if (method == "previous_quarter") return "last quarter";
  return EnumText(method, "");
}

std::string SignedPercent(double share) {
  const std::string text = Percent(share);
  return share > 0 && text != Percent(0) ? "+" + text : text;
}

Table CutsTable(const BacktestResponse& backtest) {
  Table table{{{"quarter", "period", Align::kLeft, false},
               {"day", "cut_day", Align::kRight, false},
               {"came", "actual", Align::kRight, false},
               {"P10", "p10", Align::kRight, false},
               {"P50", "p50", Align::kRight, false},
               {"P90", "p90", Align::kRight, false},
               {"inside", "inside", Align::kLeft, false},
               {"run rate", "run_rate", Align::kRight, false},
               {"last quarter", "previous_quarter", Align::kRight, false},
               {"mean", "mean", Align::kRight, false, Shown::kInCsv},
               {"weighted pipeline", "weighted_pipeline", Align::kRight, false, Shown::kInCsv},
               {"last year", "last_year", Align::kRight, false, Shown::kInCsv},
               {"input", "input_sha256", Align::kLeft, false, Shown::kInCsv}},
              {}};
  std::string before;
  for (const BacktestCut& cut : backtest.cuts()) {
    const int64_t actual = MicrosOf(cut.actual());
    const auto& told = cut.bookings();
    const bool inside = MicrosOf(told.p10()) <= actual && actual <= MicrosOf(told.p90());
    const std::string period = PeriodText(cut.period());
    const bool first = period != before;
    before = period;
    table.rows.push_back(
        {Cell(first ? period : "", period), std::to_string(cut.cut_day()),
         Cell(first ? AmountCell(cut.actual()).text : "", MoneyPlain(cut.actual())),
         AmountCell(told.p10()), AmountCell(told.p50()), AmountCell(told.p90()),
         Cell(inside ? "yes" : "no", inside ? Tone::kGood : Tone::kWarn),
         AmountCell(cut.run_rate()), AmountCell(cut.previous_quarter()), AmountCell(told.mean()),
         AmountCell(cut.weighted_pipeline()), AmountCell(cut.last_year()), cut.input_sha256()});
  }
  return table;
}

const MethodSkill* FindSkill(const BacktestDay& day, const std::string& method) {
  for (const MethodSkill& skill : day.skills()) {
    if (skill.method() == method) return &skill;
  }
  return nullptr;
}

// Absolute errors by known days: a column for each method.
Table DaysTable(const BacktestResponse& backtest) {
  Table table{{{"days known", "cut_day", Align::kRight, false}}, {}};
  for (const MethodSkill& method : backtest.methods()) {
    table.columns.push_back({ShortText(method.method()), method.method(), Align::kRight, false});
  }
  table.columns.push_back({"model's bias", "bias", Align::kRight, false});
  table.columns.push_back({"inside", "inside", Align::kRight, false});
  for (const BacktestDay& day : backtest.days()) {
    std::vector<Cell> row = {std::to_string(day.cut_day())};
    for (const MethodSkill& method : backtest.methods()) {
      const MethodSkill* skill = FindSkill(day, method.method());
      row.emplace_back(skill == nullptr ? "-" : Percent(skill->absolute_error_share()));
    }
    const MethodSkill* model = FindSkill(day, "model");
    row.emplace_back(model == nullptr ? "-" : SignedPercent(model->bias_share()));
    row.emplace_back(
        fmt::format("{} of {}", day.interval_coverage().success_count(), day.cut_count()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table MethodsTable(const BacktestResponse& backtest) {
  Table table{{{"method", "method", Align::kLeft, false},
               {"cuts", "cut_count", Align::kRight, false},
               {"error", "absolute_error_share", Align::kRight, false},
               {"bias", "bias_share", Align::kRight, false},
               {"CRPS", "crps_share", Align::kRight, false},
               {"pinball", "pinball_mean_share", Align::kRight, false},
               {"the model's errors are", "model_gain", Align::kLeft, false}},
              {}};
  for (const MethodSkill& skill : backtest.methods()) {
    std::string gain;
    if (skill.has_model_gain()) {
      gain = fmt::format("{} {}", Percent(std::abs(skill.model_gain()), 0),
                         skill.model_gain() >= 0 ? "smaller" : "larger");
    }
    table.rows.push_back({MethodText(skill.method()), std::to_string(skill.cut_count()),
                          Percent(skill.absolute_error_share()), SignedPercent(skill.bias_share()),
                          Percent(skill.crps_share()), Percent(skill.pinball_mean_share()),
                          Cell(gain, skill.model_gain() >= 0 ? Tone::kGood : Tone::kWarn)});
  }
  return table;
}

// A scale from 0 to 100 % with what was told and what came on it.
std::string ScaleText(double told, double came, int width) {
  const auto at = [&](double share) {
    return static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * (width - 1)));
  };
  std::vector<std::string> cells(static_cast<size_t>(width), "·");
  cells[at(told)] = "|";
  cells[at(came)] = at(came) == at(told) ? "╋" : "o";
  std::string text;
  for (const std::string& cell : cells) text += cell;
  return text;
}

void PrintCalibration(const BacktestResponse& backtest, Printer* printer) {
  printer->Line("how often less came than told (| is right, o is what was, ╋ is both):");
  for (const auto& point : backtest.calibration()) {
    printer->Line(fmt::format("  P{:02}  told {:>3} %  was {:>5}  {}",
                              std::lround(point.level() * 100), std::lround(point.level() * 100),
                              Percent(point.below().value(), 0),
                              ScaleText(point.level(), point.below().value(), 51)));
  }
}

void PrintChances(const BacktestResponse& backtest, Printer* printer) {
  const auto& chances = backtest.chances();
  if (chances.deal_count() == 0) return;
  Table table{{{"chance told", "low", Align::kLeft, false},
               {"deals", "deal_count", Align::kRight, false},
               {"mean told", "mean_chance", Align::kRight, false},
               {"won", "won", Align::kRight, false}},
              {}};
  for (const auto& bin : chances.bins()) {
    table.rows.push_back(
        {fmt::format("{} to {} %", std::lround(bin.low() * 100), std::lround(bin.high() * 100)),
         Thousands(bin.deal_count()), Percent(bin.mean_chance()), EstimateText(bin.won(), true)});
  }
  printer->Blank();
  printer->Line("chances of single deals to be won within the quarter:");
  printer->Extra(table);
  printer->Line(fmt::format(
      "Brier score {} ({} knowing only the average); chances are off by {} points on average",
      Fixed(chances.brier_score(), 3), Fixed(chances.base_brier_score(), 3),
      Fixed(chances.calibration_error() * 100, 1)));
}

std::string TitleOf(const BacktestResponse& backtest) {
  std::string of;
  const auto& selection = backtest.selection();
  if (!selection.owner_seller_id().empty()) of += ", owner " + selection.owner_seller_id();
  if (!selection.segment().empty()) of += ", segment " + selection.segment();
  return fmt::format(
      "Back-test: what would have been told at {} cuts in {} quarters, and what "
      "came{}{}",
      backtest.cuts_size(), backtest.quarter_count(),
      backtest.cuts().empty() ? "" : " (" + backtest.cuts(0).actual().currency_code() + ")", of);
}

}  // namespace

void PrintBacktest(const BacktestResponse& backtest, Printer* printer) {
  printer->Heading(TitleOf(backtest));
  if (backtest.cuts().empty() && printer->is_table()) {
    printer->Line(
        backtest.omitted_cut_count() > 0
            ? fmt::format("nothing had been recorded by any of {} cuts: nothing to compare",
                          backtest.omitted_cut_count())
            : "no finished quarter has a month of closed deals before it: nothing to "
              "compare");
    return;
  }
  printer->Main(CutsTable(backtest));
  if (!backtest.days().empty()) {
    printer->Blank();
    printer->Line("absolute error, as a share of what came:");
    printer->Extra(DaysTable(backtest));
  }
  printer->Blank();
  printer->Extra(MethodsTable(backtest));
  printer->Blank();
  PrintCalibration(backtest, printer);
  PrintChances(backtest, printer);
  printer->Blank();
  printer->Line("inside P10 to P90: " + EstimateText(backtest.interval_coverage(), true) +
                "; 80 % is right");
  printer->Line("inside P05 to P95: " + EstimateText(backtest.wide_interval_coverage(), true) +
                "; 90 % is right");
  printer->Paragraph("note: ",
                     fmt::format("cuts of a quarter have one actual in common: these are {} "
                                 "independent answers and not {}",
                                 backtest.quarter_count(), backtest.cuts_size()));
  if (backtest.omitted_cut_count() > 0) {
    printer->Line(fmt::format("{} cuts are left out: nothing had been recorded by then",
                              backtest.omitted_cut_count()));
  }
  printer->Line("result " + backtest.result_sha256().substr(0, 16) +
                ": the same records give the same again");
  printer->Line(ProvenanceText(backtest.provenance()));
}

}  // namespace gtm::cli
