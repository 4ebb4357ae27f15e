#include "common/testing/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace gtm::test {
namespace {

std::string RootPath(const std::string& path) { return std::string(GTM_SOURCE_ROOT) + "/" + path; }

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool Updating() { return std::getenv("GTM_UPDATE_GOLDEN") != nullptr; }

constexpr std::string_view kAdvice =
    "differs from its golden text; if the change is meant, run the test with "
    "GTM_UPDATE_GOLDEN=1 and look at the diff";

// Fails where the texts differ, with the first lines that do: a whole story twice helps nobody.
void ExpectSame(std::string_view expected, std::string_view text, const std::string& what) {
  if (expected == text) return;
  const auto lines = [](std::string_view all) {
    std::vector<std::string> split;
    std::istringstream in{std::string(all)};
    for (std::string line; std::getline(in, line);) split.push_back(line);
    return split;
  };
  const std::vector<std::string> wanted = lines(expected), got = lines(text);
  std::string shown;
  constexpr int kShownMax = 10;
  int differing = 0;
  for (size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
    const std::string_view before = i < wanted.size() ? std::string_view(wanted[i]) : "(nothing)";
    const std::string_view after = i < got.size() ? std::string_view(got[i]) : "(nothing)";
    if (before == after || ++differing > kShownMax) continue;
    shown += fmt::format("line {}\n- {}\n+ {}\n", i + 1, before, after);
  }
  ADD_FAILURE() << what << " " << kAdvice << "\n" << differing << " lines differ\n" << shown;
}

}  // namespace

void ExpectGolden(const std::string& path, std::string_view text) {
  if (Updating()) {
    std::ofstream(RootPath(path), std::ios::binary) << text;
    return;
  }
  const auto expected = ReadFile(RootPath(path));
  if (!expected.has_value()) {
    ADD_FAILURE() << path << " does not exist; make it with GTM_UPDATE_GOLDEN=1";
    return;
  }
  ExpectSame(*expected, text, path);
}

void ExpectSection(const std::string& path, std::string_view name, std::string_view text) {
  const std::string begin = fmt::format("<!-- begin {} -->\n", name);
  const std::string end = fmt::format("<!-- end {} -->", name);
  auto file = ReadFile(RootPath(path));
  const size_t from = file.has_value() ? file->find(begin) : std::string::npos;
  const size_t to = from == std::string::npos ? from : file->find(end, from);
  if (to == std::string::npos) {
    ADD_FAILURE() << path << " has no section " << begin;
    return;
  }
  const size_t start = from + begin.size();
  if (Updating()) {
    file->replace(start, to - start, text);
    std::ofstream(RootPath(path), std::ios::binary) << *file;
    return;
  }
  ExpectSame(file->substr(start, to - start), text, fmt::format("{} section {}", path, name));
}

}  // namespace gtm::test
