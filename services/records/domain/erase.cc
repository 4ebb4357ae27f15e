#include "services/records/domain/erase.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>

#include <memory>
#include <vector>

#include "services/records/domain/path.h"
#include "services/records/domain/plan.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One entry: lengths first, so that two different removals never give the same text.
void Append(const Path& path, std::string_view value, std::string* removed) {
  const std::string name = path.Text();
  *removed += std::to_string(name.size()) + ':' + name + std::to_string(value.size()) + ':';
  *removed += value;
}

// The field alone, as the contract's bytes with map entries in order.
std::string BytesOf(const Message& message, const FieldDescriptor& field) {
  const std::unique_ptr<Message> alone(message.New());
  alone->CopyFrom(message);
  const Reflection& reflection = *alone->GetReflection();
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(*alone, &present);
  for (const FieldDescriptor* other : present) {
    if (other != &field) reflection.ClearField(alone.get(), other);
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  alone->SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

void Erase(Message* message, const MessagePlan& plan, const Path& path, std::string* removed) {
  const Reflection& reflection = *message->GetReflection();
  for (const FieldPlan& field : plan.fields) {
    const bool repeated = field.field->is_repeated();
    const int count = repeated ? reflection.FieldSize(*message, field.field) : 0;
    if (repeated ? count == 0 : !reflection.HasField(*message, field.field)) continue;
    const Path here = path.Field(field.field->name());
    if (field.personal) {
      Append(here, BytesOf(*message, *field.field), removed);
      reflection.ClearField(message, field.field);
      continue;
    }
    if (field.message == nullptr || !field.message->holds_personal) continue;
    if (!repeated) {
      Erase(reflection.MutableMessage(message, field.field), *field.message, here, removed);
      continue;
    }
    for (int i = 0; i < count; ++i) {
      Message* item = reflection.MutableRepeatedMessage(message, field.field, i);
      if (field.map_value != nullptr) {
        item = item->GetReflection()->MutableMessage(item, field.map_value);
      }
      Erase(item, *field.message, here.Item(i), removed);
    }
  }
}

}  // namespace

bool HoldsPersonal(record::Kind kind) {
  const MessagePlan* plan = PlanOf(kind);
  return plan != nullptr && plan->holds_personal;
}

bool ConcernsPerson(const record::Record& record, record::Kind person_kind,
                    std::string_view person_id) {
  const record::KindInfo* info = record::FindKind(record::KindOf(record));
  if (info == nullptr) return false;
  if (info->kind == person_kind) return record::IdOf(record) == person_id;
  if (info->person_field.empty()) return false;
  const FieldDescriptor* field = info->payload_type()->FindFieldByName(info->person_field);
  const auto& rule = field->options().GetExtension(type::v1::rule);
  const bool refers =
      rule.references().empty() || rule.references() == record::KindName(person_kind);
  if (!refers) return false;
  const Message& payload = *record::Payload(record);
  std::string scratch;
  return payload.GetReflection()->GetStringReference(payload, field, &scratch) == person_id;
}

std::string ErasePersonal(record::Record* record) {
  std::string removed;
  const MessagePlan* plan = PlanOf(record::KindOf(*record));
  if (plan == nullptr || !plan->holds_personal) return removed;
  const Path root{nullptr, record::KindName(record::KindOf(*record))};
  Erase(record::MutablePayload(record), *plan, root, &removed);
  return removed;
}

void SetErasureStamp(record::Record* record, std::string_view stamp) {
  Message* payload = record::MutablePayload(record);
  payload->GetReflection()->MutableUnknownFields(payload)->AddLengthDelimited(kErasureStampField,
                                                                              std::string(stamp));
}

std::string TakeErasureStamp(record::Record* record) {
  std::string stamp;
  Message* payload = record::MutablePayload(record);
  if (payload == nullptr) return stamp;
  const Reflection& reflection = *payload->GetReflection();
  if (reflection.GetUnknownFields(*payload).empty()) return stamp;
  auto* unknown = reflection.MutableUnknownFields(payload);
  for (int i = 0; i < unknown->field_count(); ++i) {
    const auto& field = unknown->field(i);
    if (field.number() == kErasureStampField &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      stamp = field.length_delimited();
    }
  }
  unknown->DeleteByNumber(kErasureStampField);
  return stamp;
}

}  // namespace gtm::records::domain
