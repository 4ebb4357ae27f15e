#include "common/book/event_block.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <numeric>
#include <vector>

#include "common/book/names.h"

namespace gtm::book {
namespace {

static_assert(sizeof(EngagementEvent) == 20, "the budget of DESIGN 4 counts on it");
static_assert(std::is_trivially_copyable_v<EngagementEvent>);

constexpr size_t kEventBytes = sizeof(EngagementEvent) + sizeof(uint32_t) + sizeof(uint8_t);

// Small blocks in steps of 4, large ones with an eighth of slack.
uint32_t Rounded(uint32_t count) {
  if (count <= 64) return (count + 3) / 4 * 4;
  return count + count / 8;
}

}  // namespace

EventKey EventKeyOf(std::string_view engagement_id) { return StableHash(engagement_id) >> 24; }

Ref<EventBlock> EventBlock::Make(uint32_t capacity) {
  static_assert(sizeof(EventBlock) % alignof(EngagementEvent) == 0);
  void* memory = ::operator new(sizeof(EventBlock) + capacity * kEventBytes);
  auto* block = new (memory) EventBlock;
  block->capacity_ = capacity;
  return Ref<EventBlock>(block);
}

void EventBlock::Free(EventBlock* block) {
  block->~EventBlock();
  ::operator delete(block);
}

int64_t EventBlock::memory_bytes() const {
  return static_cast<int64_t>(sizeof(EventBlock) + capacity_ * kEventBytes);
}

void EventBlock::Set(uint32_t index, EventKey key, const EngagementEvent& event) {
  events()[index] = event;
  key_low()[index] = static_cast<uint32_t>(key);
  key_high()[index] = static_cast<uint8_t>(key >> 32);
}

bool EventBlock::Before(uint32_t a, uint32_t b) const {
  const int64_t time_a = events()[a].time_s;
  const int64_t time_b = events()[b].time_s;
  return time_a != time_b ? time_a < time_b : key(a) < key(b);
}

Ref<EventBlock> EventBlock::CopyWith(uint32_t capacity) const {
  Ref<EventBlock> copy = Make(capacity);
  std::memcpy(copy->events(), events(), size_ * sizeof(EngagementEvent));
  std::memcpy(copy->key_low(), key_low(), size_ * sizeof(uint32_t));
  std::memcpy(copy->key_high(), key_high(), size_);
  copy->size_ = size_;
  copy->sorted_ = sorted_;
  return copy;
}

void AppendEvent(Ref<EventBlock>* block, EventKey key, const EngagementEvent& event) {
  if (!*block) *block = EventBlock::Make(Rounded(1));
  const uint32_t size = (*block)->size_;
  if (size == (*block)->capacity_ || !block->unique()) {
    *block = (*block)->CopyWith(Rounded(size + 1));
  }
  (*block)->Set(size, key, event);
  ++(*block)->size_;
}

void SortEvents(Ref<EventBlock>* block) {
  const EventBlock& old = **block;
  if (!old.has_tail()) return;
  uint32_t in_order = std::max(old.sorted_, 1u);
  while (in_order < old.size_ && old.Before(in_order - 1, in_order)) ++in_order;
  if (in_order == old.size_ && block->unique()) {
    (*block)->sorted_ = in_order;
    return;
  }
  std::vector<uint32_t> order(old.size_);
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&old](uint32_t a, uint32_t b) { return old.Before(a, b); };
  const auto middle = order.begin() + old.sorted_;
  std::stable_sort(middle, order.end(), before);
  std::inplace_merge(order.begin(), middle, order.end(), before);
  // Both steps keep the order of arrival among equals: the last of them is newest.
  const auto newer_is_equal = [&](size_t i) {
    return i + 1 < order.size() && !old.Before(order[i], order[i + 1]);
  };
  uint32_t count = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (!newer_is_equal(i)) order[count++] = order[i];
  }
  Ref<EventBlock> fresh = EventBlock::Make(Rounded(count));
  for (uint32_t i = 0; i < count; ++i) {
    fresh->Set(i, old.key(order[i]), old.events()[order[i]]);
  }
  fresh->size_ = fresh->sorted_ = count;
  *block = std::move(fresh);
}

void RemoveEvents(Ref<EventBlock>* block, const EventBlock& others) {
  const EventBlock& old = **block;
  assert(!old.has_tail() && !others.has_tail());
  const auto order = [&](uint32_t i, uint32_t other) {
    const int64_t time = old.events()[i].time_s;
    const int64_t other_time = others.events()[other].time_s;
    return std::pair(time, old.key(i)) <=> std::pair(other_time, others.key(other));
  };
  std::vector<uint32_t> kept;
  kept.reserve(old.size_);
  for (uint32_t i = 0, other = 0; i < old.size_; ++i) {
    while (other < others.size_ && order(i, other) > 0) ++other;
    if (other == others.size_ || order(i, other) != 0) kept.push_back(i);
  }
  if (kept.size() == old.size_) return;
  if (kept.empty()) {
    *block = Ref<EventBlock>();
    return;
  }
  const auto count = static_cast<uint32_t>(kept.size());
  Ref<EventBlock> fresh = EventBlock::Make(Rounded(count));
  for (uint32_t i = 0; i < count; ++i) fresh->Set(i, old.key(kept[i]), old.events()[kept[i]]);
  fresh->size_ = fresh->sorted_ = count;
  *block = std::move(fresh);
}

bool RemoveEvent(Ref<EventBlock>* block, EventKey key, const UnixSeconds* time) {
  const EventBlock& old = **block;
  assert(!old.has_tail());
  uint32_t index = 0;
  if (time != nullptr) {
    const auto events = old.sorted();
    const auto first =
        std::lower_bound(events.begin(), events.end(), *time,
                         [](const EngagementEvent& event, int64_t t) { return event.time_s < t; });
    index = static_cast<uint32_t>(first - events.begin());
  }
  while (index < old.size_ && old.key(index) != key) {
    if (time != nullptr && old.events()[index].time_s != *time) return false;
    ++index;
  }
  if (index == old.size_ || (time != nullptr && old.events()[index].time_s != *time)) return false;
  if (old.size_ == 1) {
    *block = Ref<EventBlock>();
    return true;
  }
  Ref<EventBlock> fresh = EventBlock::Make(Rounded(old.size_ - 1));
  for (uint32_t i = 0, out = 0; i < old.size_; ++i) {
    if (i != index) fresh->Set(out++, old.key(i), old.events()[i]);
  }
  fresh->size_ = fresh->sorted_ = old.size_ - 1;
  *block = std::move(fresh);
  return true;
}

}  // namespace gtm::book
