#pragma once
// From the configuration's store URL to a store.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/config/config.h"
#include "common/core/result.h"
#include "common/telemetry/log.h"
#include "services/records/store/backup.h"
#include "services/records/store/store.h"

namespace gtm::records {

// "sqlite:<file>" (its folder is made where missing), "postgres://..." or "memory:".
// Errors: INVALID_FIELDS ("store") for another URL; those of opening; WRONG_STATE where
// `migration` does not allow what the schema needs.
Result<std::unique_ptr<store::Store>> OpenStore(
    std::string_view url, telemetry::Log& log,
    store::Migration migration = store::Migration::kAuto);

// What --migrate says to a process that serves. Error: INVALID_FIELDS ("--migrate").
Result<store::Migration> ParseMigrate(std::string_view text);
// Where the configuration says `--migrate only`: brings the schema up to date, says so on
// standard output and returns the exit code. Needs no port, so it runs beside a server.
std::optional<int> MigrateOnly(std::string_view program, const config::Config& config);

// Backs up the store at `url`, which may be in use, to a file, and records in the store that
// it was. Errors: INVALID_FIELDS ("--store") where there is none; those of WriteBackup.
Result<store::BackupReport> BackupStore(const std::string& url, const std::string& file,
                                        telemetry::Log& log, const store::BackupProgress& progress);
// Restores a backup into the store at `url`, made here where it is missing. Errors: those of
// RestoreBackup.
Result<store::BackupReport> RestoreStore(const std::string& file, const std::string& url,
                                         telemetry::Log& log,
                                         const store::BackupProgress& progress);

// Writer threads that suit the engine: one where it has one writer anyway.
int WriterThreads(std::string_view url);

}  // namespace gtm::records
