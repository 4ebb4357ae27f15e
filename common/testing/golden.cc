#include "common/testing/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

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
  EXPECT_EQ(text, *expected) << path << " " << kAdvice;
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
  EXPECT_EQ(file->substr(start, to - start), text) << path << " section " << name << " " << kAdvice;
}

}  // namespace gtm::test
