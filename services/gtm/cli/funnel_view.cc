#include "services/gtm/cli/funnel_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::PlanFunnelResponse;
using forecasting::v1::PlanLimit;
using forecasting::v1::PlanMend;
using forecasting::v1::PlannedStep;
using forecasting::v1::SolvedAlgebra;

constexpr int kStepBarWidth = 24;

// "34.7 %" below one, "35.3x" from there on.
std::string TimesText(double ratio) {
  return ratio < 1 ? Percent(ratio) : Fixed(ratio, ratio < 10 ? 2 : 1) + "x";
}

std::string RateText(int64_t ppm) { return Percent(static_cast<double>(ppm) / 1e6, 2); }

// Micros of a currency that the answer names elsewhere.
std::string MicrosText(int64_t micros, const std::string& currency) {
  type::v1::Money money;
  money.set_currency_code(currency);
  money.set_units(micros / 1'000'000);
  money.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  return MoneyText(money);
}

std::string HoursText(int64_t minutes) {
  return Fixed(static_cast<double>(minutes) / 60, minutes % 60 == 0 ? 0 : 1) + " h";
}

// The currency of an answer: of its algebra, else of its unit economics.
std::string CurrencyOf(const PlanFunnelResponse& answer) {
  if (answer.has_algebra()) return answer.algebra().revenue_amount().currency_code();
  return answer.unit_economics().acquisition_cost().currency_code();
}

void PrintAlgebra(const SolvedAlgebra& algebra, Printer* printer) {
  const auto mark = [&](SolvedAlgebra::Variable variable) {
    return algebra.solved() == variable ? "  (solved for)" : "";
  };
  printer->Line(fmt::format("  revenue          {}{}", MoneyText(algebra.revenue_amount()),
                            mark(SolvedAlgebra::VARIABLE_REVENUE)));
  printer->Line(fmt::format("  price of a deal  {}{}", MoneyText(algebra.price_amount()),
                            mark(SolvedAlgebra::VARIABLE_PRICE)));
  if (algebra.has_price_estimate()) {
    printer->Line("                   from won deals of the last year: " +
                  EstimateText(algebra.price_estimate(), false,
                               " " + algebra.price_amount().currency_code()));
  }
  printer->Line(fmt::format("  close rate       {}{}", RateText(algebra.close_rate_ppm()),
                            mark(SolvedAlgebra::VARIABLE_CLOSE_RATE)));
  if (algebra.has_close_rate_estimate()) {
    printer->Line("                   from closed deals of the last year: " +
                  EstimateText(algebra.close_rate_estimate(), true));
  }
  printer->Line(fmt::format("  qualified leads  {}{}", Thousands(algebra.lead_count()),
                            mark(SolvedAlgebra::VARIABLE_LEADS)));
  printer->Line(fmt::format("  deals            {}", Thousands(algebra.deal_count())));
  printer->Blank();
}

Table StepsTable(const google::protobuf::RepeatedPtrField<PlannedStep>& steps) {
  Table table{{{"step", "step", Align::kLeft, true},
               {"count", "count", Align::kRight, false},
               {"unit", "unit", Align::kLeft, false},
               {"go on", "rate", Align::kRight, false},
               {"of the market", "market_share", Align::kRight, false},
               {"", "bar", Align::kLeft, false, Shown::kInTables}},
              {}};
  int64_t largest = 1;
  for (const PlannedStep& step : steps) largest = std::max(largest, step.count());
  for (const PlannedStep& step : steps) {
    const bool exceeds = step.market_share() > 1;
    table.rows.push_back(
        {step.name(), Cell(Thousands(step.count()), std::to_string(step.count())),
         EnumText(forecasting::v1::StepUnit_Name(step.unit()), "STEP_UNIT_"),
         step.has_rate() ? Cell(Percent(step.rate()), fmt::format("{}", step.rate()))
                         : Cell("", ""),
         step.has_market_share()
             ? Cell(TimesText(step.market_share()), fmt::format("{}", step.market_share()),
                    exceeds ? Tone::kBad : Tone::kGood)
             : Cell("", ""),
         Bar(static_cast<double>(step.count()) / static_cast<double>(largest), kStepBarWidth)});
  }
  return table;
}

std::string AmountOf(PlanLimit::Type type, int64_t number, const std::string& currency) {
  if (type == PlanLimit::TYPE_MONEY) return MicrosText(number, currency);
  if (type == PlanLimit::TYPE_SELLER_MINUTES) return HoursText(number);
  return Thousands(number);
}

Table LimitsTable(const PlanFunnelResponse& answer) {
  const std::string currency = CurrencyOf(answer);
  Table table{{{"limit", "type", Align::kLeft, false},
               {"step", "step", Align::kLeft, true},
               {"needs", "need", Align::kRight, false},
               {"there is", "available", Align::kRight, false},
               {"used", "ratio", Align::kRight, false},
               {"verdict", "verdict", Align::kLeft, false}},
              {}};
  bool first = true;
  for (const PlanLimit& limit : answer.limits()) {
    // What needs nothing and is not limited says nothing.
    if (limit.need() == 0 && !limit.has_available()) continue;
    Cell verdict("fits", "fits", Tone::kGood);
    if (!limit.has_available()) verdict = Cell("not stated", "not_tested", Tone::kFaint);
    if (limit.violated()) {
      verdict = Cell(first ? "exceeded first" : "exceeded", "exceeded", Tone::kBad);
      first = false;
    }
    const std::string name = limit.type() == PlanLimit::TYPE_SELLER_MINUTES
                                 ? "hours of sellers"
                                 : EnumText(PlanLimit::Type_Name(limit.type()), "TYPE_");
    table.rows.push_back(
        {name, limit.step(),
         Cell(AmountOf(limit.type(), limit.need(), currency), std::to_string(limit.need())),
         limit.has_available() ? Cell(AmountOf(limit.type(), limit.available(), currency),
                                      std::to_string(limit.available()))
                               : Cell("", ""),
         limit.has_ratio() ? Cell(TimesText(limit.ratio()), fmt::format("{}", limit.ratio()))
                           : Cell("", ""),
         verdict});
  }
  return table;
}

std::string ValueOf(PlanMend::Variable variable, int64_t value, const std::string& currency) {
  switch (variable) {
    case PlanMend::VARIABLE_REVENUE:
    case PlanMend::VARIABLE_PRICE:
    case PlanMend::VARIABLE_MONEY:
      return MicrosText(value, currency);
    case PlanMend::VARIABLE_RATE:
      return Percent(static_cast<double>(value) / 1e6, 4);
    case PlanMend::VARIABLE_SELLER_MINUTES:
      return HoursText(value);
    default:
      return Thousands(value);
  }
}

std::string NameOf(const PlanMend& mend) {
  switch (mend.variable()) {
    case PlanMend::VARIABLE_REVENUE:
      return "less revenue";
    case PlanMend::VARIABLE_COUNT:
      return "fewer " + mend.step();
    case PlanMend::VARIABLE_RATE:
      return "more of " + mend.step() + " go on";
    case PlanMend::VARIABLE_PRICE:
      return "a higher price";
    case PlanMend::VARIABLE_TOUCHES:
      return "more touches";
    case PlanMend::VARIABLE_SELLER_MINUTES:
      return "more hours of sellers";
    default:
      return "a larger budget";
  }
}

void PrintMends(const PlanFunnelResponse& answer, Printer* printer) {
  if (answer.mends_size() == 0) return;
  const std::string currency = CurrencyOf(answer);
  Table table{{{"one change that is enough", "change", Align::kLeft, true},
               {"from", "from_value", Align::kRight, false},
               {"to", "to_value", Align::kRight, false},
               {"factor", "change_factor", Align::kRight, false}},
              {}};
  for (const PlanMend& mend : answer.mends()) {
    table.rows.push_back(
        {NameOf(mend), ValueOf(mend.variable(), mend.from_value(), currency),
         ValueOf(mend.variable(), mend.to_value(), currency),
         mend.change_factor() > 0 ? Cell(Fixed(mend.change_factor(), 2) + "x") : Cell("")});
  }
  printer->Blank();
  printer->Extra(table);
  printer->Blank();
  printer->Line("the funnel after the smallest of them:");
  printer->Extra(StepsTable(answer.mends(0).steps()));
}

void PrintMarket(const PlanFunnelResponse& answer, Printer* printer) {
  const auto& market = answer.market();
  std::string line = "market: not stated";
  if (market.has_people_count()) {
    line = fmt::format("market: {} people, which make {} to {} accounts",
                       Thousands(market.people_count()), Thousands(market.accounts_held_min()),
                       Thousands(market.accounts_held_max()));
  } else if (market.has_account_count()) {
    line = fmt::format("market: {} accounts", Thousands(market.account_count()));
  }
  printer->Line(fmt::format("{}; a buying group takes {} to {} touches", line,
                            Thousands(market.touches_per_account_min()),
                            Thousands(market.touches_per_account_max())));
  if (!answer.has_unit_economics()) return;
  const auto& economics = answer.unit_economics();
  printer->Line(fmt::format("a customer costs {} and brings {}: {}",
                            MoneyText(economics.acquisition_cost()),
                            MoneyText(economics.revenue_per_customer()),
                            economics.may_spend_more() ? "more may be spent on acquisition"
                                                       : "spend no more on acquisition"));
}

}  // namespace

void PrintFunnelPlan(const PlanFunnelResponse& answer, Printer* printer) {
  const bool refused = answer.verdict() == PlanFunnelResponse::VERDICT_REFUSED;
  printer->Heading(refused ? "Funnel plan: refused"
                   : answer.verdict() == PlanFunnelResponse::VERDICT_ACCEPTED
                       ? "Funnel plan: accepted"
                       : "Funnel plan: not tested");
  printer->Paragraph("  ", answer.summary());
  printer->Blank();
  if (answer.has_algebra()) PrintAlgebra(answer.algebra(), printer);
  printer->Main(StepsTable(answer.steps()));
  printer->Blank();
  printer->Extra(LimitsTable(answer));
  PrintMends(answer, printer);
  printer->Blank();
  PrintMarket(answer, printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
