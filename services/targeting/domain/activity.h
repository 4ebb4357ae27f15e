#pragma once
// Which activity a touch or an amount of money belongs to: a campaign, a channel, or a content
// (TG-14, TG-29, TG-30). The channel of a touch is that of its campaign, where that has one, for
// the money goes there; else the one that the touch itself names.
//
// Money that names a content is the content's. Of other money: a campaign is a content's own
// where its touches name that content alone; its money is the content's where all campaigns
// whose touches name the content are its own. Any other share of a content in the money would
// be made up: it is nobody's.

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
// channels and those that touches name (without regard to case), or contents that touches of
// live accounts until `as_of`, or spends, name. Index 0 .. size() - 1 by rising key. By campaign
// O(campaigns + spends), else O(touches) besides.
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
  // Calls use(details) for what touches of live accounts until `as_of` name, each once.
  template <class Use>
  void EachNamed(absl::Time as_of, Use use) const;
  void ReadContents(absl::Time as_of);
  uint32_t OfChannel(std::string_view channel) const;

  const book::BookView& view_;
  const ActivityGrouping grouping_;
  std::vector<Activity> activities_;
  std::unordered_map<std::string, uint32_t> by_key_;  // id, or channel in lower case
  // Campaign id to its channel; by content, to the content whose own it is.
  std::unordered_map<std::string, std::string> channels_;
  // Caches: campaign or content to index, and, by channel, the touches' own.
  std::unordered_map<uint32_t, uint32_t> by_symbol_, by_own_channel_;
};

}  // namespace gtm::targeting::domain
