#pragma once
// The life of a definition: draft, proposed, active, retired (C01, TG-01 to TG-03). Each
// function takes the record as it is and gives the record as it should be; committing
// both with their etags is the caller's.

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "gtm/targeting/v1/resources.pb.h"

namespace gtm::targeting::domain {

using v1::TargetAgreement;
using v1::TargetDefinition;

inline constexpr char kAgreementId[] = "agreement";
inline constexpr int kSigningFunctionCount = 3;

// Who asks for a step, when, and by which request.
struct Step {
  absl::Time now;
  std::string subject;
  std::string request_id;
  std::string request_sha256;
};

// The step that this request did before; null where it is new.
// Error: REQUEST_ID_REUSED where the id was used with another request.
Result<const TargetDefinition::Event*> FindReplay(const TargetDefinition& definition,
                                                  const Step& step);

// Clears what callers cannot set.
void ClearOutputOnly(TargetDefinition* definition);

TargetDefinition Draft(TargetDefinition definition, const Step& step);

// Replaces a draft's content. Error: WRONG_STATE.
Result<TargetDefinition> Redraft(const TargetDefinition& stored, TargetDefinition content,
                                 const Step& step);

// What a draft lacks for a proposal, as violations under "definition". `replaces`: there
// is a definition in force.
std::vector<FieldViolation> MissingForProposal(const TargetDefinition& definition, bool replaces);

// Errors: WRONG_STATE, INVALID_FIELDS with everything that is missing.
Result<TargetDefinition> Propose(TargetDefinition definition, bool replaces, const Step& step);

struct Signature {
  v1::SigningFunction function = v1::SIGNING_FUNCTION_UNSPECIFIED;
  std::string signer;
  std::string note;
};
// Errors: WRONG_STATE (not proposed, or signed for that function before), INVALID_FIELDS
// (no function, or the person signed for another).
Result<TargetDefinition> SignOff(TargetDefinition definition, const Signature& signature,
                                 const Step& step);

// Functions that have not signed, in the order of their numbers.
std::vector<v1::SigningFunction> WaitingFor(const TargetDefinition& definition);

// The records that bring a fully signed definition into force.
struct Activation {
  TargetDefinition definition;
  TargetAgreement agreement;
  std::optional<TargetDefinition> former;  // retired by it
};
// `agreement` and `former` as they are; absent where there are none.
Activation Activate(TargetDefinition definition, const std::optional<TargetAgreement>& agreement,
                    const std::optional<TargetDefinition>& former, const FiscalCalendar& calendar,
                    const Step& step);

// Errors: WRONG_STATE where it is retired already, INVALID_FIELDS without a reason.
Result<TargetDefinition> Retire(TargetDefinition definition, const std::string& reason,
                                const Step& step);

// In force at `time`: activated at or before it, and not retired by then.
bool IsInForceAt(const TargetDefinition& definition, absl::Time time);

// "PROPOSED" as people read it: "proposed".
std::string StateText(TargetDefinition::State state);
std::string FunctionText(v1::SigningFunction function);

}  // namespace gtm::targeting::domain
