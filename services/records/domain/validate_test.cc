#include "services/records/domain/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/core/limits.h"
#include "services/records/domain/plan.h"
#include "services/records/domain/sample_records.h"
#include "services/records/domain/value_rules.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using record::Record;

std::vector<FieldViolation> Check(const Record& record) {
  Violations violations;
  ValidateRecord(record, Path{nullptr, "record"}, &violations);
  return violations.list();
}

std::string Shown(const std::vector<FieldViolation>& violations) {
  std::string text;
  for (const auto& violation : violations) {
    text += violation.field + ": " + violation.description + "\n";
  }
  return text;
}

// Expects exactly one violation, at the path, that says something.
void ExpectOne(const Record& record, const std::string& field) {
  const auto violations = Check(record);
  ASSERT_EQ(violations.size(), 1u) << field << "\n" << Shown(violations);
  EXPECT_EQ(violations[0].field, field);
  EXPECT_FALSE(violations[0].description.empty());
}

TEST(ValidateRecord, TakesAMinimalRecordOfEveryKind) {
  for (const record::KindInfo& info : record::Kinds()) {
    const auto violations = Check(MinimalRecord(info.kind));
    EXPECT_TRUE(violations.empty()) << info.name << "\n" << Shown(violations);
  }
}

// What breaks one rule of one field, given a good record.
struct Breakage {
  std::string path;  // of the violation
  Record record;
};

// Puts a value into a field that breaks each of its rules in turn, at every depth of every
// kind: the table of cases is the contract itself.
class Breaker {
 public:
  explicit Breaker(record::Kind kind) : good_(MinimalRecord(kind)) {
    const record::KindInfo* info = record::FindKind(kind);
    Walk(*PlanOf(kind), {info->payload_field}, "record." + info->payload_field->name());
  }
  const std::vector<Breakage>& breakages() const { return breakages_; }

 private:
  using Steps = std::vector<const FieldDescriptor*>;

  // The message that the steps lead to, made on the way with what it requires.
  static Message* Reach(Record* record, const Steps& steps) {
    Message* at = record;
    for (const FieldDescriptor* step : steps) {
      const Reflection* reflection = at->GetReflection();
      if (!step->is_repeated()) {
        const bool fresh = !reflection->HasField(*at, step);
        at = reflection->MutableMessage(at, step);
        if (fresh) FillRequired(at);
      } else if (reflection->FieldSize(*at, step) > 0) {
        at = reflection->MutableRepeatedMessage(at, step, 0);
      } else {
        at = reflection->AddMessage(at, step);
        FillRequired(at);
      }
    }
    return at;
  }

  template <class Change>
  void Break(const Steps& steps, const std::string& path, Change change) {
    Breakage breakage{path, good_};
    Message* message = Reach(&breakage.record, steps);
    change(message, *message->GetReflection());
    breakages_.push_back(std::move(breakage));
  }

  void Walk(const MessagePlan& plan, const Steps& steps, const std::string& path) {
    if (steps.size() > 6) return;
    for (const FieldPlan& field : plan.fields) {
      const std::string here = path + "." + field.field->name();
      if (field.required) {
        Break(steps, here, [&](Message* m, const Reflection& r) { r.ClearField(m, field.field); });
      }
      if (field.map_key != nullptr) {
        BreakMap(field, steps, here);
      } else if (field.field->is_repeated()) {
        BreakList(field, steps, here);
      } else {
        BreakValue(field, steps, here);
      }
      if (field.message != nullptr && field.map_key == nullptr) {
        Steps deeper = steps;
        deeper.push_back(field.field);
        Walk(*field.message, deeper, here + (field.field->is_repeated() ? "[0]" : ""));
      }
    }
  }

  void BreakMap(const FieldPlan& field, const Steps& steps, const std::string& path) {
    const auto add = [&field](Message* m, const Reflection& r, const std::string& key) {
      Message* entry = r.AddMessage(m, field.field);
      entry->GetReflection()->SetString(entry, field.map_key, key);
      return entry;
    };
    Break(steps, path, [&](Message* m, const Reflection& r) {
      for (int i = 0; i <= field.max_items; ++i) add(m, r, std::to_string(i));
    });
    Break(steps, path + "[\"k?\"]", [&](Message* m, const Reflection& r) { add(m, r, "k\xFF"); });
    Break(steps, path + "[\"k\"]", [&](Message* m, const Reflection& r) {
      Message* entry = add(m, r, "k");
      if (field.shape == Shape::kReal) {
        entry->GetReflection()->SetDouble(entry, field.map_value, std::nan(""));
      } else {
        entry->GetReflection()->SetString(
            entry, field.map_value, std::string(static_cast<size_t>(field.max_length) + 1, 'x'));
      }
    });
  }

  void BreakList(const FieldPlan& field, const Steps& steps, const std::string& path) {
    Break(steps, path, [&](Message* m, const Reflection& r) {
      r.ClearField(m, field.field);
      for (int i = 0; i <= field.max_items; ++i) AddItem(m, r, field, "x");
    });
    if (field.shape == Shape::kText || field.shape == Shape::kId) {
      Break(steps, path + "[0]", [&](Message* m, const Reflection& r) {
        AddItem(m, r, field, std::string(static_cast<size_t>(field.max_length) + 1, 'x'));
      });
      Break(steps, path + "[0]",
            [&](Message* m, const Reflection& r) { AddItem(m, r, field, "\xC0\x80"); });
    }
    if (field.shape == Shape::kInteger && field.has_max) {
      Break(steps, path + "[0]", [&](Message* m, const Reflection& r) {
        r.ClearField(m, field.field);
        r.AddInt32(m, field.field, static_cast<int32_t>(field.max + 1));
      });
    }
    if (field.history_time != nullptr) {
      Break(steps, path + "[1].change_time", [&](Message* m, const Reflection& r) {
        r.ClearField(m, field.field);
        for (int i = 0; i < 2; ++i) FillRequired(r.AddMessage(m, field.field));
      });
    }
  }

  static void AddItem(Message* m, const Reflection& r, const FieldPlan& field,
                      const std::string& text) {
    switch (field.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return r.AddString(m, field.field, text);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return FillRequired(r.AddMessage(m, field.field));
      case FieldDescriptor::CPPTYPE_ENUM:
        return r.AddEnumValue(m, field.field, 1);
      case FieldDescriptor::CPPTYPE_INT32:
        return r.AddInt32(m, field.field, 1);
      case FieldDescriptor::CPPTYPE_INT64:
        return r.AddInt64(m, field.field, 1);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return r.AddDouble(m, field.field, 1);
      case FieldDescriptor::CPPTYPE_BOOL:
        return r.AddBool(m, field.field, true);
      default:
        FAIL() << "no list of such items so far: " << field.field->full_name();
    }
  }

  void SetNumber(Message* m, const Reflection& r, const FieldPlan& field, double number) {
    switch (field.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return r.SetInt32(m, field.field, static_cast<int32_t>(number));
      case FieldDescriptor::CPPTYPE_INT64:
        return r.SetInt64(m, field.field, static_cast<int64_t>(number));
      default:
        return r.SetDouble(m, field.field, number);
    }
  }

  void BreakValue(const FieldPlan& field, const Steps& steps, const std::string& path) {
    const auto text = [&](const std::string& bad) {
      Break(steps, path,
            [&](Message* m, const Reflection& r) { r.SetString(m, field.field, bad); });
    };
    if (field.shape == Shape::kText || field.shape == Shape::kId) {
      text(std::string(static_cast<size_t>(field.max_length) + 1, 'x'));
      text("a\xED\xA0\x80");  // a surrogate
    }
    if (field.shape == Shape::kId) text("a\nb");
    if (field.has_min && field.min - 1 != 0) {
      Break(steps, path,
            [&](Message* m, const Reflection& r) { SetNumber(m, r, field, field.min - 1); });
    }
    if (field.has_max) {
      Break(steps, path,
            [&](Message* m, const Reflection& r) { SetNumber(m, r, field, field.max + 1); });
    }
    if (field.shape == Shape::kReal) {
      const double infinity = std::numeric_limits<double>::infinity();
      Break(steps, path,
            [&](Message* m, const Reflection& r) { SetNumber(m, r, field, infinity); });
    }
    if (field.shape == Shape::kEnum) {
      Break(steps, path,
            [&](Message* m, const Reflection& r) { r.SetEnumValue(m, field.field, 9'999); });
    }
    BreakNested(field, steps, path);
  }

  void BreakNested(const FieldPlan& field, const Steps& steps, const std::string& path) {
    const auto nested = [&](const Message& bad) {
      Break(steps, path, [&](Message* m, const Reflection& r) {
        r.MutableMessage(m, field.field)->CopyFrom(bad);
      });
    };
    if (field.shape == Shape::kDate) {
      nested(MakeDate(2023, 2, 29));
      nested(MakeDate(2023, 13, 1));
      nested(MakeDate(1899, 12, 31));
      nested(type::v1::Date());
    }
    if (field.shape == Shape::kTimestamp) {
      google::protobuf::Timestamp time;
      time.set_nanos(1'000'000'000);
      nested(time);
      time.set_nanos(0);
      time.set_seconds(1'700'000'000'000);  // milliseconds by mistake
      nested(time);
    }
    if (field.shape == Shape::kMoney) {
      nested(MakeMoney("usd", 1, 0));
      nested(MakeMoney("", 1, 0));
      nested(MakeMoney("USD", 1, -1'000));
      nested(MakeMoney("USD", 1, 1));
      nested(MakeMoney("USD", 9'300'000'000'000, 0));
    }
  }

  const Record good_;
  std::vector<Breakage> breakages_;
};

TEST(ValidateRecord, FindsEveryBrokenRuleOfEveryKind) {
  size_t count = 0;
  for (const record::KindInfo& info : record::Kinds()) {
    const Breaker breaker(info.kind);
    for (const Breakage& breakage : breaker.breakages()) {
      const auto violations = Check(breakage.record);
      ASSERT_FALSE(violations.empty()) << breakage.path << " went unnoticed\n"
                                       << breakage.record.ShortDebugString().substr(0, 500);
      EXPECT_EQ(violations[0].field, breakage.path) << Shown(violations);
      ++count;
    }
  }
  EXPECT_GT(count, 400u);
}

TEST(ValidateRecord, CollectsAllViolations) {
  Record record;
  record.mutable_account()->set_employee_count(-1);
  record.mutable_account()->set_founded_year(1);
  record.mutable_account()->set_industry(std::string(500, 'x'));
  const auto violations = Check(record);
  EXPECT_EQ(violations.size(), 4u) << Shown(violations);
  EXPECT_EQ(violations[0].field, "record.account.id");
}

TEST(ValidateRecord, RefusesNoPayloadAndUnknownFields) {
  ExpectOne(Record(), "record");
  Record later = MinimalRecord(v1::RECORD_KIND_ACCOUNT);
  later.mutable_account()
      ->GetReflection()
      ->MutableUnknownFields(later.mutable_account())
      ->AddVarint(999, 1);
  ExpectOne(later, "record.account");
  Record kind;
  kind.GetReflection()->MutableUnknownFields(&kind)->AddLengthDelimited(250, "");
  ExpectOne(kind, "record");
}

TEST(ValidateRecord, RefusesARecordThatIsTooLong) {
  Record record = MinimalRecord(v1::RECORD_KIND_SURVEY_RESPONSE);
  auto& answers = *record.mutable_survey_response()->mutable_answers();
  for (int i = 0; i < 50; ++i) answers[std::to_string(i)] = std::string(4'000, 'x');
  EXPECT_TRUE(Check(record).empty());
  // Output-only fields count, too: they would be parsed and copied.
  record.mutable_survey_response()->set_etag(std::string(limits::kRecordBytesMax, 'x'));
  ExpectOne(record, "record.survey_response");
}

TEST(ValidateRecord, IgnoresOutputOnlyFields) {
  Record record = MinimalRecord(v1::RECORD_KIND_ACCOUNT);
  record.mutable_account()->set_etag("nonsense");
  record.mutable_account()->mutable_create_time()->set_nanos(-5);
  EXPECT_TRUE(Check(record).empty());
}

TEST(ValidateRecord, BoundsWhatItKeeps) {
  Record record = MinimalRecord(v1::RECORD_KIND_ACCOUNT);
  for (int i = 0; i < 100'000; ++i) record.mutable_account()->add_technologies("\xFF");
  ExpectOne(record, "record.account.technologies");
  Violations violations;
  for (int i = 0; i < 5'000; ++i) violations.Add(Path{nullptr, "x"}, "y");
  EXPECT_EQ(violations.size(), Violations::kViolationsMax);
}

TEST(ValidateRecord, GivesEqualAnswersForMapsInAnyOrder) {
  const auto make = [](bool reverse) {
    Record record = MinimalRecord(v1::RECORD_KIND_ACCOUNT);
    for (int i = 0; i < 40; ++i) {
      const std::string key = std::to_string(reverse ? 39 - i : i);
      (*record.mutable_account()->mutable_custom_numbers())[key] = std::nan("");
    }
    return Check(record);
  };
  EXPECT_EQ(make(false), make(true));
}

TEST(ValidateImmutable, FindsWhatMayNotChange) {
  Record stored = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT);
  stored.mutable_engagement()->set_account_id("acme");
  Record next = stored;
  next.mutable_engagement()->set_note("more");
  Violations violations;
  ValidateImmutable(stored, next, Path{nullptr, "record"}, &violations);
  EXPECT_TRUE(violations.empty());
  next.mutable_engagement()->set_account_id("other");
  next.mutable_engagement()->mutable_occur_time()->set_seconds(7);
  ValidateImmutable(stored, next, Path{nullptr, "record"}, &violations);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations.list()[0].field, "record.engagement.occur_time");
  EXPECT_EQ(violations.list()[1].field, "record.engagement.account_id");
  EXPECT_TRUE(HasImmutableFields(v1::RECORD_KIND_ENGAGEMENT));
  EXPECT_FALSE(HasImmutableFields(v1::RECORD_KIND_ACCOUNT));
}

TEST(ValueRules, Utf8) {
  for (const char* good : {"", "a", "ä", "€", "𝄞", "aä€𝄞 and some more ASCII after it"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "a\xE2\x82", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "12345678\xFF"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(ValueRules, MoneyAtTheEndsOfItsRange) {
  EXPECT_EQ(MoneyProblem(MakeMoney("USD", 9'223'372'036'854, 775'807'000)), "");
  EXPECT_NE(MoneyProblem(MakeMoney("USD", 9'223'372'036'854, 775'808'000)), "");
  EXPECT_EQ(MoneyProblem(MakeMoney("USD", -9'223'372'036'854, -775'807'000)), "");
  EXPECT_NE(MoneyProblem(MakeMoney("USD", INT64_MIN, 0)), "");
  EXPECT_EQ(MoneyProblem(MakeMoney("USD", 0, -5'000)), "");
}

}  // namespace
}  // namespace gtm::records::domain
