#include "services/forecasting/handler/render.h"

#include <algorithm>
#include <cmath>

#include "common/stats/estimate_proto.h"

namespace gtm::forecasting::handler {
namespace {

type::v1::Money ToMoney(int64_t micros, Currency currency) {
  return ToProto(Money{micros, currency});
}

type::v1::Date ToDate(absl::CivilDay day) {
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

void AddPart(v1::ForecastPart::Source source, int64_t mean_micros,
             const domain::DrawSummary& summary, int64_t count, double win_count, Currency currency,
             v1::Forecast* result) {
  v1::ForecastPart* part = result->add_parts();
  part->set_source(source);
  *part->mutable_bookings() = ToProto(mean_micros, summary, currency);
  part->set_opportunity_count(count);
  part->set_expected_win_count(win_count);
}

void RenderParts(const domain::PeriodForecast& forecast, Currency currency, v1::Forecast* result) {
  *result->mutable_bookings() = ToProto(forecast.mean_micros(), forecast.bookings, currency);
  AddPart(v1::ForecastPart::SOURCE_WON, forecast.won_micros,
          domain::Summarize(forecast.won_micros, {}, {}), forecast.won_count,
          static_cast<double>(forecast.won_count), currency, result);
  AddPart(v1::ForecastPart::SOURCE_OPEN, forecast.open_mean_micros, forecast.open_bookings,
          forecast.open_count, forecast.open_win_count, currency, result);
  AddPart(v1::ForecastPart::SOURCE_NEW, forecast.new_mean_micros, forecast.new_bookings, 0,
          forecast.new_win_count, currency, result);
}

void RenderEngagement(domain::EngagementState state, const domain::EngagementEffects& effects,
                      v1::BuyerEngagement* result) {
  using domain::EngagementFeature;
  constexpr std::array kActiveDaysMin = {0, 1, 2, 5};  // see EngagementFeature
  const auto level = [&](EngagementFeature feature) { return domain::LevelOf(state, feature); };
  result->set_active_day_count_min(
      kActiveDaysMin[static_cast<size_t>(level(EngagementFeature::kActivity))]);
  result->set_active_contact_count_min(level(EngagementFeature::kPeople));
  result->set_review(
      static_cast<v1::BuyerEngagement::Review>(1 + level(EngagementFeature::kReview)));
  result->set_account_trend(
      static_cast<v1::BuyerEngagement::Trend>(1 + level(EngagementFeature::kTrend)));
  if (const int inside = level(EngagementFeature::kInside); inside > 0) {
    result->set_shares_inside(inside == 2);
  }
  if (const int trigger = level(EngagementFeature::kTrigger); trigger > 0) {
    result->set_has_trigger(trigger == 2);
  }
  const double factor = std::exp(effects.Of(state, 0).won * domain::kRiskStep);
  result->set_win_rate_effect_bps(static_cast<int32_t>(std::lround((factor - 1) * 10'000)));
}

void RenderContributions(const domain::DealTable& table, const domain::Model& model,
                         const domain::PeriodForecast& forecast, int count, v1::Forecast* result) {
  std::vector<const domain::DealChance*> order;
  for (const domain::DealChance& chance : forecast.chances) order.push_back(&chance);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->swing_micros > b->swing_micros;  // chances are by id already
  });
  if (order.size() > static_cast<size_t>(count)) order.resize(static_cast<size_t>(count));
  for (const domain::DealChance* chance : order) {
    const domain::Deal& deal = table.deals[chance->deal];
    v1::Contribution* item = result->add_contributions();
    item->set_opportunity_id(deal.id);
    item->set_win_probability(chance->win_probability);
    *item->mutable_amount() = ToMoney(chance->amount_micros, table.currency);
    *item->mutable_expected_amount() = ToMoney(chance->expected_micros, table.currency);
    *item->mutable_swing_amount() = ToMoney(chance->swing_micros, table.currency);
    item->set_age_days(table.age_days(deal));
    item->set_owner_seller_id(deal.owner_seller_id);
    const domain::EngagementState state = domain::StateAt(deal.engagement, table.today);
    if (state == 0) continue;
    RenderEngagement(state, model.close.effects.engagement, item->mutable_engagement());
  }
}

void RenderLearned(const domain::DealTable& table, const domain::Model& model,
                   v1::LearnedRates* learned) {
  const domain::CloseRates& close = model.close;
  *learned->mutable_win_rate() =
      stats::RateEstimate(close.won_count, close.won_count + close.lost_count);
  const stats::Level& level = model.arrivals.level;
  const double scale = level.mean / level.shape;
  *learned->mutable_arrivals_per_day() = stats::IntervalEstimate(
      level.mean,
      {stats::GammaQuantile(0.025, level.shape, scale),
       stats::GammaQuantile(0.975, level.shape, scale)},
      stats::kConfidence, "gamma-posterior", model.arrivals.count, model.arrivals.count >= 10);
  std::vector<double> cycles;
  for (const domain::Deal& deal : table.deals) {
    if (deal.outcome == domain::Outcome::kWon) {
      cycles.push_back(deal.closed_day - deal.qualified_day);
    }
  }
  std::sort(cycles.begin(), cycles.end());
  *learned->mutable_cycle_days() = stats::MedianEstimate(cycles);
  const domain::Amounts& amounts = model.amounts;
  const double spread = std::exp(1.96 * amounts.ratio_uncertainty);
  if (amounts.ratio_count == 0) {
    *learned->mutable_amount_ratio() = stats::NoDataEstimate();
  } else {
    *learned->mutable_amount_ratio() = stats::IntervalEstimate(
        amounts.ratio_mean, {amounts.ratio_mean / spread, amounts.ratio_mean * spread},
        stats::kConfidence, "log-normal", amounts.ratio_count, amounts.ratio_count >= 10);
  }
  learned->set_common_shock(close.shock);
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return stamp;
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

type::v1::Money ToProto(const Money& money) {
  type::v1::Money result;
  result.set_currency_code(std::string(money.currency.code()));
  result.set_units(money.micros / kMicrosPerUnit);
  result.set_nanos(static_cast<int32_t>(money.micros % kMicrosPerUnit * 1000));
  return result;
}

type::v1::FiscalPeriod ToProto(const FiscalPeriod& period) {
  type::v1::FiscalPeriod result;
  result.set_unit(static_cast<type::v1::FiscalPeriod::Unit>(period.unit));
  result.set_fiscal_year(period.fiscal_year);
  result.set_index(period.index);
  return result;
}

type::v1::DateRange ToProto(const DayRange& days) {
  type::v1::DateRange result;
  *result.mutable_start_date() = ToDate(days.start);
  *result.mutable_end_date() = ToDate(days.end);
  return result;
}

v1::Selection ToProto(const domain::Selection& selection) {
  v1::Selection result;
  result.set_owner_seller_id(selection.owner_seller_id);
  result.set_segment(selection.segment);
  return result;
}

v1::MoneyDistribution ToProto(int64_t mean_micros, const domain::DrawSummary& summary,
                              Currency currency) {
  v1::MoneyDistribution result;
  *result.mutable_mean() = ToMoney(mean_micros, currency);
  *result.mutable_standard_deviation() = ToMoney(summary.standard_deviation, currency);
  *result.mutable_p05() = ToMoney(summary.p05, currency);
  *result.mutable_p10() = ToMoney(summary.p10, currency);
  *result.mutable_p25() = ToMoney(summary.p25, currency);
  *result.mutable_p50() = ToMoney(summary.p50, currency);
  *result.mutable_p75() = ToMoney(summary.p75, currency);
  *result.mutable_p90() = ToMoney(summary.p90, currency);
  *result.mutable_p95() = ToMoney(summary.p95, currency);
  return result;
}

void RenderForecast(const domain::DealTable& table, const domain::Model& model,
                    const domain::PeriodForecast& forecast, int contribution_count,
                    v1::Forecast* result) {
  result->set_remaining_days(forecast.remaining_days);
  result->set_draw_count(static_cast<int32_t>(forecast.open_draws.size()));
  if (table.deals.empty()) {
    result->set_sufficiency(type::v1::SUFFICIENCY_NO_DATA);
    return;
  }
  result->set_sufficiency(domain::HasEnoughHistory(model.close)
                              ? type::v1::SUFFICIENCY_ENOUGH
                              : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  RenderParts(forecast, table.currency, result);
  RenderContributions(table, model, forecast, contribution_count, result);
  RenderLearned(table, model, result->mutable_learned());
}

void RenderWarnings(const std::vector<domain::Warning>& warnings, Currency currency,
                    google::protobuf::RepeatedPtrField<v1::DataWarning>* result) {
  for (const domain::Warning& warning : warnings) {
    v1::DataWarning* item = result->Add();
    item->set_type(static_cast<v1::DataWarning::Type>(warning.type));
    item->set_message(warning.message);
    item->set_opportunity_count(warning.count);
    if (warning.micros) *item->mutable_amount() = ToMoney(*warning.micros, currency);
    item->set_share(warning.share);
  }
}

void RenderCoverage(const domain::Coverage& coverage, bool has_target, Currency currency,
                    v1::GetCoverageResponse* result) {
  result->set_status(static_cast<v1::GetCoverageResponse::Status>(coverage.status));
  if (coverage.ratio) result->set_coverage_ratio(*coverage.ratio);
  *result->mutable_pipeline_amount() = ToMoney(coverage.pipeline_micros, currency);
  *result->mutable_live_pipeline_amount() = ToMoney(coverage.live_micros, currency);
  *result->mutable_dated_pipeline_amount() = ToMoney(coverage.dated_micros, currency);
  result->set_pipeline_count(coverage.pipeline_count);
  result->set_stage_zero_count(coverage.stage_zero_count);
  *result->mutable_won_amount() = ToMoney(coverage.won_micros, currency);
  if (has_target) {
    *result->mutable_remaining_amount() = ToMoney(coverage.remaining_micros, currency);
    *result->mutable_shortfall_amount() = ToMoney(coverage.shortfall_micros, currency);
  }
  result->set_ramp_below_permille(domain::kRampBelowPermille);
  result->set_above_permille(domain::kAbovePermille);
}

v1::PipelineGroup ToProto(const domain::PipelineGroup& group, std::string display_name,
                          Currency currency) {
  v1::PipelineGroup result;
  result.set_key(group.key);
  result.set_display_name(std::move(display_name));
  result.set_stage_zero(group.stage_zero);
  result.set_opportunity_count(group.count);
  *result.mutable_amount() = ToMoney(group.micros, currency);
  result.set_missing_amount_count(group.missing_amount_count);
  result.set_median_age_days(group.median_age_days);
  result.set_p90_age_days(group.p90_age_days);
  result.set_median_stage_days(group.median_stage_days);
  result.set_stale_count(group.stale_count);
  return result;
}

}  // namespace gtm::forecasting::handler
