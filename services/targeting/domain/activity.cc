#include "services/targeting/domain/activity.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"

namespace gtm::targeting::domain {
namespace {

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

}  // namespace

Activities::Activities(const book::BookView& view, ActivityGrouping grouping, absl::Time as_of)
    : view_(view), grouping_(grouping) {
  if (grouping == ActivityGrouping::kContent) {
    ReadContents(as_of);
    return;
  }
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
  if (grouping == ActivityGrouping::kChannel) {
    EachNamed(as_of, [&](const book::TouchDetails& details) {
      if (details.channel != book::kNoRow) add_channel(std::string(view.text(details.channel)));
    });
  }
  for (auto& [key, activity] : found) {
    by_key_[key] = static_cast<uint32_t>(activities_.size());
    activities_.push_back(std::move(activity));
  }
}

template <class Use>
void Activities::EachNamed(absl::Time as_of, Use use) const {
  std::set<uint32_t> seen;
  uint32_t last = book::kNoRow;  // touches that follow each other often name the same
  for (uint32_t i = 0; i < view_.account_row_count(); ++i) {
    const auto row = static_cast<book::AccountRow>(i);
    if (!view_.is_live(row)) continue;
    for (const book::EngagementEvent& event : view_.engagements_of(row)) {
      if (event.time() > as_of) break;  // by rising time
      if (event.details == book::kNoRow || event.details == last) continue;
      last = event.details;
      if (seen.insert(event.details).second) use(view_.details(event));
    }
  }
}

void Activities::ReadContents(absl::Time as_of) {
  std::map<uint32_t, std::set<uint32_t>> campaigns;  // by content, symbols of the view
  std::map<uint32_t, std::set<uint32_t>> contents;   // by campaign
  EachNamed(as_of, [&](const book::TouchDetails& details) {
    if (details.content == book::kNoRow) return;
    std::set<uint32_t>& named = campaigns[details.content];
    if (details.campaign == book::kNoRow) return;
    named.insert(details.campaign);
    contents[details.campaign].insert(details.content);
  });
  std::map<std::string_view, uint32_t> by_name;  // kNoRow: only money names it
  for (const auto& spend : view_.spends()) {
    if (!spend->content_id().empty()) by_name[spend->content_id()] = book::kNoRow;
  }
  for (const auto& [content, unused] : campaigns) by_name[view_.text(content)] = content;
  for (const auto& [name, content] : by_name) {
    const auto index = static_cast<uint32_t>(activities_.size());
    by_key_.emplace(name, index);
    activities_.push_back({std::string(name), "", ""});
    if (content == book::kNoRow) continue;
    by_symbol_[content] = index;
    const std::set<uint32_t>& named = campaigns[content];
    const bool own = std::all_of(named.begin(), named.end(),
                                 [&](uint32_t campaign) { return contents[campaign].size() == 1; });
    if (!own) continue;
    for (const uint32_t campaign : named) channels_[std::string(view_.text(campaign))] = name;
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
  if (channel == channels_.end()) return kNoActivity;
  if (grouping_ == ActivityGrouping::kContent) return by_key_.at(channel->second);
  return OfChannel(channel->second);
}

uint32_t Activities::Of(const book::EngagementEvent& event) {
  const book::TouchDetails details = view_.details(event);
  if (grouping_ == ActivityGrouping::kContent) {
    const auto content = by_symbol_.find(details.content);
    return content == by_symbol_.end() ? kNoActivity : content->second;
  }
  if (details.campaign != book::kNoRow) {
    const auto [at, is_new] = by_symbol_.try_emplace(details.campaign, kNoActivity);
    if (is_new) at->second = OfCampaign(view_.text(details.campaign));
    if (at->second != kNoActivity) return at->second;
  }
  if (grouping_ != ActivityGrouping::kChannel || details.channel == book::kNoRow) {
    return kNoActivity;
  }
  const auto [at, is_new] = by_own_channel_.try_emplace(details.channel, kNoActivity);
  if (is_new) at->second = OfChannel(view_.text(details.channel));
  return at->second;
}

uint32_t Activities::Of(const crm::v1::Spend& spend) const {
  if (grouping_ == ActivityGrouping::kChannel && !spend.channel().empty()) {
    return OfChannel(spend.channel());
  }
  if (grouping_ == ActivityGrouping::kContent && !spend.content_id().empty()) {
    const auto at = by_key_.find(spend.content_id());
    return at == by_key_.end() ? kNoActivity : at->second;
  }
  return spend.campaign_id().empty() ? kNoActivity : OfCampaign(spend.campaign_id());
}

}  // namespace gtm::targeting::domain
