#include "services/records/open_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/record/kinds.h"
#include "services/records/store/backup_file.h"

namespace gtm::records {
namespace {

namespace fs = std::filesystem;

// A URL by its engine: `place` is the file or what libpq connects to.
struct Place {
  enum class Engine { kMemory, kSqlite, kPostgres } engine = Engine::kMemory;
  std::string place;
};

Result<Place> ParseUrl(std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) {
    return Place{Place::Engine::kSqlite, std::string(url.substr(kSqlite.size()))};
  }
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
    return Place{Place::Engine::kPostgres, std::string(url)};
  }
  if (url == "memory:") return Place{};
  // The URL may hold a password: only its scheme is repeated.
  return InvalidField("store",
                      fmt::format("\"{}...\" is no store; use sqlite:<file>, postgres://... "
                                  "or memory:",
                                  url.substr(0, url.find(':'))));
}

store::StoreOptions Options(telemetry::Log& log, store::Migration migration) {
  store::StoreOptions options;
  options.kind_name = [](int kind) {
    return std::string(record::KindName(static_cast<record::Kind>(kind)));
  };
  options.log = [&log](std::string_view message) { log.Warning("store", {{"message", message}}); };
  options.migration = migration;
  return options;
}

// Opening says what is wrong with the folder.
void MakeFolderOf(const fs::path& file) {
  std::error_code ignored;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), ignored);
}

Result<std::unique_ptr<store::Driver>> OpenDriver(const Place& place,
                                                  const store::StoreOptions& options) {
  if (place.engine == Place::Engine::kMemory) {
    return InvalidField("--store", "memory: ends with its process; use sqlite: or postgres:");
  }
  return place.engine == Place::Engine::kSqlite ? store::OpenSqliteDriver(place.place, options)
                                                : store::OpenPostgresDriver(place.place, options);
}

}  // namespace

Result<std::unique_ptr<store::Store>> OpenStore(std::string_view url, telemetry::Log& log,
                                                store::Migration migration) {
  GTM_ASSIGN_OR_RETURN(const Place place, ParseUrl(url));
  const store::StoreOptions options = Options(log, migration);
  if (place.engine == Place::Engine::kMemory) return store::OpenMemory(options);
  if (place.engine == Place::Engine::kPostgres) return store::OpenPostgres(place.place, options);
  MakeFolderOf(place.place);
  return store::OpenSqlite(place.place, options);
}

Result<store::Migration> ParseMigrate(std::string_view text) {
  if (text == "auto") return store::Migration::kAuto;
  if (text == "never") return store::Migration::kNever;
  return InvalidField("--migrate", fmt::format("\"{}\" is none of auto, only, never", text));
}

std::optional<int> MigrateOnly(std::string_view program, const config::Config& config) {
  if (config.Text(config::kMigrate) != "only") return std::nullopt;
  const auto log = telemetry::MakeJsonLog(telemetry::LogLevel::kInfo, program);
  const auto opened = OpenStore(config.Text(config::kStore), *log);
  if (!opened.ok()) {
    fmt::print(stderr, "{}: {}\n", program, opened.error().message());
    return 1;
  }
  fmt::print("{}: the store's schema is up to date\n", program);
  return 0;
}

Result<store::BackupReport> BackupStore(const std::string& url, const std::string& file,
                                        telemetry::Log& log,
                                        const store::BackupProgress& progress) {
  GTM_ASSIGN_OR_RETURN(const Place place, ParseUrl(url));
  std::error_code ignored;
  if (place.engine == Place::Engine::kSqlite && !fs::exists(place.place, ignored)) {
    return InvalidField("--store", fmt::format("there is no file {}", place.place));
  }
  // A store is left as it is, its schema included.
  const store::StoreOptions options = Options(log, store::Migration::kNever);
  GTM_ASSIGN_OR_RETURN(auto driver, OpenDriver(place, options));
  GTM_RETURN_IF_ERROR(store::Migrate(*driver, options));
  const int64_t now_us = absl::ToUnixMicros(SystemClock().Now());
  GTM_ASSIGN_OR_RETURN(const store::BackupReport report,
                       store::WriteBackup(*driver, file, now_us, progress));
  const auto opened = store::MakeSqlStore(std::move(driver), options);
  const Status recorded = opened->RecordJob(store::kBackupJob, now_us);
  if (!recorded.ok()) {
    log.Error("the backup is whole, but the store could not note its time",
              {{"message", std::string_view(recorded.error().message())}});
  }
  return report;
}

Result<store::BackupReport> RestoreStore(const std::string& file, const std::string& url,
                                         telemetry::Log& log,
                                         const store::BackupProgress& progress) {
  GTM_ASSIGN_OR_RETURN(const Place place, ParseUrl(url));
  // Before a store is made for it.
  GTM_ASSIGN_OR_RETURN(const auto reader, store::BackupReader::Open(file));
  if (place.engine == Place::Engine::kSqlite) MakeFolderOf(place.place);
  const store::StoreOptions options = Options(log, store::Migration::kAuto);
  GTM_ASSIGN_OR_RETURN(const auto driver, OpenDriver(place, options));
  GTM_RETURN_IF_ERROR(store::Migrate(*driver, options));
  return store::RestoreBackup(file, *driver, store::MakeEpoch(), progress);
}

int WriterThreads(std::string_view url) { return url.starts_with("postgres") ? 4 : 1; }

}  // namespace gtm::records
