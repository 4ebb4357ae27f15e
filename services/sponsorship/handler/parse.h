#pragma once
// From requests to values. Everything wrong is collected, not only the first thing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/result.h"
#include "gtm/sponsorship/v1/service.pb.h"
#include "services/sponsorship/domain/basis.h"
#include "services/sponsorship/domain/program.h"

namespace gtm::sponsorship::handler {

// Violations of one request.
class Violations {
 public:
  void Add(std::string field, std::string description);
  void Add(std::vector<FieldViolation> more);
  // "request_id": a UUID.
  void CheckRequestId(std::string_view request_id);
  // An id of 1 to 128 bytes.
  void CheckId(std::string_view field, std::string_view id);
  // INVALID_FIELDS where there are any.
  Status ToStatus() &&;

 private:
  std::vector<FieldViolation> violations_;
};

domain::ProgramSpec SpecOf(const v1::SponsorshipProgram& program);
// A recorded program, compiled.
Result<domain::Program> CompileProgram(const v1::SponsorshipProgram& program);
// What people wrote, without what the platform adds.
v1::SponsorshipProgram ContentOf(const v1::SponsorshipProgram& program);

domain::Basis BasisOf(const v1::MatchRun& run);

// Empty where the date is no day of 1900 to 2200.
std::optional<absl::CivilDay> DayOf(const type::v1::Date& date);

// Bytes of a message that are equal for equal messages of this program.
std::string CanonicalBytes(const google::protobuf::Message& message);

}  // namespace gtm::sponsorship::handler
