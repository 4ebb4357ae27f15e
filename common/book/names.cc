#include "common/book/names.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <mutex>

namespace gtm::book {
namespace {

constexpr size_t kLengthBytesMax = 5;

// Which segment a position is in, and where it begins.
struct Place {
  int segment;
  uint32_t offset;
};
constexpr Place PlaceOf(uint32_t position, uint32_t first) {
  const int segment = std::bit_width(position / first + 1) - 1;
  return {segment, position - first * ((1u << segment) - 1)};
}
constexpr uint32_t StartOf(int segment, uint32_t first) { return first * ((1u << segment) - 1); }

uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

uint64_t StableHash(std::string_view text) {
  // Odd constants from the digits of pi; every 8 bytes are folded in by multiplication.
  constexpr uint64_t kA = 0x243f6a8885a308d3, kB = 0x13198a2e03707345;
  uint64_t hash = text.size() * kB ^ kA;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = Fold(hash ^ word, kB);
  }
  uint64_t word = 0;
  if (left > 0) std::memcpy(&word, at, left);
  return Fold(Fold(hash ^ word, kB) ^ kA, kA);
}

Names::Names() : index_(0, Hash{this}, Equal{this}) {}

uint32_t Names::Store(std::string_view text) {
  const size_t need = text.size() + kLengthBytesMax;
  Place place = PlaceOf(text_end_, kFirstBytes);
  // A text lies in one segment.
  while (place.offset + need > size_t{kFirstBytes} << place.segment) {
    text_end_ = StartOf(place.segment + 1, kFirstBytes);
    place = PlaceOf(text_end_, kFirstBytes);
  }
  assert(place.segment < kSegments);
  auto& segment = texts_[place.segment];
  if (segment == nullptr) segment.reset(new char[size_t{kFirstBytes} << place.segment]);
  char* at = segment.get() + place.offset;
  const uint32_t position = text_end_;
  size_t length = text.size();
  for (; length >= 0x80; length >>= 7) *at++ = static_cast<char>(length | 0x80);
  *at++ = static_cast<char>(length);
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  text_end_ += static_cast<uint32_t>(at + text.size() - (segment.get() + place.offset));
  return position;
}

uint32_t Names::Add(std::string_view text) {
  const Probe probe{text, StableHash(text)};
  if (const auto found = index_.find(probe); found != index_.end()) return *found;
  const Place place = PlaceOf(count_, kFirstNumbers);
  auto& segment = positions_[place.segment];
  const std::unique_lock lock(index_mutex_);
  if (segment == nullptr) segment.reset(new uint32_t[size_t{kFirstNumbers} << place.segment]);
  segment[place.offset] = Store(text);
  index_.insert(count_);
  return count_++;
}

uint32_t Names::FindOwn(std::string_view text) const {
  const auto found = index_.find(Probe{text, StableHash(text)});
  return found == index_.end() ? kNone : *found;
}

uint32_t Names::Find(std::string_view text) const {
  const Probe probe{text, StableHash(text)};
  const std::shared_lock lock(index_mutex_);
  const auto found = index_.find(probe);
  return found == index_.end() ? kNone : *found;
}

std::string_view Names::Text(uint32_t number) const {
  const Place place = PlaceOf(number, kFirstNumbers);
  const Place text = PlaceOf(positions_[place.segment][place.offset], kFirstBytes);
  const char* at = texts_[text.segment].get() + text.offset;
  size_t length = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  return {at, length};
}

int64_t Names::memory_bytes() const {
  return text_end_ + int64_t{count_} * 4 + static_cast<int64_t>(index_.capacity()) * 5;
}

}  // namespace gtm::book
