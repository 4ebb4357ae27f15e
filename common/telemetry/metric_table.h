#pragma once
// The table of all metrics: name, type, help, labels, buckets. Nothing is exported
// that is not here; tests/tidy holds the table, the golden list and the docs equal.
// Conventions: base units, closed label sets, no ids; `tenant` only from a list in the
// configuration (RELIABILITY D). Where the values of a label come from stands in README.md.

#include <array>
#include <span>
#include <string_view>

namespace gtm::telemetry {

enum class MetricType { kCounter, kGauge, kHistogram };

struct MetricDef {
  std::string_view name;
  MetricType type;
  std::string_view help;
  // Comma-separated label names, in the order in which values are given.
  std::string_view labels;
};

// Seconds. The edges include the objectives (100 ms reads, 250 ms writes, 5 s lag).
inline constexpr std::array<double, 13> kSecondsBuckets = {.001, .0025, .005, .01, .025, .05, .1,
                                                           .25,  .5,    1,    2.5, 5,    10};

// gRPC, named as go-grpc-middleware names them. One set of series a method, made at start.
inline constexpr MetricDef kGrpcStarted{"grpc_server_started_total", MetricType::kCounter,
                                        "Calls begun.", "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kGrpcHandled{"grpc_server_handled_total", MetricType::kCounter,
                                        "Calls answered, by status code.",
                                        "grpc_type,grpc_service,grpc_method,grpc_code"};
inline constexpr MetricDef kGrpcSeconds{"grpc_server_handling_seconds", MetricType::kHistogram,
                                        "Time from the start of a call to its answer.",
                                        "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kGrpcReceived{"grpc_server_msg_received_total", MetricType::kCounter,
                                         "Messages received from callers.",
                                         "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kGrpcSent{"grpc_server_msg_sent_total", MetricType::kCounter,
                                     "Messages sent to callers.",
                                     "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kCallErrors{"gtm_call_errors_total", MetricType::kCounter,
                                       "Calls answered with an error, by reason of gtm.errors.v1.",
                                       "grpc_service,reason"};
inline constexpr MetricDef kEtagConflicts{"gtm_etag_conflicts_total", MetricType::kCounter,
                                          "Calls answered ETAG_MISMATCH: somebody else was faster.",
                                          "service"};

// Admission, identity and the process.
inline constexpr MetricDef kInflight{"gtm_admission_inflight", MetricType::kGauge,
                                     "Calls in flight in this process.", ""};
inline constexpr MetricDef kInflightLimit{"gtm_admission_limit", MetricType::kGauge,
                                          "Calls in flight at which further calls are shed.", ""};
inline constexpr MetricDef kShed{"gtm_admission_shed_total", MetricType::kCounter,
                                 "Calls refused before any work, by reason.", "reason"};
inline constexpr MetricDef kAuth{
    "gtm_auth_decisions_total", MetricType::kCounter,
    "Authentication and role decisions, by the role that the method needs.",
    "method_kind,result,reason"};
inline constexpr MetricDef kCertificateExpiry{
    "gtm_tls_certificate_expiry_timestamp_seconds", MetricType::kGauge,
    "When the first certificate of a loaded file ends, as Unix time.", "role"};
inline constexpr MetricDef kJwksLoad{"gtm_jwks_last_load_timestamp_seconds", MetricType::kGauge,
                                     "When the keys of tokens were last read well, as Unix time.",
                                     ""};
inline constexpr MetricDef kBuildInfo{"gtm_build_info", MetricType::kGauge,
                                      "1, labelled with the version.", "version"};
inline constexpr MetricDef kProcessCpu{"process_cpu_seconds_total", MetricType::kCounter,
                                       "Processor time of this process.", ""};
inline constexpr MetricDef kProcessRss{"process_resident_memory_bytes", MetricType::kGauge,
                                       "Memory of this process that is in RAM.", ""};
inline constexpr MetricDef kProcessVirtual{"process_virtual_memory_bytes", MetricType::kGauge,
                                           "Address space of this process.", ""};
inline constexpr MetricDef kProcessOpenFds{"process_open_fds", MetricType::kGauge,
                                           "Open file descriptors.", ""};
inline constexpr MetricDef kProcessMaxFds{"process_max_fds", MetricType::kGauge,
                                          "File descriptors that may be open.", ""};
inline constexpr MetricDef kProcessStart{"process_start_time_seconds", MetricType::kGauge,
                                         "When this process started, as Unix time.", ""};
inline constexpr MetricDef kProcessThreads{"process_threads", MetricType::kGauge,
                                           "Threads of this process.", ""};

// The feed, from the store to the Books.
inline constexpr MetricDef kWatchStreams{"gtm_watch_streams", MetricType::kGauge,
                                         "Open Watch and Import streams.", ""};
inline constexpr MetricDef kFeedAppliedSeq{
    "gtm_feed_applied_seq", MetricType::kGauge,
    "Highest sequence applied to a Book in this process (maximum over tenants).", ""};
inline constexpr MetricDef kFeedStaleness{
    "gtm_feed_staleness_seconds", MetricType::kGauge,
    "Time since the feed was last heard of (maximum over tenants).", ""};
inline constexpr MetricDef kFeedRelists{"gtm_feed_relists_total", MetricType::kCounter,
                                        "Books that had to be listed again.", ""};
inline constexpr MetricDef kBookBytes{"gtm_book_bytes", MetricType::kGauge,
                                      "Memory held by Books in this process.", ""};
inline constexpr MetricDef kBooks{"gtm_books", MetricType::kGauge,
                                  "Books (tenants) held in this process.", ""};

inline constexpr std::array kMetrics = {
    kGrpcStarted,    kGrpcHandled,    kGrpcSeconds,    kGrpcReceived,
    kGrpcSent,       kCallErrors,     kEtagConflicts,  kInflight,
    kInflightLimit,  kShed,           kAuth,           kCertificateExpiry,
    kJwksLoad,       kBuildInfo,      kProcessCpu,     kProcessRss,
    kProcessVirtual, kProcessOpenFds, kProcessMaxFds,  kProcessStart,
    kProcessThreads, kWatchStreams,   kFeedAppliedSeq, kFeedStaleness,
    kFeedRelists,    kBookBytes,      kBooks,
};

}  // namespace gtm::telemetry
