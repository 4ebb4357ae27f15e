#include "services/records/domain/sample_records.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

namespace gtm::records::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A value that rules of joined fields like, too: end dates come after start dates.
void FillMessage(const FieldDescriptor& field, Message* value) {
  const std::string& type = value->GetDescriptor()->full_name();
  if (type == "google.protobuf.Timestamp") {
    static_cast<google::protobuf::Timestamp*>(value)->set_seconds(1'700'000'000);
  } else if (type == "gtm.type.v1.Date") {
    value->CopyFrom(MakeDate(field.name() == "end_date" ? 2024 : 2023, 1, 31));
  } else if (type == "gtm.type.v1.Money") {
    value->CopyFrom(MakeMoney("USD", 5, 0));
  } else {
    FillRequired(value);
  }
}

int64_t SmallNumber(const type::v1::FieldRule& rule) {
  const double low = rule.has_min() ? rule.min() : 1;
  return static_cast<int64_t>(std::max(1.0, low));
}

void FillField(Message* message, const FieldDescriptor* field) {
  const Reflection& reflection = *message->GetReflection();
  const auto& rule = field->options().GetExtension(type::v1::rule);
  const bool list = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const bool is_currency = field->name().find("currency") != std::string::npos;
      const bool is_digest = field->name() == "secret_sha256";
      const std::string text = is_currency ? "USD" : is_digest ? std::string(64, '0') : "x";
      return list ? reflection.AddString(message, field, text)
                  : reflection.SetString(message, field, text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillMessage(*field, list ? reflection.AddMessage(message, field)
                                      : reflection.MutableMessage(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return list ? reflection.AddEnumValue(message, field, 1)
                  : reflection.SetEnumValue(message, field, 1);
    case FieldDescriptor::CPPTYPE_INT32:
      return list ? reflection.AddInt32(message, field, static_cast<int32_t>(SmallNumber(rule)))
                  : reflection.SetInt32(message, field, static_cast<int32_t>(SmallNumber(rule)));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(message, field, SmallNumber(rule));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(message, field, static_cast<double>(SmallNumber(rule)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(message, field, true);
    default:
      return;
  }
}

}  // namespace

type::v1::Date MakeDate(int year, int month, int day) {
  type::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

type::v1::Money MakeMoney(const char* currency, int64_t units, int32_t nanos) {
  type::v1::Money money;
  money.set_currency_code(currency);
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

void FillRequired(Message* message) {
  const std::string& type = message->GetDescriptor()->full_name();
  if (type == "gtm.type.v1.Date" || type == "gtm.type.v1.Money") return;
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (field->options().GetExtension(type::v1::rule).required()) FillField(message, field);
  }
}

record::Record MinimalRecord(record::Kind kind, const std::string& id) {
  record::Record record;
  const record::KindInfo* info = record::FindKind(kind);
  Message* payload = record.GetReflection()->MutableMessage(&record, info->payload_field);
  FillRequired(payload);
  payload->GetReflection()->SetString(payload, payload->GetDescriptor()->FindFieldByNumber(1),
                                      info->singleton_id.empty() ? id : info->singleton_id);
  return record;
}

}  // namespace gtm::records::domain
