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

// Clears one record for one person.
class Eraser {
 public:
  explicit Eraser(const Person& person) : person_(person) {}

  // `persons` is null where no person field is here or below. `named`: the personal fields
  // here belong to what speaks of the person.
  void Clear(Message* message, const MessagePlan& plan, const PersonFields* persons, bool named,
             const Path& path) {
    const Reflection& reflection = *message->GetReflection();
    for (const FieldPlan& field : plan.fields) {
      const bool repeated = field.field->is_repeated();
      const bool present = repeated ? reflection.FieldSize(*message, field.field) > 0
                                    : reflection.HasField(*message, field.field);
      if (!present) continue;
      const Path here = path.Field(field.field->name());
      if (field.personal) {
        const bool names = persons != nullptr && persons->Has(field.field);
        const bool clear =
            names ? NamingOf(*message, field.field, person_) == Naming::kByName : named;
        if (!clear) continue;
        Append(here, BytesOf(*message, *field.field), &removed_);
        reflection.ClearField(message, field.field);
      } else if (field.message != nullptr && field.message->holds_personal) {
        ClearBelow(message, field, persons, named, here);
      }
    }
  }

  std::string Take() && { return std::move(removed_); }

 private:
  void ClearBelow(Message* message, const FieldPlan& field, const PersonFields* persons, bool named,
                  const Path& path) {
    const PersonFields* below = persons == nullptr ? nullptr : persons->Below(field.field);
    const auto clear = [&](Message* item, const Path& at) {
      const bool owned = below != nullptr && below->owned;
      Clear(item, *field.message, below, owned ? Names(*item, *below, person_) : named, at);
    };
    const Reflection& reflection = *message->GetReflection();
    if (!field.field->is_repeated()) {
      clear(reflection.MutableMessage(message, field.field), path);
      return;
    }
    for (int i = 0; i < reflection.FieldSize(*message, field.field); ++i) {
      Message* item = reflection.MutableRepeatedMessage(message, field.field, i);
      if (field.map_value != nullptr) {
        item = item->GetReflection()->MutableMessage(item, field.map_value);
      }
      clear(item, path.Item(i));
    }
  }

  const Person& person_;
  std::string removed_;
};

}  // namespace

bool MayHoldWordsAbout(record::Kind kind, record::Kind person) {
  const MessagePlan* plan = PlanOf(kind);
  return plan != nullptr && plan->holds_personal && MayName(kind, person);
}

bool ConcernsPerson(const record::Record& record, const Person& person) {
  const record::Kind kind = record::KindOf(record);
  const Message* payload = record::Payload(record);
  if (payload == nullptr) return false;
  if (kind == person.kind && record::IdOf(record) == person.id) return true;
  return Names(*payload, PersonFieldsOf(kind), person);
}

std::string ErasePerson(record::Record* record, const Person& person) {
  const record::Kind kind = record::KindOf(*record);
  const MessagePlan* plan = PlanOf(kind);
  if (plan == nullptr || !plan->holds_personal || !ConcernsPerson(*record, person)) return "";
  const bool own = kind == person.kind && record::IdOf(*record) == person.id;
  const bool others = !own && record::FindKind(kind)->person;
  const Path root{nullptr, record::KindName(kind)};
  Eraser eraser(person);
  eraser.Clear(record::MutablePayload(record), *plan, &PersonFieldsOf(kind), !others, root);
  return std::move(eraser).Take();
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
