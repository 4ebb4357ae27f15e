#include "services/gtm/import/field_path.h"

#include <fmt/format.h>

#include <algorithm>

namespace gtm::importing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Output-only fields of every payload are numbers 2 to 4; the id has its own key.
bool IsFillable(const Descriptor* root, const FieldDescriptor* field) {
  const bool payload = root->FindFieldByName("etag") != nullptr;
  return !payload || field->number() > 4;
}

std::vector<std::string> FieldNames(const Descriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i) {
    if (IsFillable(type, type->field(i))) names.push_back(type->field(i)->name());
  }
  return names;
}

Result<LeafKind> KindOfValue(const FieldDescriptor* field, std::string_view path) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return LeafKind::kText;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return LeafKind::kWhole;
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return LeafKind::kReal;
    case FieldDescriptor::CPPTYPE_BOOL:
      return LeafKind::kBool;
    case FieldDescriptor::CPPTYPE_ENUM:
      return LeafKind::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const std::string& type = field->message_type()->full_name();
      if (type == "google.protobuf.Timestamp") return LeafKind::kTimestamp;
      if (type == "gtm.type.v1.Date") return LeafKind::kDate;
      if (type == "gtm.type.v1.Money") return LeafKind::kMoney;
      return InvalidField(
          std::string(path),
          fmt::format("is a group of fields; name one of them: {}.{}", path,
                      fmt::join(FieldNames(field->message_type()), fmt::format(", {}.", path))));
    }
    default:
      return InvalidField(std::string(path), "cannot be filled from text");
  }
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

bool IsLeafMessage(const Descriptor* type) {
  return type->full_name() == "google.protobuf.Timestamp" ||
         type->full_name() == "gtm.type.v1.Date" || type->full_name() == "gtm.type.v1.Money";
}

Result<const FieldDescriptor*> FindField(const Descriptor* type, const std::string& name,
                                         std::string_view path) {
  const FieldDescriptor* field = type->FindFieldByName(name);
  if (field == nullptr) {
    return InvalidField(std::string(path), fmt::format("{} has no field \"{}\"{}", type->name(),
                                                       name, DidYouMean(name, FieldNames(type))));
  }
  if (!IsFillable(type, field)) {
    return InvalidField(std::string(path), field->number() == 1
                                               ? "the id has a key of its own: id = \"{column}\""
                                               : "is set by the platform and cannot be imported");
  }
  return field;
}

}  // namespace

const FieldDescriptor* FieldPath::value_field() const {
  return leaf->is_map() ? leaf->message_type()->map_value() : leaf;
}

Result<FieldPath> ResolveField(const Descriptor* root, std::string_view path) {
  FieldPath resolved;
  resolved.text = std::string(path);
  const Descriptor* type = root;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    const std::string name(rest.substr(0, dot));
    GTM_ASSIGN_OR_RETURN(const FieldDescriptor* field, FindField(type, name, path));
    const bool last = dot == std::string_view::npos;
    if (field->is_map()) {
      if (last) {
        return InvalidField(std::string(path),
                            fmt::format("is a map; name a key: {}.my_key", path));
      }
      resolved.map_key = std::string(rest.substr(dot + 1));
      resolved.leaf = field;
      break;
    }
    const bool group = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                       !IsLeafMessage(field->message_type());
    if (field->is_repeated() && group) {
      return InvalidField(
          std::string(path),
          fmt::format("is a list; fill it with [[record.append]] to = \"{}\"", field->name()));
    }
    if (last) {
      resolved.leaf = field;
      break;
    }
    if (!group) {
      return InvalidField(std::string(path),
                          fmt::format("\"{}\" is one value and has no parts", name));
    }
    resolved.steps.push_back(field);
    type = field->message_type();
    rest.remove_prefix(dot + 1);
  }
  GTM_ASSIGN_OR_RETURN(resolved.kind, KindOfValue(resolved.value_field(), path));
  if (resolved.leaf->is_repeated() && !resolved.leaf->is_map() &&
      resolved.kind != LeafKind::kText) {
    return InvalidField(std::string(path), "is a list of values that text cannot fill");
  }
  return resolved;
}

Result<const FieldDescriptor*> ResolveList(const Descriptor* root, std::string_view name) {
  GTM_ASSIGN_OR_RETURN(const FieldDescriptor* field, FindField(root, std::string(name), name));
  if (!field->is_repeated() || field->is_map() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return InvalidField(std::string(name), "is no list of entries; fill it under fields");
  }
  return field;
}

std::string Nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(name, candidates);
  if (!nearest.empty()) return fmt::format("; did you mean \"{}\"?", nearest);
  if (candidates.empty()) return "";
  return fmt::format("; there are: {}", fmt::join(candidates, ", "));
}

}  // namespace gtm::importing
