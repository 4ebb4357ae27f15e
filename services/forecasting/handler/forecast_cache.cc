#include "services/forecasting/handler/forecast_cache.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/remainder.h"

namespace gtm::forecasting::handler {
namespace {

// What is erased must not live on here.
constexpr absl::Duration kAgeMax = absl::Minutes(10);
constexpr size_t kSlotsMax = 64;
constexpr size_t kToldMax = 64;  // periods and selections of one table

int64_t BytesOf(const domain::Model& model) {
  return static_cast<int64_t>(sizeof(model) + model.amounts.donors.size() * sizeof(domain::Donor));
}

int64_t BytesOf(const LearnedTable& learned) {
  // Short ids are inside their strings; longer ones have about as much again beside.
  return BytesOf(learned.model) +
         static_cast<int64_t>(learned.table.deals.size() * sizeof(domain::Deal) * 3 / 2 +
                              learned.table.stage_zero.size() * sizeof(domain::StageZeroDeal) * 2);
}

int64_t BytesOf(const ToldPeriod& told) {
  // The distribution keeps an amount for each open deal and a few for each class of them.
  return BytesOf(told.model) +
         static_cast<int64_t>(told.forecast.chances.size() *
                              (sizeof(domain::DealChance) + 8 * sizeof(double)));
}

}  // namespace

class ForecastCache::Entry {
 public:
  struct Told {
    FiscalPeriod period;
    domain::Selection selection;
    std::mutex mutex;                          // held while it is worked out
    std::shared_ptr<const ToldPeriod> answer;  // set under both mutexes
  };

  explicit Entry(LearnedTable table) : learned(std::move(table)), bytes(BytesOf(learned)) {}

  std::shared_ptr<Told> FindOrAdd(const FiscalPeriod& period, const domain::Selection& selection) {
    const std::lock_guard lock(mutex);
    const auto it = std::find_if(told.begin(), told.end(), [&](const auto& one) {
      return one->period == period && one->selection == selection;
    });
    if (it != told.end()) {
      told.splice(told.begin(), told, it);
      return told.front();
    }
    told.push_front(std::make_shared<Told>());
    told.front()->period = period;
    told.front()->selection = selection;
    if (told.size() > kToldMax) {
      if (const auto& last = told.back(); last->answer) bytes -= BytesOf(*last->answer);
      told.pop_back();
    }
    return told.front();
  }

  void Put(Told* one, std::shared_ptr<const ToldPeriod> answer) {
    const std::lock_guard lock(mutex);
    bytes += BytesOf(*answer);
    one->answer = std::move(answer);
  }

  const LearnedTable learned;
  std::atomic<int64_t> bytes;

 private:
  std::mutex mutex;
  std::list<std::shared_ptr<Told>> told;  // most recently used first
};

// Which questions share a table.
struct ForecastCache::Slot {
  TenantId tenant;
  std::string revision;
  domain::DayNumber today = 0;
  double today_left = 0;
  absl::Time made;
  std::mutex mutex;  // held while it is worked out
  // Set under both mutexes.
  domain::Unchanged unchanged;
  std::shared_ptr<Entry> entry;

  bool IsLike(const Slot& other) const {
    return tenant == other.tenant && revision == other.revision && today == other.today &&
           today_left == other.today_left;
  }
};

ForecastCache::ForecastCache(int64_t bytes_max) : bytes_max_(bytes_max) {}
ForecastCache::~ForecastCache() = default;

const LearnedTable& ForecastCache::Of(const Entry& entry) { return entry.learned; }

std::shared_ptr<ForecastCache::Slot> ForecastCache::FindOrAdd(const Slot& wanted, absl::Time as_of,
                                                              absl::Time now) {
  const std::lock_guard lock(mutex_);
  slots_.remove_if([&](const auto& slot) { return slot->entry && now - slot->made > kAgeMax; });
  const auto it = std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) {
    return slot->IsLike(wanted) && (!slot->entry || slot->unchanged.contains(as_of));
  });
  if (it != slots_.end()) {
    slots_.splice(slots_.begin(), slots_, it);
    return slots_.front();
  }
  auto slot = std::make_shared<Slot>();
  slot->tenant = wanted.tenant;
  slot->revision = wanted.revision;
  slot->today = wanted.today;
  slot->today_left = wanted.today_left;
  slot->made = now;
  slots_.push_front(slot);
  if (slots_.size() > kSlotsMax) slots_.pop_back();
  return slot;
}

std::shared_ptr<ForecastCache::Entry> ForecastCache::WithEqualTable(
    const Slot& slot, const std::string& sha256) const {
  const std::lock_guard lock(mutex_);
  for (const auto& other : slots_) {
    if (other->entry && other->tenant == slot.tenant &&
        other->entry->learned.table.sha256 == sha256) {
      return other->entry;
    }
  }
  return nullptr;
}

Result<std::shared_ptr<ForecastCache::Entry>> ForecastCache::LearnedAt(
    const rpc::Call& call, const records_client::Question& question, bool remembers) {
  const auto read = [&]() -> Result<domain::DealTable> {
    GTM_ASSIGN_OR_RETURN(domain::DealTable table, domain::DealsAt(question.view, question.as_of));
    table.sha256 = domain::HashOf(table);
    return table;
  };
  const auto learn = [](domain::DealTable table) {
    const domain::History history(table);
    return std::make_shared<Entry>(LearnedTable{std::move(table), domain::LearnModel(history),
                                                domain::FindLevelBreaks(history)});
  };
  if (!remembers || bytes_max_ <= 0) {
    GTM_ASSIGN_OR_RETURN(domain::DealTable table, read());
    return learn(std::move(table));
  }
  domain::DealTable day;
  day.as_of = question.as_of;
  day.calendar = question.view.settings().calendar;
  domain::SetToday(&day);
  Slot wanted;
  wanted.tenant = call.tenant();
  wanted.revision = question.view.revision();
  wanted.today = day.today;
  wanted.today_left = day.today_left;
  for (;;) {
    const std::shared_ptr<Slot> slot = FindOrAdd(wanted, question.as_of, call.now);
    const std::lock_guard working(slot->mutex);
    if (slot->entry) {
      if (slot->unchanged.contains(question.as_of)) return slot->entry;
      continue;  // worked out meanwhile for another stretch of time
    }
    auto table = read();
    if (!table.ok()) {
      const std::lock_guard lock(mutex_);
      slots_.remove(slot);
      return table.error();
    }
    std::shared_ptr<Entry> entry = WithEqualTable(*slot, table->sha256);
    if (!entry) entry = learn(*std::move(table));
    {
      const std::lock_guard lock(mutex_);
      slot->unchanged = domain::UnchangedAround(question.view, question.as_of);
      slot->entry = entry;
    }
    DropExcess();
    return entry;
  }
}

std::shared_ptr<const ToldPeriod> ForecastCache::Tell(const std::shared_ptr<Entry>& entry,
                                                      const FiscalPeriod& period,
                                                      const DayRange& days,
                                                      const domain::Selection& selection) {
  const std::shared_ptr<Entry::Told> told = entry->FindOrAdd(period, selection);
  std::shared_ptr<const ToldPeriod> answer;
  {
    const std::lock_guard working(told->mutex);
    if (told->answer) return told->answer;
    const LearnedTable& learned = entry->learned;
    auto made = std::make_shared<ToldPeriod>();
    made->model = domain::Blend(learned.table, learned.model, period);
    made->forecast =
        domain::ForecastPeriod(learned.table, made->model, days, selection, domain::Detail::kParts);
    answer = std::move(made);
    entry->Put(told.get(), answer);
  }
  DropExcess();
  return answer;
}

int64_t ForecastCache::bytes() const {
  const std::lock_guard lock(mutex_);
  std::set<const Entry*> seen;
  int64_t sum = 0;
  for (const auto& slot : slots_) {
    if (slot->entry && seen.insert(slot->entry.get()).second) sum += slot->entry->bytes;
  }
  return sum;
}

void ForecastCache::DropExcess() {
  while (bytes() > bytes_max_) {
    const std::lock_guard lock(mutex_);
    const auto last = std::find_if(slots_.rbegin(), slots_.rend(),
                                   [](const auto& slot) { return slot->entry != nullptr; });
    if (last == slots_.rend()) return;
    slots_.erase(std::next(last).base());
  }
}

}  // namespace gtm::forecasting::handler
