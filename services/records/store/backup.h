#pragma once
// Backup and restore of a whole store in one format for every engine, which is also the way
// from one engine to another.

#include <cstdint>
#include <functional>
#include <string>

#include "services/records/store/sql_driver.h"

namespace gtm::records::store {

// What a backup holds.
struct BackupReport {
  int64_t time_us = 0;  // of the snapshot
  int64_t schema_version = 0;
  int64_t tenant_count = 0;
  int64_t record_count = 0;  // current ones
  int64_t change_count = 0;
  int64_t request_count = 0;
  int64_t byte_count = 0;
  std::string digest;  // SHA-256 in the trailer, as hex
};

// Told now and then how many bytes are done, and of how many (0: unknown).
using BackupProgress = std::function<void(int64_t bytes, int64_t bytes_total)>;

// Writes one consistent snapshot while others write, in bounded memory, and puts the file in
// its place once it is whole and on disk. Errors: those of the store; INVALID_FIELDS ("--to").
// Does not record itself: Store::RecordJob.
Result<BackupReport> WriteBackup(Driver& driver, const std::string& path, int64_t now_us,
                                 const BackupProgress& progress = {});

// Reads a backup to its end and proves it whole: checksums, order, counts, and that no change
// is missing between the oldest kept and the head of each tenant. Errors: as of BackupReader.
Result<BackupReport> VerifyBackup(const std::string& path, const BackupProgress& progress = {});

// Verifies while it writes everything into an empty store, in one transaction: all or
// nothing. Every tenant begins the new `epoch`, so that whoever followed the old store lists
// again. Errors: WRONG_STATE where the store has tenants; those of VerifyBackup and the store.
Result<BackupReport> RestoreBackup(const std::string& path, Driver& driver,
                                   const std::string& epoch, const BackupProgress& progress = {});

}  // namespace gtm::records::store
