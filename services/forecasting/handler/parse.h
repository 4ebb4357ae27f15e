#pragma once
// From requests to values. Everything wrong is collected, not only the first thing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "common/core/result.h"
#include "google/protobuf/message.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/commit_amount.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/pipeline.h"

namespace gtm::forecasting::handler {

// Violations of one request.
class Violations {
 public:
  void Add(std::string field, std::string description);
  void CheckRequestId(std::string_view request_id);
  // At most `byte_count_max` bytes; not empty where required.
  void CheckText(std::string_view field, std::string_view text, size_t byte_count_max,
                 bool required = false);
  // INVALID_FIELDS where there are any.
  Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
};

// Without a value where the message says something impossible.
std::optional<FiscalPeriod> PeriodOf(std::string_view field, const type::v1::FiscalPeriod& period,
                                     Violations* violations);
std::optional<Money> MoneyOf(std::string_view field, const type::v1::Money& money,
                             Violations* violations);
domain::Selection SelectionOf(const v1::Selection& selection, std::string_view field,
                              Violations* violations);
domain::Grouping GroupingOf(v1::PipelineGrouping grouping, Violations* violations);

// What a forecast is asked about, checked apart from the Book.
struct ForecastQuestion {
  std::optional<FiscalPeriod> period;
  domain::Selection selection;
  std::optional<Money> target;
  int contribution_count = 10;
  std::optional<domain::ErrorCosts> costs;
};
// Also for GetCoverage, which has no contributions.
Result<ForecastQuestion> ParseForecast(const v1::GetForecastRequest& request,
                                       std::string_view prefix = "");

// Bytes of a message that are equal for equal messages of this program.
std::string CanonicalBytes(const google::protobuf::Message& message);

}  // namespace gtm::forecasting::handler
