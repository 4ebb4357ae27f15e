#include "services/gtm/import/importer.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "services/gtm/import/block_binding.h"
#include "services/gtm/import/row_maker.h"

namespace gtm::importing {
namespace {

constexpr int64_t kProgressRows = 256;

// Tells ids apart by a 64-bit fingerprint, so that a million ids take 16 MB. Two ids of
// one kind with the same fingerprint are expected once in 37 million imports of that size.
uint64_t Fingerprint(int kind, std::string_view id) {
  uint64_t hash = 0xcbf29ce484222325ull ^ static_cast<uint64_t>(kind);
  for (const char c : id) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ull;
  }
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 29);
}

class MappingImporter final : public Importer {
 public:
  MappingImporter(Mapping mapping, FileOpener opener)
      : mapping_(std::move(mapping)), opener_(std::move(opener)) {}

  Status Bind(const std::string& mapping_file) {
    std::vector<FieldViolation> violations;
    for (RecordBlock& block : mapping_.blocks) {
      auto bound = BindBlock(&block, mapping_, mapping_file, opener_);
      if (!bound.ok()) {
        const auto& found = bound.error().violations();
        violations.insert(violations.end(), found.begin(), found.end());
        continue;
      }
      progress_.total_byte_count += bound->byte_count;
      bindings_.push_back(*std::move(bound));
    }
    if (!violations.empty()) return InvalidFields(std::move(violations));
    return {};
  }

  Result<bool> Run(Sink* sink) override {
    for (size_t i = 0; i < mapping_.blocks.size(); ++i) {
      GTM_ASSIGN_OR_RETURN(const bool goes_on, RunBlock(i, sink));
      if (!goes_on) return false;
    }
    progress_.byte_count = progress_.total_byte_count;
    sink->OnProgress(progress_);
    return true;
  }

 private:
  Result<bool> RunBlock(size_t index, Sink* sink) {
    const RecordBlock& block = mapping_.blocks[index];
    const BlockBinding& binding = bindings_[index];
    if (block.file < 0) return MakeOne(block, binding, {}, {}, sink);
    const FileSpec& file = mapping_.files[static_cast<size_t>(block.file)];
    GTM_ASSIGN_OR_RETURN(OpenSource source, OpenFile(file, opener_));
    if (source.reader == nullptr) return true;
    const bool first_pass =
        std::find(read_files_.begin(), read_files_.end(), block.file) == read_files_.end();
    read_files_.push_back(block.file);
    const int64_t bytes_before = progress_.byte_count;
    CsvRow row;
    std::string problem;
    std::vector<std::string_view> cells;
    while (true) {
      const CsvReader::Outcome outcome = source.reader->Next(&row, &problem);
      if (outcome == CsvReader::Outcome::kEnd) break;
      if (++progress_.row_count % kProgressRows == 0) {
        progress_.byte_count = bytes_before + source.reader->bytes_read();
        sink->OnProgress(progress_);
      }
      if (outcome == CsvReader::Outcome::kRow && row.cells.size() != source.columns.size()) {
        problem = fmt::format("the row has {} cells and the header has {}", row.cells.size(),
                              source.columns.size());
      } else if (outcome == CsvReader::Outcome::kRow) {
        for (std::string& cell : row.cells) Normalize(mapping_.empty_words, &cell);
        cells.assign(row.cells.begin(), row.cells.end());
        if (!MakeOne(block, binding, {file.path, row.line}, std::move(cells), sink)) return false;
        continue;
      }
      // A damaged row is reported once, though several blocks read its file.
      if (first_pass) {
        sink->OnRejection({.file = file.path,
                           .line = row.line,
                           .kind = block.kind->name,
                           .reason = RejectReason::kMalformedRow,
                           .description = problem});
      }
    }
    progress_.byte_count = bytes_before + source.byte_count;
    return true;
  }

  bool MakeOne(const RecordBlock& block, const BlockBinding& binding, Origin origin,
               std::vector<std::string_view> cells, Sink* sink) {
    RowMaker maker(block, binding, mapping_);
    SourcedRecord made;
    made.origin = origin;
    std::vector<Rejection> rejections;
    switch (maker.Make(std::move(cells), origin.line, &made.record, &rejections)) {
      case RowMaker::Outcome::kNothing:
        return true;
      case RowMaker::Outcome::kRejected:
        for (Rejection& rejection : rejections) {
          rejection.file = std::string(origin.file);
          rejection.line = origin.line;
          rejection.kind = block.kind->name;
          sink->OnRejection(std::move(rejection));
        }
        return true;
      case RowMaker::Outcome::kMade:
        break;
    }
    const std::string& id = record::IdOf(made.record);
    const auto [seen, added] = seen_.try_emplace(Fingerprint(block.kind->kind, id), origin.line);
    if (!added) {
      if (block.distinct) return true;
      sink->OnRejection({.file = std::string(origin.file),
                         .line = origin.line,
                         .kind = block.kind->name,
                         .field = "id",
                         .value = id,
                         .reason = RejectReason::kDuplicateId,
                         .description = fmt::format(
                             "line {} gave this id already; make the id from more columns, or set "
                             "distinct = true where the rows say the same",
                             seen->second)});
      return true;
    }
    return sink->OnRecord(std::move(made));
  }

  Mapping mapping_;
  FileOpener opener_;
  std::vector<BlockBinding> bindings_;  // one a block
  std::vector<int> read_files_;
  absl::flat_hash_map<uint64_t, int64_t> seen_;
  Progress progress_;
};

}  // namespace

std::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformedRow:
      return "MALFORMED_ROW";
    case RejectReason::kBadCell:
      return "BAD_CELL";
    case RejectReason::kMissingValue:
      return "MISSING_VALUE";
    case RejectReason::kUnknownValue:
      return "UNKNOWN_VALUE";
    case RejectReason::kNoMatch:
      return "NO_MATCH";
    case RejectReason::kDuplicateId:
      return "DUPLICATE_ID";
    case RejectReason::kHistoryOrder:
      return "HISTORY_ORDER";
    case RejectReason::kSkipped:
      return "SKIPPED";
  }
  return "UNKNOWN";
}

Result<std::unique_ptr<Importer>> Importer::Open(Mapping mapping, const std::string& mapping_file,
                                                 FileOpener opener) {
  auto importer = std::make_unique<MappingImporter>(std::move(mapping), std::move(opener));
  GTM_RETURN_IF_ERROR(importer->Bind(mapping_file));
  return std::unique_ptr<Importer>(std::move(importer));
}

}  // namespace gtm::importing
