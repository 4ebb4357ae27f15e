#pragma once
// Reading TOML strictly: every mistake is collected with its line and a remedy.
// Private to the parser of mappings.

#include <toml++/toml.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/error.h"

namespace gtm::importing {

// Collects mistakes of one mapping file.
class Mistakes {
 public:
  explicit Mistakes(std::string file) : file_(std::move(file)) {}
  void Add(int line, std::string description);
  void Add(const toml::node& node, std::string description) {
    Add(LineOf(node), std::move(description));
  }
  static int LineOf(const toml::node& node) { return static_cast<int>(node.source().begin.line); }
  bool empty() const { return violations_.empty(); }
  std::vector<FieldViolation> Take() { return std::move(violations_); }

 private:
  std::string file_;
  std::vector<FieldViolation> violations_;
};

// Reports keys of `table` that are none of `known`.
void CheckKeys(const toml::table& table, std::initializer_list<std::string_view> known,
               Mistakes* mistakes);

// The value of a key where it is there; reports a wrong type and leaves `out` alone.
void Read(const toml::table& table, std::string_view key, std::string* out, Mistakes* mistakes);
void Read(const toml::table& table, std::string_view key, bool* out, Mistakes* mistakes);
void Read(const toml::table& table, std::string_view key, char* out, Mistakes* mistakes);
// A string or a list of strings.
void Read(const toml::table& table, std::string_view key, std::vector<std::string>* out,
          Mistakes* mistakes);

// The table at a key, or null; reports anything else there.
const toml::table* ReadTable(const toml::table& table, std::string_view key, Mistakes* mistakes);
// The tables at a key: one table or a list of tables.
std::vector<const toml::table*> ReadTables(const toml::table& table, std::string_view key,
                                           Mistakes* mistakes);

}  // namespace gtm::importing
