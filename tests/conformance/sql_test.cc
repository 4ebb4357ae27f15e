// The SQL itself: the common subset of engines, a tenant in every statement, and plans that
// walk along indexes whatever the statistics say.

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cctype>

#include "common/testing/postgres_server.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

// What not every engine has, or has with another meaning (CockroachDB, YugabyteDB, Citus).
// Texts are compared in upper case, with single blanks.
const std::vector<std::string>& Forbidden() {
  static const std::vector<std::string> words = {
      "LISTEN",     "NOTIFY",        "NEXTVAL",    "SERIAL",       "ADVISORY",     "SKIP LOCKED",
      "TRIGGER",    "XMIN",          "::REGCLASS", "LOCK TABLE",   "SEQUENCE",     "CTID",
      "ROWID =",    "AUTOINCREMENT", "IDENTITY",   "NOW()",        "CURRENT_TIME", "RANDOM()",
      "PG_CATALOG", "LATERAL",       "INSERT OR ", "REPLACE INTO", "CREATE TYPE",  "FUNCTION"};
  return words;
}

std::string Normalized(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool is_blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (is_blank && (result.empty() || result.back() == ' ')) continue;
    result += is_blank ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return result;
}

// "" where the text is fine.
std::string Complaint(const std::string& text) {
  const std::string normalized = Normalized(text);
  for (const std::string& word : Forbidden()) {
    if (normalized.find(word) != std::string::npos) return "uses " + word;
  }
  const bool is_about_schema = normalized.find("SCHEMA_MIGRATIONS") != std::string::npos;
  if (!is_about_schema && normalized.find("TENANT_ID") == std::string::npos &&
      normalized.find("EXPIRES_AT_US") == std::string::npos) {
    return "names no tenant";
  }
  return "";
}

std::vector<std::string> AllTexts() {
  std::vector<std::string> texts;
  for (const Dialect dialect : {Dialect::kSqlite, Dialect::kPostgres}) {
    for (const Statement* statement : sql::AllStatements()) {
      texts.push_back(Render(*statement, dialect));
    }
    for (size_t i = 0; i < sql::MigrationCount(); ++i) {
      for (std::string& text : sql::MigrationStatements(i, dialect)) {
        texts.push_back(std::move(text));
      }
    }
  }
  return texts;
}

TEST(PortableSql, StaysInTheCommonSubsetAndNamesTheTenant) {
  const std::vector<std::string> texts = AllTexts();
  EXPECT_GT(texts.size(), 60u);
  for (const std::string& text : texts) EXPECT_EQ(Complaint(text), "") << text;
}

TEST(PortableSql, HasALintThatBites) {
  EXPECT_EQ(Complaint("SELECT pg_advisory_lock(1), tenant_id"), "uses ADVISORY");
  EXPECT_EQ(Complaint("select tenant_id from t for update skip\n  locked"), "uses SKIP LOCKED");
  EXPECT_EQ(Complaint("CREATE TABLE t (tenant_id TEXT, id BIGSERIAL)"), "uses SERIAL");
  EXPECT_EQ(Complaint("SELECT xmin FROM t WHERE tenant_id = $1"), "uses XMIN");
  EXPECT_EQ(Complaint("NOTIFY tenant_id"), "uses NOTIFY");
  EXPECT_EQ(Complaint("LOCK  TABLE tenant_id"), "uses LOCK TABLE");
  EXPECT_EQ(Complaint("SELECT body FROM change_log WHERE seq = $1"), "names no tenant");
  EXPECT_EQ(Complaint("SELECT body FROM change_log WHERE tenant_id = $1"), "");
}

TEST(PortableSql, RendersRowsForEachDialect) {
  const Statement statement = {"s", "SELECT k.id FROM {rows 2 kind:int id:text} {for_update}"};
  EXPECT_EQ(Render(statement, Dialect::kSqlite), "SELECT $3 FROM (SELECT 1) AS k ");
  EXPECT_EQ(Render(statement, Dialect::kPostgres),
            "SELECT k.id FROM unnest($2::bigint[], $3::text[]) AS k(kind, id) FOR UPDATE");
  const Statement insert = {"i",
                            "INSERT INTO t (kind, id) SELECT k.kind, k.id FROM "
                            "{rows 2 kind:int id:text} WHERE true ON CONFLICT (id) DO NOTHING"};
  EXPECT_EQ(Render(insert, Dialect::kSqlite),
            "INSERT INTO t (kind, id) VALUES ($2, $3) ON CONFLICT (id) DO NOTHING");
  // No column of a row is left where there are no rows.
  for (const Statement* each : sql::AllStatements()) {
    EXPECT_EQ(Render(*each, Dialect::kSqlite).find(" k."), std::string::npos) << each->name;
  }
}

// Runs one text and gives what it answered, line by line.
std::string Ask(PGconn* connection, const std::string& text) {
  PGresult* result = PQexec(connection, text.c_str());
  std::string answer =
      PQresultStatus(result) == PGRES_FATAL_ERROR ? PQerrorMessage(connection) : "";
  for (int i = 0; i < PQntuples(result); ++i)
    answer += std::string(PQgetvalue(result, i, 0)) + "\n";
  PQclear(result);
  return answer;
}

int ParameterCount(const std::string& text) {
  int count = 0;
  for (int i = 1; i < 20; ++i) {
    if (text.find("$" + std::to_string(i)) != std::string::npos) count = i;
  }
  return count;
}

// On tables without rows and statistics, where a planner knows nothing: a plan made then
// is kept while millions of rows come.
TEST(PostgresPlans, WalkAlongIndexesOnTablesNeverAnalyzed) {
  if (!test::PostgresServer::IsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  auto conninfo = test::PostgresServer::Shared().MakeSchema();
  ASSERT_TRUE(conninfo.ok()) << conninfo.error().message();
  ASSERT_TRUE(OpenPostgres(*conninfo).ok());
  PGconn* connection = PQconnectdb(conninfo->c_str());
  for (const char* text : PostgresPlannerSettings()) EXPECT_EQ(Ask(connection, text), "");
  for (const Statement* statement : sql::AllStatements()) {
    const std::string text = Render(*statement, Dialect::kPostgres);
    if (text.find("schema_migrations") != std::string::npos) continue;
    const std::string name = statement->name;
    ASSERT_EQ(Ask(connection, "PREPARE " + name + " AS " + text), "") << text;
    std::string nulls;
    for (int i = 0; i < ParameterCount(text); ++i) nulls += nulls.empty() ? "NULL" : ", NULL";
    const std::string plan = Ask(connection, "EXPLAIN (COSTS OFF) EXECUTE " + name +
                                                 (nulls.empty() ? "" : "(" + nulls + ")"));
    for (const char* bad :
         {"Seq Scan", "Join Filter", "Hash Join", "Merge Join", "Materialize", "ERROR"}) {
      EXPECT_EQ(plan.find(bad), std::string::npos) << name << " has a " << bad << ":\n" << plan;
    }
  }
  PQfinish(connection);
}

}  // namespace
}  // namespace gtm::records::store
