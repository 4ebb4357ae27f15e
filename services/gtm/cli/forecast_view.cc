#include "services/gtm/cli/forecast_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::DataWarning;
using forecasting::v1::Forecast;
using forecasting::v1::ForecastPart;
using forecasting::v1::GetCoverageResponse;

using WarningList = google::protobuf::RepeatedPtrField<DataWarning>;

Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

// One line of the chart.
struct ChartRow {
  std::string label;
  type::v1::Money amount;
  std::string remark;
};

// Bars on one scale, from 0 to the largest amount.
void PrintChart(const std::vector<ChartRow>& rows, Printer* printer) {
  int64_t largest = 1;
  size_t label_width = 0;
  int amount_width = 0;
  for (const ChartRow& row : rows) {
    largest = std::max(largest, MicrosOf(row.amount));
    label_width = std::max(label_width, row.label.size());
    amount_width = std::max(amount_width, DisplayWidth(MoneyText(row.amount)));
  }
  const int bar_width = printer->ChartWidth(static_cast<int>(label_width) + amount_width + 6 + 24);
  for (const ChartRow& row : rows) {
    const std::string amount = MoneyText(row.amount);
    const double share = static_cast<double>(MicrosOf(row.amount)) / static_cast<double>(largest);
    const std::string padding(static_cast<size_t>(amount_width - DisplayWidth(amount)), ' ');
    std::string line = fmt::format("  {:<{}}  {}{}  {}", row.label, label_width, padding, amount,
                                   Bar(share, bar_width));
    if (!row.remark.empty()) line += "  " + row.remark;
    printer->Line(line);
  }
}

// What the forecast says of its target: a chance, or what came of it.
std::string TargetRemark(const Forecast& forecast) {
  const auto& target = forecast.target();
  if (!target.has_reach_probability()) return "";
  if (IsOver(forecast)) return target.reach_probability() >= 0.5 ? "reached" : "not reached";
  int64_t won = 0;
  for (const ForecastPart& part : forecast.parts()) {
    if (part.source() == ForecastPart::SOURCE_WON) won += MicrosOf(part.bookings().mean());
  }
  if (won >= MicrosOf(target.amount())) return "reached already";
  return fmt::format("reached with a chance of {}", ChanceText(target.reach_probability()));
}

void PrintDistribution(const Forecast& forecast, Printer* printer) {
  const auto& bookings = forecast.bookings();
  std::vector<ChartRow> rows;
  for (const ForecastPart& part : forecast.parts()) {
    if (part.source() == ForecastPart::SOURCE_WON) {
      rows.push_back({"won so far", part.bookings().mean(),
                      fmt::format("{} deals", Thousands(part.opportunity_count()))});
    }
  }
  rows.push_back({"P10", bookings.p10(), "reached with a chance of 90 %"});
  rows.push_back({"P50", bookings.p50(), "as likely above as below"});
  rows.push_back({"P90", bookings.p90(), "reached with a chance of 10 %"});
  if (forecast.target().has_amount()) {
    rows.push_back({"target", forecast.target().amount(), TargetRemark(forecast)});
  }
  if (forecast.has_commit()) {
    rows.push_back({"commit", forecast.commit().amount(),
                    fmt::format("least expected cost, where an unit over costs {} and one under {}",
                                forecast.commit().over_cost(), forecast.commit().under_cost())});
  }
  PrintChart(rows, printer);
}

Table PartsTable(const Forecast& forecast) {
  Table table{{{"part", "part", Align::kLeft, false},
               {"P10", "p10", Align::kRight, false},
               {"P50", "p50", Align::kRight, false},
               {"P90", "p90", Align::kRight, false},
               {"mean", "mean", Align::kRight, false},
               {"deals", "opportunity_count", Align::kRight, false},
               {"wins expected", "expected_win_count", Align::kRight, false}},
              {}};
  double wins = 0;
  int64_t count = 0;
  for (const ForecastPart& part : forecast.parts()) {
    const auto& b = part.bookings();
    wins += part.expected_win_count();
    count += part.opportunity_count();
    const bool unborn = part.source() == ForecastPart::SOURCE_NEW;
    table.rows.push_back(
        {EnumText(ForecastPart::Source_Name(part.source()), "SOURCE_"), MoneyCell(b.p10()),
         MoneyCell(b.p50()), MoneyCell(b.p90()), MoneyCell(b.mean()),
         Cell(unborn ? "" : Thousands(part.opportunity_count()),
              std::to_string(part.opportunity_count())),
         Cell(Fixed(part.expected_win_count(), 1), fmt::format("{}", part.expected_win_count()))});
  }
  const auto& all = forecast.bookings();
  table.rows.push_back({"all", MoneyCell(all.p10()), MoneyCell(all.p50()), MoneyCell(all.p90()),
                        MoneyCell(all.mean()), Cell(Thousands(count), std::to_string(count)),
                        Cell(Fixed(wins, 1), fmt::format("{}", wins))});
  return table;
}

// "+80 %": how much faster a deal is won than others, for what its buyer did.
Cell EffectCell(const forecasting::v1::Contribution& deal) {
  if (!deal.has_engagement()) return Cell("", "");
  const int32_t bps = deal.engagement().win_rate_effect_bps();
  return Cell(fmt::format("{:+.0f} %", bps / 100.0), std::to_string(bps));
}

// "5+ d, 3+ p, legal, rising, inside, trigger": what the buyer did.
std::string EngagementText(const forecasting::v1::Contribution& deal) {
  using forecasting::v1::BuyerEngagement;
  if (!deal.has_engagement()) return "";
  const BuyerEngagement& seen = deal.engagement();
  const int days = seen.active_day_count_min(), people = seen.active_contact_count_min();
  std::string text =
      fmt::format("{}{} d, {}{} p", days, days >= 2 ? "+" : "", people, people >= 3 ? "+" : "");
  if (seen.review() == BuyerEngagement::REVIEW_COMMERCIAL) text += ", price";
  if (seen.review() == BuyerEngagement::REVIEW_LEGAL_OR_SECURITY) text += ", legal";
  if (seen.account_trend() == BuyerEngagement::TREND_ACCELERATING) text += ", rising";
  if (seen.account_trend() == BuyerEngagement::TREND_DECELERATING) text += ", falling";
  if (seen.shares_inside()) text += ", inside";
  if (seen.has_trigger()) text += ", trigger";
  return text;
}

void PrintContributions(const Forecast& forecast, Printer* printer) {
  if (forecast.contributions_size() == 0) return;
  Table table{{{"deal", "opportunity_id", Align::kLeft, true},
               {"chance", "win_probability", Align::kRight, false},
               {"amount", "amount", Align::kRight, false},
               {"expected", "expected_amount", Align::kRight, false},
               {"swing", "swing_amount", Align::kRight, false},
               {"age", "age_days", Align::kRight, false},
               {"owner", "owner_seller_id", Align::kLeft, true},
               {"buyer did", "engagement", Align::kLeft, true},
               {"effect", "win_rate_effect_bps", Align::kRight, false}},
              {}};
  bool any = false;
  for (const auto& deal : forecast.contributions()) {
    any |= deal.has_engagement();
    table.rows.push_back(
        {deal.opportunity_id(),
         Cell(ChanceText(deal.win_probability()), fmt::format("{}", deal.win_probability())),
         MoneyCell(deal.amount()), MoneyCell(deal.expected_amount()),
         MoneyCell(deal.swing_amount()),
         Cell(fmt::format("{} d", deal.age_days()), std::to_string(deal.age_days())),
         deal.owner_seller_id(), EngagementText(deal), EffectCell(deal)});
  }
  if (!any) {  // nothing is recorded: no empty columns
    table.columns.erase(table.columns.end() - 2, table.columns.end());
    for (auto& row : table.rows) row.erase(row.end() - 2, row.end());
  }
  printer->Blank();
  printer->Line("deals that swing the number most:");
  printer->Extra(table);
  if (any) {
    printer->Line(
        "buyer did: active days of 28, people of 90 days, review, rising or falling, shared "
        "inside, "
        "trigger");
    printer->Line("effect: on the rate of winning, learned from the past, fading");
  }
}

void PrintWarnings(const WarningList& warnings, Printer* printer) {
  for (const DataWarning& warning : warnings) {
    printer->Paragraph("note: ", warning.message());
  }
}

std::string CoverageSentence(const GetCoverageResponse& coverage) {
  const std::string pipeline =
      fmt::format("{} open in {} deals", MoneyText(coverage.pipeline_amount()),
                  Thousands(coverage.pipeline_count()));
  switch (coverage.status()) {
    case GetCoverageResponse::STATUS_RAMP:
      return fmt::format("{:.1f}x, below 2x: {}; {} more pipeline is needed",
                         coverage.coverage_ratio(), pipeline,
                         MoneyText(coverage.shortfall_amount()));
    case GetCoverageResponse::STATUS_IN_RANGE:
      return fmt::format("{:.1f}x, in range: {}", coverage.coverage_ratio(), pipeline);
    case GetCoverageResponse::STATUS_ABOVE:
      return fmt::format("{:.1f}x, above 3x: {}", coverage.coverage_ratio(), pipeline);
    case GetCoverageResponse::STATUS_TARGET_REACHED:
      return fmt::format("the target is reached; {}", pipeline);
    default:
      return fmt::format("no target is known; {}", pipeline);
  }
}

}  // namespace

bool IsOver(const Forecast& forecast) { return forecast.remaining_days() <= 0; }

void PrintForecast(const Forecast& forecast, const GetCoverageResponse* coverage,
                   Printer* printer) {
  const std::string period = PeriodText(forecast.period());
  printer->Heading(fmt::format("Forecast {}: {}, {} days left", period, RangeText(forecast.days()),
                               Fixed(forecast.remaining_days(), 1)));
  if (!forecast.has_bookings()) {
    printer->Line("no opportunity was ever in pipeline: there is nothing to forecast from");
    return;
  }
  PrintDistribution(forecast, printer);
  printer->Blank();
  printer->Main(PartsTable(forecast));
  if (forecast.sufficiency() == type::v1::SUFFICIENCY_NOT_ENOUGH_DATA) {
    printer->Line("few closed deals: the range is wide for that reason");
  }
  if (coverage != nullptr && !IsOver(forecast))
    printer->Line("coverage: " + CoverageSentence(*coverage));
  const auto& learned = forecast.learned();
  printer->Line(fmt::format("learned: win rate {}, cycle {}, {}",
                            EstimateText(learned.win_rate(), true),
                            EstimateText(learned.cycle_days(), false, " days"),
                            EstimateText(learned.arrivals_per_day(), false, " new deals a day")));
  PrintContributions(forecast, printer);
  PrintWarnings(forecast.warnings(), printer);
  printer->Line(ProvenanceText(forecast.provenance()));
}

void PrintCoverage(const GetCoverageResponse& coverage, Printer* printer) {
  Table table{{{"what", "what", Align::kLeft, false}, {"amount", "amount", Align::kRight, false}},
              {}};
  table.rows.push_back({"target", MoneyCell(coverage.target().amount())});
  table.rows.push_back({"won so far", MoneyCell(coverage.won_amount())});
  table.rows.push_back({"left to win", MoneyCell(coverage.remaining_amount())});
  table.rows.push_back({"open pipeline", MoneyCell(coverage.pipeline_amount())});
  table.rows.push_back({"of it alive", MoneyCell(coverage.live_pipeline_amount())});
  table.rows.push_back({"of it dated in the period", MoneyCell(coverage.dated_pipeline_amount())});
  table.rows.push_back({"missing to 2x", MoneyCell(coverage.shortfall_amount())});
  printer->Heading(
      fmt::format("Coverage {}: {}", PeriodText(coverage.period()), CoverageSentence(coverage)));
  printer->Main(table);
  if (coverage.stage_zero_count() > 0) {
    printer->Line(fmt::format("{} opportunities at Stage 0 count as nothing yet",
                              Thousands(coverage.stage_zero_count())));
  }
  PrintWarnings(coverage.warnings(), printer);
  printer->Line(ProvenanceText(coverage.provenance()));
}

void PrintPipeline(const forecasting::v1::GetPipelineResponse& pipeline, bool with_ids,
                   Printer* printer) {
  Table table{{{"group", "key", Align::kLeft, true},
               {"deals", "opportunity_count", Align::kRight, false},
               {"amount", "amount", Align::kRight, false},
               {"", "share", Align::kLeft, false},
               {"median age", "median_age_days", Align::kRight, false},
               {"in stage", "median_stage_days", Align::kRight, false},
               {"stale", "stale_count", Align::kRight, false}},
              {}};
  int64_t largest = 1;
  for (const auto& group : pipeline.groups()) largest = std::max(largest, MicrosOf(group.amount()));
  const auto add = [&](const forecasting::v1::PipelineGroup& group, const std::string& name,
                       bool bar) {
    const double share =
        static_cast<double>(MicrosOf(group.amount())) / static_cast<double>(largest);
    table.rows.push_back(
        {Cell(name, group.key()),
         Cell(Thousands(group.opportunity_count()), std::to_string(group.opportunity_count())),
         MoneyCell(group.amount()), Cell(bar ? Bar(share, 20) : "", fmt::format("{:.4f}", share)),
         Cell(Fixed(group.median_age_days(), 0) + " d", fmt::format("{}", group.median_age_days())),
         Cell(Fixed(group.median_stage_days(), 0) + " d",
              fmt::format("{}", group.median_stage_days())),
         Cell(Thousands(group.stale_count()), std::to_string(group.stale_count()))});
  };
  for (const auto& group : pipeline.groups()) {
    std::string name = group.key().empty() ? "(unknown)" : group.display_name();
    if (with_ids && !group.key().empty() && name != group.key()) {
      name += fmt::format(" ({})", group.key());
    }
    add(group, name + (group.stage_zero() ? " (stage 0, not in pipeline)" : ""), true);
  }
  add(pipeline.total(), "all in pipeline", false);
  printer->Heading("Pipeline");
  printer->Main(table);
  printer->Line("from start to winning, median: " +
                EstimateText(pipeline.won_cycle_days(), false, " days"));
  PrintWarnings(pipeline.warnings(), printer);
  printer->Line(ProvenanceText(pipeline.provenance()));
}

}  // namespace gtm::cli
