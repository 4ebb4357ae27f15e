#include "services/gtm/cli/flatten.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <map>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Shortest text that reads back as the same number.
std::string Shortest(double number) { return fmt::format("{}", number); }

std::string EnumValue(const google::protobuf::EnumValueDescriptor* value) {
  const std::string& zero = value->type()->value(0)->name();
  constexpr std::string_view kSuffix = "UNSPECIFIED";
  const std::string prefix =
      zero.ends_with(kSuffix) ? zero.substr(0, zero.size() - kSuffix.size()) : "";
  return EnumText(value->name(), prefix);
}

class Flattener {
 public:
  explicit Flattener(bool lists) : lists_(lists) {}

  void Add(const Message& message, const std::string& prefix) {
    const Reflection* reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);  // by number
    for (const FieldDescriptor* field : fields) {
      const std::string path = prefix + field->name();
      if (field->is_map()) {
        AddMap(message, field, path);
      } else if (field->is_repeated()) {
        AddList(message, field, path);
      } else {
        AddOne(message, field, -1, path);
      }
    }
  }

  std::vector<FlatField> fields;

 private:
  void AddMap(const Message& message, const FieldDescriptor* field, const std::string& path) {
    const Reflection* reflection = message.GetReflection();
    std::map<std::string, const Message*> entries;  // by key
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      const Message& entry = reflection->GetRepeatedMessage(message, field, i);
      const FieldDescriptor* key = field->message_type()->map_key();
      if (key->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      entries[entry.GetReflection()->GetString(entry, key)] = &entry;
    }
    for (const auto& [key, entry] : entries) {
      AddOne(*entry, field->message_type()->map_value(), -1, fmt::format("{}.{}", path, key));
    }
  }

  void AddList(const Message& message, const FieldDescriptor* field, const std::string& path) {
    const int count = message.GetReflection()->FieldSize(message, field);
    if (!lists_) {
      fields.push_back({path, std::to_string(count), std::to_string(count)});
      return;
    }
    for (int i = 0; i < count; ++i) AddOne(message, field, i, fmt::format("{}[{}]", path, i));
  }

  // One value: of a list where index >= 0.
  void AddOne(const Message& message, const FieldDescriptor* field, int index,
              const std::string& path) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Reflection* reflection = message.GetReflection();
      AddMessage(index < 0 ? reflection->GetMessage(message, field)
                           : reflection->GetRepeatedMessage(message, field, index),
                 path);
      return;
    }
    std::string value = Scalar(message, field, index);
    fields.push_back({path, value, value});
  }

  void AddMessage(const Message& part, const std::string& path) {
    const std::string& type = part.GetDescriptor()->full_name();
    if (type == "google.protobuf.Timestamp") {
      const std::string text = TimeText(static_cast<const google::protobuf::Timestamp&>(part));
      fields.push_back({path, text, text});
    } else if (type == "gtm.type.v1.Date") {
      const std::string text = DateText(static_cast<const type::v1::Date&>(part));
      fields.push_back({path, text, text});
    } else if (type == "gtm.type.v1.Money") {
      const auto& money = static_cast<const type::v1::Money&>(part);
      fields.push_back({path, MoneyText(money), MoneyPlain(money)});
    } else {
      Add(part, path + ".");
    }
  }

  static std::string Scalar(const Message& message, const FieldDescriptor* field, int index) {
    const Reflection* r = message.GetReflection();
    const bool list = index >= 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return list ? r->GetRepeatedString(message, field, index) : r->GetString(message, field);
      case FieldDescriptor::CPPTYPE_INT32:
        return std::to_string(list ? r->GetRepeatedInt32(message, field, index)
                                   : r->GetInt32(message, field));
      case FieldDescriptor::CPPTYPE_INT64:
        return std::to_string(list ? r->GetRepeatedInt64(message, field, index)
                                   : r->GetInt64(message, field));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Shortest(list ? r->GetRepeatedDouble(message, field, index)
                             : r->GetDouble(message, field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return (list ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field))
                   ? "true"
                   : "false";
      case FieldDescriptor::CPPTYPE_ENUM:
        return EnumValue(list ? r->GetRepeatedEnum(message, field, index)
                              : r->GetEnum(message, field));
      default:
        return "";
    }
  }

  bool lists_;
};

}  // namespace

std::vector<FlatField> Flatten(const Message& message, bool lists) {
  Flattener flattener(lists);
  flattener.Add(message, "");
  return std::move(flattener.fields);
}

}  // namespace gtm::cli
