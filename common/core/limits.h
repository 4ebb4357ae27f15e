#pragma once
// Every limit of the platform in one place, with the relations that must hold.

#include <cstdint>

namespace gtm::limits {

// Messages.
inline constexpr int kMessageBytesMax = 4 * 1024 * 1024;
inline constexpr int kMetadataBytesMax = 64 * 1024;
// Bytes after which a page, a watch message or an import batch is closed.
inline constexpr int kPageBytes = 2 * 1024 * 1024;
inline constexpr int kRecordBytesMax = 1024 * 1024;

// Counts.
inline constexpr int kBatchRecordsMax = 1'000;
inline constexpr int kListPageDefault = 100;
inline constexpr int kListPageMax = 5'000;
inline constexpr int kHistoryPageMax = 1'000;

// Group commit: requests and records that share one transaction.
inline constexpr int kGroupRequestsMax = 256;
inline constexpr int kGroupRecordsMax = 4'000;
// Writes of one tenant that may wait for their group.
inline constexpr int kWriteQueueMax = 4'096;

// Watch.
inline constexpr int64_t kWatchLagMax = 100'000;
inline constexpr int kWatchBookmarkMs = 5'000;
inline constexpr int kWatchStreamsMax = 512;
inline constexpr int kWatchStallMs = 30'000;

// Time.
inline constexpr int kDeadlineCapMs = 30'000;
inline constexpr int kImportDeadlineCapMs = 4 * 3600 * 1000;
inline constexpr int kDrainMs = 30'000;
// History that compaction keeps.
inline constexpr int kLogKeepHours = 24;
inline constexpr int64_t kLogKeepRows = 1'000'000;

// Calls in flight in one process before shedding, and those of one tenant.
inline constexpr int kInflightMax = 512;
inline constexpr int kTenantInflightMax = 256;
// Streams of one tenant.
inline constexpr int kTenantStreamsMax = 128;
// A call that would wait longer than this for a thread of the CPU or the store's pool is
// shed at once.
inline constexpr int kQueueMsMax = 100;
// Threads for methods that wait for the store, and how many of them one tenant may hold.
inline constexpr int kStoreThreads = 8;
inline constexpr int kTenantStoreThreads = 6;
// Threads for calls that wait for a Book, and how many of them one tenant may hold: a
// tenant whose records are still being read must not keep others from waiting.
inline constexpr int kWaitThreads = 128;
inline constexpr int kTenantWaitThreads = 2;

// Learned tables and forecasts that a replica keeps.
inline constexpr int64_t kForecastCacheBytes = int64_t{256} << 20;

// Requests larger than this are looked through before they are parsed: lists and fields
// of a request, and items in all. A parsed item takes some 100 bytes, a sent one as few
// as two.
inline constexpr int kScanBytesMin = 64 * 1024;
inline constexpr int kListItemsMax = 10'000;
inline constexpr int kMessageItemsMax = 200'000;

static_assert(kPageBytes + kRecordBytesMax < kMessageBytesMax,
              "a page that closes late must still fit a message");
static_assert(kGroupRecordsMax >= kBatchRecordsMax, "the largest batch must fit a group");
static_assert(kListPageDefault <= kListPageMax);
static_assert(kTenantInflightMax <= kInflightMax && kTenantStreamsMax < kWatchStreamsMax);
static_assert(kTenantStoreThreads < kStoreThreads && kTenantWaitThreads < kWaitThreads);
static_assert(kListItemsMax >= kBatchRecordsMax && kListItemsMax >= kListPageMax);

}  // namespace gtm::limits
