#include "services/gtm/demo/buying.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/gtm/demo/build.h"

namespace gtm::demo {
namespace {

using crm::v1::Engagement;
using records::v1::Record;

constexpr int kMorning = 9 * 3600;
constexpr int kWorkdaySeconds = 8 * 3600;
constexpr int kSecondPageSecondsMax = 600;
constexpr int kToolDaysMax = 90;  // before the deal qualified

void EmitTool(const Context& context, const AccountFacts& account, const DealFacts& deal,
              Random& random) {
  Record record;
  Engagement* tool = record.mutable_engagement();
  tool->set_id(deal.id + "-tool");
  tool->set_account_id(account.id);
  tool->set_contact_id(account.contact_ids[random.Below(account.contact_ids.size())]);
  tool->set_type(Engagement::TYPE_ENABLEMENT_TOOL);
  tool->set_direction(Engagement::DIRECTION_INBOUND);
  tool->set_channel("web");
  tool->set_content_id(random.Below(2) == 0 ? "savings-calculator" : "diagnostic");
  const absl::CivilDay day = deal.qualified - 2 - static_cast<int>(random.Below(kToolDaysMax));
  SetTime(tool->mutable_occur_time(), std::max(day, context.start),
          kMorning + static_cast<int>(random.Below(kWorkdaySeconds)));
  context.sink(std::move(record));
}

void EmitSecondPage(const Context& context, const Engagement& visit, Random& random) {
  Record record;
  Engagement* page = record.mutable_engagement();
  *page = visit;
  page->set_id(visit.id() + "b");
  page->set_type(Engagement::TYPE_WEB_VISIT);
  page->clear_content_id();
  const auto later = static_cast<int64_t>(1 + random.Below(kSecondPageSecondsMax));
  page->mutable_occur_time()->set_seconds(visit.occur_time().seconds() + later);
  context.sink(std::move(record));
}

}  // namespace

void SiteVisits::Note(const Record& record) {
  const Engagement& act = record.engagement();
  if (act.type() == Engagement::TYPE_WEB_VISIT || act.type() == Engagement::TYPE_CONTENT_READ ||
      act.type() == Engagement::TYPE_VIDEO_WATCH) {
    visits_.push_back(act);
  }
}

void GenerateBuying(const Context& context, const AccountFacts& account, const SiteVisits& visits,
                    Random& random) {
  const Truth& truth = context.truth;
  for (const DealFacts& deal : account.deals) {
    if (!deal.was_qualified) continue;
    const bool is_won = deal.outcome == DealFacts::Outcome::kWon;
    const double share = is_won ? truth.tool_share_won : truth.tool_share_other;
    if (random.Uniform() < share) EmitTool(context, account, deal, random);
  }
  const double stays = 1 / (1 + std::exp(-truth.stay_bias - truth.stay_fit * account.fit));
  for (const Engagement& visit : visits.all()) {
    if (random.Uniform() < stays) EmitSecondPage(context, visit, random);
  }
}

}  // namespace gtm::demo
