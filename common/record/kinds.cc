#include "common/record/kinds.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <charconv>
#include <optional>
#include <unordered_map>

namespace gtm::record {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Field numbers that every payload shares.
constexpr int kIdField = 1;
constexpr int kEtagField = 2;
constexpr int kCreateTimeField = 3;
constexpr int kUpdateTimeField = 4;

std::vector<KindInfo> ReadKinds() {
  std::vector<KindInfo> kinds;
  const Descriptor* record = Record::descriptor();
  for (int i = 0; i < record->field_count(); ++i) {
    const FieldDescriptor* field = record->field(i);
    const type::v1::KindRule& rule = field->message_type()->options().GetExtension(type::v1::kind);
    kinds.push_back({static_cast<Kind>(field->number()),
                     field,
                     rule.name(),
                     rule.writer(),
                     {rule.person_fields().begin(), rule.person_fields().end()},
                     rule.singleton_id(),
                     rule.person()});
  }
  return kinds;
}

void SetTime(Message* payload, int number, absl::Time time) {
  const FieldDescriptor* field = payload->GetDescriptor()->FindFieldByNumber(number);
  auto* stamp = static_cast<google::protobuf::Timestamp*>(
      payload->GetReflection()->MutableMessage(payload, field));
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  stamp->set_seconds(seconds);
  stamp->set_nanos(static_cast<int32_t>(rest * 1'000));
}

}  // namespace

const Descriptor* KindInfo::payload_type() const { return payload_field->message_type(); }

const std::vector<KindInfo>& Kinds() {
  static const auto* kinds = new std::vector<KindInfo>(ReadKinds());
  return *kinds;
}

const KindInfo* FindKind(Kind kind) {
  static const auto* index = [] {
    auto* table = new std::vector<const KindInfo*>(256, nullptr);
    for (const KindInfo& info : Kinds()) table->at(info.kind) = &info;
    return table;
  }();
  const auto number = static_cast<size_t>(kind);
  return number < index->size() ? (*index)[number] : nullptr;
}

const KindInfo* FindKind(std::string_view name) {
  for (const KindInfo& info : Kinds()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string_view KindName(Kind kind) {
  const KindInfo* info = FindKind(kind);
  return info == nullptr ? std::string_view("unspecified") : std::string_view(info->name);
}

Kind KindOf(const Record& record) { return static_cast<Kind>(record.payload_case()); }

const Message* Payload(const Record& record) {
  const KindInfo* info = FindKind(KindOf(record));
  if (info == nullptr) return nullptr;
  return &record.GetReflection()->GetMessage(record, info->payload_field);
}

Message* MutablePayload(Record* record) {
  const KindInfo* info = FindKind(KindOf(*record));
  if (info == nullptr) return nullptr;
  return record->GetReflection()->MutableMessage(record, info->payload_field);
}

const std::string& IdOf(const Record& record) {
  static const auto* empty = new std::string;
  const Message* payload = Payload(record);
  if (payload == nullptr) return *empty;
  const FieldDescriptor* id = payload->GetDescriptor()->FindFieldByNumber(kIdField);
  return payload->GetReflection()->GetStringReference(*payload, id, nullptr);
}

void SetMeta(Record* record, const Meta& meta) {
  Message* payload = MutablePayload(record);
  if (payload == nullptr) return;
  const FieldDescriptor* etag = payload->GetDescriptor()->FindFieldByNumber(kEtagField);
  payload->GetReflection()->SetString(payload, etag, EtagOf(meta.version));
  SetTime(payload, kCreateTimeField, meta.create_time);
  SetTime(payload, kUpdateTimeField, meta.update_time);
}

void ClearMeta(Record* record) {
  Message* payload = MutablePayload(record);
  if (payload == nullptr) return;
  for (const int number : {kEtagField, kCreateTimeField, kUpdateTimeField}) {
    payload->GetReflection()->ClearField(payload,
                                         payload->GetDescriptor()->FindFieldByNumber(number));
  }
}

std::string EtagOf(int64_t version) { return "\"" + std::to_string(version) + "\""; }

int64_t VersionOf(std::string_view etag) {
  if (etag.size() < 3 || etag.front() != '"' || etag.back() != '"') return -1;
  etag = etag.substr(1, etag.size() - 2);
  int64_t version = -1;
  const auto [end, error] = std::from_chars(etag.data(), etag.data() + etag.size(), version);
  return error == std::errc() && end == etag.data() + etag.size() && version >= 0 ? version : -1;
}

std::string CanonicalBody(const Record& record) {
  const Message* payload = Payload(record);
  if (payload == nullptr) return "";
  std::optional<Record> stripped;
  const google::protobuf::Reflection* reflection = payload->GetReflection();
  for (const int number : {kEtagField, kCreateTimeField, kUpdateTimeField}) {
    if (reflection->HasField(*payload, payload->GetDescriptor()->FindFieldByNumber(number))) {
      stripped = record;
      ClearMeta(&*stripped);
      payload = Payload(*stripped);
      break;
    }
  }
  std::string body(payload->ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(body.data(), static_cast<int>(body.size()));
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  payload->SerializeWithCachedSizes(&out);  // computed just now
  out.Trim();
  return body;
}

bool ParseBody(Kind kind, std::string_view body, Record* record) {
  const KindInfo* info = FindKind(kind);
  if (info == nullptr) return false;
  Message* payload = record->GetReflection()->MutableMessage(record, info->payload_field);
  return payload->ParseFromArray(body.data(), static_cast<int>(body.size()));
}

bool ParseBody(Kind kind, std::string_view body, const Meta& meta, Record* record) {
  if (!ParseBody(kind, body, record)) return false;
  SetMeta(record, meta);
  return true;
}

}  // namespace gtm::record
