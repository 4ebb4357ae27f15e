#pragma once
// A mapping: how the files of some export become records. Written in TOML, so that a
// new export needs a new mapping and no code. README.md shows the language.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/core/money.h"
#include "common/core/result.h"
#include "common/record/kinds.h"
#include "services/gtm/import/field_path.h"

namespace gtm::importing {

// A factor as a fraction, so that "1/12" and 0.01 stay exact.
struct Scale {
  int64_t numerator = 1;
  int64_t denominator = 1;
};

// How text becomes a number, a date or an amount.
struct CellFormat {
  std::vector<std::string> dates = {"%Y-%m-%d"};  // tried in order; as strptime
  absl::TimeZone time_zone = absl::UTCTimeZone();
  NumberFormat numbers = {'.', 0};
  std::string currency;         // of amounts; "" where a column says it
  std::string currency_column;  // "" where it is constant
  int currency_cell = -1;
  std::string strip;  // characters to drop from numbers: "$ %"
  Scale scale;
  char split = 0;  // separates the items of a list; 0: one item
};

// Words of the export and our words.
struct ValueMap {
  enum class Otherwise { kKeep, kReject, kEmpty };
  std::string name;
  std::map<std::string, std::string, std::less<>> words;
  Otherwise otherwise = Otherwise::kKeep;
};

// Text, or a column where `column` is set.
struct TextPart {
  std::string text;
  std::string column;
  int cell = -1;  // position in the row; set when the files are opened
};

// Where a value comes from: a column, a template of columns, or a constant.
struct Value {
  std::vector<TextPart> parts;
  int value_map = -1;     // position in Mapping.value_maps
  std::string otherwise;  // in place of an empty value
  bool required = false;  // an empty value rejects the row
  CellFormat format;
  int line = 0;  // in the mapping file
};

// A test of one column. All tests of a list must hold.
struct Condition {
  enum class Test { kEmpty, kNotEmpty, kIn, kNotIn };
  std::string column;
  int cell = -1;
  Test test = Test::kNotEmpty;
  std::vector<std::string> words;
  int line = 0;
};
using Conditions = std::vector<Condition>;

struct Assignment {
  FieldPath path;
  Value value;
};

// One entry more of a list, where the conditions hold.
struct Append {
  const google::protobuf::FieldDescriptor* list = nullptr;
  Conditions when;
  std::vector<Assignment> fields;
  int line = 0;
};

// Rows that are left out on purpose, with the reason that the report gives.
struct Skip {
  Conditions when;
  std::string reason;
};

// A row of another file, found by key; its columns are read as "<as>.<column>".
struct Join {
  int file = -1;  // position in Mapping.files
  std::string as;
  std::string to;  // key column of the other file
  Value from;      // key
  bool required = true;
  int line = 0;
};

// The running balance of every customer over a file of things that start and end: it
// tells whether a start is the first one and whether an end leaves nothing. Gives two
// columns: "<name>.start_type" (new, expansion, reactivation) and "<name>.end_type"
// (contraction, churn). Of one day, starts come before ends.
struct Ledger {
  std::string name;
  TextPart by;
  TextPart start;
  TextPart end;
  TextPart amount;
  CellFormat format;
  Conditions when;
  int line = 0;
};

struct FileSpec {
  std::string name;
  std::string path;  // under the data folder
  char separator = ',';
  bool latin1 = false;
  bool optional = false;             // may be missing
  std::vector<std::string> columns;  // where the file has no header line
  std::vector<Ledger> ledgers;
  int line = 0;
};

// Records of one kind, one for each row of a file (or one constant record).
struct RecordBlock {
  const record::KindInfo* kind = nullptr;
  int file = -1;  // position in Mapping.files; -1: one constant record
  Value id;
  // Several rows give the same record: the first one counts and the others are silent.
  bool distinct = false;
  std::vector<Join> joins;
  Conditions when;
  std::vector<Skip> skips;
  std::vector<Assignment> fields;
  std::vector<Append> appends;
  int line = 0;
};

struct Mapping {
  std::string name;
  std::string description;
  std::vector<std::string> empty_words = {""};  // cells that mean "nothing"
  std::vector<FileSpec> files;
  std::vector<ValueMap> value_maps;
  std::vector<RecordBlock> blocks;  // in the order of import
};

// Reads a mapping. Error: INVALID_FIELDS with one violation a mistake, whose field is
// "<file>:<line>".
Result<Mapping> ParseMapping(std::string_view toml, const std::string& file);

}  // namespace gtm::importing
