#pragma once
// The people and executives that a program looks at, as plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/book/facts.h"

namespace gtm::sponsorship::domain {

// A nominated person or live sponsee (SP-03, SP-06). Borrows from the BookView.
struct Candidate {
  book::ContactFacts contact;
  std::optional<book::AccountFacts> account;  // empty while unknown
  // Potential lifetime value and annual revenue of the account in units of the reporting
  // currency; empty where unknown or without an exchange rate.
  std::optional<double> lifetime_value;
  std::optional<double> annual_revenue;

  std::string_view id() const { return contact.id; }
  // Where the person can be met: the person's own region, else the account's.
  std::string_view region() const {
    return contact.region.empty() && account ? account->region : contact.region;
  }
};

// One of our executives (SP-10). Absent means unknown.
struct Executive {
  std::string id;
  int32_t work_week_hours = 40;
  std::optional<int32_t> week_minutes;  // given to sponsorship
  std::optional<int32_t> slot_limit;    // the executive's own
  std::optional<bool> eligible;
  std::vector<std::string> interests;
  std::vector<std::string> industries;
  std::string region;
  std::string personality;
  std::string job_function;
};

// A sponsorship that is live.
struct LiveSponsorship {
  std::string id;
  std::string contact_id;
  std::string executive_id;
};

}  // namespace gtm::sponsorship::domain
