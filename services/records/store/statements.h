#pragma once
// Every statement that the store sends, in the common subset of SQLite, PostgreSQL and
// what speaks like it. All but those on schema_migrations name the tenant.

#include "services/records/store/sql_driver.h"

namespace gtm::records::store::sql {

// Joins are LEFT JOINs from the side that must lead, though rows without a partner are
// left out by the caller (or cannot be): a planner without statistics would else be free
// to walk a whole table for each row of a batch.

// Heads. The row of tenant '' comes first and stands in for a tenant without one.
inline constexpr Statement kReadHead = {
    "read_head",
    "SELECT epoch, seq, compacted_seq, commit_time_us, compacted_time_us FROM tenant_head "
    "WHERE tenant_id IN ('', $1) ORDER BY tenant_id"};
inline constexpr Statement kLockHead = {
    "lock_head",
    "SELECT epoch, seq, compacted_seq, commit_time_us, compacted_time_us FROM tenant_head "
    "WHERE tenant_id = $1 {for_update}"};
inline constexpr Statement kMakeHead = {
    "make_head",
    "INSERT INTO tenant_head (tenant_id, epoch, seq, compacted_seq, commit_time_us, "
    "compacted_time_us) SELECT $1, epoch, 0, 0, 0, 0 FROM tenant_head WHERE tenant_id = '' "
    "ON CONFLICT (tenant_id) DO NOTHING"};
inline constexpr Statement kMakeFirstHead = {
    "make_first_head",
    "INSERT INTO tenant_head (tenant_id, epoch, seq, compacted_seq, commit_time_us, "
    "compacted_time_us) VALUES ('', $1, 0, 0, 0, 0) ON CONFLICT (tenant_id) DO NOTHING"};
inline constexpr Statement kMoveHead = {
    "move_head", "UPDATE tenant_head SET seq = $2, commit_time_us = $3 WHERE tenant_id = $1"};
inline constexpr Statement kMoveCompacted = {
    "move_compacted",
    "UPDATE tenant_head SET compacted_seq = $2, compacted_time_us = $3 WHERE tenant_id = $1"};
inline constexpr Statement kListHeads = {
    "list_heads",
    "SELECT tenant_id, epoch, seq, compacted_seq FROM tenant_head "
    "WHERE tenant_id > $1 AND seq > 0 ORDER BY tenant_id LIMIT $2"};
inline constexpr Statement kNewEpoch = {"new_epoch",
                                        "UPDATE tenant_head SET epoch = $1 WHERE tenant_id >= ''"};

// Writing.
inline constexpr Statement kFindObjects = {
    "find_objects",
    "SELECT k.kind, k.id, o.seq, o.ord, o.digest, o.create_time_us, o.update_time_us "
    "FROM {rows 2 kind:int id:text} "
    "LEFT JOIN object o ON o.tenant_id = $1 AND o.kind = k.kind AND o.id = k.id"};
inline constexpr Statement kFindBodies = {
    "find_bodies",
    "SELECT k.kind, k.id, c.body FROM {rows 2 kind:int id:text} "
    "LEFT JOIN object o ON o.tenant_id = $1 AND o.kind = k.kind AND o.id = k.id "
    "LEFT JOIN change_log c ON c.tenant_id = $1 AND c.seq = o.seq AND c.ord = o.ord"};
inline constexpr Statement kFindRequests = {
    "find_requests",
    "SELECT k.request_id, r.method, r.fingerprint, r.response FROM {rows 2 request_id:text} "
    "LEFT JOIN request_log r ON r.tenant_id = $1 AND r.request_id = k.request_id"};
inline constexpr Statement kPutObjects = {
    "put_objects",
    "INSERT INTO object (tenant_id, kind, id, seq, ord, digest, create_time_us, "
    "update_time_us) SELECT $1, k.kind, k.id, k.seq, k.ord, k.digest, k.created, k.updated "
    "FROM {rows 2 kind:int id:text seq:int ord:int digest:bytes created:int updated:int} "
    "WHERE true ON CONFLICT (tenant_id, kind, id) DO UPDATE SET seq = excluded.seq, "
    "ord = excluded.ord, digest = excluded.digest, create_time_us = excluded.create_time_us, "
    "update_time_us = excluded.update_time_us"};
inline constexpr Statement kRemoveObjects = {
    "remove_objects", "DELETE FROM object WHERE tenant_id = $1 AND kind = $2 AND id = $3"};
inline constexpr Statement kAddChanges = {
    "add_changes",
    "INSERT INTO change_log (tenant_id, seq, ord, kind, id, op, body, actor, request_id, "
    "create_time_us, committed_at_us) SELECT $1, k.seq, k.ord, k.kind, k.id, k.op, k.body, "
    "k.actor, k.request_id, k.created, k.committed FROM {rows 2 seq:int ord:int kind:int "
    "id:text op:int body:bytes actor:text request_id:text created:int committed:int}"};
inline constexpr Statement kAddRequests = {
    "add_requests",
    "INSERT INTO request_log (tenant_id, request_id, method, fingerprint, response, "
    "expires_at_us) SELECT $1, k.request_id, k.method, k.fingerprint, k.response, k.expires "
    "FROM {rows 2 request_id:text method:text fingerprint:bytes response:bytes expires:int}"};

// Reading.
inline constexpr Statement kGetRecords = {
    "get_records",
    "SELECT k.kind, k.id, o.seq, o.create_time_us, o.update_time_us, c.body "
    "FROM {rows 2 kind:int id:text} "
    "LEFT JOIN object o ON o.tenant_id = $1 AND o.kind = k.kind AND o.id = k.id "
    "LEFT JOIN change_log c ON c.tenant_id = $1 AND c.seq = o.seq AND c.ord = o.ord"};
// Correlated subqueries for the same reason as the LEFT JOINs.
inline constexpr Statement kListRecords = {
    "list_records",
    "SELECT o.kind, o.id, o.seq, o.create_time_us, o.update_time_us, (SELECT c.body "
    "FROM change_log c WHERE c.tenant_id = $1 AND c.seq = o.seq AND c.ord = o.ord) AS body "
    "FROM object o WHERE o.tenant_id = $1 AND o.kind = $2 AND o.id > $3 AND o.id >= $4 "
    "AND o.id < $5 ORDER BY o.id LIMIT $6",
    "id"};
inline constexpr Statement kListRecordsAt = {
    "list_records_at",
    "SELECT c.kind, c.id, c.seq, c.create_time_us, c.committed_at_us, c.body FROM change_log c "
    "WHERE c.tenant_id = $1 AND c.kind = $2 AND c.id > $3 AND c.id >= $4 AND c.id < $5 "
    "AND c.op <> 3 AND c.seq = (SELECT max(n.seq) FROM change_log n WHERE n.tenant_id = $1 "
    "AND n.kind = $2 AND n.id = c.id AND n.seq <= $7) ORDER BY c.id LIMIT $6",
    "id"};
inline constexpr Statement kReadChanges = {
    "read_changes",
    "SELECT seq, ord, op, kind, id, body, actor, request_id, create_time_us, committed_at_us "
    "FROM change_log WHERE tenant_id = $1 AND seq >= $2 AND (seq > $2 OR ord > $3) "
    "ORDER BY seq, ord LIMIT $4",
    "seq, ord"};
inline constexpr Statement kReadChangesOfKinds = {
    "read_changes_of_kinds",
    "SELECT seq, ord, op, kind, id, body, actor, request_id, create_time_us, committed_at_us "
    "FROM change_log WHERE tenant_id = $1 AND seq >= $2 AND (seq > $2 OR ord > $3) "
    "AND $5 LIKE '%,' || CAST(kind AS TEXT) || ',%' ORDER BY seq, ord LIMIT $4",
    "seq, ord"};
inline constexpr Statement kReadHistory = {
    "read_history",
    "SELECT seq, ord, op, kind, id, body, actor, request_id, create_time_us, committed_at_us "
    "FROM change_log WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND seq < $4 "
    "ORDER BY seq DESC LIMIT $5",
    "seq DESC"};
inline constexpr Statement kCommitTime = {
    "commit_time",
    "SELECT committed_at_us FROM change_log WHERE tenant_id = $1 AND seq = $2 LIMIT 1"};
inline constexpr Statement kCountByKind = {
    "count_by_kind",
    "SELECT kind, count(*) FROM object WHERE tenant_id = $1 GROUP BY kind ORDER BY kind"};

// Keeping house.
inline constexpr Statement kForgetRequests = {
    "forget_requests",
    "DELETE FROM request_log WHERE (tenant_id, request_id) IN (SELECT tenant_id, request_id "
    "FROM request_log WHERE expires_at_us < $1 ORDER BY expires_at_us, tenant_id, request_id "
    "LIMIT $2)"};
inline constexpr Statement kReadWindow = {
    "read_window",
    "SELECT seq, ord, op, kind, id FROM change_log "
    "WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, ord LIMIT $4"};
inline constexpr Statement kDeleteSuperseded = {
    "delete_superseded",
    "DELETE FROM change_log WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND seq < $4"};
inline constexpr Statement kDeleteDeletions = {
    "delete_deletions",
    "DELETE FROM change_log WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 AND op = 3"};
inline constexpr Statement kFindVersions = {
    "find_versions",
    "SELECT c.seq, c.ord, c.kind, c.id, o.create_time_us FROM {rows 2 seq:int ord:int} "
    "LEFT JOIN change_log c ON c.tenant_id = $1 AND c.seq = k.seq AND c.ord = k.ord "
    "LEFT JOIN object o ON o.tenant_id = $1 AND o.kind = c.kind AND o.id = c.id "
    "AND o.seq = c.seq AND o.ord = c.ord"};
inline constexpr Statement kRewriteBodies = {
    "rewrite_bodies",
    "UPDATE change_log SET body = $4 WHERE tenant_id = $1 AND seq = $2 AND ord = $3"};
inline constexpr Statement kBlankRequests = {
    "blank_requests",
    "UPDATE request_log SET fingerprint = $3 WHERE tenant_id = $1 AND request_id = $2"};

// Jobs of the whole store: tenant ''.
inline constexpr Statement kRecordJob = {
    "record_job",
    "INSERT INTO job_run (tenant_id, job, success_time_us) VALUES ($1, $2, $3) "
    "ON CONFLICT (tenant_id, job) DO UPDATE SET success_time_us = excluded.success_time_us"};
inline constexpr Statement kReadJobs = {
    "read_jobs", "SELECT job, success_time_us FROM job_run WHERE tenant_id = $1 ORDER BY job"};

// Backup: whole tables in pages, in the order of their keys; every page goes on after the key
// that the last one ended with. The columns are those of the format (backup.cc).
inline constexpr Statement kDumpHeads = {
    "dump_heads",
    "SELECT tenant_id, epoch, seq, compacted_seq, commit_time_us, compacted_time_us "
    "FROM tenant_head WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2"};
inline constexpr Statement kDumpObjects = {
    "dump_objects",
    "SELECT tenant_id, kind, id, seq, ord, digest, create_time_us, update_time_us FROM object "
    "WHERE (tenant_id, kind, id) > ($1, $2, $3) ORDER BY tenant_id, kind, id LIMIT $4"};
inline constexpr Statement kDumpChanges = {
    "dump_changes",
    "SELECT tenant_id, seq, ord, kind, id, op, body, actor, request_id, create_time_us, "
    "committed_at_us FROM change_log WHERE (tenant_id, seq, ord) > ($1, $2, $3) "
    "ORDER BY tenant_id, seq, ord LIMIT $4",
    "tenant_id, seq, ord"};
inline constexpr Statement kDumpRequests = {
    "dump_requests",
    "SELECT tenant_id, request_id, method, fingerprint, response AS body, expires_at_us "
    "FROM request_log WHERE (tenant_id, request_id) > ($1, $2) "
    "ORDER BY tenant_id, request_id LIMIT $3",
    "tenant_id, request_id"};
inline constexpr Statement kRestoreHead = {
    "restore_head",
    "INSERT INTO tenant_head (tenant_id, epoch, seq, compacted_seq, commit_time_us, "
    "compacted_time_us) VALUES ($1, $2, $3, $4, $5, $6)"};

// Migrations. Row 0 holds the lease of whoever migrates.
inline constexpr Statement kMakeMigrations = {
    "make_migrations",
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, "
    "holder TEXT NOT NULL, time_us BIGINT NOT NULL)"};
inline constexpr Statement kMakeLease = {
    "make_lease",
    "INSERT INTO schema_migrations (version, holder, time_us) VALUES (0, '', 0) "
    "ON CONFLICT (version) DO NOTHING"};
inline constexpr Statement kTakeLease = {
    "take_lease",
    "UPDATE schema_migrations SET holder = $1, time_us = $2 WHERE version = 0 AND time_us < $3"};
inline constexpr Statement kDropLease = {
    "drop_lease",
    "UPDATE schema_migrations SET holder = '', time_us = 0 WHERE version = 0 AND holder = $1"};
inline constexpr Statement kSchemaVersion = {"schema_version",
                                             "SELECT max(version) FROM schema_migrations"};
inline constexpr Statement kAddMigration = {
    "add_migration",
    "INSERT INTO schema_migrations (version, holder, time_us) VALUES ($1, $2, $3)"};

// All of them, for the lint test.
std::vector<const Statement*> AllStatements();
// The statements of all migrations, rendered.
std::vector<std::string> MigrationStatements(size_t index, Dialect dialect);
size_t MigrationCount();

}  // namespace gtm::records::store::sql
