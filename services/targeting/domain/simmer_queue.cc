#include "services/targeting/domain/simmer_queue.h"

#include <algorithm>

namespace gtm::targeting::domain {
namespace {

struct Candidate {
  std::string_view id;
  Simmering account;
};

bool Before(absl::CivilDay day_a, std::string_view id_a, absl::CivilDay day_b,
            std::string_view id_b) {
  return day_a != day_b ? day_a < day_b : id_a < id_b;
}
bool Before(const Candidate& a, const Candidate& b) {
  return Before(a.account.due_day, a.id, b.account.due_day, b.id);
}

bool Passes(const SimmerFilter& filter, const Simmering& account, const WakeUpRule& rule,
            const book::AccountFacts& facts) {
  if (filter.due_only && !account.due) return false;
  if (filter.with_opportunities_only && account.open_opportunity_count == 0) return false;
  if (filter.kind && *filter.kind != rule.kind) return false;
  if (!filter.segment.empty() && !criteria::SameWord(filter.segment, facts.segment)) return false;
  return filter.owner_seller_id.empty() || filter.owner_seller_id == facts.owner_seller_id;
}

int OpenCount(const book::BookView& view, book::AccountRow row, absl::Time as_of) {
  int count = 0;
  for (const book::OpportunityRow opportunity : view.opportunities_of(row)) {
    count += UrgencyReader::IsOpen(view.opportunity(opportunity), as_of) ? 1 : 0;
  }
  return count;
}

}  // namespace

Result<SimmerPage> ListSimmering(const book::BookView& view, const UrgencyReader& reader,
                                 absl::Time as_of, const SimmerFilter& filter,
                                 const std::optional<SimmerPosition>& after, size_t page_size,
                                 const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  const absl::CivilDay today = view.settings().calendar.DayOf(as_of);
  SimmerPage page;
  // The first so far, as a heap whose front is the last of them; one more than a page, to
  // know whether there is another page.
  std::vector<Candidate> first;
  first.reserve(page_size + 2);
  const auto heap_order = [](const Candidate& a, const Candidate& b) { return Before(a, b); };
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (!view.is_live(row)) continue;
    const AccountUrgency urgency = reader.Read(row, as_of);
    if (urgency.state == UrgencyState::kActive) {
      ++page.active_count;
      continue;
    }
    const WakeUpRule& rule = urgency.wake_up_rules.front();
    const book::AccountFacts facts = view.account(row);
    const Candidate candidate{
        facts.id, {row, rule.due_day, rule.due_day <= today, OpenCount(view, row, as_of)}};
    if (!Passes(filter, candidate.account, rule, facts)) continue;
    ++page.total_count;
    page.due_count += candidate.account.due ? 1 : 0;
    page.overdue_count += rule.due_day < today ? 1 : 0;
    if (page_size == 0) continue;
    if (after && !Before(after->due_day, after->account_id, rule.due_day, candidate.id)) continue;
    if (first.size() > page_size && !Before(candidate, first.front())) continue;
    first.push_back(candidate);
    std::push_heap(first.begin(), first.end(), heap_order);
    if (first.size() > page_size + 1) {
      std::pop_heap(first.begin(), first.end(), heap_order);
      first.pop_back();
    }
  }
  std::sort_heap(first.begin(), first.end(), heap_order);
  page.more = first.size() > page_size;
  if (page.more) first.pop_back();
  for (const Candidate& candidate : first) page.accounts.push_back(candidate.account);
  return page;
}

}  // namespace gtm::targeting::domain
