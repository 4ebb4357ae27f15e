#pragma once
// From domain values to messages. No decisions.

#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"
#include "common/records_client/records_client.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/domain/compare.h"
#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/review_clock.h"
#include "services/targeting/domain/score_account.h"
#include "services/targeting/domain/score_contact.h"
#include "services/targeting/domain/score_gap.h"

namespace gtm::targeting::handler {

// In place, since answers live on an arena: what is made elsewhere would be copied. `out` is
// empty.
void Render(const std::string& account_id, const domain::AccountScore& score,
            v1::AccountScore* out);
void Render(const std::string& account_id, const domain::ExplainedAccountScore& score,
            v1::AccountScore* out);
void Render(const domain::ScoreGap& gap, v1::GetScoreGapResponse::Gap* out);
v1::ContactScore Render(const std::string& contact_id, const domain::ContactScore& score);
v1::DefinitionReview Render(const domain::ReviewState& review, bool early_change);
v1::ListAttributesResponse RenderAttributes();
void Render(const domain::Handshake& handshake, const DayRange& days,
            v1::GetHandshakeResponse* response);

type::v1::Estimate RenderRate(const domain::Rate& rate);
// a - b with Newcombe's interval; ENOUGH where domain::Judge judges it. No data where one of them
// has no trials.
type::v1::Estimate RenderDifference(const domain::Rate& a, const domain::Rate& b);
type::v1::DateRange RenderDays(const DayRange& days);
type::v1::Money RenderMoney(int64_t micros, Currency currency);

v1::DefinitionUsed RenderUsed(const v1::TargetDefinition& definition, bool review_overdue);
// When the review of a definition is due; never where it is not active.
absl::Time ReviewDueTime(const v1::TargetDefinition& definition, const FiscalCalendar& calendar);
// "target_definition d1 version 2".
std::string RulesVersion(const v1::TargetDefinition& definition);
type::v1::Provenance RenderProvenance(const records_client::Question& question,
                                      const v1::TargetDefinition* definition,
                                      std::string input_sha256);

}  // namespace gtm::targeting::handler
