#include "common/record/kinds.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_split.h"

namespace gtm::record {
namespace {

// The path leads through messages to a string.
void ExpectNamesText(const KindInfo& info, const std::string& path) {
  const google::protobuf::Descriptor* at = info.payload_type();
  const google::protobuf::FieldDescriptor* field = nullptr;
  for (const std::string& step : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    ASSERT_NE(at, nullptr) << path;
    field = at->FindFieldByName(step);
    ASSERT_NE(field, nullptr) << path;
    at = field->message_type();
  }
  EXPECT_EQ(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_STRING) << path;
}

TEST(Kinds, EveryPayloadHasARuleAndTheFourCommonFields) {
  std::set<std::string> names;
  for (const KindInfo& info : Kinds()) {
    SCOPED_TRACE(info.payload_field->name());
    EXPECT_TRUE(names.insert(info.name).second);
    EXPECT_EQ(info.name, info.payload_field->name());
    EXPECT_NE(info.writer, type::v1::KIND_WRITER_UNSPECIFIED);
    EXPECT_TRUE(records::v1::RecordKind_IsValid(info.kind));
    const char* expected[] = {"id", "etag", "create_time", "update_time"};
    for (int number = 1; number <= 4; ++number) {
      const auto* field = info.payload_type()->FindFieldByNumber(number);
      ASSERT_NE(field, nullptr);
      EXPECT_EQ(field->name(), expected[number - 1]);
    }
    for (const std::string& path : info.person_fields) ExpectNamesText(info, path);
  }
  EXPECT_EQ(static_cast<int>(names.size()) + 1,
            records::v1::RecordKind_descriptor()->value_count());
}

TEST(Kinds, CanonicalBodyIgnoresOutputOnlyFieldsAndMapOrder) {
  Record a;
  a.mutable_account()->set_id("acme");
  (*a.mutable_account()->mutable_custom_labels())["x"] = "1";
  (*a.mutable_account()->mutable_custom_labels())["y"] = "2";
  Record b;
  b.mutable_account()->set_id("acme");
  (*b.mutable_account()->mutable_custom_labels())["y"] = "2";
  (*b.mutable_account()->mutable_custom_labels())["x"] = "1";
  SetMeta(&b, {7, absl::FromUnixSeconds(1), absl::FromUnixSeconds(2)});
  EXPECT_EQ(b.account().etag(), "\"7\"");
  EXPECT_EQ(CanonicalBody(a), CanonicalBody(b));
  Record back;
  ASSERT_TRUE(ParseBody(KindOf(a), CanonicalBody(a), &back));
  EXPECT_EQ(CanonicalBody(back), CanonicalBody(a));
}

TEST(Kinds, EtagsRoundTrip) {
  EXPECT_EQ(VersionOf(EtagOf(42)), 42);
  for (const char* bad : {"", "42", "\"\"", "\"x\"", "\"-1\"", "\"4"})
    EXPECT_EQ(VersionOf(bad), -1);
}

}  // namespace
}  // namespace gtm::record
