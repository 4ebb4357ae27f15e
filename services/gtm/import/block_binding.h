#pragma once
// Ties a block of a mapping to the columns of its files: names become positions, joined
// files and ledgers are read. A row is the cells of the block's own file, then those of
// each join, then two for each ledger. Private to the importer.

#include <string>
#include <vector>

#include "services/gtm/import/mapping.h"
#include "services/gtm/import/source.h"

namespace gtm::importing {

struct BlockBinding {
  std::vector<LookupTable> joins;    // one a join, in order
  std::vector<LedgerTable> ledgers;  // one a ledger of the block's file
  std::vector<std::string> columns;  // names of the whole row
  int64_t byte_count = 0;            // of the block's own file
};

// Sets the `cell` of every part of the block. Error: every column that does not exist.
Result<BlockBinding> BindBlock(RecordBlock* block, const Mapping& mapping,
                               const std::string& mapping_file, const FileOpener& opener);

}  // namespace gtm::importing
