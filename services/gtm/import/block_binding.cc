#include "services/gtm/import/block_binding.h"

#include <fmt/format.h>

#include <algorithm>

namespace gtm::importing {
namespace {

// Calls `visit(part, line)` for every column that the block names after its joins.
template <class Visit>
void VisitValue(Value* value, const Visit& visit) {
  for (TextPart& part : value->parts) {
    if (!part.column.empty()) visit(part.column, &part.cell, value->line);
  }
  if (!value->format.currency_column.empty()) {
    visit(value->format.currency_column, &value->format.currency_cell, value->line);
  }
}

template <class Visit>
void VisitConditions(Conditions* conditions, const Visit& visit) {
  for (Condition& condition : *conditions) {
    visit(condition.column, &condition.cell, condition.line);
  }
}

template <class Visit>
void VisitAll(RecordBlock* block, const Visit& visit) {
  VisitValue(&block->id, visit);
  VisitConditions(&block->when, visit);
  for (Skip& skip : block->skips) VisitConditions(&skip.when, visit);
  for (Assignment& field : block->fields) VisitValue(&field.value, visit);
  for (Append& append : block->appends) {
    VisitConditions(&append.when, visit);
    for (Assignment& field : append.fields) VisitValue(&field.value, visit);
  }
  for (Join& join : block->joins) VisitValue(&join.from, visit);
}

class Binder {
 public:
  Binder(RecordBlock* block, const Mapping& mapping, const std::string& mapping_file,
         const FileOpener& opener)
      : block_(block), mapping_(mapping), mapping_file_(mapping_file), opener_(opener) {}

  Result<BlockBinding> Bind() {
    if (block_->file >= 0) {
      const FileSpec& file = mapping_.files[static_cast<size_t>(block_->file)];
      GTM_ASSIGN_OR_RETURN(OpenSource source, OpenFile(file, opener_));
      if (source.reader == nullptr) return binding_;  // optional, and not there
      binding_.columns = source.columns;
      binding_.byte_count = source.byte_count;
    }
    for (Join& join : block_->joins) GTM_RETURN_IF_ERROR(BindJoin(&join));
    GTM_RETURN_IF_ERROR(BindLedgers());
    VisitAll(block_, [this](const std::string& column, int* cell, int line) {
      const auto found = FindColumn(binding_.columns, column);
      if (found) {
        *cell = static_cast<int>(*found);
        return;
      }
      violations_.push_back({fmt::format("{}:{}", mapping_file_, line),
                             fmt::format("{} has no column \"{}\"{}", FileName(), column,
                                         DidYouMean(column, binding_.columns))});
    });
    if (!violations_.empty()) return InvalidFields(std::move(violations_));
    return std::move(binding_);
  }

 private:
  std::string FileName() const {
    return block_->file < 0 ? "a record without file"
                            : mapping_.files[static_cast<size_t>(block_->file)].path;
  }

  // Reads a joined file, keeping only columns that the block names.
  Status BindJoin(Join* join) {
    const FileSpec& file = mapping_.files[static_cast<size_t>(join->file)];
    GTM_ASSIGN_OR_RETURN(OpenSource source, OpenFile(file, opener_));
    const std::string prefix = join->as + ".";
    for (const TextPart& part : join->from.parts) {
      if (part.column.empty() || FindColumn(binding_.columns, part.column)) continue;
      return InvalidField(fmt::format("{}:{}", mapping_file_, join->line),
                          fmt::format("from: {} has no column \"{}\"{}", FileName(), part.column,
                                      DidYouMean(part.column, binding_.columns)));
    }
    std::vector<size_t> kept;
    std::vector<std::string> columns = source.columns;
    VisitAll(block_, [&](const std::string& column, int*, int) {
      if (!column.starts_with(prefix)) return;
      const auto found = FindColumn(columns, column.substr(prefix.size()));
      if (found && std::find(kept.begin(), kept.end(), *found) == kept.end()) {
        kept.push_back(*found);
      }
    });
    const auto key = FindColumn(columns, join->to);
    if (!key && source.reader != nullptr) {
      return InvalidField(fmt::format("{}:{}", mapping_file_, join->line),
                          fmt::format("{} has no column \"{}\"{}", file.path, join->to,
                                      DidYouMean(join->to, columns)));
    }
    GTM_ASSIGN_OR_RETURN(
        LookupTable table,
        LookupTable::Read(std::move(source), file, key.value_or(0), kept, mapping_.empty_words));
    for (size_t i = 0; i < table.width(); ++i) {
      binding_.columns.push_back(i < kept.size() ? prefix + columns[kept[i]] : prefix);
    }
    binding_.joins.push_back(std::move(table));
    return {};
  }

  Status BindLedgers() {
    if (block_->file < 0) return {};
    const FileSpec& file = mapping_.files[static_cast<size_t>(block_->file)];
    for (const Ledger& ledger : file.ledgers) {
      bool used = false;
      VisitAll(block_, [&](const std::string& column, int*, int) {
        used = used || column.starts_with(ledger.name + ".");
      });
      LedgerTable table;
      if (used) {
        GTM_ASSIGN_OR_RETURN(OpenSource source, OpenFile(file, opener_));
        GTM_ASSIGN_OR_RETURN(
            table, LedgerTable::Read(std::move(source), file, ledger, mapping_.empty_words));
      }
      binding_.ledgers.push_back(std::move(table));
      binding_.columns.push_back(ledger.name + ".start_type");
      binding_.columns.push_back(ledger.name + ".end_type");
    }
    return {};
  }

  RecordBlock* block_;
  const Mapping& mapping_;
  const std::string& mapping_file_;
  const FileOpener& opener_;
  BlockBinding binding_;
  std::vector<FieldViolation> violations_;
};

}  // namespace

Result<BlockBinding> BindBlock(RecordBlock* block, const Mapping& mapping,
                               const std::string& mapping_file, const FileOpener& opener) {
  return Binder(block, mapping, mapping_file, opener).Bind();
}

}  // namespace gtm::importing
