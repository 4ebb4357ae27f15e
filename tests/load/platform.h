#pragma once
// `gtm serve` under load: a demo company a tenant, and questions that cost something.

#include <string>
#include <vector>

#include "tests/load/caller.h"
#include "tests/load/server.h"

namespace gtm::load {

// True with --strict: the numbers that are promised for a quiet machine. Without, the same
// runs are shorter and hold wider bounds, which a busy machine keeps, too.
bool IsStrict();
absl::Duration RunTime();  // of one load: 2 s, 10 s where strict

// Loads a demo company of so many accounts, with its decisions; aborts where that fails.
// Returns a revision with all of it.
std::string LoadDemo(const std::string& address, const std::string& tenant, int account_count);

// ListTargets over all accounts of the tenant: milliseconds of work for a small request and
// a small answer.
Ask HeavyQuestion(const std::string& tenant);
// ScoreAccount of one account: microseconds of work.
Ask LightQuestion(const std::string& tenant, const std::string& account_id);
// An account of the tenant.
std::string AnyAccount(const std::string& address, const std::string& tenant);

// "p50 12.3 ms, p99 15.0 ms, 80.1/s of 100 sent" for the report.
std::string Describe(const Outcome& outcome);

}  // namespace gtm::load
