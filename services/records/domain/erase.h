#pragma once
// Removing a person from a record (C30).

#include <string>
#include <string_view>

#include "common/record/kinds.h"

namespace gtm::records::domain {

// Whether a record of the kind can be about a person other than by its own id, and
// whether its kind holds personal fields at all.
bool HoldsPersonal(record::Kind kind);

// True where the record is the person `person_id` of kind `person_kind`, or is about
// that person: its person field holds the id and the field refers to that kind.
bool ConcernsPerson(const record::Record& record, record::Kind person_kind,
                    std::string_view person_id);

// Clears every personal field: text and lists and maps become empty, presence is lost.
// Ids, numbers and everything else stay. Returns what was removed as canonical text
// (field path and value with lengths, in the order of the contract), from which the
// salted digest is made that keeps decisions provable; "" where nothing was there.
std::string ErasePersonal(record::Record* record);

// What proves later what was removed: kept with the erased version, in a field of the
// payload that no contract declares and that no reader sees.
inline constexpr int kErasureStampField = 536'870'911;
void SetErasureStamp(record::Record* record, std::string_view stamp);
// Takes the stamp out; "" where there is none.
std::string TakeErasureStamp(record::Record* record);

}  // namespace gtm::records::domain
