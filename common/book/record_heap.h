#pragma once
// Records of variable size, side by side in one piece of memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace gtm::book {

// The bytes of one record, as the codec writes them.
struct EncodedRecord {
  // Where set, the record begins at a multiple of 8 and its arrays lie 16 bytes on: 4
  // bytes of the heap, then 12 of `bytes`.
  bool aligned = false;
  std::string_view bytes;
};

namespace heap_internal {

inline constexpr uint32_t kAbsent = UINT32_MAX;
inline constexpr uint32_t kAlignedBit = 1u << 31;
inline constexpr uint32_t kAlignment = 8;

// Memory with a length, without the type of a vector's growth.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory& other);
  Memory& operator=(const Memory&) = delete;
  // Bytes of the record at an offset, without its length.
  std::string_view At(uint32_t offset) const;
  // Bytes that the record takes with its length.
  uint32_t Footprint(uint32_t offset) const;
  // Overwrites a record with one of equal length and alignment. False where they differ.
  bool Replace(uint32_t offset, const EncodedRecord& record);
  // Blanks a record, so that what was erased is not left in memory.
  void Blank(uint32_t offset);
  uint32_t Append(const EncodedRecord& record);
  // Moves all records into new memory without gaps and updates their offsets.
  void Compact(std::span<uint32_t> offsets);
  bool worth_compacting() const { return garbage_ > size_ / 8 + 256; }
  uint32_t capacity() const { return capacity_; }

 private:
  void Reserve(uint32_t capacity);

  std::unique_ptr<std::byte[]> bytes_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  uint32_t garbage_ = 0;
};

}  // namespace heap_internal

// Up to kRows records by slot. Reading is thread-safe; changing is for one thread and
// ends the life of what was read before.
template <uint32_t kRows>
class RecordHeap {
 public:
  RecordHeap() { offsets_.fill(heap_internal::kAbsent); }
  bool has(uint32_t slot) const { return offsets_[slot] != heap_internal::kAbsent; }
  // The slot must have a record.
  EncodedRecord Get(uint32_t slot) const {
    const uint32_t offset = offsets_[slot];
    return {(offset & heap_internal::kAlignedBit) != 0, memory_.At(offset)};
  }
  void Put(uint32_t slot, const EncodedRecord& record) {
    if (has(slot)) {
      if (memory_.Replace(offsets_[slot], record)) return;
      Remove(slot);
    }
    if (memory_.worth_compacting()) memory_.Compact(offsets_);
    offsets_[slot] = memory_.Append(record);
  }
  void Remove(uint32_t slot) {
    memory_.Blank(offsets_[slot]);
    offsets_[slot] = heap_internal::kAbsent;
  }
  int64_t capacity_bytes() const { return memory_.capacity(); }

 private:
  std::array<uint32_t, kRows> offsets_;
  heap_internal::Memory memory_;
};

}  // namespace gtm::book
