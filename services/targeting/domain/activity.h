#pragma once
// Which activity a touch or an amount of money belongs to: a campaign, or the channel of it
// (TG-14, TG-30). The Book keeps the campaign of a touch; content ids and the channel of a
// single touch it does not, so that a touch without a campaign belongs to no activity.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/book/book.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.ActivityGrouping.
enum class ActivityGrouping { kChannel = 1, kCampaign = 2 };

inline constexpr uint32_t kNoActivity = UINT32_MAX;

struct Activity {
  std::string key;           // channel as written first, or campaign id
  std::string display_name;  // of a campaign
  std::string channel;
};

// The activities of a view: campaigns recorded or only named by a touch or spend, or their
// channels (without regard to case). Index 0 .. size() - 1 by rising key. Touches whose
// campaign has no channel belong, by channel, to no activity.
class Activities {
 public:
  Activities(const book::BookView& view, ActivityGrouping grouping);

  size_t size() const { return activities_.size(); }
  const Activity& at(uint32_t index) const { return activities_[index]; }
  // kNoActivity where there is none.
  uint32_t Of(const book::EngagementEvent& event);
  uint32_t OfCampaign(std::string_view campaign_id) const;
  uint32_t Of(const crm::v1::Spend& spend) const;

 private:
  uint32_t OfChannel(std::string_view channel) const;

  const book::BookView& view_;
  const ActivityGrouping grouping_;
  std::vector<Activity> activities_;
  std::unordered_map<std::string, uint32_t> by_key_;       // campaign id, or channel in lower case
  std::unordered_map<std::string, std::string> channels_;  // campaign id to channel
  std::unordered_map<uint32_t, uint32_t> by_symbol_;       // a cache: campaign symbol to index
};

}  // namespace gtm::targeting::domain
