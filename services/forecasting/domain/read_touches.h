#pragma once
// From a Book to closed deals with what touched them before they closed.

#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/forecasting/domain/content_correlation.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// What may touch a deal. The Book keeps campaign and type of an engagement, not the id of
// the content.
struct ContentItem {
  bool campaign = false;  // else a type of engagement
  std::string key;        // id of the campaign
  uint8_t type = 0;       // gtm.crm.v1.Engagement.Type
};
inline constexpr size_t kContentItemsMax = 500;

struct ComparedDeals {
  std::vector<ContentItem> items;  // those that touch most deals, at most kContentItemsMax
  std::vector<ComparedDeal> deals;
  int64_t touched_count = 0;
};

// Closed deals of the selection that entered the pipeline after the first engagement was
// recorded. An engagement touches the deal that it names; one that names none touches every
// deal of its account.
ComparedDeals ComparedDealsAt(const book::BookView& view, const DealTable& table,
                              const Selection& selection);

}  // namespace gtm::forecasting::domain
