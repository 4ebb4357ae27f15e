#pragma once
// Where in a request a value is: built on the stack, written out only where something
// is wrong.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/error.h"

namespace gtm::records::domain {

// One step of a path such as "mutations[3].put.opportunity.stage_changes[2]".
struct Path {
  const Path* parent = nullptr;
  std::string_view name;      // field name; empty for an index or key step
  int index = -1;             // list position
  std::string_view key = {};  // map key
  bool has_key = false;

  // Of a field below this.
  Path Field(std::string_view field) const { return {this, field}; }
  // Of an item of the list that this names.
  Path Item(int position) const { return {this, {}, position}; }
  // Of a value of the map that this names.
  Path Value(std::string_view map_key) const { return {this, {}, -1, map_key, true}; }

  // The text; keys are quoted, shortened and made printable.
  std::string Text() const;
};

// Collects what is wrong. After kViolationsMax no more is kept: a caller that broke that
// much learns nothing from the rest, and memory stays bounded.
class Violations {
 public:
  static constexpr size_t kViolationsMax = 1'000;
  void Add(const Path& path, std::string description) {
    if (list_.size() < kViolationsMax) list_.push_back({path.Text(), std::move(description)});
  }
  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  const std::vector<FieldViolation>& list() const { return list_; }
  std::vector<FieldViolation> Take() { return std::move(list_); }
  // Puts the entries from `first` on in the order of their paths.
  void SortFrom(size_t first);

 private:
  std::vector<FieldViolation> list_;
};

}  // namespace gtm::records::domain
