#include "services/records/domain/erase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "gtm/type/v1/rules.pb.h"
#include "services/records/domain/marked_records.h"
#include "services/records/domain/sample_records.h"

namespace gtm::records::domain {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using record::Record;

const Person kAda{v1::RECORD_KIND_CONTACT, "p1", {}};

const FieldDescriptor* FieldAt(const record::KindInfo& info, const std::string& path) {
  const Descriptor* at = info.payload_type();
  size_t begin = 0;
  while (true) {
    const size_t dot = path.find('.', begin);
    const FieldDescriptor* field = at->FindFieldByName(path.substr(begin, dot - begin));
    if (dot == std::string::npos) return field;
    at = field->message_type();
    begin = dot + 1;
  }
}

// Persons of every kind that the field may name.
std::vector<Person> PersonsOf(const FieldDescriptor* field) {
  const std::string& to = field->options().GetExtension(type::v1::rule).references();
  std::vector<Person> persons;
  for (const record::KindInfo& info : record::Kinds()) {
    if (info.person && (to.empty() || to == info.name)) persons.push_back({info.kind, "p1", {}});
  }
  return persons;
}

bool IsPersonal(const FieldDescriptor* field) {
  return field->options().GetExtension(type::v1::rule).personal();
}

// The items of a list that has this person field speak of that person alone.
bool Owns(const std::string& path, const FieldDescriptor* field) {
  const bool own =
      IsPersonal(field) || !field->options().GetExtension(type::v1::rule).references().empty();
  return path.find('.') != std::string::npos && own;
}

bool Holds(const Record& record, const std::string& text) {
  return record::CanonicalBody(record).find(text) != std::string::npos;
}

TEST(ErasePerson, BlanksEveryPersonalFieldAndNothingElse) {
  Record record;
  auto* contact = record.mutable_contact();
  contact->set_id("p1");
  contact->set_account_id("acme");
  contact->set_display_name("Ada Lovelace");
  contact->set_email("ada@example.com");
  contact->set_job_title("Head of Engines");
  contact->set_seniority(5);
  contact->add_interests("whist");
  const std::string removed = ErasePerson(&record, kAda);
  for (const char* text : {"Ada Lovelace", "ada@example.com", "Head of Engines", "whist"}) {
    EXPECT_NE(removed.find(text), std::string::npos) << text;
    EXPECT_FALSE(Holds(record, text)) << text;
  }
  EXPECT_EQ(contact->id(), "p1");
  EXPECT_EQ(contact->account_id(), "acme");
  EXPECT_EQ(contact->seniority(), 5);
  EXPECT_EQ(ErasePerson(&record, kAda), "") << "nothing is left to remove";
}

TEST(ErasePerson, DoesNotDependOnTheOrderOfMaps) {
  const auto removed = [](bool reverse) {
    Record record;
    record.mutable_survey_response()->set_contact_id("p1");
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(reverse ? 19 - i : i);
      (*record.mutable_survey_response()->mutable_answers())[key] = "answer " + key;
    }
    return ErasePerson(&record, kAda);
  };
  EXPECT_NE(removed(false), "");
  EXPECT_EQ(removed(false), removed(true));
}

TEST(ErasePerson, LeavesNothingOfARecordOfAnyKindThatNamesOnlyThePerson) {
  int cases = 0;
  for (const record::KindInfo& info : record::Kinds()) {
    for (const record::KindInfo& kind : record::Kinds()) {
      if (!kind.person || !MayHoldWordsAbout(info.kind, kind.kind)) continue;
      SCOPED_TRACE(info.name + " and a " + kind.name);
      Record record = MarkedRecord(info.kind, "p1", "secret");
      for (const std::string& path : info.person_fields) {
        SetPersonField(&record, path, "p1", false);
      }
      const bool others = info.person && info.kind != kind.kind;
      const std::string before = record::CanonicalBody(record);
      const std::string removed = ErasePerson(&record, {kind.kind, "p1", {}});
      EXPECT_EQ(Holds(record, "secret"), others) << record.ShortDebugString();
      EXPECT_EQ(removed.empty(), others);
      EXPECT_EQ(record::IdOf(record), "p1");
      ++cases;
      const Record kept = record;
      EXPECT_EQ(ErasePerson(&record, {kind.kind, "p1", {}}), "");
      EXPECT_EQ(record::CanonicalBody(record), record::CanonicalBody(kept));
    }
  }
  EXPECT_GT(cases, 15);
}

TEST(ErasePerson, IsReachedByEachPersonFieldAlone) {
  for (const record::KindInfo& info : record::Kinds()) {
    if (info.person) continue;
    for (const std::string& path : info.person_fields) {
      const FieldDescriptor* field = FieldAt(info, path);
      for (const Person& person : PersonsOf(field)) {
        SCOPED_TRACE(info.name + "." + path + " by a " +
                     std::string(record::KindName(person.kind)));
        Record record = MarkedRecord(info.kind, "r1", "secret");
        SetPersonField(&record, path, "p1", true);
        ASSERT_TRUE(ConcernsPerson(record, person));
        ErasePerson(&record, person);
        EXPECT_FALSE(Holds(record, "secret[]")) << "what belongs to nobody else goes";
        if (!Owns(path, field)) continue;
        EXPECT_FALSE(Holds(record, "secret[0]")) << record.ShortDebugString();
      }
    }
  }
}

TEST(ErasePerson, LeavesRecordsOfOthersAsTheyAre) {
  for (const record::KindInfo& info : record::Kinds()) {
    const Record before = MarkedRecord(info.kind, "r1", "secret");
    for (const record::Kind kind :
         {v1::RECORD_KIND_CONTACT, v1::RECORD_KIND_SELLER, v1::RECORD_KIND_EXECUTIVE}) {
      Record record = before;
      EXPECT_EQ(ErasePerson(&record, {kind, "p1", {"ada"}}), "") << info.name;
      EXPECT_EQ(record::CanonicalBody(record), record::CanonicalBody(before)) << info.name;
    }
  }
}

TEST(ErasePerson, TakesOneSignatureOfThree) {
  Record record;
  auto* definition = record.mutable_target_definition();
  for (const char* signer : {" Ada Lovelace", "s2", "Charles Babbage"}) {
    auto* sign_off = definition->add_sign_offs();
    sign_off->set_signer(signer);
    sign_off->set_note(std::string("remark of ") + signer);
    sign_off->set_subject("user:7");
  }
  const Person ada{v1::RECORD_KIND_SELLER, "s1", {"ada lovelace"}};
  EXPECT_NE(ErasePerson(&record, ada), "");
  EXPECT_EQ(definition->sign_offs(0).signer(), "");
  EXPECT_EQ(definition->sign_offs(0).note(), "");
  EXPECT_EQ(definition->sign_offs(0).subject(), "user:7") << "the audit's key stays";
  EXPECT_EQ(definition->sign_offs(1).note(), "remark of s2");
  EXPECT_EQ(definition->sign_offs(2).signer(), "Charles Babbage");
  EXPECT_NE(ErasePerson(&record, {v1::RECORD_KIND_SELLER, "s2", {}}), "");
  EXPECT_EQ(definition->sign_offs(1).signer(), "s2") << "an id is a key";
  EXPECT_EQ(definition->sign_offs(1).note(), "");
  EXPECT_EQ(definition->sign_offs(2).note(), "remark of Charles Babbage");
}

TEST(ErasePerson, OfAnotherPersonsRecordTakesTheNameOnly) {
  Record record;
  record.mutable_seller()->set_id("s1");
  record.mutable_seller()->set_display_name("Grace");
  record.mutable_seller()->set_manager_id("Ada Lovelace");
  EXPECT_NE(ErasePerson(&record, {v1::RECORD_KIND_SELLER, "s2", {"ada lovelace"}}), "");
  EXPECT_EQ(record.seller().manager_id(), "");
  EXPECT_EQ(record.seller().display_name(), "Grace");
  record.mutable_seller()->set_manager_id("s2");
  EXPECT_EQ(ErasePerson(&record, {v1::RECORD_KIND_SELLER, "s2", {"ada lovelace"}}), "");
  EXPECT_EQ(record.seller().manager_id(), "s2");
}

TEST(ConcernsPerson, ByOwnIdAndByPersonField) {
  Record contact;
  contact.mutable_contact()->set_id("p1");
  EXPECT_TRUE(ConcernsPerson(contact, kAda));
  EXPECT_FALSE(ConcernsPerson(contact, {v1::RECORD_KIND_CONTACT, "p2", {}}));
  EXPECT_FALSE(ConcernsPerson(contact, {v1::RECORD_KIND_SELLER, "p1", {}}));
  Record engagement;
  engagement.mutable_engagement()->set_id("p1");
  EXPECT_FALSE(ConcernsPerson(engagement, kAda));
  engagement.mutable_engagement()->set_contact_id("p1");
  EXPECT_TRUE(ConcernsPerson(engagement, kAda));
  EXPECT_FALSE(ConcernsPerson(engagement, {v1::RECORD_KIND_SELLER, "p1", {}})) << "another p1";
  engagement.mutable_engagement()->set_participant_id("p1");
  EXPECT_TRUE(ConcernsPerson(engagement, {v1::RECORD_KIND_SELLER, "p1", {}}));
  Record opportunity;
  opportunity.mutable_opportunity()->add_buying_group()->set_contact_id("p2");
  EXPECT_FALSE(ConcernsPerson(opportunity, kAda));
  opportunity.mutable_opportunity()->add_buying_group()->set_contact_id("p1");
  EXPECT_TRUE(ConcernsPerson(opportunity, kAda));
}

TEST(AddNames, TakesWhatTheRecordCallsThePerson) {
  Record contact;
  contact.mutable_contact()->set_display_name(" Ada Lovelace ");
  contact.mutable_contact()->set_email("Ada@Example.com");
  contact.mutable_contact()->set_job_title("Head");
  std::vector<std::string> names = {"ada lovelace"};
  AddNames(contact, &names);
  EXPECT_EQ(names, (std::vector<std::string>{"ada lovelace", "ada@example.com"}));
}

TEST(ErasureStamp, ComesBackAndLeavesNoTrace) {
  Record record;
  record.mutable_contact()->set_id("c1");
  const std::string before = record::CanonicalBody(record);
  EXPECT_EQ(TakeErasureStamp(&record), "");
  SetErasureStamp(&record, "salt:digest");
  Record back;
  ASSERT_TRUE(record::ParseBody(v1::RECORD_KIND_CONTACT, record::CanonicalBody(record), &back));
  EXPECT_EQ(TakeErasureStamp(&back), "salt:digest");
  EXPECT_EQ(record::CanonicalBody(back), before);
}

// The contract, held to what erasure needs of it.
class PersonalRules : public ::testing::Test {
 protected:
  struct Text {
    std::string path;  // "handover.rubric_answers.answer"
    const FieldDescriptor* field;
    const record::KindInfo* kind;
  };
  // Every text field of every kind, at every depth.
  static std::vector<Text> Texts() {
    std::vector<Text> texts;
    for (const record::KindInfo& info : record::Kinds()) {
      Walk(info, info.payload_type(), info.name, &texts);
    }
    return texts;
  }

 private:
  static void Walk(const record::KindInfo& info, const Descriptor* type, const std::string& path,
                   std::vector<Text>* texts) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const std::string here = path + "." + field->name();
      const FieldDescriptor* value = field->is_map() ? field->message_type()->map_value() : field;
      if (value->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        texts->push_back({here, field, &info});
      } else if (value->message_type() != nullptr) {
        Walk(info, value->message_type(), here, texts);
      }
    }
  }
};

TEST_F(PersonalRules, LongTextIsPersonalOrListedHere) {
  // What a tenant's functions agreed on, and what our own code writes.
  const std::set<std::string> not_personal = {
      "target_definition.text",
      "target_definition.terms.meaning",
      "target_definition.change_reason",
      "target_definition.follow_up",
      "target_definition.rubric_questions",
      "forecast_edition.forecast.warnings.message",
      "signal_verdict.report.signals.explanation",
      "signal_verdict.report.signals.what_would_change",
      "signal_verdict.report.false_signals.explanation",
      "signal_verdict.report.false_signals.what_would_change",
  };
  const std::set<std::string> words = {"text",     "note",    "message",          "explanation",
                                       "answer",   "reason",  "evidence",         "hypothesis",
                                       "learning", "meaning", "what_would_change"};
  for (const Text& text : Texts()) {
    const auto& rule = text.field->options().GetExtension(type::v1::rule);
    const bool is_long = rule.max_length() >= 500 ||
                         (rule.max_length() == 0 && words.count(text.field->name()) != 0);
    if (!is_long || rule.personal() || not_personal.count(text.path) != 0) continue;
    if (text.field->name() == "question") continue;  // of the tenant's own rubric
    ADD_FAILURE() << text.path << ": free text; mark it personal, or say here why it is not";
  }
}

TEST_F(PersonalRules, WhereThereIsPersonalTextEveryPersonNamedReachesIt) {
  std::set<std::string> with_text;
  for (const Text& text : Texts()) {
    if (IsPersonal(text.field)) with_text.insert(text.kind->name);
  }
  for (const Text& text : Texts()) {
    const std::string& to = text.field->options().GetExtension(type::v1::rule).references();
    const record::KindInfo* referred = record::FindKind(to);
    const bool names = referred != nullptr && referred->person;
    if (!names || with_text.count(text.kind->name) == 0) continue;
    const std::string path = text.path.substr(text.kind->name.size() + 1);
    const auto& fields = text.kind->person_fields;
    EXPECT_NE(std::find(fields.begin(), fields.end(), path), fields.end())
        << text.path << " names a person; add it to person_fields of " << text.kind->name;
  }
  for (const std::string& name : with_text) {
    const record::KindInfo* info = record::FindKind(name);
    EXPECT_TRUE(info->person || !info->person_fields.empty())
        << name << " has personal fields that no erasure reaches";
  }
}

TEST_F(PersonalRules, PersonFieldsAreTextAndPersonalOnesSingle) {
  for (const record::KindInfo& info : record::Kinds()) {
    for (const std::string& path : info.person_fields) {
      const FieldDescriptor* field = FieldAt(info, path);
      EXPECT_EQ(field->cpp_type(), FieldDescriptor::CPPTYPE_STRING) << info.name << path;
      EXPECT_FALSE(IsPersonal(field) && field->is_repeated()) << info.name << path;
    }
  }
}

}  // namespace
}  // namespace gtm::records::domain
