#pragma once
// Removing a person from a record (C30).

#include <string>
#include <string_view>

#include "common/record/kinds.h"
#include "services/records/domain/person_fields.h"

namespace gtm::records::domain {

// Whether records of the kind have personal fields, and may name or be such a person.
bool MayHoldWordsAbout(record::Kind kind, record::Kind person);

// True where the record is the person, or names it in a person field of its kind.
bool ConcernsPerson(const record::Record& record, const Person& person);

// Clears what a record says of a person, as the contract tells (KindRule.person_fields):
// text and lists and maps become empty, presence is lost. Ids, numbers and everything else
// stay. Returns what was removed as canonical text (field path and value with lengths, in
// the order of the contract), from which the salted digest is made that keeps decisions
// provable; "" where nothing was there, or the record does not concern the person.
std::string ErasePerson(record::Record* record, const Person& person);

// What proves later what was removed: kept with the erased version, in a field of the
// payload that no contract declares and that no reader sees.
inline constexpr int kErasureStampField = 536'870'911;
void SetErasureStamp(record::Record* record, std::string_view stamp);
// Takes the stamp out; "" where there is none.
std::string TakeErasureStamp(record::Record* record);

}  // namespace gtm::records::domain
