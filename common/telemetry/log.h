#pragma once
// JSON lines on standard error. Keys are proto field names; values never hold
// personal data or secrets.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace gtm::telemetry {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// A key and its value.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// Writes one JSON object a line from a background thread with a bounded queue: under
// pressure the oldest lines are lost, never a call delayed. Thread-safe.
class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;
  void Info(std::string_view event, std::initializer_list<LogField> fields) {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<LogField> fields) {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<LogField> fields) {
    Write(LogLevel::kError, event, fields);
  }
};

// To standard error.
std::unique_ptr<Log> MakeJsonLog(LogLevel level, std::string_view service);
// Drops everything: for tests.
Log& NullLog();

// One line of the log, without the line end: exposed for tests.
std::string FormatLine(std::string_view time, LogLevel level, std::string_view service,
                       std::string_view event, std::initializer_list<LogField> fields);

}  // namespace gtm::telemetry
