#include "services/gtm/cli/signals_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using growth::v1::Signal;
using growth::v1::SignalKind;
using growth::v1::SignalStatus;

std::string KindText(SignalKind kind) { return EnumText(SignalKind_Name(kind), "SIGNAL_KIND_"); }

Cell StatusCell(SignalStatus status) {
  const std::string text = EnumText(SignalStatus_Name(status), "SIGNAL_STATUS_");
  switch (status) {
    case growth::v1::SIGNAL_STATUS_OK:
      return {text, Tone::kGood};
    case growth::v1::SIGNAL_STATUS_WATCH:
      return {text, Tone::kWarn};
    case growth::v1::SIGNAL_STATUS_ACT:
      return {text, Tone::kBad};
    default:
      return {text, Tone::kFaint};
  }
}

// Values of signals have units of their own: shares, counts, ratios.
std::string Number(double value) {
  const double magnitude = value < 0 ? -value : value;
  return Fixed(value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 3);
}

std::string ValueText(const type::v1::Estimate& estimate) {
  if (!estimate.has_value()) return "no data";
  std::string text = Number(estimate.value());
  if (estimate.has_low() && estimate.has_high() && estimate.low() != estimate.high()) {
    text += fmt::format(" ({} to {})", Number(estimate.low()), Number(estimate.high()));
  }
  return text;
}

Cell ValueCell(const type::v1::Estimate& estimate) {
  return {ValueText(estimate), EstimatePlain(estimate, Bound::kValue)};
}

std::string FigureText(const growth::v1::Figure& figure) {
  switch (figure.value_case()) {
    case growth::v1::Figure::kCount:
      return Thousands(figure.count());
    case growth::v1::Figure::kRatio:
      return Number(figure.ratio());
    case growth::v1::Figure::kMoney:
      return MoneyText(figure.money());
    default:
      return "";
  }
}

void PrintDetails(const Signal& signal, Printer* printer) {
  printer->Heading(KindText(signal.kind()));
  printer->Paragraph("  ", signal.explanation());
  for (const auto& gate : signal.gates()) {
    printer->Line(fmt::format("  gate {} ({}): {} against {}, {}", gate.name(), gate.rule_id(),
                              ValueText(gate.value()), Number(gate.threshold()),
                              StatusCell(gate.status()).text));
  }
  for (const auto& figure : signal.figures()) {
    printer->Line(fmt::format("  {} = {}", figure.name(), FigureText(figure)));
  }
  if (!signal.what_would_change().empty()) {
    printer->Paragraph("  otherwise: ", signal.what_would_change());
  }
}

Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

}  // namespace

void PrintSignals(const growth::v1::SignalReport& report, bool details, Printer* printer) {
  std::vector<const Signal*> signals;
  for (const Signal& signal : report.signals()) signals.push_back(&signal);
  for (const Signal& signal : report.false_signals()) signals.push_back(&signal);
  Table table{{{"signal", "signal", Align::kLeft, false},
               {"status", "status", Align::kLeft, false},
               {"value", "value", Align::kRight, false},
               {"", "value_low", Align::kRight, false, Shown::kInCsv},
               {"", "value_high", Align::kRight, false, Shown::kInCsv},
               {"before", "comparison", Align::kRight, false},
               {"", "comparison_low", Align::kRight, false, Shown::kInCsv},
               {"", "comparison_high", Align::kRight, false, Shown::kInCsv}},
              {}};
  // Sentences stand under the table, and in a column of CSV.
  if (!printer->is_table()) table.columns.push_back({"", "explanation", Align::kLeft, true});
  for (const Signal* signal : signals) {
    table.rows.push_back(
        {KindText(signal->kind()), StatusCell(signal->status()), ValueCell(signal->value()),
         EstimatePlain(signal->value(), Bound::kLow), EstimatePlain(signal->value(), Bound::kHigh),
         ValueCell(signal->comparison()), EstimatePlain(signal->comparison(), Bound::kLow),
         EstimatePlain(signal->comparison(), Bound::kHigh)});
    if (!printer->is_table()) table.rows.back().push_back(signal->explanation());
  }
  printer->Heading(fmt::format("Signals of growth {}: {}, against {}", PeriodText(report.period()),
                               RangeText(report.dates()), PeriodText(report.comparison_period())));
  printer->Main(table);
  printer->Blank();
  size_t lead = 0;
  for (const Signal* signal : signals) lead = std::max(lead, KindText(signal->kind()).size());
  for (const Signal* signal : signals) {
    if (details) {
      PrintDetails(*signal, printer);
    } else {
      printer->Paragraph(fmt::format("  {:<{}}  ", KindText(signal->kind()), lead),
                         signal->explanation());
    }
  }
  if (report.customer_basis() == growth::v1::CUSTOMER_BASIS_WON_OPPORTUNITIES) {
    printer->Line("no subscriptions are recorded: customers are accounts with a won opportunity");
  }
  printer->Line(ProvenanceText(report.provenance()));
}

void PrintSeries(const growth::v1::ListSignalSeriesResponse& series, Printer* printer) {
  Table table{{{"month", "period", Align::kLeft, false}}, {}};
  if (series.months_size() > 0) {
    for (const auto& point : series.months(0).points()) {
      std::string name = SignalKind_Name(point.kind()).substr(std::string("SIGNAL_KIND_").size());
      for (char& c : name) c = static_cast<char>(c == '_' ? '_' : c | 0x20);
      table.columns.push_back({KindText(point.kind()), name, Align::kLeft, true});
    }
  }
  for (const auto& month : series.months()) {
    std::vector<Cell> row = {PeriodText(month.period())};
    for (const auto& point : month.points()) {
      Cell cell = StatusCell(point.status());
      cell.has_raw = true;
      cell.raw = point.has_value() ? fmt::format("{}", point.value()) : "";
      if (point.has_value()) cell.text += " " + Number(point.value());
      row.push_back(cell);
    }
    row.resize(table.columns.size(), Cell(""));
    table.rows.push_back(std::move(row));
  }
  printer->Main(table);
  printer->Line(ProvenanceText(series.provenance()));
}

void PrintMovements(const growth::v1::GetRevenueMovementsResponse& movements, Printer* printer) {
  Table table{{{"period", "period", Align::kLeft, false},
               {"opening", "opening_mrr", Align::kRight, false},
               {"new", "new_mrr", Align::kRight, false},
               {"back", "reactivation_mrr", Align::kRight, false},
               {"expansion", "expansion_mrr", Align::kRight, false},
               {"contraction", "contraction_mrr", Align::kRight, false},
               {"churn", "churn_mrr", Align::kRight, false},
               {"closing", "closing_mrr", Align::kRight, false},
               {"NRR", "net_retention_bps", Align::kRight, false},
               {"customers", "closing_customer_count", Align::kRight, false}},
              {}};
  for (const auto& period : movements.movements()) {
    table.rows.push_back({PeriodText(period.period()), MoneyCell(period.opening_mrr()),
                          MoneyCell(period.new_mrr()), MoneyCell(period.reactivation_mrr()),
                          MoneyCell(period.expansion_mrr()), MoneyCell(period.contraction_mrr()),
                          MoneyCell(period.churn_mrr()), MoneyCell(period.closing_mrr()),
                          period.has_net_retention_bps()
                              ? Cell(BpsPercent(period.net_retention_bps()),
                                     std::to_string(period.net_retention_bps()))
                              : Cell("", ""),
                          Cell(Thousands(period.closing_customer_count()),
                               std::to_string(period.closing_customer_count()))});
  }
  printer->Main(table);
  if (movements.negative_balance_count() > 0) {
    printer->Line(fmt::format("{} movements left an account below zero: an error in the source",
                              Thousands(movements.negative_balance_count())));
  }
  printer->Line(ProvenanceText(movements.provenance()));
}

}  // namespace gtm::cli
