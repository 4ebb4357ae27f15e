#pragma once
// From a Book to closed deals with what touched them before they closed.

#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/forecasting/domain/content_correlation.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.forecasting.v1.ContentCorrelation.Kind.
enum class ItemKind : uint8_t { kCampaign = 1, kEngagementType = 2, kContent = 3 };

// What may touch a deal. A touch counts for its content, its campaign and its type, each where
// it names one; one without a content still counts for its type.
struct ContentItem {
  ItemKind kind = ItemKind::kEngagementType;
  std::string key;  // id of the content or campaign
  // gtm.crm.v1.Engagement.Type; of a content that of most deals' first touch by it. 0 of a
  // campaign.
  uint8_t type = 0;
};
inline constexpr size_t kContentItemsMax = 500;

struct ComparedDeals {
  std::vector<ContentItem> items;  // those that touch most accounts, at most kContentItemsMax
  std::vector<ComparedDeal> deals;
  int64_t touched_count = 0;
  int64_t account_count = 0;   // whose deals these are; a deal without one stands for its own
  int64_t left_out_count = 0;  // items beyond kContentItemsMax
};

// Closed deals of the selection that entered the pipeline after the first engagement was
// recorded. An engagement touches the deal that it names; one that names none touches every
// deal of its account.
ComparedDeals ComparedDealsAt(const book::BookView& view, const DealTable& table,
                              const Selection& selection);

}  // namespace gtm::forecasting::domain
