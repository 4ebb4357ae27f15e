#include "tests/tidy/text_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <regex>
#include <span>

namespace gtm::tidy {
namespace {

constexpr int kFileLinesMax = 400;
constexpr int kTestLinesMax = 600;
constexpr int kFunctionLinesMax = 70;
constexpr int kColumnsMax = 100;

bool Starts(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool Ends(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool StartsWithAny(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [text](std::string_view prefix) { return Starts(text, prefix); });
}

bool IsCpp(std::string_view path) { return Ends(path, ".h") || Ends(path, ".cc"); }

void EachLine(std::string_view text, const std::function<void(int, std::string_view)>& visit) {
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    visit(++number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// "domain" of "services/growth/domain/x.h"; "" elsewhere.
std::string_view Part(std::string_view path, int index) {
  for (; index > 0; --index) {
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos) return "";
    path.remove_prefix(slash + 1);
  }
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

bool IsDomain(std::string_view path) {
  return Part(path, 0) == "services" && Part(path, 2) == "domain";
}

std::optional<std::string_view> IncludeOf(std::string_view line) {
  constexpr std::string_view kInclude = "#include ";
  if (!Starts(line, kInclude)) return std::nullopt;
  line.remove_prefix(kInclude.size());
  if (line.size() < 2) return std::nullopt;
  const size_t end = line.find(line[0] == '<' ? '>' : '"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return line.substr(1, end - 1);
}

bool IsStandard(std::string_view include) { return !Has(include, "/") && !Has(include, "."); }

// Headers of the standard library that read the machine or run beside others.
bool IsImpureStandard(std::string_view include) {
  static constexpr std::array<std::string_view, 14> kImpure = {"chrono",
                                                               "ctime",
                                                               "random",
                                                               "thread",
                                                               "mutex",
                                                               "future",
                                                               "condition_variable",
                                                               "iostream",
                                                               "fstream",
                                                               "filesystem",
                                                               "atomic",
                                                               "shared_mutex",
                                                               "semaphore",
                                                               "latch"};
  return std::find(kImpure.begin(), kImpure.end(), include) != kImpure.end();
}

// What is wrong with an include of domain code; "" where nothing is.
std::string DomainProblem(std::string_view path, std::string_view include) {
  static constexpr std::array<std::string_view, 9> kPure = {
      "absl/",         "fmt/",         "common/core/",   "common/criteria/",
      "common/stats/", "common/book/", "common/record/", "google/protobuf/",
      "Eigen/"};
  if (IsImpureStandard(include)) return "domain takes time, randomness and files as values";
  if (IsStandard(include)) return "";
  if (Ends(include, ".grpc.pb.h")) return "domain knows no gRPC";
  if (Starts(include, "gtm/") && Ends(include, ".pb.h")) return "";
  const std::string own = fmt::format("services/{}/domain/", Part(path, 1));
  if (StartsWithAny(include, kPure) || Starts(include, own)) return "";
  return "domain includes only the standard library, absl, fmt, common/{core,criteria,stats,"
         "book,record}, messages and its own folder";
}

std::string CoreProblem(std::string_view include) {
  // OpenSSL for SHA-256 alone.
  static constexpr std::array<std::string_view, 4> kAllowed = {"absl/", "fmt/", "common/core/",
                                                               "openssl/evp.h"};
  if (IsStandard(include) || StartsWithAny(include, kAllowed)) return "";
  return "common/core includes only the standard library, absl, fmt, openssl/evp.h and itself";
}

std::string ArrowProblem(std::string_view path, std::string_view include) {
  const bool is_common = Part(path, 0) == "common";
  if (is_common && Starts(include, "services/")) return "common never includes a service";
  const std::string_view service = Part(path, 0) == "services" ? Part(path, 1) : "";
  if (!service.empty() && service != "gtm" && Starts(include, "services/") &&
      Part(include, 1) != service) {
    return "services never include each other: cooperate through records or a call";
  }
  const bool is_sql = include == "sqlite3.h" || include == "libpq-fe.h";
  const bool may_sql = Starts(path, "services/records/store/");
  if (is_sql && !may_sql) return "SQL stays in services/records/store";
  const bool is_stub = Ends(include, ".grpc.pb.h");
  if (is_stub && Part(path, 2) == "handler" && !Ends(path, "_service.cc")) {
    return "only the binding (handler/*_service.cc) includes service stubs";
  }
  return "";
}

// Text from where a comment begins; "" where there is none.
std::string_view CommentOf(std::string_view path, std::string_view line) {
  if (Ends(path, ".md")) return line;
  const bool slashes = IsCpp(path) || Ends(path, ".proto");
  const size_t begin = line.find(slashes ? "//" : Ends(path, ".sql") ? "--" : "#");
  return begin == std::string_view::npos ? "" : line.substr(begin);
}

// Where a function's body begins: a line without indentation that ends in "{" and has
// a parameter list, or is the end of one.
bool OpensFunction(std::string_view line) {
  if (line.empty() || !Ends(line, "{")) return false;
  if (Starts(line, "namespace") || Starts(line, "class") || Starts(line, "struct") ||
      Starts(line, "enum") || Starts(line, "extern") || Starts(line, "inline constexpr")) {
    return false;
  }
  return Has(line, ")");
}

}  // namespace

bool IsTest(std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return Starts(path, "tests/") || Starts(path, "common/testing/") || Ends(name, "_test.cc") ||
         Starts(name, "test_") || Starts(name, "sample_") || Has(name, "_peer");
}

Findings CheckIncludes(std::string_view path, std::string_view text) {
  Findings findings;
  if (!IsCpp(path) || IsTest(path)) return findings;
  EachLine(text, [&](int number, std::string_view line) {
    const std::optional<std::string_view> include = IncludeOf(line);
    if (!include) return;
    std::string problem = ArrowProblem(path, *include);
    if (problem.empty() && IsDomain(path)) problem = DomainProblem(path, *include);
    if (problem.empty() && Starts(path, "common/core/")) problem = CoreProblem(*include);
    if (problem.empty()) return;
    findings.push_back({std::string(path), number, fmt::format("{}: {}", *include, problem)});
  });
  return findings;
}

Findings CheckPurity(std::string_view path, std::string_view text) {
  static constexpr std::array<std::string_view, 5> kPureFolders = {
      "common/criteria/", "common/stats/", "common/core/", "common/record/", "services/"};
  static const std::regex impure(
      R"(absl::Now|system_clock|steady_clock|high_resolution_clock|std::time\(|\btime\(nullptr)"
      R"(|\bstd::(random_device|mt19937|minstd_rand|default_random_engine)|\brand\(\))"
      R"(|\bstd::(jthread|thread|async|mutex|this_thread)\b|\bgetenv\(|\bspdlog::|\bstd::cerr)");
  Findings findings;
  const bool pure = StartsWithAny(path, kPureFolders) && IsCpp(path) && !IsTest(path) &&
                    (Part(path, 0) != "services" || IsDomain(path)) &&
                    path != "common/core/clock.cc";
  if (!pure) return findings;
  EachLine(text, [&](int number, std::string_view line) {
    const std::string code(line.substr(0, line.find("//")));
    std::smatch match;
    if (!std::regex_search(code, match, impure)) return;
    findings.push_back({std::string(path), number,
                        fmt::format("{}: time, randomness, threads and the environment are "
                                    "parameters here",
                                    match.str())});
  });
  return findings;
}

Findings CheckFileName(std::string_view path) {
  static constexpr std::array<std::string_view, 4> kEndings = {".h", ".cc", ".proto", ".sql"};
  static const std::regex snake_case(R"([a-z0-9]+(_[a-z0-9]+)*(\.[a-z0-9]+)*)");
  const bool is_source = std::any_of(kEndings.begin(), kEndings.end(),
                                     [path](std::string_view e) { return Ends(path, e); });
  const size_t slash = path.rfind('/');
  const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  if (!is_source || std::regex_match(name, snake_case)) return {};
  return {{std::string(path), 0, "source files are snake_case"}};
}

Findings CheckPragmaOnce(std::string_view path, std::string_view text) {
  if (!Ends(path, ".h") || Starts(text, "#pragma once\n")) return {};
  return {{std::string(path), 1, "a header begins with #pragma once"}};
}

Findings CheckMachinePaths(std::string_view path, std::string_view text) {
  // In parts, so that this line does not find itself.
  static const std::regex machine_path(
      "(^|[^A-Za-z0-9_.}~-])/(wo"
      "rk|ho"
      "me|ro"
      "ot|Us"
      "ers)/");
  Findings findings;
  EachLine(text, [&](int number, std::string_view line) {
    const std::string copy(line);
    std::smatch match;
    if (!std::regex_search(copy, match, machine_path)) return;
    findings.push_back(
        {std::string(path), number,
         fmt::format("{}: a path of one machine; take it as an argument", match.str())});
  });
  return findings;
}

Findings CheckLeftovers(std::string_view path, std::string_view text) {
  static const std::regex leftover(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X|HA"
      "CK)\\b");
  Findings findings;
  EachLine(text, [&](int number, std::string_view line) {
    const std::string comment(CommentOf(path, line));
    std::smatch match;
    if (!std::regex_search(comment, match, leftover)) return;
    findings.push_back(
        {std::string(path), number, match.str() + ": do it, or write an issue; not a comment"});
  });
  return findings;
}

Findings ReportSizes(std::string_view path, std::string_view text) {
  Findings findings;
  if (!IsCpp(path)) return findings;
  int lines = 0, function_begin = 0;
  EachLine(text, [&](int number, std::string_view line) {
    lines = number;
    if (OpensFunction(line)) function_begin = number;
    if (line == "}" && function_begin != 0) {
      const int length = number - function_begin + 1;
      if (length > kFunctionLinesMax) {
        findings.push_back(
            {std::string(path), function_begin, fmt::format("function of {} lines", length)});
      }
      function_begin = 0;
    }
    // Code points, not bytes: continuation bytes of UTF-8 take no column.
    const auto columns =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    if (columns > kColumnsMax) {
      findings.push_back({std::string(path), number, fmt::format("line of {} columns", columns)});
    }
  });
  if (lines > (IsTest(path) ? kTestLinesMax : kFileLinesMax)) {
    findings.push_back({std::string(path), 0, fmt::format("file of {} lines", lines)});
  }
  return findings;
}

}  // namespace gtm::tidy
