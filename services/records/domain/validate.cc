#include "services/records/domain/validate.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/message_differencer.h>

#include <cmath>

#include "common/core/limits.h"
#include "services/records/domain/kind_rules.h"
#include "services/records/domain/plan.h"
#include "services/records/domain/value_rules.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// Walks one record. `index` below is the position in a list, or -1 for a single value.
class Walk {
 public:
  explicit Walk(Violations* violations) : violations_(violations) {}

  void CheckMessage(const Message& message, const MessagePlan& plan, const Path& path) {
    const Reflection& reflection = *message.GetReflection();
    const auto& unknown = reflection.GetUnknownFields(message);
    if (!unknown.empty()) {
      violations_->Add(path, fmt::format("field number {} is not known to this version; leave it "
                                         "out, or update the server",
                                         unknown.field(0).number()));
    }
    for (const FieldPlan& field : plan.fields) CheckField(message, reflection, field, path);
  }

 private:
  void CheckField(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                  const Path& parent) {
    if (plan.field->is_repeated()) {
      const int count = reflection.FieldSize(message, plan.field);
      if (count > 0) {
        CheckItems(message, reflection, plan, count, parent.Field(plan.field->name()));
      } else if (plan.required) {
        violations_->Add(parent.Field(plan.field->name()), "required; give at least one");
      }
      return;
    }
    if (!reflection.HasField(message, plan.field)) {
      if (plan.required) violations_->Add(parent.Field(plan.field->name()), "required; set it");
      return;
    }
    CheckValue(message, reflection, plan, plan.field, -1, parent.Field(plan.field->name()));
  }

  void CheckItems(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                  int count, const Path& path) {
    if (count > plan.max_items) {
      violations_->Add(
          path, fmt::format("{} items, at most {} are allowed; give fewer", count, plan.max_items));
      return;  // the items of a list that is refused for its length are not looked at
    }
    if (plan.map_key != nullptr) {
      CheckMap(message, reflection, plan, count, path);
      return;
    }
    for (int i = 0; i < count; ++i) {
      CheckValue(message, reflection, plan, plan.field, i, path.Item(i));
    }
    if (plan.history_time != nullptr) CheckHistory(message, reflection, plan, count, path);
  }

  // Entries come in hash order: what is wrong with them is sorted, so that equal
  // requests get equal answers.
  void CheckMap(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                int count, const Path& path) {
    const size_t first = violations_->size();
    for (int i = 0; i < count; ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, plan.field, i);
      const Reflection& entry_reflection = *entry.GetReflection();
      std::string scratch;
      std::string_view key;
      if (plan.map_key->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        key = entry_reflection.GetStringReference(entry, plan.map_key, &scratch);
        if (auto problem = TextProblem(key, plan.max_length); !problem.empty()) {
          violations_->Add(path.Value(key), "key: " + problem);
        }
      }
      CheckValue(entry, entry_reflection, plan, plan.map_value, -1, path.Value(key));
    }
    if (violations_->size() > first + 1) violations_->SortFrom(first);
  }

  void CheckHistory(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                    int count, const Path& path) {
    const auto time_of = [&](int i) -> const Timestamp& {
      const Message& item = reflection.GetRepeatedMessage(message, plan.field, i);
      return static_cast<const Timestamp&>(
          item.GetReflection()->GetMessage(item, plan.history_time));
    };
    for (int i = 1; i < count; ++i) {
      const Timestamp& before = time_of(i - 1);
      const Timestamp& now = time_of(i);
      if (std::pair(before.seconds(), before.nanos()) < std::pair(now.seconds(), now.nanos())) {
        continue;
      }
      const Path item = path.Item(i);
      violations_->Add(item.Field(plan.history_time->name()),
                       "not after the entry before it; give the history in order of time, "
                       "each instant once");
    }
  }

  void CheckValue(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                  const FieldDescriptor* value, int index, const Path& path) {
    switch (plan.shape) {
      case Shape::kPlain:
        return;
      case Shape::kInteger:
        return CheckNumber(Integer(message, reflection, value, index), plan, path);
      case Shape::kReal:
        return CheckNumber(Real(message, reflection, value, index), plan, path);
      case Shape::kEnum:
        return CheckEnum(message, reflection, value, index, path);
      case Shape::kText:
      case Shape::kId:
      case Shape::kBytes:
        return CheckText(message, reflection, plan, value, index, path);
      default:
        return CheckNested(index < 0 ? reflection.GetMessage(message, value)
                                     : reflection.GetRepeatedMessage(message, value, index),
                           plan, path);
    }
  }

  static double Integer(const Message& message, const Reflection& reflection,
                        const FieldDescriptor* value, int index) {
    const bool one = index < 0;
    switch (value->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return one ? reflection.GetInt32(message, value)
                   : reflection.GetRepeatedInt32(message, value, index);
      case FieldDescriptor::CPPTYPE_INT64:
        return static_cast<double>(one ? reflection.GetInt64(message, value)
                                       : reflection.GetRepeatedInt64(message, value, index));
      case FieldDescriptor::CPPTYPE_UINT32:
        return one ? reflection.GetUInt32(message, value)
                   : reflection.GetRepeatedUInt32(message, value, index);
      default:
        return static_cast<double>(one ? reflection.GetUInt64(message, value)
                                       : reflection.GetRepeatedUInt64(message, value, index));
    }
  }

  static double Real(const Message& message, const Reflection& reflection,
                     const FieldDescriptor* value, int index) {
    if (value->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
      return index < 0 ? reflection.GetFloat(message, value)
                       : reflection.GetRepeatedFloat(message, value, index);
    }
    return index < 0 ? reflection.GetDouble(message, value)
                     : reflection.GetRepeatedDouble(message, value, index);
  }

  void CheckNumber(double number, const FieldPlan& plan, const Path& path) {
    if (!std::isfinite(number)) {
      violations_->Add(path, "not a finite number; leave it out where it is not known");
    } else if (plan.has_min && number < plan.min) {
      violations_->Add(path, fmt::format("{:.15g} is less than {:.15g}, the smallest allowed",
                                         number, plan.min));
    } else if (plan.has_max && number > plan.max) {
      violations_->Add(
          path, fmt::format("{:.15g} is more than {:.15g}, the largest allowed", number, plan.max));
    }
  }

  void CheckEnum(const Message& message, const Reflection& reflection, const FieldDescriptor* value,
                 int index, const Path& path) {
    const int number = index < 0 ? reflection.GetEnumValue(message, value)
                                 : reflection.GetRepeatedEnumValue(message, value, index);
    if (value->enum_type()->FindValueByNumber(number) == nullptr) {
      violations_->Add(path, fmt::format("{} is no value of {}; use one that is declared", number,
                                         value->enum_type()->full_name()));
    }
  }

  void CheckText(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                 const FieldDescriptor* value, int index, const Path& path) {
    std::string scratch;
    const std::string& text =
        index < 0 ? reflection.GetStringReference(message, value, &scratch)
                  : reflection.GetRepeatedStringReference(message, value, index, &scratch);
    std::string problem;
    if (plan.shape == Shape::kText) problem = TextProblem(text, plan.max_length);
    if (plan.shape == Shape::kId) problem = IdProblem(text, plan.max_length);
    if (plan.shape == Shape::kBytes && text.size() > static_cast<size_t>(plan.max_length)) {
      problem = fmt::format("{} bytes, at most {} are allowed", text.size(), plan.max_length);
    }
    if (!problem.empty()) violations_->Add(path, std::move(problem));
  }

  void CheckNested(const Message& nested, const FieldPlan& plan, const Path& path) {
    std::string problem;
    if (plan.shape == Shape::kMessage) return CheckMessage(nested, *plan.message, path);
    if (plan.shape == Shape::kTimestamp) {
      problem = TimestampProblem(static_cast<const Timestamp&>(nested));
    } else if (plan.shape == Shape::kDate) {
      problem = DateProblem(static_cast<const type::v1::Date&>(nested));
    } else if (plan.shape == Shape::kMoney) {
      problem = MoneyProblem(static_cast<const type::v1::Money&>(nested));
    }
    if (!nested.GetReflection()->GetUnknownFields(nested).empty()) {
      problem = "has a field that is not known to this version; leave it out";
    }
    if (!problem.empty()) violations_->Add(path, std::move(problem));
  }

  Violations* violations_;
};

}  // namespace

void ValidateRecord(const record::Record& record, const Path& path, Violations* violations) {
  const record::KindInfo* info = record::FindKind(record::KindOf(record));
  if (info == nullptr) {
    const bool unknown = !record.GetReflection()->GetUnknownFields(record).empty();
    violations->Add(path, unknown ? "holds a kind that is not known to this version"
                                  : "required; set the payload of one kind");
    return;
  }
  if (!record.GetReflection()->GetUnknownFields(record).empty()) {
    violations->Add(path, "has a field that is not known to this version; leave it out");
  }
  const Path payload = path.Field(info->payload_field->name());
  const size_t bytes = record.ByteSizeLong();
  if (bytes > static_cast<size_t>(limits::kRecordBytesMax)) {
    violations->Add(payload, fmt::format("{} bytes, a record has at most {}; move what is long "
                                         "elsewhere",
                                         bytes, limits::kRecordBytesMax));
  }
  const size_t first = violations->size();
  Walk(violations).CheckMessage(*record::Payload(record), *PlanOf(info->kind), payload);
  if (!info->singleton_id.empty() && record::IdOf(record) != info->singleton_id) {
    violations->Add(payload.Field("id"),
                    fmt::format("must be \"{}\": there is one such record", info->singleton_id));
  }
  // Rules that join fields rest on fields that are good by themselves.
  if (violations->size() == first) CheckKindRules(record, payload, violations);
}

bool HasImmutableFields(record::Kind kind) {
  const MessagePlan* plan = PlanOf(kind);
  if (plan == nullptr) return false;
  for (const FieldPlan& field : plan->fields) {
    if (field.immutable) return true;
  }
  return false;
}

void ValidateImmutable(const record::Record& stored, const record::Record& next, const Path& path,
                       Violations* violations) {
  const record::KindInfo* info = record::FindKind(record::KindOf(next));
  if (info == nullptr || record::KindOf(stored) != info->kind) return;
  const Path payload = path.Field(info->payload_field->name());
  for (const FieldPlan& plan : PlanOf(info->kind)->fields) {
    if (!plan.immutable) continue;
    google::protobuf::util::MessageDifferencer differencer;
    const bool equal = differencer.CompareWithFields(
        *record::Payload(stored), *record::Payload(next), {plan.field}, {plan.field});
    if (!equal) {
      violations->Add(payload.Field(plan.field->name()),
                      "cannot change once recorded; delete the record and create another");
    }
  }
}

}  // namespace gtm::records::domain
