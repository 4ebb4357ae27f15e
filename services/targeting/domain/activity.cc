#include "services/targeting/domain/activity.h"

#include <map>

#include "absl/strings/ascii.h"

namespace gtm::targeting::domain {
namespace {

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

}  // namespace

Activities::Activities(const book::BookView& view, ActivityGrouping grouping)
    : view_(view), grouping_(grouping) {
  std::map<std::string, Activity> found;
  const auto add_channel = [&](const std::string& channel) {
    if (!channel.empty()) found.try_emplace(Lower(channel), Activity{channel, "", channel});
  };
  for (const auto& campaign : view.campaigns()) {
    channels_[campaign->id()] = campaign->channel();
    if (grouping == ActivityGrouping::kCampaign) {
      found[campaign->id()] = {campaign->id(), campaign->display_name(), campaign->channel()};
    } else {
      add_channel(campaign->channel());
    }
  }
  for (const auto& spend : view.spends()) {
    if (grouping == ActivityGrouping::kChannel) {
      add_channel(spend->channel());
    } else if (!spend->campaign_id().empty()) {
      found.try_emplace(spend->campaign_id(), Activity{spend->campaign_id(), "", spend->channel()});
    }
  }
  for (auto& [key, activity] : found) {
    by_key_[key] = static_cast<uint32_t>(activities_.size());
    activities_.push_back(std::move(activity));
  }
}

uint32_t Activities::OfChannel(std::string_view channel) const {
  const auto at = by_key_.find(Lower(channel));
  return at == by_key_.end() ? kNoActivity : at->second;
}

uint32_t Activities::OfCampaign(std::string_view campaign_id) const {
  const std::string id(campaign_id);
  if (grouping_ == ActivityGrouping::kCampaign) {
    const auto at = by_key_.find(id);
    return at == by_key_.end() ? kNoActivity : at->second;
  }
  const auto channel = channels_.find(id);
  return channel == channels_.end() ? kNoActivity : OfChannel(channel->second);
}

uint32_t Activities::Of(const book::EngagementEvent& event) {
  const uint32_t campaign = view_.details(event).campaign;
  if (campaign == book::kNoRow) return kNoActivity;
  const auto [at, is_new] = by_symbol_.try_emplace(campaign, kNoActivity);
  if (is_new) at->second = OfCampaign(view_.text(campaign));
  return at->second;
}

uint32_t Activities::Of(const crm::v1::Spend& spend) const {
  if (grouping_ == ActivityGrouping::kChannel && !spend.channel().empty()) {
    return OfChannel(spend.channel());
  }
  return spend.campaign_id().empty() ? kNoActivity : OfCampaign(spend.campaign_id());
}

}  // namespace gtm::targeting::domain
