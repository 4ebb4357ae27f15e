#include "common/identity/audit_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "common/core/clock.h"

namespace gtm::identity {
namespace {

// Owner and group may read it.
constexpr mode_t kFileMode = 0640;
constexpr absl::Duration kLookAgain = absl::Seconds(1);

class AuditFile final : public telemetry::Log {
 public:
  AuditFile(std::string path, std::string_view service, telemetry::Log& fallback)
      : path_(std::move(path)), service_(service), fallback_(fallback) {}
  ~AuditFile() override {
    if (file_ >= 0) close(file_);
  }

  bool Open() {
    const int file = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kFileMode);
    if (file < 0) return false;
    if (file_ >= 0) close(file_);
    file_ = file;
    return true;
  }

  void Write(telemetry::LogLevel level, std::string_view event,
             std::initializer_list<telemetry::LogField> fields) override {
    const std::string time =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", SystemClock().Now(), absl::UTCTimeZone());
    const std::string line = telemetry::FormatLine(time, level, service_, event, fields) + "\n";
    const std::lock_guard lock(mutex_);
    if (WasMoved()) Open();
    if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      fallback_.Write(telemetry::LogLevel::kError, event, fields);
    }
  }

 private:
  bool WasMoved() {
    const absl::Duration now = SystemClock().Monotonic();
    if (now < look_again_) return false;
    look_again_ = now + kLookAgain;
    struct stat open_file = {};
    struct stat there = {};
    return fstat(file_, &open_file) != 0 || stat(path_.c_str(), &there) != 0 ||
           open_file.st_ino != there.st_ino || open_file.st_dev != there.st_dev;
  }

  const std::string path_;
  const std::string service_;
  telemetry::Log& fallback_;
  std::mutex mutex_;
  int file_ = -1;
  absl::Duration look_again_ = absl::ZeroDuration();
};

}  // namespace

Result<std::unique_ptr<telemetry::Log>> OpenAuditFile(const std::string& path,
                                                      std::string_view service,
                                                      telemetry::Log& fallback) {
  auto log = std::make_unique<AuditFile>(path, service, fallback);
  if (!log->Open()) {
    return InvalidField("--audit-log",
                        fmt::format("\"{}\" cannot be written; give a file in a folder that is "
                                    "there and may be written",
                                    path));
  }
  return std::unique_ptr<telemetry::Log>(std::move(log));
}

}  // namespace gtm::identity
