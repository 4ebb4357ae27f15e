#include "services/forecasting/handler/business_gauges.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/interrogation.h"
#include "services/forecasting/domain/pipeline.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_evidence.h"
#include "services/forecasting/domain/target.h"
#include "services/forecasting/domain/walk_forward.h"
#include "services/forecasting/handler/forecasting_handler.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using telemetry::GaugeSheet;

constexpr absl::Duration kCalibrationAgeMax = absl::Hours(1);
// A back-test costs as much as the gauges of many tenants: rounds stay short where each has
// few of them.
constexpr absl::Duration kCalibrationGapMin = absl::Seconds(10);
// Segments with a forecast of their own: those with the largest pipelines.
constexpr size_t kSegmentsMax = 4;
constexpr char kAll[] = "all";

double UnitsOf(int64_t micros) { return static_cast<double>(micros) / kMicrosPerUnit; }

// One period of one tenant.
class PeriodGauges {
 public:
  PeriodGauges(const DealTable& table, std::string tenant, std::string period, GaugeSheet* sheet)
      : table_(table),
        tenant_(std::move(tenant)),
        period_(std::move(period)),
        currency_(std::string(table.currency.code())),
        sheet_(sheet) {}

  void AddForecast(const domain::Model& model, const DayRange& days,
                   const domain::Selection& selection) {
    const domain::PeriodForecast forecast =
        domain::ForecastPeriod(table_, model, days, selection, domain::Detail::kBookings);
    const domain::DrawSummary& summary = forecast.bookings;
    const std::string segment = selection.segment.empty() ? kAll : selection.segment;
    const std::pair<const char*, int64_t> quantiles[] = {
        {"0.1", summary.p10}, {"0.5", summary.p50}, {"0.9", summary.p90}};
    for (const auto& [quantile, micros] : quantiles) {
      sheet_->Set(telemetry::kForecastAmount, {tenant_, quantile, period_, segment, currency_},
                  UnitsOf(micros));
    }
  }

  void AddAmount(const telemetry::MetricDef& def, int64_t micros) {
    sheet_->Set(def, {tenant_, period_, kAll, currency_}, UnitsOf(micros));
  }

  void AddRatio(const telemetry::MetricDef& def, double ratio) {
    sheet_->Set(def, {tenant_, period_}, ratio);
  }

 private:
  const DealTable& table_;
  const std::string tenant_;
  const std::string period_;
  const std::string currency_;
  GaugeSheet* sheet_;
};

// Names of the segments with the largest pipelines; those without a name are left out.
std::vector<std::string> LargestSegments(const DealTable& table, const domain::Model& model) {
  std::vector<domain::PipelineGroup> groups =
      domain::SumUpPipeline(table, model.close, {}, domain::Grouping::kSegment).groups;
  std::erase_if(groups, [](const auto& group) { return group.stage_zero || group.key.empty(); });
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.micros > b.micros; });
  std::vector<std::string> names;
  for (const auto& group : groups) {
    if (names.size() < kSegmentsMax) names.push_back(group.key);
  }
  return names;
}

void AddWarnings(const records_client::Question& question, const DealTable& table,
                 const std::string& tenant, GaugeSheet* sheet) {
  const domain::SeverityCounts counts =
      domain::CountBySeverity(table, domain::ReadEvidence(question.view, table), {});
  using domain::Severity;
  const std::pair<const char*, Severity> severities[] = {{"none", Severity::kInfo},
                                                         {"low", Severity::kLow},
                                                         {"medium", Severity::kMedium},
                                                         {"high", Severity::kHigh}};
  for (const auto& [name, severity] : severities) {
    sheet->Set(telemetry::kWarnedDeals, {tenant, name}, static_cast<double>(counts.at(severity)));
  }
}

}  // namespace

Status ForecastGauges::Add(const records_client::Question& question, const std::string& tenant,
                           GaugeSheet* sheet) {
  GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question.view, question.as_of));
  if (table.deals.empty()) return {};
  Told& told = told_[tenant];
  std::string key = question.view.revision() + ' ' + domain::HashOf(table);
  if (told.key != key) {
    GaugeSheet own;
    GTM_RETURN_IF_ERROR(AddPeriods(question, table, tenant, &own));
    told = {std::move(key), own.rows()};
  }
  for (const GaugeSheet::Row& row : told.rows) sheet->Set(*row.def, row.values, row.number);
  return AddCalibration(question, tenant, sheet);
}

Status ForecastGauges::AddPeriods(const records_client::Question& question, const DealTable& table,
                                  const std::string& tenant, GaugeSheet* sheet) {
  AddWarnings(question, table, tenant, sheet);
  const absl::CivilDay today = domain::DayAt(table.today);
  const FiscalPeriod quarter = table.calendar.PeriodOf(today, PeriodUnit::kQuarter);
  const domain::Model learned = domain::LearnModel(table);
  const bool has_history = domain::HasEnoughHistory(learned.close);
  for (int ahead = 0; ahead <= 1; ++ahead) {
    const FiscalPeriod period = table.calendar.Shift(quarter, ahead);
    const DayRange days = table.calendar.DaysOf(period);
    PeriodGauges gauges(table, tenant, ahead == 0 ? "this_quarter" : "next_quarter", sheet);
    if (has_history) {
      const domain::Model model = domain::Blend(table, learned, period);
      gauges.AddForecast(model, days, {});
      if (ahead == 0) {
        for (const std::string& segment : LargestSegments(table, model)) {
          gauges.AddForecast(model, days, {.owner_seller_id = "", .segment = segment});
        }
      }
    }
    GTM_ASSIGN_OR_RETURN(const auto target,
                         domain::TargetFromQuotas(question.view, days, {}, today));
    if (target) gauges.AddAmount(telemetry::kForecastTarget, target->micros);
    if (ahead > 0) continue;
    const domain::Coverage coverage =
        domain::MeasureCoverage(table, learned.close, days, {},
                                target ? std::optional<int64_t>(target->micros) : std::nullopt);
    gauges.AddAmount(telemetry::kForecastWon, coverage.won_micros);
    if (coverage.ratio) gauges.AddRatio(telemetry::kCoverage, *coverage.ratio);
    if (target && target->micros > 0) {
      gauges.AddRatio(telemetry::kForecastAttainment,
                      UnitsOf(coverage.won_micros) / UnitsOf(target->micros));
    }
  }
  return {};
}

std::function<Status(const records_client::Question&, const std::string&, GaugeSheet*)>
MakeForecastGauges() {
  return [gauges = std::make_shared<ForecastGauges>()](const auto& question, const auto& tenant,
                                                       GaugeSheet* sheet) {
    return gauges->Add(question, tenant, sheet);
  };
}

Status ForecastGauges::AddCalibration(const records_client::Question& question,
                                      const std::string& tenant, GaugeSheet* sheet) {
  Calibration& known = calibrations_[tenant];
  const std::string revision = question.view.revision();
  const bool is_due = known.revision.empty() || question.as_of - known.as_of >= kCalibrationAgeMax;
  const bool may = question.as_of - last_calibration_time_ >= kCalibrationGapMin;
  if (is_due && may && known.revision != revision) {
    last_calibration_time_ = question.as_of;
    GTM_ASSIGN_OR_RETURN(const DealTable after, domain::DealsAt(question.view, question.as_of));
    const auto table_at = [&](absl::Time as_of) { return domain::DealsAt(question.view, as_of); };
    GTM_ASSIGN_OR_RETURN(
        const std::vector<domain::Cut> cuts,
        domain::WalkForward(table_at, after, QuartersToTest(after, std::nullopt),
                            {std::begin(domain::kCutDays), std::end(domain::kCutDays)}));
    known = {question.as_of, revision, domain::CoveredCount(cuts), static_cast<int>(cuts.size())};
  }
  if (known.cut_count < kCalibrationCutsMin) return {};
  sheet->Set(telemetry::kForecastCalibration, {tenant},
             static_cast<double>(known.covered_count) / known.cut_count);
  return {};
}

}  // namespace gtm::forecasting::handler
