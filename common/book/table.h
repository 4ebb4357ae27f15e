#pragma once
// Rows in chunks, chunks in nodes, both shared between a Book and its views. A copy of
// a Table is a snapshot; it costs one counter for every kNodeRows rows.

#include <array>
#include <vector>

#include "common/book/ref.h"

namespace gtm::book {

// `Chunk` derives from RefCounted, can be copied, and has kRows.
// Reading is thread-safe; changing is for one thread that owns this copy.
template <class Chunk>
class Table {
 public:
  static constexpr uint32_t kNodeChunks = 64;
  static constexpr uint32_t kNodeRows = kNodeChunks * Chunk::kRows;

  uint32_t row_count() const { return row_count_; }
  const Chunk& chunk(uint32_t row) const {
    return *nodes_[row / kNodeRows]->chunks[row % kNodeRows / Chunk::kRows];
  }
  static constexpr uint32_t slot(uint32_t row) { return row % Chunk::kRows; }

  // The chunk of a row, to be changed: a copy where a snapshot shares it.
  Chunk& MutableChunk(uint32_t row) {
    Ref<Chunk>& chunk = MutableNode(row / kNodeRows).chunks[row % kNodeRows / Chunk::kRows];
    if (!chunk.unique()) chunk = Ref<Chunk>(new Chunk(*chunk));
    return *chunk;
  }
  // Adds rows until there are `row_count`. Returns how many chunks that took.
  uint32_t Grow(uint32_t row_count) {
    uint32_t added = 0;
    while (chunk_count_ * Chunk::kRows < row_count) {
      if (chunk_count_ % kNodeChunks == 0) nodes_.push_back(Ref<Node>(new Node));
      MutableNode(chunk_count_ / kNodeChunks).chunks[chunk_count_ % kNodeChunks] =
          Ref<Chunk>(new Chunk);
      ++chunk_count_;
      ++added;
    }
    row_count_ = std::max(row_count_, row_count);
    return added;
  }

 private:
  struct Node : RefCounted {
    std::array<Ref<Chunk>, kNodeChunks> chunks;
    static void Free(Node* node) { delete node; }
  };
  Node& MutableNode(uint32_t index) {
    Ref<Node>& node = nodes_[index];
    if (!node.unique()) node = Ref<Node>(new Node(*node));
    return *node;
  }

  std::vector<Ref<Node>> nodes_;
  uint32_t chunk_count_ = 0;
  uint32_t row_count_ = 0;
};

}  // namespace gtm::book
