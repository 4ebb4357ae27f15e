#include "services/gtm/cli/calls_view.h"

#include <fmt/format.h>

#include <cmath>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::CallAccuracy;
using forecasting::v1::ForecastCallComparison;
using forecasting::v1::ForecastCallSkill;

Cell AmountCell(const type::v1::Money& money) {
  if (money.currency_code().empty()) return {"-", ""};
  return {Fixed(static_cast<double>(MicrosOf(money)) / 1e6, 0), MoneyPlain(money)};
}

Cell SignedCell(const type::v1::Money& money) {
  Cell cell = AmountCell(money);
  if (MicrosOf(money) > 0) cell.text = "+" + cell.text;
  return cell;
}

Cell ChanceCell(bool has, double chance) {
  return has ? Cell(ChanceText(chance), fmt::format("{}", chance)) : Cell("-", "");
}

std::string OwnerText(const ForecastCallComparison& row) {
  // The company stands above everybody.
  const int depth = row.owner_seller_id().empty() ? 0 : row.depth() + 1;
  return std::string(static_cast<size_t>(2 * depth), ' ') + row.display_name();
}

std::string ErrorText(const CallAccuracy& accuracy) {
  return accuracy.has_absolute_error_share() ? Percent(accuracy.absolute_error_share()) : "-";
}

std::string BiasText(const CallAccuracy& accuracy) {
  const auto& bias = accuracy.bias();
  if (!bias.has_value()) return "-";
  std::string text = (bias.value() > 0 ? "+" : "") + Percent(bias.value(), 0);
  if (bias.has_low()) {
    text += fmt::format(" ({} to {})", Fixed(bias.low() * 100, 0), Fixed(bias.high() * 100, 0));
  }
  if (bias.sufficiency() != type::v1::SUFFICIENCY_ENOUGH) text += " few";
  return text;
}

std::string ReachedText(const CallAccuracy& accuracy, int count) {
  if (count == 0) return "-";
  return fmt::format("{} of {}", accuracy.reached().success_count(), count);
}

}  // namespace

void PrintCallComparison(const forecasting::v1::CompareForecastCallsResponse& comparison,
                         Printer* printer) {
  Table table{{{"owner", "owner_seller_id", Align::kLeft, true},
               {"won", "won_amount", Align::kRight, false},
               {"commit", "commit_amount", Align::kRight, false},
               {"best case", "best_case_amount", Align::kRight, false},
               {"model", "model_mean", Align::kRight, false},
               {"P10", "p10", Align::kRight, false, Shown::kInCsv},
               {"P90", "p90", Align::kRight, false, Shown::kInCsv},
               {"override", "override_amount", Align::kRight, false},
               {"reached", "commit_reach_probability", Align::kRight, false},
               {"rolled up", "rolled_up_commit", Align::kRight, false},
               {"silent", "missing_call_count", Align::kRight, false},
               {"best reached", "best_case_reach_probability", Align::kRight, false, Shown::kInCsv},
               {"called", "submit_time", Align::kLeft, false, Shown::kInCsv}},
              {}};
  std::string currency;
  for (const ForecastCallComparison& row : comparison.rows()) {
    currency = row.model().mean().currency_code();
    const bool rolls_up = row.has_rolled_up_commit();
    table.rows.push_back(
        {Cell(OwnerText(row), row.owner_seller_id()), AmountCell(row.won_amount()),
         AmountCell(row.call().commit_amount()), AmountCell(row.call().best_case_amount()),
         AmountCell(row.model().mean()), AmountCell(row.model().p10()),
         AmountCell(row.model().p90()), SignedCell(row.override_amount()),
         ChanceCell(row.has_commit_reach_probability(), row.commit_reach_probability()),
         AmountCell(row.rolled_up_commit()),
         Cell(rolls_up ? std::to_string(row.missing_call_count()) : "-",
              std::to_string(row.missing_call_count())),
         ChanceCell(row.has_best_case_reach_probability(), row.best_case_reach_probability()),
         TimeText(row.call().submit_time())});
  }
  printer->Heading(
      fmt::format("Calls of {} beside the model ({})", PeriodText(comparison.period()), currency));
  printer->Main(table);
  printer->Paragraph("note: ",
                     "override is commit less the model's mean; reached is the chance of the "
                     "commit by the model; rolled up sums the commits directly below, silent "
                     "counts who has not called");
  if (comparison.omitted_count() > 0) {
    printer->Line(fmt::format("{} owners did not fit; ask for one manager with --owner",
                              comparison.omitted_count()));
  }
  printer->Line(ProvenanceText(comparison.provenance()));
}

void PrintCallSkills(const forecasting::v1::MeasureForecastCallsResponse& measured,
                     Printer* printer) {
  Table table{{{"owner", "owner_seller_id", Align::kLeft, true},
               {"days left", "days_before_end", Align::kRight, false},
               {"periods", "period_count", Align::kRight, false},
               {"error", "absolute_error_share", Align::kRight, false},
               {"bias", "bias", Align::kRight, false},
               {"reached", "reached", Align::kRight, false},
               {"best reached", "best_case_reached", Align::kRight, false},
               {"model's error", "model_absolute_error_share", Align::kRight, false},
               {"model's bias", "model_bias", Align::kRight, false, Shown::kInCsv},
               {"no call", "missing_period_count", Align::kRight, false, Shown::kInCsv}},
              {}};
  for (const ForecastCallSkill& skill : measured.skills()) {
    const auto plain = [](const CallAccuracy& accuracy) {
      return accuracy.has_absolute_error_share()
                 ? fmt::format("{}", accuracy.absolute_error_share())
                 : std::string();
    };
    table.rows.push_back(
        {Cell(skill.display_name(), skill.owner_seller_id()),
         std::to_string(skill.days_before_end()), std::to_string(skill.period_count()),
         Cell(ErrorText(skill.commit()), plain(skill.commit())),
         Cell(BiasText(skill.commit()), EstimatePlain(skill.commit().bias(), Bound::kValue)),
         Cell(ReachedText(skill.commit(), skill.period_count()),
              EstimatePlain(skill.commit().reached(), Bound::kValue)),
         Cell(ReachedText(skill.best_case(), skill.best_case_period_count()),
              EstimatePlain(skill.best_case().reached(), Bound::kValue)),
         Cell(ErrorText(skill.model()), plain(skill.model())),
         Cell(BiasText(skill.model()), EstimatePlain(skill.model().bias(), Bound::kValue)),
         std::to_string(skill.missing_period_count())});
  }
  const auto& periods = measured.periods();
  printer->Heading(periods.empty()
                       ? std::string("Calls and what came")
                       : fmt::format("Calls of {} to {} and what came", PeriodText(periods.Get(0)),
                                     PeriodText(periods.Get(periods.size() - 1))));
  if (table.rows.empty() && printer->is_table()) {
    printer->Line("nobody called before the end of any of these periods");
    return;
  }
  printer->Main(table);
  printer->Paragraph(
      "note: ",
      "the commit in force so many days before the end of each period, against "
      "what came; above 0 is over-forecast; few: fewer than four periods, no verdict");
  printer->Line(ProvenanceText(measured.provenance()));
}

}  // namespace gtm::cli
