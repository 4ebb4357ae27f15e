#include "common/telemetry/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>

#include <nlohmann/json.hpp>

namespace gtm::telemetry {
namespace {

constexpr size_t kQueueLines = 8'192;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "info";
}

std::string TimeNow() {
  const auto now = std::chrono::system_clock::now();
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)), micros % 1'000'000);
}

class JsonLog final : public Log {
 public:
  JsonLog(LogLevel level, std::string_view service)
      : level_(level),
        service_(service),
        pool_(std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1)) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger_ = std::make_shared<spdlog::async_logger>("gtm", sink, pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_pattern("%v");
    logger_->set_level(spdlog::level::trace);
  }
  ~JsonLog() override { logger_->flush(); }

  void Write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    if (level < level_) return;
    logger_->info("{}", FormatLine(TimeNow(), level, service_, event, fields));
    if (level >= LogLevel::kWarning) logger_->flush();
  }

 private:
  const LogLevel level_;
  const std::string service_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

class DroppingLog final : public Log {
 public:
  void Write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace

std::string FormatLine(std::string_view time, LogLevel level, std::string_view service,
                       std::string_view event, std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = time;
  line["level"] = LevelName(level);
  line["service"] = service;
  line["event"] = event;
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  // Bytes that are no UTF-8 are replaced, so that a line is always JSON.
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::unique_ptr<Log> MakeJsonLog(LogLevel level, std::string_view service) {
  return std::make_unique<JsonLog>(level, service);
}

Log& NullLog() {
  static auto* log = new DroppingLog;
  return *log;
}

}  // namespace gtm::telemetry
