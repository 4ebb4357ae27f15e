#include "services/records/store/statements.h"

#include <fmt/format.h>

#include <iterator>
#include <sstream>

#include "services/records/store/migrations.h"

namespace gtm::records::store {
namespace {

// "{rows 2 kind:int id:text}" without braces, as a table `k`; for SQLite see RenderOneRow.
std::string RenderRows(const std::string& macro) {
  std::istringstream words(macro);
  std::string word;
  int parameter = 0;
  words >> word >> parameter;
  std::string values;
  std::string names;
  while (words >> word) {
    const std::string type = word.substr(word.find(':') + 1);
    if (!names.empty()) {
      names += ", ";
      values += ", ";
    }
    names += word.substr(0, word.find(':'));
    const char* array = type == "int" ? "bigint[]" : type == "text" ? "text[]" : "bytea[]";
    values += fmt::format("${}::{}", parameter++, array);
  }
  return fmt::format("unnest({}) AS k({})", values, names);
}

void ReplaceAll(std::string* text, std::string_view from, std::string_view to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

// A statement over {rows}, for one row: the columns of `k` are parameters. An insertion
// becomes one of VALUES, which SQLite runs without a query, anything else a join from one row.
std::string RenderOneRow(std::string_view statement) {
  std::string text(statement);
  const size_t open = text.find("{rows ");
  if (open == std::string::npos) return text;
  const size_t close = text.find('}', open);
  std::istringstream words(text.substr(open + 1, close - open - 1));
  const bool is_insert = text.starts_with("INSERT ");
  text.replace(open, close + 1 - open, is_insert ? "k" : "(SELECT 1) AS k");
  std::string word;
  int parameter = 0;
  for (words >> word >> parameter; words >> word; ++parameter) {
    const std::string name = word.substr(0, word.find(':'));
    for (const char* after : {",", " "}) {
      ReplaceAll(&text, fmt::format("k.{}{}", name, after), fmt::format("${}{}", parameter, after));
    }
    if (text.ends_with("k." + name)) {
      text.replace(text.size() - name.size() - 2, std::string::npos, fmt::format("${}", parameter));
    }
  }
  if (!is_insert) return text;
  ReplaceAll(&text, " SELECT ", " VALUES (");
  ReplaceAll(&text, " FROM k WHERE true", ")");
  ReplaceAll(&text, " FROM k", ")");
  return text;
}

std::string RenderMacro(const std::string& macro, Dialect dialect) {
  const bool is_sqlite = dialect == Dialect::kSqlite;
  if (macro.starts_with("rows ")) return RenderRows(macro);
  if (macro == "for_update") return is_sqlite ? "" : "FOR UPDATE";
  if (macro == "id") return is_sqlite ? "TEXT" : "TEXT COLLATE \"C\"";
  if (macro == "bytes") return is_sqlite ? "BLOB" : "BYTEA";
  if (macro == "clustered") return is_sqlite ? "WITHOUT ROWID" : "";
  return "{" + macro + "}";
}

std::string RenderMacros(std::string_view text, Dialect dialect) {
  std::string result;
  while (true) {
    const size_t open = text.find('{');
    if (open == std::string_view::npos) break;
    const size_t close = text.find('}', open);
    result += text.substr(0, open);
    result += RenderMacro(std::string(text.substr(open + 1, close - open - 1)), dialect);
    text.remove_prefix(close + 1);
  }
  result += text;
  return result;
}

// The number of parameters: the highest $n.
int ParameterCount(std::string_view text) {
  int count = 0;
  for (size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    int number = 0;
    for (size_t i = at + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      number = number * 10 + (text[i] - '0');
    }
    count = std::max(count, number);
  }
  return count;
}

std::string WithoutComments(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  std::string result;
  while (std::getline(lines, line)) result += line.substr(0, line.find("--")) + "\n";
  return result;
}

}  // namespace

size_t SizeOf(const Column& column) {
  if (const auto* numbers = std::get_if<IntColumn>(&column)) return numbers->size();
  if (const auto* texts = std::get_if<TextColumn>(&column)) return texts->size();
  return std::get<BytesColumn>(column).values.size();
}

Value CellOf(const Column& column, size_t row) {
  if (const auto* numbers = std::get_if<IntColumn>(&column)) return (*numbers)[row];
  if (const auto* texts = std::get_if<TextColumn>(&column)) return (*texts)[row];
  return Bytes{std::get<BytesColumn>(column).values[row]};
}

std::string Render(const Statement& statement, Dialect dialect) {
  const bool is_sqlite = dialect == Dialect::kSqlite;
  std::string text =
      RenderMacros(is_sqlite ? RenderOneRow(statement.text) : statement.text, dialect);
  const std::string_view order = statement.page_order;
  if (order.empty() || is_sqlite) return text;
  // A server would send the whole page before the client can stop it, so it counts itself.
  // The second row comes always: that the first alone is too large must not hide it.
  return fmt::format(
      "SELECT * FROM (SELECT q.*, sum(length(q.body)) OVER (ORDER BY {0}) AS running, "
      "row_number() OVER (ORDER BY {0}) AS place FROM ({1}) q) p "
      "WHERE running - length(body) <= ${2} OR place <= 2 ORDER BY {0}",
      order, text, ParameterCount(text) + 1);
}

namespace sql {

std::vector<const Statement*> AllStatements() {
  return {&kReadHead,       &kLockHead,         &kMakeHead,        &kMakeFirstHead,
          &kMoveHead,       &kMoveCompacted,    &kListHeads,       &kNewEpoch,
          &kFindObjects,    &kFindBodies,       &kFindRequests,    &kPutObjects,
          &kRemoveObjects,  &kAddChanges,       &kAddRequests,     &kGetRecords,
          &kListRecords,    &kListRecordsAt,    &kReadChanges,     &kReadChangesOfKinds,
          &kReadHistory,    &kCommitTime,       &kCountByKind,     &kForgetRequests,
          &kReadWindow,     &kDeleteSuperseded, &kDeleteDeletions, &kFindVersions,
          &kRewriteBodies,  &kRecordJob,        &kReadJobs,        &kDumpHeads,
          &kDumpObjects,    &kDumpChanges,      &kDumpRequests,    &kRestoreHead,
          &kMakeMigrations, &kMakeLease,        &kTakeLease,       &kDropLease,
          &kSchemaVersion,  &kAddMigration};
}

size_t MigrationCount() { return std::size(kMigrationTexts); }

std::vector<std::string> MigrationStatements(size_t index, Dialect dialect) {
  std::vector<std::string> statements;
  std::istringstream parts(RenderMacros(WithoutComments(kMigrationTexts[index]), dialect));
  std::string part;
  while (std::getline(parts, part, ';')) {
    if (part.find_first_not_of(" \n") != std::string::npos) statements.push_back(part);
  }
  return statements;
}

}  // namespace sql
}  // namespace gtm::records::store
