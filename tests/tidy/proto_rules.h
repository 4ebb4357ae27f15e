#pragma once
// Rules over the contract, read as descriptors with their comments.

#include <map>
#include <string>

#include "tests/tidy/finding.h"

namespace gtm::tidy {

// Files by the path that others import them under: "gtm/type/v1/money.proto". Imports of
// google/protobuf are protoc's own.
using ProtoTree = std::map<std::string, std::string>;

// For every file of the tree that begins with "gtm/":
// - every message, field, enum, value, service and method has a comment;
// - messages are PascalCase, fields snake_case, values UPPER_SNAKE with the enum's name
//   in front; the zero value ends in _UNSPECIFIED; no unsigned numbers; no is_ fields;
// - method M takes MRequest; it returns MResponse or a resource.
// A file that does not compile is a finding. `protoc` is the path of the compiler.
Findings CheckProtos(const ProtoTree& protos, const std::string& protoc);

}  // namespace gtm::tidy
