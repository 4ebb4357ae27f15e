#include "services/growth/handler/render.h"

#include <algorithm>

namespace gtm::growth::handler {
namespace {

void RenderEstimate(const domain::Estimate& estimate, type::v1::Estimate* out) {
  if (estimate.value) out->set_value(*estimate.value);
  if (estimate.low) out->set_low(*estimate.low);
  if (estimate.high) out->set_high(*estimate.high);
  out->set_confidence(estimate.confidence);
  out->set_method(std::string(estimate.method));
  out->set_success_count(estimate.success_count);
  out->set_sample_count(estimate.sample_count);
  out->set_sufficiency(static_cast<type::v1::Sufficiency>(estimate.sufficiency));
}

void RenderFigure(const domain::Figure& figure, v1::Figure* out) {
  out->set_name(figure.name);
  if (const auto* count = std::get_if<int64_t>(&figure.value)) out->set_count(*count);
  if (const auto* ratio = std::get_if<double>(&figure.value)) out->set_ratio(*ratio);
  if (const auto* money = std::get_if<Money>(&figure.value)) Render(*money, out->mutable_money());
}

void RenderSignal(const domain::Signal& signal, v1::Signal* out) {
  out->set_kind(static_cast<v1::SignalKind>(signal.kind));
  out->set_status(static_cast<v1::SignalStatus>(signal.status));
  RenderEstimate(signal.value, out->mutable_value());
  if (signal.comparison) RenderEstimate(*signal.comparison, out->mutable_comparison());
  for (const domain::Gate& gate : signal.gates) {
    v1::Gate* rendered = out->add_gates();
    rendered->set_rule_id(std::string(gate.rule_id));
    rendered->set_name(std::string(gate.name));
    rendered->set_threshold(gate.threshold);
    RenderEstimate(gate.value, rendered->mutable_value());
    rendered->set_status(static_cast<v1::SignalStatus>(gate.status));
  }
  for (const domain::Figure& figure : signal.figures) RenderFigure(figure, out->add_figures());
  for (const std::string_view rule : signal.rule_ids) out->add_rule_ids(std::string(rule));
  out->set_explanation(signal.explanation);
  out->set_what_would_change(signal.what_would_change);
}

void RenderRamp(const domain::SellerRamp& ramp, v1::SellerRamp* out) {
  out->set_seller_id(ramp.seller_id);
  out->set_state(static_cast<v1::SellerRamp::State>(ramp.state));
  Render(ramp.hire_day, out->mutable_hire_date());
  if (ramp.first_deal_days) out->set_first_deal_days(*ramp.first_deal_days);
  out->set_suspiciously_fast(ramp.suspiciously_fast);
  out->set_first_deal_opportunity_id(ramp.first_deal_id);
}

void RenderAttainment(const domain::SellerAttainment& seller, Currency currency,
                      v1::SellerAttainment* out) {
  out->set_seller_id(seller.seller_id);
  Render(Money{seller.quota_micros, currency}, out->mutable_quota());
  Render(Money{seller.bookings_micros, currency}, out->mutable_bookings());
  const auto bps = static_cast<__int128>(seller.bookings_micros) * 10'000 / seller.quota_micros;
  out->set_attainment_bps(static_cast<int64_t>(std::min<__int128>(bps, INT64_MAX)));
}

void SetRetention(const domain::RevenueBridge& bridge, v1::RevenueMovements* out) {
  if (bridge.cohort_opening <= 0) return;
  const auto net = MulDivRoundHalfEven(bridge.cohort_closing, 10'000, bridge.cohort_opening);
  const auto gross = MulDivRoundHalfEven(bridge.cohort_kept, 10'000, bridge.cohort_opening);
  if (net.ok()) out->set_net_retention_bps(*net);
  if (gross.ok()) out->set_gross_retention_bps(*gross);
}

}  // namespace

void Render(absl::CivilDay day, type::v1::Date* out) {
  out->set_year(static_cast<int32_t>(day.year()));
  out->set_month(day.month());
  out->set_day(day.day());
}

void Render(const Money& money, type::v1::Money* out) {
  out->set_currency_code(std::string(money.currency.code()));
  out->set_units(money.micros / kMicrosPerUnit);
  out->set_nanos(static_cast<int32_t>(money.micros % kMicrosPerUnit) * 1000);
}

void Render(const FiscalPeriod& period, type::v1::FiscalPeriod* out) {
  out->set_unit(static_cast<type::v1::FiscalPeriod::Unit>(period.unit));
  out->set_fiscal_year(period.fiscal_year);
  out->set_index(period.index);
}

void Render(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  out->set_seconds(seconds);
  out->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void Render(const domain::SignalReport& report, Currency currency, v1::SignalReport* out) {
  Render(report.period, out->mutable_period());
  Render(report.days.start, out->mutable_dates()->mutable_start_date());
  Render(report.days.end, out->mutable_dates()->mutable_end_date());
  Render(report.comparison_period, out->mutable_comparison_period());
  out->set_customer_basis(static_cast<v1::CustomerBasis>(report.customer_basis));
  for (const domain::Signal& signal : report.signals) RenderSignal(signal, out->add_signals());
  for (const domain::Signal& signal : report.false_signals) {
    RenderSignal(signal, out->add_false_signals());
  }
  for (const domain::SellerRamp& ramp : report.ramps) {
    if (out->seller_ramps_size() == kReportSellersMax) break;
    RenderRamp(ramp, out->add_seller_ramps());
  }
  for (const domain::SellerAttainment& seller : report.attainments) {
    if (out->seller_attainments_size() == kReportSellersMax) break;
    RenderAttainment(seller, currency, out->add_seller_attainments());
  }
}

void RenderPoint(const domain::Signal& signal, v1::ListSignalSeriesResponse::Point* out) {
  out->set_kind(static_cast<v1::SignalKind>(signal.kind));
  out->set_status(static_cast<v1::SignalStatus>(signal.status));
  if (signal.value.value) out->set_value(*signal.value.value);
  if (signal.value.low) out->set_low(*signal.value.low);
  if (signal.value.high) out->set_high(*signal.value.high);
}

void Render(const FiscalPeriod& period, const domain::RevenueBridge& bridge, Currency currency,
            v1::RevenueMovements* out) {
  const auto money = [currency](int64_t micros, type::v1::Money* amount) {
    Render(Money{micros, currency}, amount);
  };
  Render(period, out->mutable_period());
  money(bridge.opening, out->mutable_opening_mrr());
  money(bridge.fresh, out->mutable_new_mrr());
  money(bridge.reactivation, out->mutable_reactivation_mrr());
  money(bridge.expansion, out->mutable_expansion_mrr());
  money(bridge.incentive_expansion, out->mutable_incentive_expansion_mrr());
  money(bridge.unstated_expansion, out->mutable_unstated_expansion_mrr());
  money(bridge.contraction, out->mutable_contraction_mrr());
  money(bridge.churn, out->mutable_churn_mrr());
  money(bridge.closing, out->mutable_closing_mrr());
  out->set_opening_customer_count(bridge.opening_customers);
  out->set_new_customer_count(bridge.new_customers);
  out->set_reactivated_customer_count(bridge.reactivated_customers);
  out->set_lost_customer_count(bridge.lost_customers);
  out->set_closing_customer_count(bridge.closing_customers);
  SetRetention(bridge, out);
}

void Render(const domain::Reading& reading, v1::EvaluateCommitmentResponse* out) {
  out->set_outcome(static_cast<v1::EvaluateCommitmentResponse::Outcome>(reading.outcome));
  if (reading.attainment_bps) out->set_attainment_bps(*reading.attainment_bps);
  if (reading.planned_unit_cost) {
    Render(*reading.planned_unit_cost, out->mutable_planned_unit_cost());
  }
  if (reading.actual_unit_cost) {
    Render(*reading.actual_unit_cost, out->mutable_actual_unit_cost());
  }
  if (reading.next_target_cost) {
    Render(*reading.next_target_cost, out->mutable_next_target_cost());
  }
  out->set_learned(reading.learned());
  for (const std::string_view field : reading.missing_learning_fields) {
    out->add_missing_learning_fields(std::string(field));
  }
  out->set_color(static_cast<v1::EvaluateCommitmentResponse::Color>(reading.color));
  out->set_owner_broken_count(reading.owner_broken_count);
  out->set_owner_due_count(reading.owner_due_count);
  out->set_explanation(reading.explanation);
}

void RenderProvenance(absl::Time as_of, std::string_view revision, std::string_view input_hash,
                      type::v1::Provenance* out) {
  Render(as_of, out->mutable_as_of());
  out->set_revision(std::string(revision));
  out->set_input_sha256(std::string(input_hash));
  out->set_rules_version(std::string(domain::kRulesVersion));
}

}  // namespace gtm::growth::handler
