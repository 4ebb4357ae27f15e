// What people of an account do: touches, who of ours took part, and what they met.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "services/gtm/demo/build.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {
namespace {

using crm::v1::Engagement;
using records::v1::Record;

constexpr std::array<const char*, 8> kContents = {
    "guide-finance", "guide-it",        "guide-security", "guide-procurement",
    "diagnostic",    "video-reference", "pricing",        "savings-calculator"};
// Days that a touch looks ahead for a deal.
constexpr int kAheadDays = 60;

bool IsOpenOn(const DealFacts& deal, absl::CivilDay day) {
  return deal.created <= day && (deal.outcome == DealFacts::Outcome::kOpen || day < deal.closed);
}

// The first deal that begins soon after the day; null where none does.
const DealFacts* DealSoon(const AccountFacts& account, absl::CivilDay day) {
  for (const DealFacts& deal : account.deals) {
    if (day < deal.created && deal.created - day <= kAheadDays) return &deal;
  }
  return nullptr;
}

std::string SellerOfRegion(const Context& context, int region, absl::CivilDay day, Random& own) {
  std::vector<const SellerFacts*> there;
  for (const SellerFacts& seller : context.sellers) {
    const bool employed = seller.hired <= day && day < seller.left;
    if (employed && seller.region == region) there.push_back(&seller);
  }
  if (there.empty()) return "";
  const bool busiest = own.Uniform() < context.truth.busy_share;
  return busiest ? there.front()->id : there[own.Below(there.size())]->id;
}

// Truth: the savings calculator comes before a deal more often than other content.
const char* PickContent(bool deal_soon, Random& own) {
  if (deal_soon && own.Uniform() < 0.35) return kContents.back();
  return kContents[own.Below(kContents.size())];
}

void AddDetails(const Context& context, const AccountFacts& account, absl::CivilDay day,
                Engagement* engagement, Random& own) {
  const DealFacts* soon = DealSoon(account, day);
  const auto content = [&] { engagement->set_content_id(PickContent(soon != nullptr, own)); };
  switch (engagement->type()) {
    case Engagement::TYPE_EMAIL:
      engagement->set_channel("email");
      if (own.Uniform() < 0.4) content();
      break;
    case Engagement::TYPE_CONTENT_READ:
    case Engagement::TYPE_VIDEO_WATCH:
      engagement->set_channel("web");
      content();
      break;
    case Engagement::TYPE_WEB_VISIT:
      engagement->set_channel("web");
      break;
    case Engagement::TYPE_WEBINAR:
      content();
      break;
    case Engagement::TYPE_CALL:
    case Engagement::TYPE_MEETING: {
      engagement->set_channel(engagement->type() == Engagement::TYPE_CALL ? "phone" : "video");
      std::string seller;
      for (const DealFacts& deal : account.deals) {
        if (IsOpenOn(deal, day)) seller = deal.seller_id;
      }
      if (seller.empty() && soon != nullptr && own.Uniform() < 0.8) seller = soon->seller_id;
      if (seller.empty()) seller = SellerOfRegion(context, account.region, day, own);
      engagement->set_participant_id(seller);
      break;
    }
    default:
      break;
  }
}

}  // namespace

void GenerateEngagements(const Context& context, const AccountFacts& account, Random& random,
                         Random& own) {
  static constexpr std::array<Engagement::Type, 10> kTypes = {
      Engagement::TYPE_EMAIL,        Engagement::TYPE_WEB_VISIT,
      Engagement::TYPE_CONTENT_READ, Engagement::TYPE_CALL,
      Engagement::TYPE_MEETING,      Engagement::TYPE_WEBINAR,
      Engagement::TYPE_VIDEO_WATCH,  Engagement::TYPE_INTERNAL_SHARE,
      Engagement::TYPE_LEGAL_REVIEW, Engagement::TYPE_SECURITY_REVIEW};
  const double mean = context.options.engagements_per_account * std::exp(0.35 * account.fit - 0.06);
  const int64_t count = random.Poisson(mean);
  const auto days = static_cast<double>(context.options.today - context.start);
  for (int64_t i = 0; i < count; ++i) {
    Record record;
    Engagement* engagement = record.mutable_engagement();
    engagement->set_id(fmt::format("{}-e{}", account.id, i + 1));
    engagement->set_account_id(account.id);
    // More of them lately.
    const double back = days * (1 - std::sqrt(random.Uniform()));
    const absl::CivilDay day = context.options.today - 1 - static_cast<int>(back);
    SetTime(engagement->mutable_occur_time(), day, static_cast<int>(random.Below(86'400)));
    engagement->set_contact_id(account.contact_ids[random.Below(account.contact_ids.size())]);
    const double pick = random.Uniform();
    const auto type = static_cast<size_t>(pick * pick * kTypes.size());
    engagement->set_type(kTypes[type]);
    engagement->set_direction(type == 0 && random.Uniform() < 0.6
                                  ? Engagement::DIRECTION_OUTBOUND
                                  : (type == 3 || type == 4 ? Engagement::DIRECTION_MUTUAL
                                                            : Engagement::DIRECTION_INBOUND));
    engagement->set_campaign_id(fmt::format("campaign-{}", 1 + random.Below(5)));
    AddDetails(context, account, day, engagement, own);
    context.sink(std::move(record));
  }
}

}  // namespace gtm::demo
