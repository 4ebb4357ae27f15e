#pragma once
// What editions and calls share: reading and repeating decisions, and pages of them.

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/records_client/records_client.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::forecasting::handler {

// Records as they are now.
struct Found {
  std::vector<gtm::records::v1::Record> records;
  // Null where there is none.
  const v1::ForecastEdition* edition() const;
  const v1::ForecastCall* forecast_call() const;
  // The tenant settings must stay as they were read, or stay absent.
  gtm::records::v1::Guard SettingsGuard() const;
};
Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<std::pair<gtm::records::v1::RecordKind, std::string>>& keys);

// The record exists, or the request id was used: this very call may be a repetition.
bool IsRepetition(const Error& error);
Error RequestIdReused(const std::string& request_id);

// 0 means 100, more than 1,000 means 1,000. Error: INVALID_FIELDS on "page_size".
Result<size_t> PageSize(int32_t requested);

// A text that rises in the order of lists: newest first, then id.
std::string SortKey(absl::Time time, const std::string& id);

// Items begin..end-1 are the page.
struct Page {
  size_t begin = 0;
  size_t end = 0;
};
// The page behind the item with the key `after` ("" for the first page), which need not
// exist any more.
template <class Item, class KeyOf>
Page PageAfter(const std::vector<const Item*>& items, KeyOf key, const std::string& after,
               size_t page_size) {
  Page page;
  while (page.begin < items.size() && !after.empty() && key(*items[page.begin]) <= after) {
    ++page.begin;
  }
  page.end = std::min(items.size(), page.begin + page_size);
  return page;
}

}  // namespace gtm::forecasting::handler
