#pragma once
// The import engine: files and a mapping in, records and rejections out. Pure and
// deterministic: the same files give the same records in the same order. It knows nothing
// of gRPC; the command line sends what it makes.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "services/gtm/import/mapping.h"
#include "services/gtm/import/source.h"

namespace gtm::importing {

// Where a record or a rejection comes from.
struct Origin {
  std::string_view file;  // path under the data folder; lives as long as the importer
  int64_t line = 0;       // from 1; 0 for constant records of the mapping
};

// A record made from a row.
struct SourcedRecord {
  record::Record record;
  Origin origin;
};

// Why a row gave no record. The names travel in reports: MALFORMED_ROW, BAD_CELL, ...
enum class RejectReason {
  kMalformedRow,  // damaged quoting, or more or fewer cells than columns
  kBadCell,       // a cell that cannot be read as what the field holds
  kMissingValue,  // a required value, or the id, is empty
  kUnknownValue,  // a word that the value map does not list
  kNoMatch,       // a join found no row
  kDuplicateId,   // another row gave this id already
  kHistoryOrder,  // times of a history do not rise
  kSkipped,       // left out on purpose by a skip rule of the mapping
};
std::string_view RejectReasonName(RejectReason reason);

struct Rejection {
  std::string file;
  int64_t line = 0;
  std::string kind;    // kind of the record that was not made
  std::string column;  // column of the file, or ""
  std::string field;   // field of the record, or ""
  std::string value;   // the cell, cut to 80 bytes
  RejectReason reason = RejectReason::kBadCell;
  std::string description;
};

// How far an import is.
struct Progress {
  int64_t byte_count = 0;        // read so far, over all passes
  int64_t total_byte_count = 0;  // to be read
  int64_t row_count = 0;         // rows read so far
};

// Takes what an import makes. Calls come one after another on the thread of Run.
class Sink {
 public:
  virtual ~Sink() = default;
  // False stops the import.
  virtual bool OnRecord(SourcedRecord record) = 0;
  virtual void OnRejection(Rejection rejection) = 0;
  // Called now and then (every 256 rows) and at the end.
  virtual void OnProgress(const Progress& progress) {}
};

// Runs one mapping over one folder. Holds in memory: joined files, ledgers, and sixteen
// bytes for each record (to notice ids that come twice). Not thread-safe.
class Importer {
 public:
  // Opens every file, and checks every column that the mapping names, before anything is
  // made. Error: INVALID_FIELDS naming "<mapping>:<line>" or the file.
  static Result<std::unique_ptr<Importer>> Open(Mapping mapping, const std::string& mapping_file,
                                                FileOpener opener);
  virtual ~Importer() = default;
  // Makes all records. True where it came to the end, false where the sink stopped it.
  virtual Result<bool> Run(Sink* sink) = 0;
};

}  // namespace gtm::importing
