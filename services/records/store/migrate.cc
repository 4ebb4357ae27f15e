// Migrations under a lease: a row that expires, and no lock that an engine may not have.

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "services/records/store/errors.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

constexpr int64_t kLeaseUs = 60'000'000;
constexpr absl::Duration kWaitMax = absl::Seconds(90);
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr int kTriesMax = 20;

int64_t NowUs() { return absl::ToUnixMicros(SystemClock().Now()); }

class Migrator {
 public:
  Migrator(Driver& driver, const StoreOptions& options, int64_t goal)
      : driver_(driver), options_(options), goal_(goal), holder_(MakeEpoch()) {}

  Status Run() {
    GTM_RETURN_IF_ERROR(BringUp());
    const std::string epoch = options_.first_epoch.empty() ? MakeEpoch() : options_.first_epoch;
    GTM_ASSIGN_OR_RETURN(const Rows made, RunOne(sql::kMakeFirstHead, {std::string_view(epoch)}));
    return {};
  }

 private:
  Status BringUp() {
    const absl::Duration start = SystemClock().Monotonic();
    while (true) {
      GTM_ASSIGN_OR_RETURN(const int64_t version, Version());
      if (version == goal_) return {};
      if (version > goal_) return SchemaIsNewer(version, goal_);
      if (options_.migration == Migration::kNever) return SchemaIsOlder(version, goal_);
      GTM_ASSIGN_OR_RETURN(const bool has_lease, TakeLease());
      if (has_lease) break;
      if (SystemClock().Monotonic() - start > kWaitMax) return StoreUnavailable();
      absl::SleepFor(kPause);
    }
    const Status status = Apply();
    const auto dropped = RunOne(sql::kDropLease, {std::string_view(holder_)});
    GTM_RETURN_IF_ERROR(status);
    if (!dropped.ok()) return dropped.error();
    return {};
  }

  // Runs a batch, again where it lost against another migrator.
  template <class Fill>
  Result<std::vector<Rows>> RunBatch(Fill fill) {
    for (int attempt = 1;; ++attempt) {
      GTM_ASSIGN_OR_RETURN(auto session, driver_.Acquire(Access::kWrite));
      fill(*session);
      auto rows = session->Run();
      const bool is_lost_race = !rows.ok() && session->failure() == Failure::kConflict;
      if (!is_lost_race || attempt == kTriesMax) return rows;
      session.reset();
      absl::SleepFor(kPause * attempt);
    }
  }

  Result<Rows> RunOne(const Statement& statement, std::vector<Value> values) {
    GTM_ASSIGN_OR_RETURN(auto rows,
                         RunBatch([&](Session& session) { session.Add(statement, values); }));
    return std::move(rows.front());
  }

  // 0 before the first migration.
  Result<int64_t> Version() {
    if (options_.migration == Migration::kNever) {
      // Nothing may be made here, not even the table that tells.
      const Result<Rows> version = RunOne(sql::kSchemaVersion, {});
      if (version.ok()) return version->Int(0, 0);
      if (version.error().reason() == Reason::STORE_UNAVAILABLE) return version.error();
      return 0;
    }
    // Two processes that make the table at once can collide in the catalog: the loser
    // finds it made.
    Result<Rows> made = RunOne(sql::kMakeMigrations, {});
    for (int i = 0; i < 5 && !made.ok(); ++i) {
      absl::SleepFor(kPause);
      made = RunOne(sql::kMakeMigrations, {});
    }
    if (!made.ok()) return made.error();
    GTM_ASSIGN_OR_RETURN(const Rows lease, RunOne(sql::kMakeLease, {}));
    GTM_ASSIGN_OR_RETURN(const Rows version, RunOne(sql::kSchemaVersion, {}));
    return version.Int(0, 0);
  }

  Result<bool> TakeLease() {
    const int64_t now_us = NowUs();
    GTM_ASSIGN_OR_RETURN(const Rows rows, RunOne(sql::kTakeLease, {std::string_view(holder_),
                                                                   now_us + kLeaseUs, now_us}));
    return rows.affected() == 1;
  }

  Status Apply() {
    GTM_ASSIGN_OR_RETURN(const int64_t version, Version());
    for (int64_t next = version + 1; next <= goal_; ++next) {
      GTM_ASSIGN_OR_RETURN(
          const auto done, RunBatch([&](Session& session) {
            session.Begin();
            for (std::string& text :
                 sql::MigrationStatements(static_cast<size_t>(next - 1), driver_.dialect())) {
              session.AddText(std::move(text));
            }
            session.Add(sql::kAddMigration, {next, std::string_view(holder_), NowUs()});
            session.Commit();
          }));
      LogDetail(options_, fmt::format("schema migration {} applied", next));
    }
    return {};
  }

  Driver& driver_;
  const StoreOptions& options_;
  const int64_t goal_;
  const std::string holder_;
};

}  // namespace

Status Migrate(Driver& driver, const StoreOptions& options) {
  return MigrateTo(driver, options, static_cast<int64_t>(sql::MigrationCount()));
}

Status MigrateTo(Driver& driver, const StoreOptions& options, int64_t version) {
  return Migrator(driver, options, version).Run();
}

}  // namespace gtm::records::store
