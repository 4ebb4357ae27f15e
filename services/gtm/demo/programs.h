#pragma once
// Marketing programs of the demo company with planted truth: two experiments and a program of
// invitations. All are touches of ours, drawn from streams of their own: no score, and nothing
// else that is generated, changes with them.

#include <cstdint>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/core/random.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {

// What programs look back on in one account.
struct AccountHistory {
  std::vector<int64_t> act_seconds;       // when its people acted, Unix time
  std::vector<absl::CivilDay> deal_days;  // when its opportunities began
  // Notes what a record shows.
  void Note(const records::v1::Record& record);
};

// campaign-6 "executive dinners": invited at random, and before half of the opportunities
//   that begin. Nobody recorded what it costs.
// campaign-7 and -8, "offer=guide" and "offer=benchmark": an account gets one of the two. Of
//   the benchmarks six in ten are sent when the buyer is about to act: it is answered more.
// campaign-9 and -10, "form=video" and "form=text": no difference.
void EmitProgramCampaigns(const Context& context);
void GeneratePrograms(const Context& context, const AccountFacts& account,
                      const AccountHistory& history, Random& random);

}  // namespace gtm::demo
