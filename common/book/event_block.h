#pragma once
// The engagements of one account in one piece of memory.

#include <cstddef>
#include <span>

#include "common/book/facts.h"
#include "common/book/ref.h"

namespace gtm::book {

// 40 bits of the stable hash of an engagement's id. Together with account and time
// they name an engagement: two of them in one second of one account are taken for one
// with a probability of 1e-12.
using EventKey = uint64_t;
EventKey EventKeyOf(std::string_view engagement_id);

// Events sorted by (time, key), then a tail of events as they arrived, so that bulk
// loading does not move memory for each. Reading is thread-safe; changing goes through
// the functions below, which copy a block that others hold.
class EventBlock : public RefCounted {
 public:
  static void Free(EventBlock* block);
  // The sorted part.
  std::span<const EngagementEvent> sorted() const { return {events(), sorted_}; }
  EventKey key(uint32_t index) const {
    return key_low()[index] | static_cast<EventKey>(key_high()[index]) << 32;
  }
  uint32_t sorted_count() const { return sorted_; }
  bool has_tail() const { return size_ > sorted_; }
  // The tail has grown so long that sorting pays.
  bool tail_is_long() const { return size_ - sorted_ > 1024 + sorted_; }
  int64_t memory_bytes() const;

 private:
  friend void AppendEvent(Ref<EventBlock>* block, EventKey key, const EngagementEvent& event);
  friend void SortEvents(Ref<EventBlock>* block);
  friend void RemoveEvents(Ref<EventBlock>* block, const EventBlock& others);
  friend bool RemoveEvent(Ref<EventBlock>* block, EventKey key, const UnixSeconds* time);

  static Ref<EventBlock> Make(uint32_t capacity);
  const EngagementEvent* events() const {
    return reinterpret_cast<const EngagementEvent*>(this + 1);
  }
  EngagementEvent* events() { return reinterpret_cast<EngagementEvent*>(this + 1); }
  const uint32_t* key_low() const {
    return reinterpret_cast<const uint32_t*>(events() + capacity_);
  }
  uint32_t* key_low() { return reinterpret_cast<uint32_t*>(events() + capacity_); }
  const uint8_t* key_high() const {
    return reinterpret_cast<const uint8_t*>(key_low() + capacity_);
  }
  uint8_t* key_high() { return reinterpret_cast<uint8_t*>(key_low() + capacity_); }
  void Set(uint32_t index, EventKey key, const EngagementEvent& event);
  bool Before(uint32_t a, uint32_t b) const;
  Ref<EventBlock> CopyWith(uint32_t capacity) const;

  uint32_t size_ = 0;
  uint32_t sorted_ = 0;
  uint32_t capacity_ = 0;
};

// Adds an event to the tail of a block (which may be null) or replaces it there later.
void AppendEvent(Ref<EventBlock>* block, EventKey key, const EngagementEvent& event);
// Merges the tail; of events with equal time and key the last one stays.
void SortEvents(Ref<EventBlock>* block);
// Removes the events of `others`, which has no tail, from a block without tail. A block that
// becomes empty becomes null.
void RemoveEvents(Ref<EventBlock>* block, const EventBlock& others);
// Removes an event from a block without tail. Without a time every event is looked at.
// False where there is none. A block that becomes empty becomes null.
bool RemoveEvent(Ref<EventBlock>* block, EventKey key, const UnixSeconds* time);

}  // namespace gtm::book
