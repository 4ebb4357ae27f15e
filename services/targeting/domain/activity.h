#pragma once
// Which activity a touch or an amount of money belongs to: a campaign, the channel of it, or a
// content (TG-14, TG-29, TG-30). A touch without a campaign belongs to no campaign and no
// channel, one that names no content to no content.
//
// Money names campaigns and channels, never content. A campaign is a content's own where its
// touches name that content alone; its money is the content's where all campaigns whose
// touches name the content are its own. Any other share of a content in the money would be
// made up, so that its cost is not known.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.ActivityGrouping.
enum class ActivityGrouping { kChannel = 1, kCampaign = 2, kContent = 3 };

inline constexpr uint32_t kNoActivity = UINT32_MAX;

struct Activity {
  std::string key;           // channel as written first, campaign id, or content id
  std::string display_name;  // of a campaign
  std::string channel;
};

// The activities of a view: campaigns recorded or only named by a touch or spend, or their
// channels (without regard to case), or contents that touches of live accounts until `as_of`
// name. Index 0 .. size() - 1 by rising key. Touches whose campaign has no channel belong, by
// channel, to no activity. By content O(touches), else O(campaigns + spends).
class Activities {
 public:
  Activities(const book::BookView& view, ActivityGrouping grouping, absl::Time as_of);

  size_t size() const { return activities_.size(); }
  const Activity& at(uint32_t index) const { return activities_[index]; }
  // kNoActivity where there is none.
  uint32_t Of(const book::EngagementEvent& event);
  // By content: the content whose own campaign it is.
  uint32_t OfCampaign(std::string_view campaign_id) const;
  uint32_t Of(const crm::v1::Spend& spend) const;

 private:
  void ReadContents(absl::Time as_of);
  uint32_t OfChannel(std::string_view channel) const;

  const book::BookView& view_;
  const ActivityGrouping grouping_;
  std::vector<Activity> activities_;
  std::unordered_map<std::string, uint32_t> by_key_;  // id, or channel in lower case
  // Campaign id to its channel; by content, to the content whose own it is.
  std::unordered_map<std::string, std::string> channels_;
  std::unordered_map<uint32_t, uint32_t> by_symbol_;  // a cache: campaign or content to index
};

}  // namespace gtm::targeting::domain
