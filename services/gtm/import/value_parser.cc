#include "services/gtm/import/value_parser.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace gtm::importing {
namespace {

// 0.01 as 1/100: up to six decimals, exactly.
bool ScaleFromReal(double real, Scale* scale) {
  if (!std::isfinite(real) || std::abs(real) > 1e12) return false;
  const double micros = real * 1e6;
  if (std::abs(micros - std::round(micros)) > 1e-6 * std::abs(micros)) return false;
  scale->numerator = std::llround(micros);
  scale->denominator = 1'000'000;
  return scale->numerator != 0;
}

bool ScaleFromText(const std::string& text, Scale* scale) {
  const size_t slash = text.find('/');
  const auto read = [](std::string_view part, int64_t* out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), *out);
    return error == std::errc() && end == part.data() + part.size();
  };
  if (slash == std::string::npos) return read(text, &scale->numerator) && scale->numerator != 0;
  return read(std::string_view(text).substr(0, slash), &scale->numerator) &&
         read(std::string_view(text).substr(slash + 1), &scale->denominator) &&
         scale->numerator != 0 && scale->denominator > 0;
}

}  // namespace

ValueParser::ValueParser(CellFormat defaults, std::vector<ValueMap> value_maps, Mistakes* mistakes)
    : defaults_(std::move(defaults)), value_maps_(std::move(value_maps)), mistakes_(mistakes) {}

void ValueParser::ParseScale(const toml::node& node, Scale* scale) {
  *scale = {};
  bool good = false;
  if (const auto whole = node.value_exact<int64_t>()) {
    scale->numerator = *whole;
    good = *whole != 0;
  } else if (const auto real = node.value_exact<double>()) {
    good = ScaleFromReal(*real, scale);
  } else if (const auto text = node.value_exact<std::string>()) {
    good = ScaleFromText(*text, scale);
  }
  if (!good) mistakes_->Add(node, "scale must be a number other than 0, or a fraction: \"1/12\"");
}

void ValueParser::ParseFormat(const toml::table& table, CellFormat* format) {
  Read(table, "dates", &format->dates, mistakes_);
  Read(table, "decimal_mark", &format->numbers.decimal_mark, mistakes_);
  Read(table, "group_mark", &format->numbers.group_mark, mistakes_);
  Read(table, "strip", &format->strip, mistakes_);
  Read(table, "split", &format->split, mistakes_);
  Read(table, "currency_column", &format->currency_column, mistakes_);
  Read(table, "currency", &format->currency, mistakes_);
  if (const toml::node* node = table.get("currency");
      node != nullptr && !Currency::Parse(format->currency).ok()) {
    mistakes_->Add(*node, "currency must be an ISO 4217 code such as \"USD\"");
  }
  if (const toml::node* node = table.get("scale")) ParseScale(*node, &format->scale);
  if (const toml::node* node = table.get("time_zone")) {
    std::string zone;
    Read(table, "time_zone", &zone, mistakes_);
    if (!absl::LoadTimeZone(zone, &format->time_zone)) {
      mistakes_->Add(*node,
                     fmt::format("\"{}\" is no IANA time zone such as \"Europe/Berlin\"", zone));
    }
  }
  if (format->numbers.decimal_mark == format->numbers.group_mark) {
    mistakes_->Add(Mistakes::LineOf(table), "decimal_mark and group_mark must differ");
  }
}

std::vector<TextPart> ValueParser::ParseText(const std::string& text, int line) {
  if (text.find('{') == std::string::npos) return {{.text = "", .column = text}};
  std::vector<TextPart> parts;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' || (i + 1 < text.size() && text[i + 1] == '{')) {
      if (text[i] == '{') ++i;
      literal.push_back(text[i]);
      continue;
    }
    const size_t close = text.find('}', i);
    if (close == std::string::npos || close == i + 1) {
      mistakes_->Add(
          line, fmt::format("\"{}\": write a column as {{column}}, and a brace as {{{{", text));
      return parts;
    }
    if (!literal.empty()) parts.push_back({.text = std::exchange(literal, ""), .column = ""});
    parts.push_back({.text = "", .column = text.substr(i + 1, close - i - 1)});
    i = close;
  }
  if (!literal.empty()) parts.push_back({.text = literal, .column = ""});
  return parts;
}

Value ValueParser::Parse(const toml::node& node) {
  if (node.is_table()) return ParseTable(*node.as_table());
  Value value;
  value.line = Mistakes::LineOf(node);
  value.format = defaults_;
  if (const auto text = node.value_exact<std::string>()) {
    value.parts = ParseText(*text, value.line);
  } else if (const auto flag = node.value_exact<bool>()) {
    value.parts = {{.text = *flag ? "true" : "false", .column = ""}};
  } else if (const auto whole = node.value_exact<int64_t>()) {
    value.parts = {{.text = std::to_string(*whole), .column = ""}};
  } else {
    mistakes_->Add(node,
                   "must be a \"column\", a \"{template}\", a whole number, true or false, "
                   "or a table such as { column = \"a\", scale = 1000 }");
  }
  return value;
}

Value ValueParser::ParseTable(const toml::table& table) {
  CheckKeys(
      table,
      {"column", "template", "value", "map", "otherwise", "required", "dates", "time_zone",
       "decimal_mark", "group_mark", "currency", "currency_column", "strip", "scale", "split"},
      mistakes_);
  Value value;
  value.line = Mistakes::LineOf(table);
  value.format = defaults_;
  ParseFormat(table, &value.format);
  std::string column;
  std::string pattern;
  Read(table, "column", &column, mistakes_);
  Read(table, "template", &pattern, mistakes_);
  const toml::node* constant = table.get("value");
  if ((table.contains("column") + table.contains("template") + (constant != nullptr)) != 1) {
    mistakes_->Add(value.line, "needs exactly one of column, template, value");
  } else if (!column.empty()) {
    value.parts = {{.text = "", .column = column}};
  } else if (!pattern.empty()) {
    value.parts = ParseText(pattern, value.line);
  } else if (constant != nullptr) {
    const auto text = constant->value_exact<std::string>();
    value.parts =
        text ? std::vector<TextPart>{{.text = *text, .column = ""}} : Parse(*constant).parts;
  }
  Read(table, "otherwise", &value.otherwise, mistakes_);
  Read(table, "required", &value.required, mistakes_);
  if (const toml::node* node = table.get("map")) {
    std::string name;
    Read(table, "map", &name, mistakes_);
    std::vector<std::string> names;
    for (size_t i = 0; i < value_maps_.size(); ++i) {
      names.push_back(value_maps_[i].name);
      if (value_maps_[i].name == name) value.value_map = static_cast<int>(i);
    }
    if (value.value_map < 0) {
      mistakes_->Add(*node,
                     fmt::format("there is no [values.{}]{}", name, DidYouMean(name, names)));
    }
  }
  return value;
}

Condition ValueParser::ParseCondition(const toml::table& table) {
  CheckKeys(table, {"column", "is", "in", "not", "empty"}, mistakes_);
  Condition condition;
  condition.line = Mistakes::LineOf(table);
  Read(table, "column", &condition.column, mistakes_);
  if (condition.column.empty()) mistakes_->Add(condition.line, "a condition needs a column");
  const int tests =
      table.contains("is") + table.contains("in") + table.contains("not") + table.contains("empty");
  if (tests != 1) {
    mistakes_->Add(condition.line,
                   "a condition needs exactly one of is = \"x\", in = [\"x\", \"y\"], "
                   "not = [\"x\"], empty = true");
    return condition;
  }
  if (table.contains("empty")) {
    bool empty = true;
    Read(table, "empty", &empty, mistakes_);
    condition.test = empty ? Condition::Test::kEmpty : Condition::Test::kNotEmpty;
    return condition;
  }
  condition.test = table.contains("not") ? Condition::Test::kNotIn : Condition::Test::kIn;
  for (const std::string_view key : {"is", "in", "not"}) {
    Read(table, key, &condition.words, mistakes_);
  }
  return condition;
}

Conditions ValueParser::ParseConditions(const toml::table& table, std::string_view key) {
  Conditions conditions;
  for (const toml::table* test : ReadTables(table, key, mistakes_)) {
    conditions.push_back(ParseCondition(*test));
  }
  return conditions;
}

}  // namespace gtm::importing
