#pragma once
// Where a record names natural persons: KindRule.person_fields of the contract, laid out as
// a tree, and who is meant by what is written there.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/record/kinds.h"

namespace gtm::records::domain {

// A person to look for.
struct Person {
  record::Kind kind = v1::RECORD_KIND_UNSPECIFIED;
  std::string id;
  std::vector<std::string> names;  // as PlainName gives them, none empty
};

// A name as names are compared: without space around it, ASCII letters in lower case.
std::string PlainName(std::string_view name);

// The person fields of one message, and of the messages in it that have any.
struct PersonStep;
struct PersonFields {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  std::vector<PersonStep> below;
  // The message has a person of its own: by reference, or in a field that is itself
  // personal. The subject of a verified caller alone does not make it so.
  bool owned = false;

  bool empty() const;
  bool Has(const google::protobuf::FieldDescriptor* field) const;
  const PersonFields* Below(const google::protobuf::FieldDescriptor* field) const;
};

// A message in a field, with its person fields.
struct PersonStep {
  const google::protobuf::FieldDescriptor* field = nullptr;
  PersonFields persons;
};
inline bool PersonFields::empty() const { return fields.empty() && below.empty(); }

// Of the payload of a kind; empty where there is no such kind.
const PersonFields& PersonFieldsOf(record::Kind kind);

// Whether a record of the kind may name, or be, a person of the kind `person`.
bool MayName(record::Kind kind, record::Kind person);
// Whether a record of the kind may name a person otherwise than by the id.
bool MayNameInWords(record::Kind kind);

// What the value of one person field says.
enum class Naming { kNobody, kById, kByName };
// A field with `references` names by id of that kind only. Of a list: the first item that
// names the person.
Naming NamingOf(const google::protobuf::Message& message,
                const google::protobuf::FieldDescriptor* field, const Person& person);
// Whether a person field here or below names the person.
bool Names(const google::protobuf::Message& message, const PersonFields& fields,
           const Person& person);

// Adds the names that the record of a person holds, as PlainName gives them, each once.
void AddNames(const record::Record& record, std::vector<std::string>* names);

}  // namespace gtm::records::domain
