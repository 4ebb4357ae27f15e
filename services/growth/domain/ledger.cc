#include "services/growth/domain/ledger.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace gtm::growth::domain {
namespace {

// Revenue of an account in one currency.
struct Balance {
  int64_t native = 0;
  int64_t carried = 0;  // in the reporting currency
};

// Everything known of one account while its days are walked.
struct AccountState {
  std::map<Currency, Balance> balances;
  bool was_customer = false;
  bool IsCustomer() const {
    return std::any_of(balances.begin(), balances.end(),
                       [](const auto& entry) { return entry.second.native > 0; });
  }
  bool IsNegative() const {
    return std::any_of(balances.begin(), balances.end(),
                       [](const auto& entry) { return entry.second.native < 0; });
  }
};

// What one day did to one account.
struct DayChange {
  std::map<Currency, Balance> deltas;
  int64_t driven = 0;    // positive parts by an incentive, reporting micros
  int64_t unstated = 0;  // positive parts not stated
};

// Moves one balance and returns the change of its carried value.
Result<int64_t> Move(Balance* balance, const Balance& delta, bool reporting) {
  GTM_ASSIGN_OR_RETURN(const int64_t native, AddMicros(balance->native, delta.native));
  int64_t change = delta.carried;
  if (!reporting && delta.native < 0 && balance->native > 0 && native >= 0) {
    if (native == 0) {
      change = -balance->carried;
    } else {
      GTM_ASSIGN_OR_RETURN(change,
                           MulDivRoundHalfEven(balance->carried, delta.native, balance->native));
    }
  }
  balance->native = native;
  GTM_ASSIGN_OR_RETURN(balance->carried, AddMicros(balance->carried, change));
  return change;
}

MovementType TypeOf(bool before, bool after, bool ever, int64_t change) {
  if (!before && after) return ever ? MovementType::kReactivation : MovementType::kNew;
  if (before && !after) return MovementType::kChurn;
  // Corrections below zero are neither growth nor loss of a customer.
  if (!before) return MovementType::kContraction;
  return change > 0 ? MovementType::kExpansion : MovementType::kContraction;
}

// Marks unstated increases that follow an incentive. `movements` by (account, day).
void InferIncentives(std::vector<Movement>* movements) {
  std::optional<absl::CivilDay> last_driven;
  for (size_t i = 0; i < movements->size(); ++i) {
    Movement& movement = (*movements)[i];
    if (i == 0 || (*movements)[i - 1].account != movement.account) last_driven.reset();
    // The incentives of the same day come first (see the sort).
    if (movement.incentive == Incentive::kDriven) {
      last_driven = movement.day;
    } else if (movement.incentive == Incentive::kUnstated && movement.native_micros > 0 &&
               last_driven && movement.day - *last_driven <= kIncentiveWindowDays) {
      movement.incentive = Incentive::kDriven;
    }
  }
}

Status ApplyDay(uint32_t account, absl::CivilDay day, const DayChange& change, Currency reporting,
                AccountState* state, Ledger* ledger) {
  const bool before = state->IsCustomer();
  int64_t total = 0;
  for (const auto& [currency, delta] : change.deltas) {
    GTM_ASSIGN_OR_RETURN(const int64_t moved,
                         Move(&state->balances[currency], delta, currency == reporting));
    GTM_ASSIGN_OR_RETURN(total, AddMicros(total, moved));
  }
  const bool after = state->IsCustomer();
  if (state->IsNegative()) ++ledger->negative_balance_count;
  if (total == 0 && before == after) return {};
  LedgerEntry entry{.day = day,
                    .account = account,
                    .type = TypeOf(before, after, state->was_customer, total),
                    .micros = total};
  if (entry.type == MovementType::kExpansion) {
    entry.incentive_micros = std::min(total, change.driven);
    entry.unstated_micros = std::min(total - entry.incentive_micros, change.unstated);
  }
  state->was_customer = state->was_customer || after;
  ledger->entries.push_back(entry);
  return {};
}

Result<DayChange> CollectDay(std::span<const Movement> day) {
  DayChange change;
  for (const Movement& movement : day) {
    Balance& delta = change.deltas[movement.currency];
    GTM_ASSIGN_OR_RETURN(delta.native, AddMicros(delta.native, movement.native_micros));
    GTM_ASSIGN_OR_RETURN(delta.carried, AddMicros(delta.carried, movement.reporting_micros));
    if (movement.native_micros <= 0 || movement.incentive == Incentive::kNone) continue;
    int64_t& part = movement.incentive == Incentive::kDriven ? change.driven : change.unstated;
    GTM_ASSIGN_OR_RETURN(part, AddMicros(part, movement.reporting_micros));
  }
  return change;
}

auto FirstOnOrAfter(const Ledger& ledger, absl::CivilDay day) {
  return std::lower_bound(
      ledger.entries.begin(), ledger.entries.end(), day,
      [](const LedgerEntry& entry, absl::CivilDay value) { return entry.day < value; });
}

int CustomerDelta(MovementType type) {
  if (type == MovementType::kNew || type == MovementType::kReactivation) return 1;
  return type == MovementType::kChurn ? -1 : 0;
}

Status AddEntry(const LedgerEntry& entry, RevenueBridge* bridge) {
  int64_t* part = nullptr;
  switch (entry.type) {
    case MovementType::kNew:
      part = &bridge->fresh;
      ++bridge->new_customers;
      break;
    case MovementType::kReactivation:
      part = &bridge->reactivation;
      ++bridge->reactivated_customers;
      break;
    case MovementType::kExpansion:
      part = &bridge->expansion;
      break;
    case MovementType::kContraction:
      part = &bridge->contraction;
      break;
    case MovementType::kChurn:
      part = &bridge->churn;
      ++bridge->lost_customers;
      break;
  }
  GTM_ASSIGN_OR_RETURN(*part, AddMicros(*part, entry.micros));
  GTM_ASSIGN_OR_RETURN(bridge->incentive_expansion,
                       AddMicros(bridge->incentive_expansion, entry.incentive_micros));
  GTM_ASSIGN_OR_RETURN(bridge->unstated_expansion,
                       AddMicros(bridge->unstated_expansion, entry.unstated_micros));
  return {};
}

// Revenue of every account before a day, and whether it is a customer.
struct Standing {
  std::vector<int64_t> micros;
  std::vector<int8_t> customer;
};

// Moves a standing on by the entries of [begin, end).
template <class Iterator>
void Advance(Iterator begin, Iterator end, Standing* standing) {
  for (auto entry = begin; entry < end; ++entry) {
    if (entry->account >= standing->micros.size()) {
      standing->micros.resize(entry->account + 1, 0);
      standing->customer.resize(entry->account + 1, 0);
    }
    standing->micros[entry->account] += entry->micros;
    standing->customer[entry->account] += static_cast<int8_t>(CustomerDelta(entry->type));
  }
}

// What became of the customers of the first day.
Status AddCohort(const Standing& before, const Standing& after, RevenueBridge* bridge) {
  for (size_t account = 0; account < before.micros.size(); ++account) {
    if (before.customer[account] == 0) continue;
    const int64_t then = before.micros[account];
    const int64_t now = after.micros[account];
    GTM_ASSIGN_OR_RETURN(bridge->cohort_opening, AddMicros(bridge->cohort_opening, then));
    GTM_ASSIGN_OR_RETURN(bridge->cohort_closing, AddMicros(bridge->cohort_closing, now));
    GTM_ASSIGN_OR_RETURN(bridge->cohort_kept, AddMicros(bridge->cohort_kept, std::min(then, now)));
  }
  return {};
}

}  // namespace

Result<Ledger> BuildLedger(std::vector<Movement> movements, Currency reporting) {
  std::stable_sort(movements.begin(), movements.end(), [](const Movement& a, const Movement& b) {
    const auto key = [](const Movement& m) {
      return std::make_tuple(m.account, m.day, m.incentive != Incentive::kDriven);
    };
    return key(a) < key(b);
  });
  InferIncentives(&movements);
  Ledger ledger;
  AccountState state;
  for (size_t begin = 0; begin < movements.size();) {
    const Movement& first = movements[begin];
    if (begin == 0 || movements[begin - 1].account != first.account) state = AccountState();
    size_t end = begin;
    while (end < movements.size() && movements[end].account == first.account &&
           movements[end].day == first.day) {
      ++end;
    }
    GTM_ASSIGN_OR_RETURN(const DayChange change,
                         CollectDay(std::span(movements).subspan(begin, end - begin)));
    GTM_RETURN_IF_ERROR(ApplyDay(first.account, first.day, change, reporting, &state, &ledger));
    begin = end;
  }
  std::stable_sort(ledger.entries.begin(), ledger.entries.end(),
                   [](const LedgerEntry& a, const LedgerEntry& b) {
                     return std::tie(a.day, a.account) < std::tie(b.day, b.account);
                   });
  return ledger;
}

Result<std::vector<RevenueBridge>> Bridge(const Ledger& ledger, std::span<const DayRange> periods) {
  std::vector<RevenueBridge> bridges;
  for (const DayRange& period : periods) {
    RevenueBridge bridge;
    const auto begin = FirstOnOrAfter(ledger, period.start);
    const auto end = FirstOnOrAfter(ledger, period.end);
    for (auto entry = ledger.entries.begin(); entry != begin; ++entry) {
      GTM_ASSIGN_OR_RETURN(bridge.opening, AddMicros(bridge.opening, entry->micros));
      bridge.opening_customers += CustomerDelta(entry->type);
    }
    bridge.closing = bridge.opening;
    bridge.closing_customers = bridge.opening_customers;
    for (auto entry = begin; entry < end; ++entry) {
      GTM_RETURN_IF_ERROR(AddEntry(*entry, &bridge));
      GTM_ASSIGN_OR_RETURN(bridge.closing, AddMicros(bridge.closing, entry->micros));
      bridge.closing_customers += CustomerDelta(entry->type);
    }
    Standing before;
    Advance(ledger.entries.begin(), begin, &before);
    Standing after = before;
    Advance(begin, end, &after);
    GTM_RETURN_IF_ERROR(AddCohort(before, after, &bridge));
    bridges.push_back(bridge);
  }
  return bridges;
}

ExpansionCounts CountExpanding(const Ledger& ledger, const DayRange& period,
                               uint32_t account_count) {
  std::vector<int8_t> customer(account_count, 0);
  std::vector<int64_t> own_growth(account_count, 0);
  const auto begin = FirstOnOrAfter(ledger, period.start);
  for (auto entry = ledger.entries.begin(); entry != begin; ++entry) {
    customer[entry->account] += static_cast<int8_t>(CustomerDelta(entry->type));
  }
  const auto end = FirstOnOrAfter(ledger, period.end);
  for (auto entry = begin; entry < end; ++entry) {
    own_growth[entry->account] += entry->micros - entry->incentive_micros;
  }
  ExpansionCounts counts;
  for (uint32_t account = 0; account < account_count; ++account) {
    if (customer[account] == 0) continue;
    ++counts.customers_at_start;
    counts.expanding_without_incentive += own_growth[account] > 0;
  }
  return counts;
}

Retreat MeasureRetreat(const Ledger& ledger, const DayRange& period, absl::CivilDay until,
                       uint32_t account_count) {
  std::vector<int64_t> driven(account_count, 0), own(account_count, 0);
  Retreat retreat;
  const auto begin = FirstOnOrAfter(ledger, period.start);
  for (auto entry = begin; entry != ledger.entries.end() && entry->day < until; ++entry) {
    if (entry->type == MovementType::kExpansion && entry->day < period.end) {
      driven[entry->account] += entry->incentive_micros;
      own[entry->account] += entry->micros - entry->incentive_micros;
      retreat.driven += entry->incentive_micros;
      retreat.own += entry->micros - entry->incentive_micros;
    } else if (entry->micros < 0) {
      // What an incentive brought goes first.
      const int64_t from_driven = std::min(driven[entry->account], -entry->micros);
      const int64_t from_own = std::min(own[entry->account], -entry->micros - from_driven);
      driven[entry->account] -= from_driven;
      own[entry->account] -= from_own;
      retreat.driven_gone += from_driven;
      retreat.own_gone += from_own;
    }
  }
  return retreat;
}

}  // namespace gtm::growth::domain
