#pragma once
// How people of an account buy: tools that they used before a deal, and whether they look further
// than the first page.

#include <vector>

#include "common/core/random.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {

// The visits to the web site of one account: its people's, and an unknown visitor's.
class SiteVisits {
 public:
  // Notes what a record shows.
  void Note(const records::v1::Record& record);
  const std::vector<crm::v1::Engagement>& all() const { return visits_; }

 private:
  std::vector<crm::v1::Engagement> visits_;
};

// A calculator or a diagnostic before many of the deals that are won and fewer of the others
// (Truth::tool_share_won), and a second page after a visit, more often the better the account
// fits (Truth::stay_fit). From a stream of its own.
void GenerateBuying(const Context& context, const AccountFacts& account, const SiteVisits& visits,
                    Random& random);

}  // namespace gtm::demo
