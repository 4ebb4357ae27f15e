#include "services/gtm/backup.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <ostream>

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/telemetry/log.h"
#include "services/gtm/cli/error_text.h"
#include "services/records/open_store.h"

namespace gtm {
namespace {

using records::store::BackupReport;

constexpr double kMegabyte = 1e6;
constexpr absl::Duration kDrawInterval = absl::Milliseconds(200);

// A line on a terminal, removed at the end; nothing in a pipe.
class Progress {
 public:
  Progress(const cli::Console& console, std::string title)
      : console_(console), title_(std::move(title)) {}
  ~Progress() {
    if (is_shown_) *console_.err << "\r\x1b[K" << std::flush;
  }

  void Show(int64_t bytes, int64_t bytes_total) {
    const absl::Duration elapsed = SystemClock().Monotonic() - start_;
    if (!console_.err_is_terminal || elapsed - last_ < kDrawInterval) return;
    last_ = elapsed;
    is_shown_ = true;
    const double megabytes = static_cast<double>(bytes) / kMegabyte;
    std::string line = fmt::format("{}  {:.1f} MB  {:.1f} MB/s", title_, megabytes,
                                   megabytes / absl::ToDoubleSeconds(elapsed));
    if (bytes_total > 0) line += fmt::format("  {} %", bytes * 100 / bytes_total);
    *console_.err << "\r\x1b[K" << line << std::flush;
  }
  double seconds() const { return absl::ToDoubleSeconds(SystemClock().Monotonic() - start_); }

 private:
  const cli::Console& console_;
  const std::string title_;
  const absl::Duration start_ = SystemClock().Monotonic();
  absl::Duration last_ = absl::ZeroDuration();
  bool is_shown_ = false;
};

using Work = std::function<Result<BackupReport>(const records::store::BackupProgress&)>;

// Runs the work and says what it did: `verb` "backed up", about `file`.
int Run(const cli::Console& console, bool as_json, const std::string& verb, const std::string& file,
        const Work& work) {
  std::optional<Result<BackupReport>> result;
  double seconds = 0;
  {
    Progress progress(console, verb);
    result = work([&](int64_t bytes, int64_t total) { progress.Show(bytes, total); });
    seconds = progress.seconds();
  }
  if (!result->ok()) {
    const Error& error = result->error();
    *console.err << cli::ErrorText(error, console.color && console.err_is_terminal);
    return error.reason() == Reason::INVALID_FIELDS ? 2 : 1;
  }
  const BackupReport& report = **result;
  const std::string time = absl::FormatTime(
      "%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(report.time_us), absl::UTCTimeZone());
  if (as_json) {
    *console.out << fmt::format(
        "{{\"time\":\"{}\",\"schema_version\":{},\"tenants\":{},\"records\":{},\"changes\":{},"
        "\"requests\":{},\"bytes\":{},\"sha256\":\"{}\"}}\n",
        time, report.schema_version, report.tenant_count, report.record_count, report.change_count,
        report.request_count, report.byte_count, report.digest);
    return 0;
  }
  *console.out << fmt::format(
      "{} {}: tenants {}, records {}, changes {}, {:.1f} MB in {:.1f} s, as of {}\nsha256 {}\n",
      verb, file, report.tenant_count, report.record_count, report.change_count,
      static_cast<double>(report.byte_count) / kMegabyte, seconds, time, report.digest);
  return 0;
}

// None: go on.
std::optional<int> Parse(CLI::App& app, const cli::ServeOptions& options,
                         const cli::Console& console) {
  std::vector<std::string> arguments(options.arguments.rbegin(), options.arguments.rend());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, *console.out, *console.err) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

struct Flags {
  std::string store = "sqlite:gtm.db";
  std::string file;
  std::string output = "table";

  void Register(CLI::App& app, const std::string& file_flag, const std::string& meaning) {
    app.add_option("--store", store, "sqlite:<file> or postgres://...")
        ->envname("GTM_STORE")
        ->type_name("URL");
    app.add_option(file_flag, file, meaning)->type_name("FILE");
    app.add_option("-o,--output", output, "Form of the answer")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "json"}));
  }
  bool as_json() const { return output == "json"; }
};

int NeedsFlag(const cli::Console& console, const std::string& command, const std::string& flag) {
  *console.err << fmt::format("gtm {0}: {1} is required; `gtm {0} --help` shows how\n", command,
                              flag);
  return 2;
}

}  // namespace

int Backup(const cli::ServeOptions& options, const cli::Console& console) {
  CLI::App app(
      "Writes a whole store to one file, while it is in use: a snapshot of one moment, in place\n"
      "only once it is whole and on disk. Any engine can be restored from it.",
      "gtm backup");
  Flags flags;
  bool verify = false;
  flags.Register(app, "--to", "The file; an older one is replaced");
  app.add_flag("--verify", verify, "Read the file again afterwards and prove it whole");
  std::string verified_file;
  CLI::App* verify_command = app.add_subcommand("verify", "Prove that a backup is whole");
  verify_command->add_option("FILE", verified_file, "The backup")->required();
  verify_command->fallthrough();
  if (const auto code = Parse(app, options, console)) return *code;
  const Work read = [&](const auto& progress) {
    return records::store::VerifyBackup(verified_file, progress);
  };
  if (verify_command->parsed()) {
    return Run(console, flags.as_json(), "verified", verified_file, read);
  }
  if (flags.file.empty()) return NeedsFlag(console, "backup", "--to FILE");
  const auto log = telemetry::MakeJsonLog(telemetry::LogLevel::kError, "gtm");
  const int code =
      Run(console, flags.as_json(), "backed up to", flags.file, [&](const auto& progress) {
        return records::BackupStore(flags.store, flags.file, *log, progress);
      });
  if (code != 0 || !verify) return code;
  verified_file = flags.file;
  return Run(console, flags.as_json(), "verified", verified_file, read);
}

int Restore(const cli::ServeOptions& options, const cli::Console& console) {
  CLI::App app(
      "Restores a backup into an empty store, of the same engine or another: all of it or\n"
      "nothing. A new epoch begins, so that whoever followed the old store lists again.",
      "gtm restore");
  Flags flags;
  flags.store.clear();
  flags.Register(app, "--from", "The backup");
  if (const auto code = Parse(app, options, console)) return *code;
  if (flags.file.empty()) return NeedsFlag(console, "restore", "--from FILE");
  if (flags.store.empty()) return NeedsFlag(console, "restore", "--store URL");
  const auto log = telemetry::MakeJsonLog(telemetry::LogLevel::kError, "gtm");
  return Run(console, flags.as_json(), "restored", flags.file, [&](const auto& progress) {
    return records::RestoreStore(flags.file, flags.store, *log, progress);
  });
}

}  // namespace gtm
