#pragma once
// Domain values -> messages. No decisions.

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gtm/growth/v1/service.pb.h"
#include "services/growth/domain/commitment.h"
#include "services/growth/domain/evaluate_period.h"

namespace gtm::growth::handler {

// Sellers listed in one report at most.
inline constexpr int kReportSellersMax = 500;

void Render(absl::CivilDay day, type::v1::Date* out);
void Render(const Money& money, type::v1::Money* out);
void Render(const FiscalPeriod& period, type::v1::FiscalPeriod* out);
void Render(absl::Time time, google::protobuf::Timestamp* out);

// Without provenance.
void Render(const domain::SignalReport& report, Currency currency, v1::SignalReport* out);
void RenderPoint(const domain::Signal& signal, v1::ListSignalSeriesResponse::Point* out);
void Render(const FiscalPeriod& period, const domain::RevenueBridge& bridge, Currency currency,
            v1::RevenueMovements* out);
void Render(const domain::Reading& reading, v1::EvaluateCommitmentResponse* out);
void RenderProvenance(absl::Time as_of, std::string_view revision, std::string_view input_hash,
                      type::v1::Provenance* out);

}  // namespace gtm::growth::handler
