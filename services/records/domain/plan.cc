#include "services/records/domain/plan.h"

#include <map>
#include <memory>
#include <string_view>

#include "common/core/ids.h"
#include "gtm/type/v1/rules.pb.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// etag, create_time and update_time of every payload.
constexpr int kOutputOnlyFirst = 2;
constexpr int kOutputOnlyLast = 4;

Shape ShapeOfMessage(const Descriptor& type) {
  if (type.full_name() == "google.protobuf.Timestamp") return Shape::kTimestamp;
  if (type.full_name() == "gtm.type.v1.Date") return Shape::kDate;
  if (type.full_name() == "gtm.type.v1.Money") return Shape::kMoney;
  return Shape::kMessage;
}

Shape ShapeOf(const FieldDescriptor& value, bool is_id) {
  switch (value.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return Shape::kPlain;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return Shape::kInteger;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Shape::kReal;
    case FieldDescriptor::CPPTYPE_ENUM:
      return Shape::kEnum;
    case FieldDescriptor::CPPTYPE_STRING:
      if (value.type() == FieldDescriptor::TYPE_BYTES) return Shape::kBytes;
      return is_id ? Shape::kId : Shape::kText;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ShapeOfMessage(*value.message_type());
  }
  return Shape::kPlain;
}

// All plans by message type. Built once; a message that contains itself is planned once.
class Plans {
 public:
  Plans() {
    for (const record::KindInfo& info : record::Kinds()) Compile(info.payload_type(), true);
    MarkPersonal();
  }
  const MessagePlan* Find(const Descriptor* type) const {
    const auto at = plans_.find(type);
    return at == plans_.end() ? nullptr : at->second.get();
  }

 private:
  const MessagePlan* Compile(const Descriptor* type, bool payload) {
    std::unique_ptr<MessagePlan>& slot = plans_[type];
    if (slot != nullptr) return slot.get();
    slot = std::make_unique<MessagePlan>();
    MessagePlan* plan = slot.get();
    plan->type = type;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const bool output_only =
          payload && field->number() >= kOutputOnlyFirst && field->number() <= kOutputOnlyLast;
      if (!output_only) plan->fields.push_back(CompileField(*field, payload));
    }
    return plan;
  }

  FieldPlan CompileField(const FieldDescriptor& field, bool payload) {
    const type::v1::FieldRule& rule = field.options().GetExtension(type::v1::rule);
    FieldPlan plan;
    plan.field = &field;
    plan.required = rule.required();
    plan.personal = rule.personal();
    plan.immutable = rule.immutable();
    plan.has_min = rule.has_min();
    plan.has_max = rule.has_max();
    plan.min = rule.min();
    plan.max = rule.max();
    if (rule.max_length() > 0) plan.max_length = rule.max_length();
    if (rule.max_items() > 0) plan.max_items = rule.max_items();
    const FieldDescriptor* value = &field;
    if (field.is_map()) {
      plan.map_key = field.message_type()->map_key();
      plan.map_value = value = field.message_type()->map_value();
    }
    const bool is_id = (payload && field.number() == 1) || !rule.references().empty();
    plan.shape = ShapeOf(*value, is_id);
    if (plan.shape == Shape::kId && plan.max_length > static_cast<int>(kIdBytesMax)) {
      plan.max_length = static_cast<int>(kIdBytesMax);
    }
    if (plan.shape == Shape::kMessage) plan.message = Compile(value->message_type(), false);
    if (rule.history()) {
      plan.history_time = field.message_type()->FindFieldByName("change_time");
    }
    return plan;
  }

  // A fixed point, since messages may contain each other.
  void MarkPersonal() {
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& [type, plan] : plans_) {
        if (plan->holds_personal) continue;
        for (const FieldPlan& field : plan->fields) {
          const bool below = field.message != nullptr && field.message->holds_personal;
          if (field.personal || below) plan->holds_personal = changed = true;
        }
      }
    }
  }

  std::map<const Descriptor*, std::unique_ptr<MessagePlan>> plans_;
};

}  // namespace

const MessagePlan* PlanOf(record::Kind kind) {
  static const auto* by_kind = [] {
    const auto* plans = new Plans;
    auto* table = new std::vector<const MessagePlan*>(256, nullptr);
    for (const record::KindInfo& info : record::Kinds()) {
      table->at(info.kind) = plans->Find(info.payload_type());
    }
    return table;
  }();
  const auto number = static_cast<size_t>(kind);
  return number < by_kind->size() ? (*by_kind)[number] : nullptr;
}

}  // namespace gtm::records::domain
