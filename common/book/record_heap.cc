#include "common/book/record_heap.h"

#include <algorithm>

namespace gtm::book::heap_internal {
namespace {

constexpr uint32_t kLengthBytes = 4;  // of an aligned record

uint32_t VarintBytes(uint32_t value) {
  uint32_t count = 1;
  for (; value >= 0x80; value >>= 7) ++count;
  return count;
}

uint32_t Aligned(uint32_t offset) { return (offset + kAlignment - 1) & ~(kAlignment - 1); }

uint32_t LengthBytes(const EncodedRecord& record) {
  return record.aligned ? kLengthBytes : VarintBytes(static_cast<uint32_t>(record.bytes.size()));
}

}  // namespace

Memory::Memory(const Memory& other)
    : bytes_(other.capacity_ == 0 ? nullptr : new std::byte[other.capacity_]),
      size_(other.size_),
      capacity_(other.capacity_),
      garbage_(other.garbage_) {
  if (size_ > 0) std::memcpy(bytes_.get(), other.bytes_.get(), size_);
}

std::string_view Memory::At(uint32_t offset) const {
  const std::byte* at = bytes_.get() + (offset & ~kAlignedBit);
  uint32_t length = 0;
  if ((offset & kAlignedBit) != 0) {
    std::memcpy(&length, at, kLengthBytes);
    at += kLengthBytes;
  } else {
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint32_t>(*at++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
  }
  return {reinterpret_cast<const char*>(at), length};
}

uint32_t Memory::Footprint(uint32_t offset) const {
  const EncodedRecord record{(offset & kAlignedBit) != 0, At(offset)};
  return LengthBytes(record) + static_cast<uint32_t>(record.bytes.size());
}

bool Memory::Replace(uint32_t offset, const EncodedRecord& record) {
  const std::string_view old = At(offset);
  if (old.size() != record.bytes.size()) return false;
  if (((offset & kAlignedBit) != 0) != record.aligned) return false;
  std::memcpy(const_cast<char*>(old.data()), record.bytes.data(), old.size());
  return true;
}

void Memory::Blank(uint32_t offset) {
  const uint32_t footprint = Footprint(offset);
  std::memset(bytes_.get() + (offset & ~kAlignedBit), 0, footprint);
  garbage_ += footprint;
}

void Memory::Reserve(uint32_t capacity) {
  if (capacity <= capacity_) return;
  // Small steps: a chunk fills once and then stays, so that slack would last.
  const uint32_t wanted = std::max(capacity, capacity_ + capacity_ / 16);
  std::unique_ptr<std::byte[]> grown(new std::byte[wanted]);
  if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
  bytes_ = std::move(grown);
  capacity_ = wanted;
}

uint32_t Memory::Append(const EncodedRecord& record) {
  const auto length = static_cast<uint32_t>(record.bytes.size());
  const uint32_t start = record.aligned ? Aligned(size_) : size_;
  Reserve(start + LengthBytes(record) + length);
  std::memset(bytes_.get() + size_, 0, start - size_);
  std::byte* at = bytes_.get() + start;
  if (record.aligned) {
    std::memcpy(at, &length, kLengthBytes);
    at += kLengthBytes;
  } else {
    uint32_t rest = length;
    for (; rest >= 0x80; rest >>= 7) *at++ = static_cast<std::byte>(rest | 0x80);
    *at++ = static_cast<std::byte>(rest);
  }
  if (length > 0) std::memcpy(at, record.bytes.data(), length);
  size_ = static_cast<uint32_t>(at - bytes_.get()) + length;
  return start | (record.aligned ? kAlignedBit : 0);
}

void Memory::Compact(std::span<uint32_t> offsets) {
  Memory fresh;
  fresh.Reserve(size_ - garbage_ + kAlignment * static_cast<uint32_t>(offsets.size()));
  for (uint32_t& offset : offsets) {
    if (offset == kAbsent) continue;
    offset = fresh.Append({(offset & kAlignedBit) != 0, At(offset)});
  }
  bytes_ = std::move(fresh.bytes_);
  size_ = fresh.size_;
  capacity_ = fresh.capacity_;
  garbage_ = 0;
}

}  // namespace gtm::book::heap_internal
