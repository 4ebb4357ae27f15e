#pragma once
// What a replica has learned and told, kept while it may be asked again.

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/core/fiscal_calendar.h"
#include "common/core/ids.h"
#include "common/core/limits.h"
#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/regime_change.h"

namespace gtm::forecasting::handler {

// A table, and what is learned from it before any period is asked about. The table's as_of
// is that of whoever asked first: the table is the same for everyone who is given it.
struct LearnedTable {
  domain::DealTable table;
  domain::Model model;
  std::vector<domain::LevelBreak> breaks;  // FindLevelBreaks
};

// The answer about a period and a selection, targets aside.
struct ToldPeriod {
  domain::Model model;  // blended
  domain::PeriodForecast forecast;
};

// Answers with and without it are equal, byte for byte: what is kept is found again only by
// a question whose table is the same. A table is the same while the tenant's revision, the
// half hour (domain::SetToday) and every dated event up to as_of are the same; where only the
// revision differs, equal contents are recognized by their hash. Equal questions at the same
// time are worked out once. Holds at most bytes_max, least recently used first out; 0 keeps
// nothing. Thread-safe.
class ForecastCache {
 public:
  explicit ForecastCache(int64_t bytes_max = limits::kForecastCacheBytes);
  ~ForecastCache();

  class Entry;
  // What is learned from the records of a question. Without `remembers` (a view as recorded
  // in the past, which its revision does not tell apart) nothing is kept.
  // Error: EXCHANGE_RATE_MISSING.
  Result<std::shared_ptr<Entry>> LearnedAt(const rpc::Call& call,
                                           const records_client::Question& question,
                                           bool remembers);
  // The period told from it.
  std::shared_ptr<const ToldPeriod> Tell(const std::shared_ptr<Entry>& entry,
                                         const FiscalPeriod& period, const DayRange& days,
                                         const domain::Selection& selection);
  static const LearnedTable& Of(const Entry& entry);
  // Of all that is kept.
  int64_t bytes() const;

 private:
  struct Slot;
  std::shared_ptr<Slot> FindOrAdd(const Slot& wanted, absl::Time as_of, absl::Time now);
  std::shared_ptr<Entry> WithEqualTable(const Slot& slot, const std::string& sha256) const;
  void DropExcess();

  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<Slot>> slots_;  // most recently used first
};

}  // namespace gtm::forecasting::handler
