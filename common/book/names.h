#pragma once
// Texts as dense numbers: ids of records as rows, repeated words as symbols.

#include <array>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace gtm::book {

// A hash that is the same on every machine and in every version.
uint64_t StableHash(std::string_view text);

// Gives every text a number from 0, in order of arrival. Texts are never removed and
// never move. One thread adds; any thread reads texts of numbers that it learnt after
// they were added, and may call Find at any time.
class Names {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // The number of a text, added where it is new. For the one thread that adds.
  uint32_t Add(std::string_view text);
  // The number of a text for the thread that adds; kNone where there is none.
  uint32_t FindOwn(std::string_view text) const;
  // The same for any thread. The number may be newer than what the caller knows.
  uint32_t Find(std::string_view text) const;
  std::string_view Text(uint32_t number) const;
  uint32_t count() const { return count_; }
  // Bytes in use, for the thread that adds.
  int64_t memory_bytes() const;

 private:
  // Segment k holds 1 << k times the first; what is not used yet takes no memory.
  static constexpr int kSegments = 24;
  static constexpr uint32_t kFirstNumbers = 256;
  static constexpr uint32_t kFirstBytes = 1024;
  template <class T>
  using Segments = std::array<std::unique_ptr<T[]>, kSegments>;

  struct Probe {
    std::string_view text;
    uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    const Names* names;
    size_t operator()(uint32_t number) const { return StableHash(names->Text(number)); }
    size_t operator()(const Probe& probe) const { return probe.hash; }
  };
  struct Equal {
    using is_transparent = void;
    const Names* names;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t a, const Probe& b) const { return names->Text(a) == b.text; }
  };

  uint32_t Store(std::string_view text);

  Segments<uint32_t> positions_;  // number -> position of its text
  Segments<char> texts_;          // length as a varint, then the bytes
  uint32_t count_ = 0;
  uint32_t text_end_ = 0;
  mutable std::shared_mutex index_mutex_;  // Add against Find of other threads
  absl::flat_hash_set<uint32_t, Hash, Equal> index_;
};

}  // namespace gtm::book
