#include "services/gtm/cli/what_if_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::MoneyDistribution;
using forecasting::v1::WhatIfOutlook;
using forecasting::v1::WhatIfResponse;

Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

// "+1,200 USD", "-300 USD".
std::string SignedText(const type::v1::Money& money) {
  return (MicrosOf(money) > 0 ? "+" : "") + MoneyText(money);
}
Cell SignedCell(const type::v1::Money& money) {
  const int64_t micros = MicrosOf(money);
  return {SignedText(money), MoneyPlain(money),
          micros > 0   ? Tone::kGood
          : micros < 0 ? Tone::kBad
                       : Tone::kPlain};
}

std::string ReachText(const WhatIfResponse& answer, const WhatIfOutlook& outlook) {
  if (!outlook.has_reach_probability()) return "";
  if (answer.remaining_days() <= 0)
    return outlook.reach_probability() >= 0.5 ? "reached" : "missed";
  return outlook.reach_probability() >= 1 ? "reached" : ChanceText(outlook.reach_probability());
}

Cell ReachCell(const WhatIfResponse& answer, const WhatIfOutlook& outlook) {
  return {ReachText(answer, outlook),
          outlook.has_reach_probability() ? fmt::format("{}", outlook.reach_probability()) : ""};
}

// Before and after, on one scale.
void PrintChart(const WhatIfResponse& answer, Printer* printer) {
  struct Row {
    const char* label;
    const type::v1::Money& before;
    const type::v1::Money& after;
  };
  const MoneyDistribution& before = answer.before().bookings();
  const MoneyDistribution& after = answer.after().bookings();
  const Row rows[] = {{"P10", before.p10(), after.p10()},
                      {"P50", before.p50(), after.p50()},
                      {"P90", before.p90(), after.p90()}};
  int64_t largest = std::max<int64_t>(1, MicrosOf(answer.target().amount()));
  int width = answer.target().has_amount() ? DisplayWidth(MoneyText(answer.target().amount())) : 0;
  for (const Row& row : rows) {
    for (const type::v1::Money* money : {&row.before, &row.after}) {
      largest = std::max(largest, MicrosOf(*money));
      width = std::max(width, DisplayWidth(MoneyText(*money)));
    }
  }
  const int bar_width = printer->ChartWidth(width + 44);
  const auto line = [&](const std::string& label, const type::v1::Money& money,
                        const std::string& remark) {
    const std::string text = MoneyText(money);
    const std::string padding(static_cast<size_t>(width - DisplayWidth(text)), ' ');
    const double share = static_cast<double>(MicrosOf(money)) / static_cast<double>(largest);
    printer->Line(fmt::format("  {:<10}  {}{}  {}{}{}", label, padding, text, Bar(share, bar_width),
                              remark.empty() ? "" : "  ", remark));
  };
  for (const Row& row : rows) {
    line(fmt::format("{} before", row.label), row.before, "");
    line("    after", row.after, "");
  }
  if (answer.target().has_amount()) {
    const std::string now = ReachText(answer, answer.before());
    const std::string then = ReachText(answer, answer.after());
    const bool certain =
        answer.before().reach_probability() >= 1 && answer.after().reach_probability() >= 1;
    line("target", answer.target().amount(),
         certain       ? "reached already"
         : now == then ? fmt::format("reached with a chance of {} before and after", now)
                       : fmt::format("reached with a chance of {} before, {} after", now, then));
  }
}

Table ScenarioTable(const std::vector<WhatIfResponse>& answers) {
  const bool target = answers.back().target().has_amount();
  Table table{{{"scenario", "name", Align::kLeft, true},
               {"mean", "difference_mean", Align::kRight, false},
               {"P10", "difference_p10", Align::kRight, false},
               {"P50", "difference_p50", Align::kRight, false},
               {"P90", "difference_p90", Align::kRight, false},
               {"then P10", "p10", Align::kRight, false, Shown::kInCsv},
               {"then P50", "p50", Align::kRight, false},
               {"then P90", "p90", Align::kRight, false, Shown::kInCsv}},
              {}};
  if (target) table.columns.push_back({"target", "reach_probability", Align::kRight, false});
  std::vector<Cell> before = {"(as it is)", "", "", "", ""};
  const auto add_outlook = [&](const WhatIfResponse& answer, const WhatIfOutlook& outlook,
                               std::vector<Cell>* row) {
    row->push_back(MoneyCell(outlook.bookings().p10()));
    row->push_back(MoneyCell(outlook.bookings().p50()));
    row->push_back(MoneyCell(outlook.bookings().p90()));
    if (target) row->push_back(ReachCell(answer, outlook));
  };
  add_outlook(answers.back(), answers.back().before(), &before);
  table.rows.push_back(std::move(before));
  for (const WhatIfResponse& answer : answers) {
    const MoneyDistribution& difference = answer.difference();
    std::vector<Cell> row = {answer.name(), SignedCell(difference.mean()),
                             SignedCell(difference.p10()), SignedCell(difference.p50()),
                             SignedCell(difference.p90())};
    add_outlook(answer, answer.after(), &row);
    table.rows.push_back(std::move(row));
  }
  return table;
}

void PrintDeals(const WhatIfResponse& answer, Printer* printer) {
  if (answer.deals_size() == 0) return;
  Table table{{{"deal", "opportunity_id", Align::kLeft, true},
               {"expected before", "before_amount", Align::kRight, false},
               {"after", "after_amount", Align::kRight, false}},
              {}};
  for (const auto& deal : answer.deals()) {
    table.rows.push_back({deal.opportunity_id().empty() ? "(added)" : deal.opportunity_id(),
                          MoneyCell(deal.before_amount()), MoneyCell(deal.after_amount())});
  }
  printer->Blank();
  printer->Extra(table);
}

void PrintHires(const WhatIfResponse& answer, Printer* printer) {
  if (!answer.has_hires()) return;
  const auto& hires = answer.hires();
  printer->Blank();
  printer->Paragraph(
      "hired: ",
      fmt::format("{} deals created before the period ends, {} of them won, {}; a seller of the "
                  "last year creates {} deals a year, no deal was ever won in fewer than {} days, "
                  "so that none of theirs closes before {}",
                  Fixed(hires.created_count(), 1), Fixed(hires.win_count(), 1),
                  MoneyText(hires.amount()), Fixed(hires.deals_a_year(), 0),
                  hires.first_cycle_days(), DateText(hires.first_close_date())));
}

}  // namespace

void PrintWhatIf(const std::vector<WhatIfResponse>& answers, Printer* printer) {
  const WhatIfResponse& last = answers.back();
  printer->Heading(fmt::format("What if, {}: {}, {} days left", PeriodText(last.period()),
                               RangeText(last.days()), Fixed(last.remaining_days(), 1)));
  if (last.sufficiency() == type::v1::SUFFICIENCY_NO_DATA) {
    printer->Line("no opportunity was ever in pipeline: what is added is all there is");
  }
  PrintChart(last, printer);
  printer->Blank();
  printer->Main(ScenarioTable(answers));
  PrintDeals(last, printer);
  PrintHires(last, printer);
  printer->Blank();
  if (last.sufficiency() == type::v1::SUFFICIENCY_NOT_ENOUGH_DATA) {
    printer->Line("few closed deals: the range is wide for that reason");
  }
  printer->Paragraph(
      "", fmt::format("Same draws before and after: the difference swings by {}; drawn apart it "
                      "would swing by {}.",
                      MoneyText(last.difference().standard_deviation()),
                      MoneyText(last.independent_deviation())));
  printer->Line(ProvenanceText(last.provenance()));
}

}  // namespace gtm::cli
