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
inline constexpr Key kMigrate{"migrate", "auto", "auto, only or never",
                              "Whether the store's schema is brought up to date: at start; and "
                              "nothing else, then exit 0; not, a store of another version is "
                              "refused."};
inline constexpr Key kRecordsAddress{"records-address", "127.0.0.1:7700", "host:port",
                                     "Where a service finds the record store."};
inline constexpr Key kReflection{
    "reflection", "1", "0 or 1", "Whether clients may ask for the API's description.", 0, 1};
inline constexpr Key kInflightMax{
    "inflight-max", "512", "calls", "Calls in flight at which further calls are shed.", 1, 65'536};
inline constexpr Key kTenantInflightMax{
    "tenant-inflight-max",
    "256",
    "calls",
    "Calls in flight of one tenant at which further calls of it are shed.",
    1,
    65'536};
inline constexpr Key kQueueMsMax{
    "queue-ms-max", "100", "ms", "A call that would wait longer for a thread is shed at once.", 1,
    600'000};
inline constexpr Key kDeadlineCapMs{"deadline-cap-ms",
                                    "30000",
                                    "ms",
                                    "Longest that a call may take, whatever the caller allows.",
                                    1,
                                    600'000};
inline constexpr Key kDrainMs{
    "drain-ms", "30000", "ms", "How long calls in flight may finish after SIGTERM.", 0, 600'000};
inline constexpr Key kDrainDelayMs{
    "drain-delay-ms",
    "0",
    "ms",
    "How long after SIGTERM new calls are still taken while health says NOT_SERVING, so that "
    "clients and load balancers go elsewhere first.",
    0,
    600'000};
inline constexpr Key kPoolThreads{
    "pool-threads",
    "2",
    "threads",
    "Threads that compute heavy answers of one tenant; one more serves the others.",
    1,
    256};
inline constexpr Key kBookMemoryMib{"book-memory-mib",
                                    "4096",
                                    "MiB",
                                    "Memory for Books; least recently asked tenants are dropped.",
                                    16,
                                    1'048'576};
inline constexpr Key kBusinessMetricsTenants{
    "business-metrics-tenants", "default", "names",
    "Tenants whose business figures are metrics, with commas between them: at most 22 with all "
    "services in one process, 100 with one. Empty: none."};
inline constexpr Key kBusinessMetricsIntervalS{"business-metrics-interval-s",
                                               "60",
                                               "s",
                                               "How often business figures are computed.",
                                               1,
                                               86'400};
inline constexpr Key kLogLevel{"log-level", "info", "debug, info, warning, error or off",
                               "The least severe line that is logged."};
inline constexpr Key kAccessLog{"access-log", "errors", "all or errors", "Which calls are logged."};

// Identity. Files are PEM, TOML or JSON and are read again when they are replaced.
inline constexpr Key kAuth{"auth", "none", "none or required",
                           "none: callers are believed, loopback only. required: each call needs "
                           "a verified token, API key or client certificate."};
inline constexpr Key kTlsCertFile{"tls-cert-file", "", "file",
                                  "Certificate chain: TLS is served with it; towards records it is "
                                  "the client certificate. Empty: no TLS."};
inline constexpr Key kTlsKeyFile{"tls-key-file", "", "file", "Private key of --tls-cert-file."};
inline constexpr Key kTlsClientCaFile{"tls-client-ca-file", "", "file",
                                      "Roots with which client certificates are verified."};
inline constexpr Key kTlsClientAuth{"tls-client-auth", "", "off, request or require",
                                    "Whether clients show a certificate. Empty: request where "
                                    "--tls-client-ca-file is given."};
inline constexpr Key kTlsCaFile{"tls-ca-file", "", "file",
                                "Roots with which the servers that this process calls are "
                                "verified. Empty: they are called without TLS."};
inline constexpr Key kIdentitiesFile{"identities-file", "", "file",
                                     "Names in client certificates, and who they are."};
inline constexpr Key kJwksFile{"jwks-file", "", "file",
                               "Public keys that verify tokens (JSON Web Key Set)."};
inline constexpr Key kJwtIssuer{"jwt-issuer", "", "text", "The iss that tokens must have."};
inline constexpr Key kJwtAudience{"jwt-audience", "", "text",
                                  "The aud that tokens must have, or have among others."};
inline constexpr Key kHealthAddress{"health-address", "", "host:port",
                                    "Where grpc.health.v1 alone is served without TLS, for probes. "
                                    "Empty: only on --address."};
inline constexpr Key kAuditLog{"audit-log", "", "file",
                               "Where denied calls and writes are logged. Empty: in the log."};

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
  // True where this process loads the key.
  bool Has(const Key& key) const { return values_.contains(key.name); }
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
