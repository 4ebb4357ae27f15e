#pragma once
// Rules over the text of one file. Each is a pure function of (path, text), so that it
// can be tested with a good and a bad example.

#include <string_view>

#include "tests/tidy/finding.h"

namespace gtm::tidy {

// True for tests and for what only tests include: "*_test.cc", "test_*", "sample_*",
// "*_peer*", common/testing and tests/.
bool IsTest(std::string_view path);

// The arrows of the architecture (README "Where is the code?"):
// - services/*/domain: only the standard library without clocks, threads and random
//   numbers, absl, fmt, the pure folders of common, protobuf messages, its own folder;
// - common/core: only the standard library, absl, fmt, SHA-256 of OpenSSL and itself;
// - common never includes services, and no service another (services/gtm is the front
//   door and may);
// - gRPC's generated code only in *_service files of handlers; SQL only in the store.
Findings CheckIncludes(std::string_view path, std::string_view text);

// Calls that make domain code, criteria, statistics and core (but for clock.cc) depend
// on the machine: clocks, random numbers, threads, the environment, logs.
Findings CheckPurity(std::string_view path, std::string_view text);

// Sources are snake_case.
Findings CheckFileName(std::string_view path);

// Headers begin with #pragma once.
Findings CheckPragmaOnce(std::string_view path, std::string_view text);

// No path of somebody's machine.
Findings CheckMachinePaths(std::string_view path, std::string_view text);

// No note that something is left to do, in a comment.
Findings CheckLeftovers(std::string_view path, std::string_view text);

// Sizes, for a report and not for a verdict: files of more than 400 lines (tests 600),
// functions of more than 70, lines of more than 100 columns.
Findings ReportSizes(std::string_view path, std::string_view text);

}  // namespace gtm::tidy
