#include "services/forecasting/handler/parse.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cmath>

#include "common/core/ids.h"
#include "fmt/format.h"

namespace gtm::forecasting::handler {
namespace {

constexpr int kContributionsDefault = 10;
constexpr int kContributionsMax = 1000;

std::string Join(std::string_view prefix, std::string_view field) {
  return prefix.empty() ? std::string(field) : fmt::format("{}.{}", prefix, field);
}

// Costs of errors come in pairs of finite numbers above 0.
std::optional<domain::ErrorCosts> CostsOf(const v1::GetForecastRequest& request,
                                          std::string_view prefix, Violations* violations) {
  if (!request.has_over_cost() && !request.has_under_cost()) return {};
  const auto check = [&](const char* field, bool given, double cost) {
    if (!given) {
      violations->Add(Join(prefix, field), "required: give over_cost and under_cost, or neither");
    } else if (!(cost > 0) || !std::isfinite(cost)) {
      violations->Add(Join(prefix, field), "must be a finite number above 0");
    }
  };
  check("over_cost", request.has_over_cost(), request.over_cost());
  check("under_cost", request.has_under_cost(), request.under_cost());
  return domain::ErrorCosts{request.over_cost(), request.under_cost()};
}

}  // namespace

void Violations::Add(std::string field, std::string description) {
  violations_.push_back({std::move(field), std::move(description)});
}

void Violations::CheckRequestId(std::string_view request_id) {
  if (!IsUuid(request_id)) {
    Add("request_id", "must be a UUID: make a new one for every new request");
  }
}

void Violations::CheckText(std::string_view field, std::string_view text, size_t byte_count_max,
                           bool required) {
  if (required && text.empty()) Add(std::string(field), "required");
  if (text.size() > byte_count_max) {
    Add(std::string(field),
        fmt::format("{} bytes, at most {} are allowed", text.size(), byte_count_max));
  }
}

Status Violations::ToStatus() const {
  if (violations_.empty()) return {};
  return InvalidFields(violations_);
}

std::optional<FiscalPeriod> PeriodOf(std::string_view field, const type::v1::FiscalPeriod& period,
                                     Violations* violations) {
  const int index_max = period.unit() == type::v1::FiscalPeriod::UNIT_MONTH     ? 12
                        : period.unit() == type::v1::FiscalPeriod::UNIT_QUARTER ? 4
                                                                                : 1;
  if (period.unit() < type::v1::FiscalPeriod::UNIT_MONTH ||
      period.unit() > type::v1::FiscalPeriod::UNIT_YEAR) {
    violations->Add(Join(field, "unit"), "must be UNIT_MONTH, UNIT_QUARTER or UNIT_YEAR");
    return {};
  }
  if (period.fiscal_year() < 1900 || period.fiscal_year() > 2200) {
    violations->Add(Join(field, "fiscal_year"), "must be 1900 to 2200");
    return {};
  }
  if (period.index() < 1 || period.index() > index_max) {
    violations->Add(Join(field, "index"), fmt::format("must be 1 to {}", index_max));
    return {};
  }
  return FiscalPeriod{static_cast<PeriodUnit>(period.unit()), period.fiscal_year(), period.index()};
}

std::optional<Money> MoneyOf(std::string_view field, const type::v1::Money& money,
                             Violations* violations) {
  const Result<Currency> currency =
      Currency::Parse(money.currency_code(), Join(field, "currency_code"));
  if (!currency.ok()) {
    violations->Add(Join(field, "currency_code"), "must be an ISO 4217 code such as \"USD\"");
    return {};
  }
  if (money.units() < 0 || money.nanos() < 0) {
    violations->Add(std::string(field), "must not be negative");
    return {};
  }
  if (money.nanos() > 999'999'999 || money.nanos() % 1000 != 0) {
    violations->Add(Join(field, "nanos"), "must be 0 to 999,999,000 in steps of 1,000");
    return {};
  }
  const auto micros = MulDivRoundHalfEven(money.units(), kMicrosPerUnit, 1);
  const auto sum = micros.ok() ? AddMicros(*micros, money.nanos() / 1000) : micros;
  if (!sum.ok()) {
    violations->Add(Join(field, "units"), "at most 9,200,000,000,000 units are allowed");
    return {};
  }
  return Money{*sum, *currency};
}

domain::Selection SelectionOf(const v1::Selection& selection, std::string_view field,
                              Violations* violations) {
  violations->CheckText(Join(field, "owner_seller_id"), selection.owner_seller_id(), kIdBytesMax);
  violations->CheckText(Join(field, "segment"), selection.segment(), 127);
  return {selection.owner_seller_id(), selection.segment()};
}

domain::Grouping GroupingOf(v1::PipelineGrouping grouping, Violations* violations) {
  switch (grouping) {
    case v1::PIPELINE_GROUPING_UNSPECIFIED:
    case v1::PIPELINE_GROUPING_STAGE:
      return domain::Grouping::kStage;
    case v1::PIPELINE_GROUPING_OWNER:
      return domain::Grouping::kOwner;
    case v1::PIPELINE_GROUPING_SEGMENT:
      return domain::Grouping::kSegment;
    default:
      violations->Add("grouping", "must be STAGE, OWNER or SEGMENT");
      return domain::Grouping::kStage;
  }
}

Result<ForecastQuestion> ParseForecast(const v1::GetForecastRequest& request,
                                       std::string_view prefix) {
  Violations violations;
  ForecastQuestion question;
  if (request.has_period()) {
    question.period = PeriodOf(Join(prefix, "period"), request.period(), &violations);
  }
  question.selection = SelectionOf(request.selection(), Join(prefix, "selection"), &violations);
  if (request.has_target_amount()) {
    question.target = MoneyOf(Join(prefix, "target_amount"), request.target_amount(), &violations);
  }
  if (request.contribution_count() < 0) {
    violations.Add(Join(prefix, "contribution_count"), "must not be negative");
  }
  question.contribution_count = request.contribution_count() == 0
                                    ? kContributionsDefault
                                    : std::min(request.contribution_count(), kContributionsMax);
  question.costs = CostsOf(request, prefix, &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return question;
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace gtm::forecasting::handler
