#include "tests/tidy/table_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "tests/tidy/text_rules.h"

namespace gtm::tidy {
namespace {

constexpr char kReasonProto[] = "protos/gtm/errors/v1/error_reason.proto";
constexpr char kReasonHeader[] = "common/core/error_reason.h";
constexpr char kMetricTable[] = "common/telemetry/metric_table.h";

// First group by second, as numbers.
std::map<std::string, int> Pairs(std::string_view text, const std::regex& pattern) {
  std::map<std::string, int> pairs;
  const std::string copy(text);
  for (std::sregex_iterator it(copy.begin(), copy.end(), pattern), end; it != end; ++it) {
    pairs[(*it)[1]] = std::stoi((*it)[2]);
  }
  return pairs;
}

bool IsCode(std::string_view path) {
  return path.size() > 3 &&
         (path.substr(path.size() - 3) == ".cc" || path.substr(path.size() - 2) == ".h");
}

// True where `word` stands in the text and is not a part of a longer word.
bool HasWord(std::string_view text, std::string_view word) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::map<std::string, int> ReasonsOfContract(std::string_view error_reason_proto) {
  return Pairs(error_reason_proto, std::regex(R"(\n  ([A-Z][A-Z0-9_]*) = ([0-9]+);)"));
}

std::map<std::string, int> ReasonsOfCore(std::string_view error_reason_h) {
  return Pairs(error_reason_h, std::regex(R"(\n  X\(([A-Z][A-Z0-9_]*), ([0-9]+)\))"));
}

Findings CheckReasonTables(std::string_view error_reason_proto, std::string_view error_reason_h) {
  std::map<std::string, int> contract = ReasonsOfContract(error_reason_proto);
  contract.erase("ERROR_REASON_UNSPECIFIED");
  const std::map<std::string, int> core = ReasonsOfCore(error_reason_h);
  Findings findings;
  if (core.empty()) findings.push_back({kReasonHeader, 0, "no table of reasons found"});
  for (const auto& [name, number] : contract) {
    const auto it = core.find(name);
    if (it == core.end() || it->second != number) {
      findings.push_back({kReasonHeader, 0, fmt::format("lacks X({}, {})", name, number)});
    }
  }
  for (const auto& [name, number] : core) {
    if (contract.count(name) == 0) {
      findings.push_back({kReasonProto, 0, fmt::format("lacks {} = {}", name, number)});
    }
  }
  return findings;
}

Findings CheckReasonsReachable(const std::set<std::string>& reasons,
                               const std::vector<Source>& sources) {
  Findings findings;
  for (const std::string& reason : reasons) {
    bool given = false, tested = false;
    for (const Source& source : sources) {
      if (!IsCode(source.path) || source.path.rfind("common/core/error_reason", 0) == 0) continue;
      const bool test = IsTest(source.path);
      if (test ? tested : given) continue;
      const std::string word = test ? reason : "Reason::" + reason;
      (test ? tested : given) = HasWord(source.text, word);
    }
    if (!given) {
      findings.push_back({kReasonProto, 0, fmt::format("{}: no product code gives it", reason)});
    }
    if (!tested)
      findings.push_back({kReasonProto, 0, fmt::format("{}: no test reaches it", reason)});
  }
  return findings;
}

Findings CheckDocumented(std::string_view what, const std::vector<std::string>& names,
                         const std::vector<Source>& documents) {
  Findings findings;
  for (const std::string& name : names) {
    const std::string quoted = fmt::format("`{}`", name);
    const bool found = std::any_of(documents.begin(), documents.end(), [&](const Source& source) {
      return source.text.find(quoted) != std::string::npos;
    });
    if (!found) {
      findings.push_back(
          {"README.md", 0, fmt::format("{} {} stands in no document", what, quoted)});
    }
  }
  return findings;
}

Findings CheckMetricsUsed(std::string_view metric_table_h, const std::vector<Source>& sources) {
  Findings findings;
  const std::string table(metric_table_h);
  const std::regex pattern(R"(constexpr MetricDef (k[A-Za-z0-9]+)\{)");
  for (std::sregex_iterator it(table.begin(), table.end(), pattern), end; it != end; ++it) {
    const std::string name = (*it)[1];
    const bool used = std::any_of(sources.begin(), sources.end(), [&](const Source& source) {
      return IsCode(source.path) && !IsTest(source.path) && source.path != kMetricTable &&
             HasWord(source.text, name);
    });
    if (!used) findings.push_back({kMetricTable, 0, fmt::format("{}: nothing sets it", name)});
  }
  return findings;
}

}  // namespace gtm::tidy
