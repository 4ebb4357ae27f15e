#pragma once
// From values to messages. Decides nothing.

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/pipeline.h"

namespace gtm::forecasting::handler {

google::protobuf::Timestamp ToProto(absl::Time time);
absl::Time ToTime(const google::protobuf::Timestamp& time);
type::v1::Money ToProto(const Money& money);
type::v1::FiscalPeriod ToProto(const FiscalPeriod& period);
type::v1::DateRange ToProto(const DayRange& days);
v1::Selection ToProto(const domain::Selection& selection);

v1::MoneyDistribution ToProto(int64_t mean_micros, const domain::DrawSummary& summary,
                              Currency currency);
// Parts, contributions (the largest swings first), learned rates; for SUFFICIENCY_NO_DATA
// nothing of these.
void RenderForecast(const domain::DealTable& table, const domain::Model& model,
                    const domain::PeriodForecast& forecast, int contribution_count,
                    v1::Forecast* result);
void RenderWarnings(const std::vector<domain::Warning>& warnings, Currency currency,
                    google::protobuf::RepeatedPtrField<v1::DataWarning>* result);
void RenderCoverage(const domain::Coverage& coverage, bool has_target, Currency currency,
                    v1::GetCoverageResponse* result);
v1::PipelineGroup ToProto(const domain::PipelineGroup& group, std::string display_name,
                          Currency currency);

}  // namespace gtm::forecasting::handler
