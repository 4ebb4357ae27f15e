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
inline constexpr MetricDef kClientStarted{"grpc_client_started_total", MetricType::kCounter,
                                          "Calls begun to records, one an attempt.",
                                          "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kClientHandled{"grpc_client_handled_total", MetricType::kCounter,
                                          "Calls that records answered, by status code.",
                                          "grpc_type,grpc_service,grpc_method,grpc_code"};
inline constexpr MetricDef kClientSeconds{"grpc_client_handling_seconds", MetricType::kHistogram,
                                          "Time that a call to records took.",
                                          "grpc_type,grpc_service,grpc_method"};
inline constexpr MetricDef kCallErrors{"gtm_call_errors_total", MetricType::kCounter,
                                       "Calls answered with an error, by reason of gtm.errors.v1.",
                                       "grpc_service,reason"};
inline constexpr MetricDef kEtagConflicts{"gtm_etag_conflicts_total", MetricType::kCounter,
                                          "Calls answered ETAG_MISMATCH: somebody else was faster.",
                                          "api"};

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
inline constexpr MetricDef kJobRuns{"gtm_job_runs_total", MetricType::kCounter,
                                    "Runs of regular work in this process.", "task,result"};
inline constexpr MetricDef kJobSuccess{"gtm_job_last_success_timestamp_seconds", MetricType::kGauge,
                                       "When regular work last succeeded, as Unix time.", "task"};
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

// The record store.
inline constexpr MetricDef kStoreSeconds{"gtm_store_op_seconds", MetricType::kHistogram,
                                         "Time that an operation of the store took.", "engine,op"};
inline constexpr MetricDef kStoreErrors{"gtm_store_errors_total", MetricType::kCounter,
                                        "Operations that the store could not do.",
                                        "engine,op,reason"};
inline constexpr MetricDef kStoreRetries{
    "gtm_store_txn_retries_total", MetricType::kCounter,
    "Transactions run again: lost against another, or connection lost.", "engine,reason"};
inline constexpr MetricDef kPoolInUse{"gtm_store_pool_in_use", MetricType::kGauge,
                                      "Connections to the store in use.", "engine"};
inline constexpr MetricDef kPoolIdle{"gtm_store_pool_idle", MetricType::kGauge,
                                     "Connections to the store that are open and free.", "engine"};
inline constexpr MetricDef kPoolMax{"gtm_store_pool_max", MetricType::kGauge,
                                    "Connections to the store that may be open.", "engine"};
inline constexpr MetricDef kPoolWaiting{"gtm_store_pool_waiting", MetricType::kGauge,
                                        "Threads that wait for a connection to the store.",
                                        "engine"};
inline constexpr MetricDef kReplays{
    "gtm_idempotent_replays_total", MetricType::kCounter,
    "Writes answered from the remembered outcome of the same request id.", ""};
inline constexpr MetricDef kMigrationVersion{
    "gtm_migration_version", MetricType::kGauge,
    "Version of the schema that this process found or made.", "engine"};
inline constexpr MetricDef kWalBytes{"gtm_sqlite_wal_bytes", MetricType::kGauge,
                                     "Size of SQLite's write-ahead log.", ""};
inline constexpr MetricDef kDiskFree{"gtm_disk_free_bytes", MetricType::kGauge,
                                     "Free bytes of the file system of the store's file.", ""};
inline constexpr MetricDef kDiskSize{"gtm_disk_size_bytes", MetricType::kGauge,
                                     "Bytes of the file system of the store's file.", ""};
inline constexpr MetricDef kRejectedRows{"gtm_data_rejected_rows_total", MetricType::kCounter,
                                         "Records that Import refused, by reason.", "reason"};

// The feed, from the store to the Books.
inline constexpr MetricDef kWatchStreams{"gtm_watch_streams", MetricType::kGauge,
                                         "Open Watch and Import streams.", ""};
inline constexpr MetricDef kWatchDropped{"gtm_watch_dropped_total", MetricType::kCounter,
                                         "Watch streams that the server ended, by why.", "reason"};
inline constexpr MetricDef kFeedHeadSeq{"gtm_feed_head_seq", MetricType::kGauge,
                                        "Highest revision number heard of (maximum over tenants).",
                                        ""};
inline constexpr MetricDef kFeedAppliedSeq{
    "gtm_feed_applied_seq", MetricType::kGauge,
    "Highest sequence applied to a Book in this process (maximum over tenants).", ""};
inline constexpr MetricDef kFeedBehind{
    "gtm_feed_behind_changes", MetricType::kGauge,
    "Revisions heard of and not applied, of the tenant with the most.", ""};
inline constexpr MetricDef kFeedLag{
    "gtm_feed_lag_seconds", MetricType::kHistogram,
    "Time from the commit of a revision to its being applied to a Book.", "consumer"};
inline constexpr MetricDef kFeedStaleness{
    "gtm_feed_staleness_seconds", MetricType::kGauge,
    "Time since the feed was last heard of (maximum over tenants).", ""};
inline constexpr MetricDef kFeedRelists{"gtm_feed_relists_total", MetricType::kCounter,
                                        "Books that had to be listed again.", ""};
inline constexpr MetricDef kFeedReconnects{"gtm_feed_reconnects_total", MetricType::kCounter,
                                           "Watch streams begun after the first of a Book.", ""};
inline constexpr MetricDef kBookBytes{"gtm_book_bytes", MetricType::kGauge,
                                      "Memory held by Books in this process.", ""};
inline constexpr MetricDef kBooks{"gtm_books", MetricType::kGauge,
                                  "Books (tenants) held in this process.", ""};
inline constexpr MetricDef kBooksDropped{"gtm_books_dropped_total", MetricType::kCounter,
                                         "Books dropped to stay within the memory limit.", ""};

// What the business asks, of the tenants in --business-metrics-tenants. Absent: not enough
// data. Periods are this_quarter and next_quarter; money is in units of `currency`.
inline constexpr MetricDef kForecastAmount{"gtm_forecast_amount", MetricType::kGauge,
                                           "Bookings forecast for a period, at a quantile.",
                                           "tenant,quantile,period,segment,currency"};
inline constexpr MetricDef kForecastTarget{"gtm_forecast_target_amount", MetricType::kGauge,
                                           "Target of a period: the sum of quotas.",
                                           "tenant,period,segment,currency"};
inline constexpr MetricDef kForecastWon{"gtm_forecast_won_amount", MetricType::kGauge,
                                        "Bookings won in the period so far.",
                                        "tenant,period,segment,currency"};
inline constexpr MetricDef kForecastAttainment{"gtm_forecast_attainment_ratio", MetricType::kGauge,
                                               "Bookings won so far over the target.",
                                               "tenant,period"};
inline constexpr MetricDef kForecastCalibration{
    "gtm_forecast_calibration_ratio", MetricType::kGauge,
    "Share of forecasts of past quarters whose outcome lay in P10 to P90; 0.8 is right.", "tenant"};
inline constexpr MetricDef kCoverage{"gtm_pipeline_coverage_ratio", MetricType::kGauge,
                                     "Open pipeline over the target that is left (FC-04).",
                                     "tenant,period"};
inline constexpr MetricDef kWarnedDeals{
    "gtm_pipeline_warned_deals", MetricType::kGauge,
    "Open opportunities by the gravest warning of their interrogation: none, low, medium, high.",
    "tenant,severity"};
inline constexpr MetricDef kSignalValue{
    "gtm_signal_value", MetricType::kGauge,
    "Value of a growth signal for the last complete quarter (GS-02 to GS-09).", "tenant,signal"};
inline constexpr MetricDef kSignalState{
    "gtm_signal_state", MetricType::kGauge,
    "1 for the state that a growth signal is in, 0 for the others.", "tenant,signal,state"};
inline constexpr MetricDef kHandovers{"gtm_handovers", MetricType::kGauge,
                                      "Hand-overs to sales of this quarter, by state (TG-20).",
                                      "tenant,state"};
inline constexpr MetricDef kHandoverAcceptance{
    "gtm_handover_acceptance_ratio", MetricType::kGauge,
    "Share of the quarter's decided hand-overs that sales accepted, and the ends of its 95 % "
    "interval; absent where there is not enough data for a verdict (TG-20, D2).",
    "tenant,bound"};
inline constexpr MetricDef kTargetAccounts{
    "gtm_target_accounts", MetricType::kGauge,
    "Accounts by the verdict of the definition in force (TG-06).", "tenant,verdict"};
inline constexpr MetricDef kDefinitionSince{
    "gtm_target_definition_active_since_timestamp_seconds", MetricType::kGauge,
    "When the target definition in force became active, as Unix time.", "tenant"};
inline constexpr MetricDef kPenetration{
    "gtm_market_penetration_ratio", MetricType::kGauge,
    "Targets that acted in 90 days over the accounts of the market (TG-13): without and with "
    "those that may be targets.",
    "tenant,bound"};
inline constexpr MetricDef kBuyingGroups{
    "gtm_buying_groups", MetricType::kGauge,
    "Targets by how much of their buying group acted in 90 days (TG-11): none to full.",
    "tenant,coverage"};
inline constexpr MetricDef kUrgency{
    "gtm_urgency_accounts", MetricType::kGauge,
    "Accounts with a live trigger, and those that simmer, by whether their wake-up is overdue.",
    "tenant,state"};
inline constexpr MetricDef kExperiments{"gtm_experiments", MetricType::kGauge,
                                        "Experiments by how far they are (TG-27).", "tenant,state"};
inline constexpr MetricDef kSponsorSlots{
    "gtm_sponsor_capacity_slots", MetricType::kGauge,
    "Slots of all executive sponsors under the active program (SP-12).", "tenant"};
inline constexpr MetricDef kSponsorUsed{"gtm_sponsor_capacity_used", MetricType::kGauge,
                                        "Live sponsorships.", "tenant"};
inline constexpr MetricDef kSponsors{"gtm_sponsors", MetricType::kGauge,
                                     "Executives by load: idle, part, full, or over their slots.",
                                     "tenant,load"};
inline constexpr MetricDef kFreshness{"gtm_data_freshness_seconds", MetricType::kGauge,
                                      "Age of the newest change of a kind of record.",
                                      "tenant,kind"};

inline constexpr std::array kMetrics = {
    kGrpcStarted,
    kGrpcHandled,
    kGrpcSeconds,
    kGrpcReceived,
    kGrpcSent,
    kClientStarted,
    kClientHandled,
    kClientSeconds,
    kCallErrors,
    kEtagConflicts,
    kInflight,
    kInflightLimit,
    kShed,
    kAuth,
    kCertificateExpiry,
    kJwksLoad,
    kBuildInfo,
    kJobRuns,
    kJobSuccess,
    kProcessCpu,
    kProcessRss,
    kProcessVirtual,
    kProcessOpenFds,
    kProcessMaxFds,
    kProcessStart,
    kProcessThreads,
    kStoreSeconds,
    kStoreErrors,
    kStoreRetries,
    kPoolInUse,
    kPoolIdle,
    kPoolMax,
    kPoolWaiting,
    kReplays,
    kMigrationVersion,
    kWalBytes,
    kDiskFree,
    kDiskSize,
    kRejectedRows,
    kWatchStreams,
    kWatchDropped,
    kFeedHeadSeq,
    kFeedAppliedSeq,
    kFeedBehind,
    kFeedLag,
    kFeedStaleness,
    kFeedRelists,
    kFeedReconnects,
    kBookBytes,
    kBooks,
    kBooksDropped,
    kForecastAmount,
    kForecastTarget,
    kForecastWon,
    kForecastAttainment,
    kForecastCalibration,
    kCoverage,
    kWarnedDeals,
    kSignalValue,
    kSignalState,
    kHandovers,
    kHandoverAcceptance,
    kTargetAccounts,
    kDefinitionSince,
    kPenetration,
    kBuyingGroups,
    kUrgency,
    kExperiments,
    kSponsorSlots,
    kSponsorUsed,
    kSponsors,
    kFreshness,
};

}  // namespace gtm::telemetry
