#include "services/records/domain/marked_records.h"

#include <fmt/format.h>

#include "gtm/type/v1/rules.pb.h"
#include "services/records/domain/sample_records.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsPersonal(const FieldDescriptor* field) {
  return field->options().GetExtension(type::v1::rule).personal();
}

void MarkMap(Message* message, const FieldDescriptor* field, const std::string& text) {
  Message* entry = message->GetReflection()->AddMessage(message, field);
  entry->GetReflection()->SetString(entry, field->message_type()->map_key(), "key");
  entry->GetReflection()->SetString(entry, field->message_type()->map_value(), text);
}

void MarkText(Message* message, const FieldDescriptor* field, const std::string& text) {
  const Reflection& reflection = *message->GetReflection();
  reflection.ClearField(message, field);
  if (field->is_map()) return MarkMap(message, field, text);
  if (!field->is_repeated()) return reflection.SetString(message, field, text);
  for (int i = 0; i < 2; ++i) reflection.AddString(message, field, text);
}

void Mark(Message* message, const std::string& mark, const std::string& place) {
  const Reflection& reflection = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (IsPersonal(field)) {
      MarkText(message, field, fmt::format("{}[{}]", mark, place));
      continue;
    }
    if (field->message_type() == nullptr || field->is_map()) continue;
    if (field->message_type()->full_name().rfind("gtm.", 0) != 0) continue;
    if (!field->is_repeated()) {
      Mark(reflection.MutableMessage(message, field), mark, place);
      continue;
    }
    for (int item = 0; item < 2; ++item) {
      if (reflection.FieldSize(*message, field) <= item) {
        FillRequired(reflection.AddMessage(message, field));
      }
      Mark(reflection.MutableRepeatedMessage(message, field, item), mark,
           place.empty() ? std::to_string(item) : place);
    }
  }
}

void SetField(Message* message, std::string_view path, const std::string& value, bool first_only) {
  const Reflection& reflection = *message->GetReflection();
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (dot == std::string_view::npos) {
    if (!field->is_repeated()) return reflection.SetString(message, field, value);
    if (!first_only) reflection.ClearField(message, field);
    return reflection.AddString(message, field, value);
  }
  const std::string_view rest = path.substr(dot + 1);
  if (!field->is_repeated()) {
    return SetField(reflection.MutableMessage(message, field), rest, value, first_only);
  }
  const int count = first_only ? 1 : reflection.FieldSize(*message, field);
  for (int i = 0; i < count; ++i) {
    SetField(reflection.MutableRepeatedMessage(message, field, i), rest, value, first_only);
  }
}

}  // namespace

record::Record MarkedRecord(record::Kind kind, const std::string& id, const std::string& mark) {
  record::Record record = MinimalRecord(kind, id);
  Mark(record::MutablePayload(&record), mark, "");
  for (const std::string& path : record::FindKind(kind)->person_fields) {
    SetPersonField(&record, path, "nobody", false);
  }
  return record;
}

void SetPersonField(record::Record* record, std::string_view path, const std::string& value,
                    bool first_only) {
  SetField(record::MutablePayload(record), path, value, first_only);
}

}  // namespace gtm::records::domain
