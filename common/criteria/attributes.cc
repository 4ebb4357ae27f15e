#include "common/criteria/attributes.h"

#include <algorithm>
#include <numeric>

#include "fmt/format.h"

namespace gtm::criteria {
namespace {

std::string_view Stem(const Attribute& attribute) {
  std::string_view name = attribute.name;
  if (name.ends_with('*')) name.remove_suffix(1);
  return name;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool Fits(const Axis& axis, ValueType type) {
  return axis.words.empty() == (type == ValueType::kNumber);
}

bool Fits(const Rule& rule, ValueType type) {
  if (std::holds_alternative<Bands>(rule)) return type == ValueType::kNumber;
  if (std::holds_alternative<Choices>(rule)) return type != ValueType::kNumber;
  if (std::holds_alternative<TechnologyPair>(rule)) return type == ValueType::kWords;
  if (const auto* grid = std::get_if<Grid>(&rule)) return Fits(grid->first, type);
  return true;  // Validate reports that there is no rule
}

std::string_view RuleFor(ValueType type) {
  switch (type) {
    case ValueType::kNumber:
      return "bands or a grid with edges";
    case ValueType::kWord:
      return "choices or a grid with words";
    case ValueType::kWords:
      return "choices, technology_pair or a grid with words";
  }
  return "";
}

std::string_view AxisFor(ValueType type) { return type == ValueType::kNumber ? "edges" : "words"; }

}  // namespace

const Attribute* FindAttribute(std::span<const Attribute> attributes, std::string_view name) {
  for (const Attribute& attribute : attributes) {
    const bool pattern = attribute.name.ends_with('*');
    const std::string_view stem = Stem(attribute);
    if (pattern ? name.size() > stem.size() && name.starts_with(stem) : name == attribute.name) {
      return &attribute;
    }
  }
  return nullptr;
}

std::string_view NearestAttribute(std::span<const Attribute> attributes, std::string_view name) {
  std::string_view nearest;
  // More than a third of the letters wrong is not a typing mistake.
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  for (const Attribute& attribute : attributes) {
    std::string_view stem = Stem(attribute);
    // Of a pattern only what precedes the star can be mistyped.
    const std::string_view typed =
        attribute.name.ends_with('*') ? name.substr(0, std::min(name.size(), stem.size())) : name;
    const size_t distance = EditDistance(stem, typed);
    if (distance < best) {
      best = distance;
      nearest = attribute.name;
    }
  }
  return nearest;
}

std::vector<FieldViolation> CheckAttributes(std::span<const Criterion> criteria,
                                            std::span<const Attribute> attributes,
                                            std::string_view field) {
  std::vector<FieldViolation> violations;
  // Null, told, where there is no such attribute.
  const auto find = [&](const std::string& name, const std::string& path) -> const Attribute* {
    if (name.empty()) return nullptr;  // Validate reports it
    const Attribute* attribute = FindAttribute(attributes, name);
    if (attribute != nullptr) return attribute;
    std::string description = fmt::format("\"{}\" is not an attribute", name);
    if (const std::string_view near = NearestAttribute(attributes, name); !near.empty()) {
      description += fmt::format("; did you mean \"{}\"?", near);
    }
    violations.push_back({path, std::move(description)});
    return nullptr;
  };
  const auto refuse = [&](const std::string& path, const std::string& name, ValueType type,
                          std::string_view use) {
    violations.push_back(
        {path, fmt::format("\"{}\" is a {}; use {}", name, ValueTypeName(type), use)});
  };
  for (size_t i = 0; i < criteria.size(); ++i) {
    const Criterion& criterion = criteria[i];
    const std::string path = fmt::format("{}[{}]", field, i);
    const auto* grid = std::get_if<Grid>(&criterion.rule);
    const Attribute* attribute = find(criterion.attribute, path + ".attribute");
    if (attribute != nullptr && !Fits(criterion.rule, attribute->type)) {
      const bool is_grid = grid != nullptr;
      refuse(path + (is_grid ? ".grid.first" : ".rule_kind"), criterion.attribute, attribute->type,
             is_grid ? AxisFor(attribute->type) : RuleFor(attribute->type));
    }
    if (grid == nullptr) continue;
    const Attribute* second = find(grid->second_attribute, path + ".grid.second_attribute");
    if (second != nullptr && !Fits(grid->second, second->type)) {
      refuse(path + ".grid.second", grid->second_attribute, second->type, AxisFor(second->type));
    }
  }
  return violations;
}

}  // namespace gtm::criteria
