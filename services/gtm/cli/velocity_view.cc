#include "services/gtm/cli/velocity_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::AgeBucket;
using forecasting::v1::GetVelocityResponse;
using forecasting::v1::StageVelocity;
using forecasting::v1::VelocityGroup;
using forecasting::v1::VelocityTrend;
using type::v1::Estimate;

constexpr int kBarWidth = 16;

Cell CountCell(int64_t count) { return {Thousands(count), std::to_string(count)}; }
Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

// "57 d (54 to 60)"; "not reached" where fewer than so many ever leave.
Cell DaysCell(const Estimate& estimate) {
  if (!estimate.has_value()) {
    return {estimate.sample_count() > 0 ? "not reached" : "no data", "", Tone::kFaint};
  }
  std::string text = Fixed(estimate.value(), 0) + " d";
  if (estimate.has_low()) {
    text += fmt::format(" ({} to {})", Fixed(estimate.low(), 0),
                        estimate.has_high() ? Fixed(estimate.high(), 0) : "?");
  }
  return {text, EstimatePlain(estimate, Bound::kValue)};
}

// A share with its interval; faint where it carries no verdict.
Cell ShareCell(const Estimate& estimate) {
  if (!estimate.has_value()) return {"", "", Tone::kFaint};
  const bool enough = estimate.sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
  return {EstimateText(estimate, true), EstimatePlain(estimate, Bound::kValue),
          enough ? Tone::kPlain : Tone::kFaint};
}

std::string BucketText(const AgeBucket& bucket) {
  if (bucket.to_days() == 0) return fmt::format("{} days and more", bucket.from_days());
  return fmt::format("{} to {} days", bucket.from_days(), bucket.to_days() - 1);
}

std::string GroupText(const VelocityGroup& group) {
  if (group.all()) return "all";
  return group.key().empty() ? "(unknown)" : group.key();
}

Table BucketTable(const GetVelocityResponse& answer, bool by_clock) {
  const bool grouped = answer.groups_size() > 1;
  Table table{{{"group", "group", Align::kLeft, true, grouped ? Shown::kEverywhere : Shown::kInCsv},
               {"age", "age", Align::kLeft, false, Shown::kInTables},
               {"from", "from_days", Align::kRight, false, Shown::kInCsv},
               {"reached", "reached_count", Align::kRight, false},
               {"won", "won_count", Align::kRight, false},
               {"lost", "lost_count", Align::kRight, false},
               {"won of closed", "win_share", Align::kRight, false},
               {"", "bar", Align::kLeft, false, Shown::kInTables},
               {"open now", "open_count", Align::kRight, false},
               {"amount", "open_amount", Align::kRight, false}},
              {}};
  for (const VelocityGroup& group : answer.groups()) {
    for (const AgeBucket& bucket : by_clock ? group.by_clock_age() : group.by_pipeline_age()) {
      if (bucket.reached_count() == 0) continue;
      table.rows.push_back({GroupText(group), BucketText(bucket),
                            std::to_string(bucket.from_days()), CountCell(bucket.reached_count()),
                            CountCell(bucket.won_count()), CountCell(bucket.lost_count()),
                            ShareCell(bucket.win_share()),
                            Bar(bucket.win_share().value(), kBarWidth),
                            CountCell(bucket.open_count()), MoneyCell(bucket.open_amount())});
    }
  }
  return table;
}

Table GroupTable(const GetVelocityResponse& answer) {
  Table table{{{"group", "group", Align::kLeft, true},
               {"deals", "opportunity_count", Align::kRight, false},
               {"won in the end", "win_share", Align::kRight, false},
               {"half close within", "median_days", Align::kRight, false},
               {"nine of ten within", "p90_days", Align::kRight, false}},
              {}};
  for (const VelocityGroup& group : answer.groups()) {
    table.rows.push_back({GroupText(group), CountCell(group.opportunity_count()),
                          ShareCell(group.win_share()),
                          DaysCell(group.time_to_close().median_days()),
                          DaysCell(group.time_to_close().p90_days())});
  }
  return table;
}

Table StageTable(const GetVelocityResponse& answer) {
  Table table{{{"stage", "stage_id", Align::kLeft, true},
               {"visits", "visit_count", Align::kRight, false},
               {"there now", "open_count", Align::kRight, false},
               {"go on", "forward_share", Align::kRight, false},
               {"lost", "lost_share", Align::kRight, false},
               {"back", "back_share", Align::kRight, false},
               {"half leave within", "median_days", Align::kRight, false},
               {"nine of ten within", "p90_days", Align::kRight, false}},
              {}};
  const auto share = [](const Estimate& estimate) -> Cell {
    if (!estimate.has_value()) return {"", ""};
    return {Percent(estimate.value()), EstimatePlain(estimate, Bound::kValue)};
  };
  for (const StageVelocity& stage : answer.stages()) {
    table.rows.push_back({Cell(stage.display_name(), stage.stage_id()),
                          CountCell(stage.visit_count()), CountCell(stage.open_count()),
                          ShareCell(stage.forward_share()), share(stage.lost_share()),
                          share(stage.back_share()), DaysCell(stage.time_in_stage().median_days()),
                          DaysCell(stage.time_in_stage().p90_days())});
  }
  return table;
}

Table QuarterTable(const GetVelocityResponse& answer) {
  Table table{{{"quarter", "period", Align::kLeft, false},
               {"created", "created_count", Align::kRight, false},
               {"won", "won_count", Align::kRight, false},
               {"won amount", "won_amount", Align::kRight, false},
               {"average", "average_amount", Align::kRight, false},
               {"median cycle", "median_cycle_days", Align::kRight, false},
               {"", "bar", Align::kLeft, false, Shown::kInTables}},
              {}};
  int64_t largest = 1;
  for (const auto& quarter : answer.quarters()) {
    largest = std::max(largest, MicrosOf(quarter.won_amount()));
  }
  for (int i = 0; i < answer.quarters_size(); ++i) {
    const auto& quarter = answer.quarters(i);
    std::string name = PeriodText(quarter.period());
    if (i + 1 == answer.quarters_size()) name += " (running)";
    table.rows.push_back(
        {Cell(name, PeriodText(quarter.period())), CountCell(quarter.created_count()),
         CountCell(quarter.won_count()), MoneyCell(quarter.won_amount()),
         MoneyCell(quarter.average_amount()),
         quarter.has_median_cycle_days() ? Cell(Fixed(quarter.median_cycle_days(), 0) + " d",
                                                fmt::format("{}", quarter.median_cycle_days()))
                                         : Cell("", ""),
         Bar(static_cast<double>(MicrosOf(quarter.won_amount())) / static_cast<double>(largest),
             kBarWidth)});
  }
  return table;
}

std::string TrendSentence(const VelocityTrend& trend) {
  static constexpr const char* kNames[] = {"", "more: deals created", "more: deals won",
                                           "bigger: average amount", "faster: median cycle"};
  const std::string name = kNames[std::clamp<int>(trend.measure(), 0, 4)];
  if (!trend.has_change_per_quarter()) {
    return fmt::format("  {}: not enough data ({} whole quarters, 5 are needed)", name,
                       trend.quarter_count());
  }
  const std::string change =
      (trend.change_per_quarter() > 0 ? "+" : "") + Percent(trend.change_per_quarter());
  switch (trend.direction()) {
    case VelocityTrend::DIRECTION_RISING:
      return fmt::format("  {}: rising, {} a quarter (p {:.3f})", name, change, trend.p_value());
    case VelocityTrend::DIRECTION_FALLING:
      return fmt::format("  {}: falling, {} a quarter (p {:.3f})", name, change, trend.p_value());
    default:
      return fmt::format("  {}: no trend beyond chance ({} a quarter, p {:.2f})", name, change,
                         trend.p_value());
  }
}

// ---- correlations

using forecasting::v1::ContentCorrelation;
using forecasting::v1::CorrelationTest;

std::string ValueText(const CorrelationTest& test, double value) {
  if (test.measure() == CorrelationTest::MEASURE_WIN_RATE) return Percent(value);
  if (test.measure() == CorrelationTest::MEASURE_CYCLE) return Fixed(value, 1) + " d";
  return Thousands(std::llround(value));
}

// "+7.0 points (2.1 to 11.9)", "0.84x (0.75 to 0.93)".
std::string CorrelationText(const CorrelationTest& test) {
  const Estimate& c = test.correlation();
  if (test.measure() == CorrelationTest::MEASURE_WIN_RATE) {
    return fmt::format("{}{} points ({} to {})", c.value() > 0 ? "+" : "",
                       Fixed(c.value() * 100, 1), Fixed(c.low() * 100, 1),
                       Fixed(c.high() * 100, 1));
  }
  return fmt::format("{}x ({} to {})", Fixed(c.value(), 2), Fixed(c.low(), 2), Fixed(c.high(), 2));
}

Cell VerdictCell(const CorrelationTest& test) {
  switch (test.verdict()) {
    case CorrelationTest::VERDICT_CORRELATES_BETTER:
      return {"correlates, better", "correlates_better", Tone::kGood};
    case CorrelationTest::VERDICT_CORRELATES_WORSE:
      return {"correlates, worse", "correlates_worse", Tone::kBad};
    case CorrelationTest::VERDICT_NO_CORRELATION:
      return {"no correlation", "no_correlation", Tone::kFaint};
    default:
      return {"not enough data", "not_enough_data", Tone::kFaint};
  }
}

bool Correlates(const CorrelationTest& test) {
  return test.verdict() == CorrelationTest::VERDICT_CORRELATES_BETTER ||
         test.verdict() == CorrelationTest::VERDICT_CORRELATES_WORSE;
}

std::string ItemText(const ContentCorrelation& item) {
  if (item.kind() == ContentCorrelation::KIND_CAMPAIGN) return "campaign " + item.display_name();
  if (item.kind() == ContentCorrelation::KIND_CONTENT) {
    const std::string type =
        EnumText(crm::v1::Engagement::Type_Name(item.engagement_type()), "TYPE_");
    return item.engagement_type() == crm::v1::Engagement::TYPE_UNSPECIFIED
               ? "content " + item.display_name()
               : fmt::format("content {} ({})", item.display_name(), type);
  }
  return EnumText(item.key(), "TYPE_");
}

}  // namespace

void PrintVelocity(const GetVelocityResponse& answer, bool by_clock, Printer* printer) {
  printer->Heading(by_clock ? "Velocity by age: days since the clock started, Stage 0 included"
                            : "Velocity by age: days since pipeline entry");
  printer->Main(BucketTable(answer, by_clock));
  printer->Blank();
  printer->Extra(GroupTable(answer));
  if (answer.stages_size() > 0) {
    printer->Blank();
    printer->Heading("From stage to stage");
    printer->Extra(StageTable(answer));
  }
  printer->Blank();
  printer->Heading("More, bigger, faster");
  printer->Extra(QuarterTable(answer));
  for (const VelocityTrend& trend : answer.trends()) printer->Line(TrendSentence(trend));
  printer->Blank();
  for (const auto& warning : answer.warnings()) printer->Paragraph("note: ", warning.message());
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintCorrelations(const forecasting::v1::CorrelateContentResponse& answer, bool everything,
                       Printer* printer) {
  printer->Heading(
      fmt::format("Correlation with won deals, short cycles and high prices: {} closed "
                  "deals of {} accounts, {} touched, {} tests",
                  Thousands(answer.closed_count()), Thousands(answer.account_count()),
                  Thousands(answer.touched_count()), Thousands(answer.test_count())));
  if (answer.sufficiency() == type::v1::SUFFICIENCY_NO_DATA) {
    printer->Line("no data: a correlation needs closed deals, and engagements of their accounts");
  }
  Table table{{{"what", "key", Align::kLeft, true},
               {"measure", "measure", Align::kLeft, false},
               {"touched", "touched_value", Align::kRight, false},
               {"alike, not", "untouched_value", Align::kRight, false},
               {"correlation", "correlation", Align::kRight, false},
               {"q", "q_value", Align::kRight, false},
               {"deals", "touched_count", Align::kRight, false},
               {"accounts", "account_count", Align::kRight, false},
               {"verdict", "verdict", Align::kLeft, false}},
              {}};
  int hidden = 0;
  for (const ContentCorrelation& item : answer.correlations()) {
    for (const CorrelationTest& test : item.tests()) {
      if (!everything && printer->is_table() && !Correlates(test)) {
        ++hidden;
        continue;
      }
      const bool tested = test.has_p_value();
      table.rows.push_back(
          {Cell(ItemText(item), item.key()),
           EnumText(CorrelationTest::Measure_Name(test.measure()), "MEASURE_"),
           tested ? Cell(ValueText(test, test.touched_value()),
                         fmt::format("{}", test.touched_value()))
                  : Cell("", ""),
           tested ? Cell(ValueText(test, test.untouched_value()),
                         fmt::format("{}", test.untouched_value()))
                  : Cell("", ""),
           tested ? Cell(CorrelationText(test), EstimatePlain(test.correlation(), Bound::kValue))
                  : Cell("", ""),
           tested ? Cell(fmt::format("{:.3f}", test.q_value()), fmt::format("{}", test.q_value()))
                  : Cell("", ""),
           CountCell(test.touched_count()), CountCell(test.account_count()), VerdictCell(test)});
    }
  }
  if (!table.rows.empty() || !printer->is_table()) {
    printer->Main(table);
  } else if (answer.test_count() > 0) {
    printer->Line("no correlation beyond chance was found");
  }
  if (hidden > 0) {
    printer->Line(fmt::format("{} more without a correlation, or with not enough data: --all",
                              Thousands(hidden)));
  }
  if (answer.left_out_count() > 0) {
    printer->Line(fmt::format("{} more that touched fewer accounts were not tested",
                              Thousands(answer.left_out_count())));
  }
  printer->Blank();
  printer->Paragraph("", answer.note());
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
