#pragma once
// For tests of Books: random records, and what a Book must show for given records.

#include <map>
#include <string>
#include <utility>

#include "common/book/book.h"
#include "common/core/random.h"
#include "common/record/kinds.h"

namespace gtm::book {

using RecordMap = std::map<std::pair<record::Kind, std::string>, records::v1::Record>;

// A record of any kind, with one of `id_count` ids, so that records meet each other: it
// names accounts, contacts and opportunities that may not exist. Account and time of an
// engagement follow from its id, since they cannot change.
records::v1::Record RandomRecord(Random* random, int id_count);

// Everything that the accessors of a view say, by id: equal for equal contents.
std::string Show(const BookView& view);
// The same, said from the records themselves.
std::string ShowRecords(const RecordMap& records);

}  // namespace gtm::book
