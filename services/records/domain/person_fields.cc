#include "services/records/domain/person_fields.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "gtm/type/v1/rules.pb.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const type::v1::FieldRule& RuleOf(const FieldDescriptor* field) {
  return field->options().GetExtension(type::v1::rule);
}

void AddPath(const Descriptor* type, std::string_view path, PersonFields* at) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field = type->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return;  // a test of the contract holds every path to be right
  if (dot == std::string_view::npos) {
    at->fields.push_back(field);
    at->owned = at->owned || RuleOf(field).personal() || !RuleOf(field).references().empty();
    return;
  }
  const auto same = [&](const auto& entry) { return entry.field == field; };
  auto below = std::find_if(at->below.begin(), at->below.end(), same);
  if (below == at->below.end()) below = at->below.insert(below, {field, {}});
  AddPath(field->message_type(), path.substr(dot + 1), &below->persons);
}

// Calls `visit(field)` for each person field until it says true.
template <typename Visit>
bool AnyField(const PersonFields& fields, const Visit& visit) {
  return std::any_of(fields.fields.begin(), fields.fields.end(), visit) ||
         std::any_of(fields.below.begin(), fields.below.end(),
                     [&](const auto& entry) { return AnyField(entry.persons, visit); });
}

}  // namespace

std::string PlainName(std::string_view name) {
  const absl::string_view bare =
      absl::StripAsciiWhitespace(absl::string_view(name.data(), name.size()));
  return absl::AsciiStrToLower(bare);
}

bool PersonFields::Has(const FieldDescriptor* field) const {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

const PersonFields* PersonFields::Below(const FieldDescriptor* field) const {
  for (const auto& [step, rest] : below) {
    if (step == field) return &rest;
  }
  return nullptr;
}

const PersonFields& PersonFieldsOf(record::Kind kind) {
  static const auto* by_kind = [] {
    auto* table = new std::vector<PersonFields>(256);
    for (const record::KindInfo& info : record::Kinds()) {
      for (const std::string& path : info.person_fields) {
        AddPath(info.payload_type(), path, &table->at(info.kind));
      }
    }
    return table;
  }();
  static const auto* none = new PersonFields;
  const auto number = static_cast<size_t>(kind);
  return number < by_kind->size() ? (*by_kind)[number] : *none;
}

bool MayName(record::Kind kind, record::Kind person) {
  return kind == person || AnyField(PersonFieldsOf(kind), [&](const FieldDescriptor* field) {
           const std::string& to = RuleOf(field).references();
           return to.empty() || to == record::KindName(person);
         });
}

bool MayNameInWords(record::Kind kind) {
  return AnyField(PersonFieldsOf(kind),
                  [](const FieldDescriptor* field) { return RuleOf(field).references().empty(); });
}

Naming NamingOf(const Message& message, const FieldDescriptor* field, const Person& person) {
  const std::string& to = RuleOf(field).references();
  if (!to.empty() && to != record::KindName(person.kind)) return Naming::kNobody;
  const Reflection& reflection = *message.GetReflection();
  const auto naming = [&](const std::string& value) {
    if (value.empty()) return Naming::kNobody;
    if (to.empty() && !person.names.empty()) {
      const std::string plain = PlainName(value);
      const auto& names = person.names;
      if (std::find(names.begin(), names.end(), plain) != names.end()) return Naming::kByName;
    }
    return value == person.id ? Naming::kById : Naming::kNobody;
  };
  std::string scratch;
  if (!field->is_repeated()) {
    return naming(reflection.GetStringReference(message, field, &scratch));
  }
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const Naming one = naming(reflection.GetRepeatedStringReference(message, field, i, &scratch));
    if (one != Naming::kNobody) return one;
  }
  return Naming::kNobody;
}

bool Names(const Message& message, const PersonFields& fields, const Person& person) {
  for (const FieldDescriptor* field : fields.fields) {
    if (NamingOf(message, field, person) != Naming::kNobody) return true;
  }
  const Reflection& reflection = *message.GetReflection();
  for (const auto& [field, rest] : fields.below) {
    if (!field->is_repeated()) {
      if (reflection.HasField(message, field) &&
          Names(reflection.GetMessage(message, field), rest, person)) {
        return true;
      }
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (Names(reflection.GetRepeatedMessage(message, field, i), rest, person)) return true;
    }
  }
  return false;
}

void AddNames(const record::Record& record, std::vector<std::string>* names) {
  const Message* payload = record::Payload(record);
  if (payload == nullptr) return;
  std::vector<const FieldDescriptor*> present;
  payload->GetReflection()->ListFields(*payload, &present);
  for (const FieldDescriptor* field : present) {
    if (!RuleOf(field).person_name()) continue;
    std::string name = PlainName(payload->GetReflection()->GetString(*payload, field));
    if (!name.empty() && std::find(names->begin(), names->end(), name) == names->end()) {
      names->push_back(std::move(name));
    }
  }
}

}  // namespace gtm::records::domain
