#include "services/gtm/cli/change_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::ExplainForecastChangeResponse;
using forecasting::v1::ForecastChangeSide;
using forecasting::v1::ForecastChangeStep;

constexpr int kChartWidth = 52;

int64_t UnitsOf(const type::v1::Money& money) {
  return std::llround(static_cast<double>(MicrosOf(money)) / 1e6);
}

std::string Signed(int64_t units) { return (units > 0 ? "+" : "") + Thousands(units); }

std::string Repeat(const char* text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

// What happened, in words that need no manual.
std::string StepText(ForecastChangeStep::Kind kind) {
  switch (kind) {
    case ForecastChangeStep::KIND_CREATED:
      return "created since";
    case ForecastChangeStep::KIND_WON:
      return "won";
    case ForecastChangeStep::KIND_LOST:
      return "lost";
    case ForecastChangeStep::KIND_PULLED_IN:
      return "pulled in";
    case ForecastChangeStep::KIND_SLIPPED:
      return "slipped";
    case ForecastChangeStep::KIND_AMOUNT_UP:
      return "amount up";
    case ForecastChangeStep::KIND_AMOUNT_DOWN:
      return "amount down";
    case ForecastChangeStep::KIND_STILL_OPEN:
      return "still open, time passed";
    case ForecastChangeStep::KIND_NEW_BUSINESS:
      return "not created yet";
    case ForecastChangeStep::KIND_MODEL:
      return "model learned";
    case ForecastChangeStep::KIND_RECORDS:
      return "late records";
    default:
      return "";
  }
}

std::string DayText(const google::protobuf::Timestamp& time) {
  return TimeText(time).substr(0, 16);
}

// The span of running totals that the chart shows.
class Scale {
 public:
  Scale(double low, double high) {
    const double margin = std::max(1.0, (high - low) * 0.08);
    begin_ = std::max(0.0, low - margin);
    end_ = high + margin;
  }
  double begin() const { return begin_; }
  int At(double units) const {
    const double share = (units - begin_) / (end_ - begin_);
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kChartWidth));
  }

 private:
  double begin_;
  double end_;
};

Scale ScaleOf(const ExplainForecastChangeResponse& change) {
  auto running = static_cast<double>(UnitsOf(change.older().bookings().mean()));
  double low = running, high = running;
  for (const ForecastChangeStep& step : change.steps()) {
    running += static_cast<double>(UnitsOf(step.amount()));
    low = std::min(low, running);
    high = std::max(high, running);
  }
  return Scale(low, high);
}

// One step: from the running total before it to the one after.
std::string FloatingBar(const Scale& scale, double before, double after) {
  const int from = scale.At(std::min(before, after)), to = scale.At(std::max(before, after));
  // What is too small for a block is a line, so that nothing is lost from sight.
  if (from == to) return Repeat(" ", from) + "▏";
  return Repeat(" ", from) + Repeat(after > before ? "█" : "░", to - from);
}

void PrintWaterfall(const ExplainForecastChangeResponse& change, Printer* printer) {
  const Scale scale = ScaleOf(change);
  const auto line = [&](const std::string& label, const std::string& deals,
                        const std::string& amount, const std::string& bar) {
    printer->Line(fmt::format("  {:<23} {:>6} {:>13}  {}", label, deals, amount, bar));
  };
  auto running = static_cast<double>(UnitsOf(change.older().bookings().mean()));
  line(DayText(change.older().as_of()), "deals", Thousands(std::llround(running)),
       Repeat("█", scale.At(running)));
  for (const ForecastChangeStep& step : change.steps()) {
    const int64_t units = UnitsOf(step.amount());
    if (units == 0 && step.deal_count() == 0) continue;
    const double after = running + static_cast<double>(units);
    line(StepText(step.kind()), step.deal_count() == 0 ? "" : Thousands(step.deal_count()),
         Signed(units), FloatingBar(scale, running, after));
    running = after;
  }
  line(DayText(change.newer().as_of()), "", Thousands(UnitsOf(change.newer().bookings().mean())),
       Repeat("█", scale.At(running)));
  if (scale.begin() > 0) {
    printer->Line(
        fmt::format("  bars begin at {}; █ up, ░ down", Thousands(std::llround(scale.begin()))));
  } else {
    printer->Line("  █ up, ░ down");
  }
}

Table StepsTable(const ExplainForecastChangeResponse& change) {
  Table table{{{"step", "step", Align::kLeft, false},
               {"deals", "deal_count", Align::kRight, false},
               {"amount", "amount", Align::kRight, false}},
              {}};
  for (const ForecastChangeStep& step : change.steps()) {
    table.rows.push_back({EnumText(ForecastChangeStep::Kind_Name(step.kind()), "KIND_"),
                          std::to_string(step.deal_count()),
                          Cell(MoneyText(step.amount()), MoneyPlain(step.amount()))});
  }
  return table;
}

void PrintDeals(const ExplainForecastChangeResponse& change, Printer* printer) {
  Table table{{{"step", "step", Align::kLeft, false},
               {"deal", "opportunity_id", Align::kLeft, true},
               {"owner", "owner_seller_id", Align::kLeft, true},
               {"told then", "older_amount", Align::kRight, false},
               {"told now", "newer_amount", Align::kRight, false},
               {"moved it by", "change_amount", Align::kRight, false}},
              {}};
  for (const ForecastChangeStep& step : change.steps()) {
    std::string label = StepText(step.kind());
    for (const auto& deal : step.deals()) {
      if (MicrosOf(deal.change_amount()) == 0) continue;
      table.rows.push_back({label, deal.opportunity_id(), deal.owner_seller_id(),
                            Thousands(UnitsOf(deal.older_amount())),
                            Thousands(UnitsOf(deal.newer_amount())),
                            Signed(UnitsOf(deal.change_amount()))});
      label = "";
    }
  }
  if (table.rows.empty()) return;
  printer->Blank();
  printer->Line("deals that moved it most:");
  printer->Extra(table);
}

std::string RangeOf(const ForecastChangeSide& side) {
  return fmt::format("{} to {}", Thousands(UnitsOf(side.bookings().p10())),
                     Thousands(UnitsOf(side.bookings().p90())));
}

std::string NameOf(const ForecastChangeSide& side) {
  if (side.edition_id().empty()) return DayText(side.as_of());
  return fmt::format("{} (edition {})", DayText(side.as_of()), side.edition_id());
}

}  // namespace

void PrintForecastChange(const ExplainForecastChangeResponse& change, Printer* printer) {
  const int64_t moved = UnitsOf(change.change_amount());
  const std::string currency = change.change_amount().currency_code();
  printer->Heading(fmt::format("Forecast {}: {} {} since {}", PeriodText(change.period()),
                               Signed(moved), currency, DayText(change.older().as_of())));
  if (printer->is_table()) {
    PrintWaterfall(change, printer);
    printer->Line(fmt::format("P10 to P90: {} then, {} now", RangeOf(change.older()),
                              RangeOf(change.newer())));
    PrintDeals(change, printer);
  } else {
    printer->Main(StepsTable(change));
  }
  for (const ForecastChangeSide* side : {&change.older(), &change.newer()}) {
    if (side->reproduced()) continue;
    printer->Paragraph("note: ",
                       fmt::format("today's records and model do not give the number of {} any "
                                   "more: records came late or were corrected, or {} told it",
                                   NameOf(*side), side->rules_version()));
  }
  if (!change.older().edition_id().empty() && change.older().reproduced()) {
    printer->Line(fmt::format("edition {}: today's records give the same number again",
                              change.older().edition_id()));
  }
  printer->Line(ProvenanceText(change.provenance()));
}

void PrintEditions(const forecasting::v1::ListForecastEditionsResponse& editions,
                   Printer* printer) {
  Table table{{{"edition", "id", Align::kLeft, false},
               {"as of", "as_of", Align::kLeft, false},
               {"period", "period", Align::kLeft, false},
               {"mean", "mean", Align::kRight, false},
               {"P10", "p10", Align::kRight, false},
               {"P90", "p90", Align::kRight, false},
               {"by", "committed_by", Align::kLeft, true},
               {"note", "note", Align::kLeft, true},
               {"owner", "owner_seller_id", Align::kLeft, false, Shown::kInCsv},
               {"segment", "segment", Align::kLeft, false, Shown::kInCsv},
               {"input", "input_sha256", Align::kLeft, false, Shown::kInCsv}},
              {}};
  for (const auto& edition : editions.editions()) {
    const auto& forecast = edition.forecast();
    const auto& told = forecast.bookings();
    const auto amount = [](const type::v1::Money& money) {
      return Cell(Thousands(UnitsOf(money)), MoneyPlain(money));
    };
    table.rows.push_back(
        {edition.id(),
         Cell(DayText(forecast.provenance().as_of()), TimeText(forecast.provenance().as_of())),
         PeriodText(forecast.period()), amount(told.mean()), amount(told.p10()), amount(told.p90()),
         edition.committed_by(), edition.note(), forecast.selection().owner_seller_id(),
         forecast.selection().segment(), forecast.provenance().input_sha256()});
  }
  printer->Heading("Editions, newest first");
  if (table.rows.empty() && printer->is_table()) {
    printer->Line("none is kept: `gtm forecast commit` keeps one");
    return;
  }
  printer->Main(table);
}

}  // namespace gtm::cli
