#pragma once
// Configuration from one table: flags, then environment, then defaults. `--help` and
// the documentation are made from the same table.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"

namespace gtm::config {

// One key. The flag is "--" + name; the environment variable is "GTM_" + the name in
// capitals with '_' for '-'.
struct Key {
  std::string_view name;
  std::string_view default_value;
  // What the number counts, or what the text is: "ms", "host:port".
  std::string_view unit;
  std::string_view meaning;
  // Numbers only: the range allowed. min > max means that the value is text.
  int64_t min = 1;
  int64_t max = 0;
  // Values of secrets are never printed.
  bool secret = false;
  bool is_number() const { return min <= max; }
};

// Keys of every process of the platform.
inline constexpr Key kAddress{"address", "127.0.0.1:7700", "host:port",
                              "Where gRPC is served. Without authentication: loopback only."};
inline constexpr Key kMetricsAddress{"metrics-address", "127.0.0.1:7701", "host:port",
                                     "Where /metrics is served over HTTP. Empty: nowhere."};
inline constexpr Key kStore{
    "store", "sqlite:gtm.db",
    "url",   "Where records are kept: sqlite:<file>, postgres://..., or memory: (lost at exit).",
    1,       0,
    true};
inline constexpr Key kRecordsAddress{"records-address", "127.0.0.1:7700", "host:port",
                                     "Where a service finds the record store."};
inline constexpr Key kReflection{
    "reflection", "1", "0 or 1", "Whether clients may ask for the API's description.", 0, 1};
inline constexpr Key kInflightMax{
    "inflight-max", "512", "calls", "Calls in flight at which further calls are shed.", 1, 65'536};
inline constexpr Key kDeadlineCapMs{"deadline-cap-ms",
                                    "30000",
                                    "ms",
                                    "Longest that a call may take, whatever the caller allows.",
                                    1,
                                    600'000};
inline constexpr Key kDrainMs{
    "drain-ms", "30000", "ms", "How long calls in flight may finish after SIGTERM.", 0, 600'000};
inline constexpr Key kPoolThreads{
    "pool-threads", "2", "threads", "Threads that compute heavy answers.", 1, 256};
inline constexpr Key kBookMemoryMib{"book-memory-mib",
                                    "4096",
                                    "MiB",
                                    "Memory for Books; least recently asked tenants are dropped.",
                                    16,
                                    1'048'576};
inline constexpr Key kLogLevel{"log-level", "info", "debug, info, warning, error or off",
                               "The least severe line that is logged."};
inline constexpr Key kAccessLog{"access-log", "errors", "all or errors", "Which calls are logged."};

std::span<const Key> ServeKeys();    // all services in one process
std::span<const Key> RecordsKeys();  // gtm-records
std::span<const Key> ServiceKeys();  // gtm-targeting, gtm-sponsorship, ...

// "GTM_METRICS_ADDRESS".
std::string EnvironmentName(const Key& key);

// Values of some keys. Immutable.
class Config {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;
  // `arguments` without the program's name: "--key value" or "--key=value".
  // Error: INVALID_FIELDS with every unknown flag and bad value.
  static Result<Config> Load(std::span<const Key> keys, std::span<const std::string> arguments,
                             const Environment& environment);
  // The keys must be among those loaded (asserted).
  const std::string& Text(const Key& key) const;
  int64_t Number(const Key& key) const;
  // "key = value" lines; secrets as "***".
  std::string Describe() const;

 private:
  std::vector<const Key*> keys_;
  std::map<std::string_view, std::string> values_;
};

// The process's environment.
std::optional<std::string> ProcessEnvironment(const std::string& name);
// A table of flag, environment name, default, unit and meaning for --help.
std::string HelpText(std::span<const Key> keys);
// The same as Markdown, for the documentation.
std::string MarkdownTable(std::span<const Key> keys);

}  // namespace gtm::config
