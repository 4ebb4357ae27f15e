#include "services/records/open_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/record/kinds.h"

namespace gtm::records {

Result<std::unique_ptr<store::Store>> OpenStore(std::string_view url, telemetry::Log& log) {
  store::StoreOptions options;
  options.kind_name = [](int kind) {
    return std::string(record::KindName(static_cast<record::Kind>(kind)));
  };
  options.log = [&log](std::string_view message) { log.Warning("store", {{"message", message}}); };
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) {
    const std::filesystem::path file(url.substr(kSqlite.size()));
    std::error_code ignored;  // opening says what is wrong with the folder
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
    return store::OpenSqlite(file.string(), options);
  }
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
    return store::OpenPostgres(std::string(url), options);
  }
  if (url == "memory:") return store::OpenMemory(options);
  // The URL may hold a password: only its scheme is repeated.
  return InvalidField("store",
                      fmt::format("\"{}...\" is no store; use sqlite:<file>, postgres://... "
                                  "or memory:",
                                  url.substr(0, url.find(':'))));
}

int WriterThreads(std::string_view url) { return url.starts_with("postgres") ? 4 : 1; }

}  // namespace gtm::records
