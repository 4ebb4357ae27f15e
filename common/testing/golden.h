#pragma once
// Expected text kept in files that people read: golden answers, and tables in Markdown
// that are made from code. GTM_UPDATE_GOLDEN=1 rewrites them instead of comparing.

#include <string>
#include <string_view>

namespace gtm::test {

// Adds a test failure where the file (path from the project's root) does not hold
// exactly this text.
void ExpectGolden(const std::string& path, std::string_view text);

// The same for the part of a file between the lines "<!-- begin <name> -->" and
// "<!-- end <name> -->".
void ExpectSection(const std::string& path, std::string_view name, std::string_view text);

}  // namespace gtm::test
