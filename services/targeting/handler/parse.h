#pragma once
// From requests to values. Everything wrong is collected, not only the first thing.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "google/protobuf/message.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/domain/rank_targets.h"

namespace gtm::rpc {
class Call;
}

namespace gtm::targeting::handler {

// Violations of one request.
class Violations {
 public:
  void Add(std::string field, std::string description);
  void Add(std::vector<FieldViolation> more);
  // "request_id": a UUID.
  void CheckRequestId(std::string_view request_id);
  // An id of 1 to 128 bytes; an optional one may be empty.
  void CheckId(std::string_view field, std::string_view id, bool required = true);
  // INVALID_FIELDS where there are any.
  Status ToStatus() &&;

 private:
  std::vector<FieldViolation> violations_;
};

// The values of a definition; unknown and repeated roles and touch types are violations.
domain::DefinitionSpec SpecOf(const v1::TargetDefinition& definition, Violations* violations);
// INVALID_FIELDS with everything that is wrong with the content. See CheckDefinition.
Status CheckContent(const v1::TargetDefinition& definition, bool complete);
// A stored definition, compiled for scoring.
Result<domain::Definition> CompileDefinition(const v1::TargetDefinition& definition);

// Who asks for what: `request` is hashed, so that a repetition can be told from a change.
domain::Step StepOf(const rpc::Call& call, const std::string& request_id,
                    const google::protobuf::Message& request);

domain::TargetFilter FilterOf(const v1::ListTargetsRequest& request, Violations* violations);
// Days of a period, or of a span, of a request. Errors: INVALID_FIELDS on "period" and "days".
Result<DayRange> DaysOf(const type::v1::FiscalPeriod& period, const FiscalCalendar& calendar);
Result<DayRange> DaysOf(const type::v1::DateRange& days);
// Days of the question; the fiscal quarter of `as_of` where the request names none.
Result<DayRange> DaysOf(const v1::GetHandshakeRequest& request, const FiscalCalendar& calendar,
                        absl::Time as_of);
// 0 means 100, more than 1,000 means 1,000.
size_t PageSizeOf(int32_t page_size, Violations* violations);

// For long work to ask now and then: CANCELLED_BY_CALLER once the caller is gone. `call` outlives
// the answer.
std::function<Status()> AliveWhile(const rpc::Call& call);

// Bytes of a message that are equal for equal messages of this program.
std::string CanonicalBytes(const google::protobuf::Message& message);

}  // namespace gtm::targeting::handler
