#include "services/sponsorship/domain/gather.h"

#include <set>
#include <string_view>

#include "gtm/crm/v1/people.pb.h"
#include "gtm/sponsorship/v1/resources.pb.h"

namespace gtm::sponsorship::domain {
namespace {

std::optional<double> UnitsOf(const book::BookView& view, const std::optional<Money>& amount,
                              absl::CivilDay day) {
  if (!amount) return {};
  const Result<Money> money = view.InReportingCurrency(*amount, day);
  if (!money.ok()) return {};
  return static_cast<double>(money->micros) / kMicrosPerUnit;
}

Candidate ReadCandidate(const book::BookView& view, book::ContactRow row, absl::CivilDay day) {
  Candidate c{view.contact(row), {}, {}, {}};
  if (!book::IsRow(c.contact.account) || !view.is_live(c.contact.account)) return c;
  c.account = view.account(c.contact.account);
  c.lifetime_value = UnitsOf(view, c.account->potential_lifetime_value, day);
  c.annual_revenue = UnitsOf(view, c.account->annual_revenue, day);
  return c;
}

}  // namespace

Executive ReadExecutive(const crm::v1::Executive& m) {
  Executive e;
  e.id = m.id();
  if (m.work_week_hours() > 0) e.work_week_hours = m.work_week_hours();
  if (m.has_sponsorship_week_minutes()) e.week_minutes = m.sponsorship_week_minutes();
  if (m.has_sponsee_limit()) e.slot_limit = m.sponsee_limit();
  if (m.has_eligible()) e.eligible = m.eligible();
  e.interests.assign(m.interests().begin(), m.interests().end());
  e.industries.assign(m.industries().begin(), m.industries().end());
  e.region = m.region();
  e.personality = m.personality();
  e.job_function = m.job_function();
  return e;
}

PlanInput GatherInput(const book::BookView& view, absl::CivilDay day) {
  PlanInput input;
  std::set<std::string_view> sponsees;
  for (const auto& s : view.sponsorships()) {
    if (s->state() != v1::Sponsorship::STATE_ACTIVE) continue;
    input.live.push_back({s->id(), s->contact_id(), s->executive_id()});
    sponsees.insert(s->contact_id());
  }
  for (const book::ContactRow row : view.contacts_by_id()) {
    const book::ContactFacts contact = view.contact(row);
    if (!contact.sponsorship_candidate && !sponsees.contains(contact.id)) continue;
    input.candidates.push_back(ReadCandidate(view, row, day));
  }
  for (const auto& e : view.executives()) input.executives.push_back(ReadExecutive(*e));
  return input;
}

}  // namespace gtm::sponsorship::domain
