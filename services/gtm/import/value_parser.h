#pragma once
// Parses what a mapping says about one value: where it comes from and how it reads.
// Private to the parser of mappings.

#include <string>
#include <vector>

#include "services/gtm/import/mapping.h"
#include "services/gtm/import/toml_reading.h"

namespace gtm::importing {

class ValueParser {
 public:
  // `mistakes` must outlive the parser; formats not stated are those of `defaults`.
  ValueParser(CellFormat defaults, std::vector<ValueMap> value_maps, Mistakes* mistakes);

  // Reads date_formats, time_zone, decimal_mark, group_mark, currency, ... of a table.
  void ParseFormat(const toml::table& table, CellFormat* format);
  // "column", "{a}-{b}", a constant number or truth value, or a table of keys.
  Value Parse(const toml::node& node);
  // A list of tests: one table or a list of tables.
  Conditions ParseConditions(const toml::table& table, std::string_view key);
  // The column or template of a plain string.
  std::vector<TextPart> ParseText(const std::string& text, int line);
  const CellFormat& defaults() const { return defaults_; }

 private:
  Value ParseTable(const toml::table& table);
  Condition ParseCondition(const toml::table& table);
  void ParseScale(const toml::node& node, Scale* scale);

  CellFormat defaults_;
  std::vector<ValueMap> value_maps_;
  Mistakes* mistakes_;
};

}  // namespace gtm::importing
