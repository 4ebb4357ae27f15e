// Holds the whole source tree to its rules. A failure names file, line and remedy.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "common/config/config.h"
#include "common/telemetry/metric_table.h"
#include "tests/tidy/proto_rules.h"
#include "tests/tidy/table_rules.h"
#include "tests/tidy/text_rules.h"

namespace gtm::tidy {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool IsText(const fs::path& path) {
  static const std::set<std::string> endings = {".h",    ".cc",    ".proto", ".sql",  ".md",
                                                ".txt",  ".cmake", ".toml",  ".yaml", ".yml",
                                                ".json", ".sh",    ".in",    ".cpp"};
  return endings.count(path.extension().string()) > 0 || path.filename() == "dev" ||
         path.filename() == "run";
}

// Every text file of the project, by path.
const std::vector<Source>& Tree() {
  static const std::vector<Source> tree = [] {
    std::vector<Source> sources;
    const fs::path root = GTM_SOURCE_DIR;
    for (fs::recursive_directory_iterator it(root), end; it != end; ++it) {
      const std::string name = it->path().filename().string();
      const bool skipped = it->is_directory() && (name.rfind("build", 0) == 0 || name == ".git" ||
                                                  name == "node_modules" || name == "data");
      if (skipped) {
        it.disable_recursion_pending();
      } else if (it->is_regular_file() && IsText(it->path())) {
        sources.push_back({fs::relative(it->path(), root).generic_string(), Read(it->path())});
      }
    }
    std::sort(sources.begin(), sources.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return sources;
  }();
  return tree;
}

const std::string& TextOf(const std::string& path) {
  for (const Source& source : Tree()) {
    if (source.path == path) return source.text;
  }
  ADD_FAILURE() << path << " is missing";
  static const std::string none;
  return none;
}

std::vector<Source> Documents() {
  std::vector<Source> documents;
  for (const Source& source : Tree()) {
    if (fs::path(source.path).extension() == ".md") documents.push_back(source);
  }
  return documents;
}

std::string Text(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " + finding.text;
}

void Expect(const Findings& findings) {
  for (const Finding& finding : findings) ADD_FAILURE() << Text(finding);
}

template <class Rule>
void ExpectEverywhere(Rule rule) {
  for (const Source& source : Tree()) Expect(rule(source.path, source.text));
}

TEST(Tree, IsFound) { EXPECT_GT(Tree().size(), 50u); }

TEST(Tree, KeepsTheArrows) { ExpectEverywhere(CheckIncludes); }
TEST(Tree, KeepsPureCodePure) { ExpectEverywhere(CheckPurity); }
TEST(Tree, HasOneHeaderGuard) { ExpectEverywhere(CheckPragmaOnce); }
TEST(Tree, NamesNoMachine) { ExpectEverywhere(CheckMachinePaths); }
TEST(Tree, LeavesNothingToDoInComments) { ExpectEverywhere(CheckLeftovers); }

TEST(Tree, NamesFilesInSnakeCase) {
  for (const Source& source : Tree()) Expect(CheckFileName(source.path));
}

TEST(Tree, HasACommentedContract) {
  ProtoTree protos;
  const std::string folder = "protos/";
  for (const Source& source : Tree()) {
    if (source.path.rfind(folder, 0) == 0 && fs::path(source.path).extension() == ".proto") {
      protos[source.path.substr(folder.size())] = source.text;
    }
  }
  EXPECT_GT(protos.size(), 15u);
  Expect(CheckProtos(protos, GTM_PROTOC));
}

TEST(Tree, NumbersReasonsOnce) {
  Expect(CheckReasonTables(TextOf("protos/gtm/errors/v1/error_reason.proto"),
                           TextOf("common/core/error_reason.h")));
}

TEST(Tree, ReachesEveryReason) {
  std::set<std::string> reasons;
  for (const auto& [name, number] : ReasonsOfCore(TextOf("common/core/error_reason.h"))) {
    reasons.insert(name);
  }
  EXPECT_GT(reasons.size(), 20u);
  Expect(CheckReasonsReachable(reasons, Tree()));
}

TEST(Tree, DocumentsEveryMetric) {
  std::vector<std::string> names;
  for (const auto& metric : telemetry::kMetrics) names.emplace_back(metric.name);
  Expect(CheckDocumented("metric", names, Documents()));
}

TEST(Tree, SetsEveryMetric) {
  Expect(CheckMetricsUsed(TextOf("common/telemetry/metric_table.h"), Tree()));
}

TEST(Tree, DocumentsEveryConfigurationKey) {
  std::vector<std::string> names;
  for (const auto& keys : {config::ServeKeys(), config::RecordsKeys(), config::ServiceKeys()}) {
    for (const config::Key& key : keys) {
      names.push_back("--" + std::string(key.name));
      names.push_back(config::EnvironmentName(key));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  Expect(CheckDocumented("configuration", names, Documents()));
}

// A report, not a verdict: sizes are a feel.
TEST(Tree, ReportsSizes) {
  size_t count = 0;
  for (const Source& source : Tree()) {
    for (const Finding& finding : ReportSizes(source.path, source.text)) {
      std::cout << Text(finding) << "\n";
      ++count;
    }
  }
  std::cout << count << " size remarks in " << Tree().size() << " files\n";
}

}  // namespace
}  // namespace gtm::tidy
