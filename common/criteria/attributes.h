#pragma once
// Which attributes a service can read, so that a definition with a typing mistake is
// refused with the name that was meant.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/criteria/criteria.h"

namespace gtm::criteria {

// One readable attribute. A name that ends in "*" stands for all names that begin with
// what precedes it: "account.custom_number.*".
struct Attribute {
  std::string_view name;
  ValueType type;
  std::string_view meaning;  // with unit and source id
};

// Null where no attribute has this name (a "*" needs at least one character).
const Attribute* FindAttribute(std::span<const Attribute> attributes, std::string_view name);
// The name that is nearest to `name` by edit distance; "" where none is near.
std::string_view NearestAttribute(std::span<const Attribute> attributes, std::string_view name);

// Violations "<field>[i].attribute" and "<field>[i].grid.second_attribute" for unknown names
// (with the near match), "<field>[i].rule_kind" and "<field>[i].grid.first" or ".second" for
// rules that do not fit the attribute's type.
std::vector<FieldViolation> CheckAttributes(std::span<const Criterion> criteria,
                                            std::span<const Attribute> attributes,
                                            std::string_view field);

}  // namespace gtm::criteria
