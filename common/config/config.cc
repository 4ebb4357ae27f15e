#include "common/config/config.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace gtm::config {
namespace {

// What the processes have in common, in the order of --help.
constexpr std::array kOfStore = {kAddress, kMetricsAddress, kStore, kMigrate};
constexpr std::array kOfRecordsClient = {kAddress, kMetricsAddress, kRecordsAddress};
constexpr std::array kOfCalls = {kReflection,    kInflightMax, kTenantInflightMax, kQueueMsMax,
                                 kDeadlineCapMs, kDrainMs,     kDrainDelayMs,      kPoolThreads};
constexpr std::array kOfBooks = {kBookMemoryMib, kBusinessMetricsTenants,
                                 kBusinessMetricsIntervalS};
constexpr std::array kOfLogAndTls = {kLogLevel,   kAccessLog,       kAuth,         kTlsCertFile,
                                     kTlsKeyFile, kTlsClientCaFile, kTlsClientAuth};
constexpr std::array kOfTlsClient = {kTlsCaFile};
constexpr std::array kOfIdentity = {kIdentitiesFile, kJwksFile,      kJwtIssuer,
                                    kJwtAudience,    kHealthAddress, kAuditLog};

template <size_t... kSizes>
constexpr auto Join(const std::array<Key, kSizes>&... parts) {
  std::array<Key, (kSizes + ...)> all{};
  size_t at = 0;
  const auto add = [&](const auto& part) {
    for (const Key& key : part) all[at++] = key;
  };
  (add(parts), ...);
  return all;
}

constexpr auto kServe = Join(kOfStore, kOfCalls, kOfBooks, kOfLogAndTls, kOfIdentity);
constexpr auto kRecords = Join(kOfStore, kOfCalls, kOfLogAndTls, kOfIdentity);
constexpr auto kService =
    Join(kOfRecordsClient, kOfCalls, kOfBooks, kOfLogAndTls, kOfTlsClient, kOfIdentity);

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

const Key* FindKey(std::span<const Key> keys, std::string_view name) {
  for (const Key& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

}  // namespace

std::span<const Key> ServeKeys() { return kServe; }
std::span<const Key> RecordsKeys() { return kRecords; }
std::span<const Key> ServiceKeys() { return kService; }

std::string EnvironmentName(const Key& key) {
  std::string name = "GTM_";
  for (const char c : key.name) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

Result<Config> Config::Load(std::span<const Key> keys, std::span<const std::string> arguments,
                            const Environment& environment) {
  Config config;
  std::vector<FieldViolation> violations;
  for (const Key& key : keys) {
    config.keys_.push_back(&key);
    config.values_[key.name] =
        environment(EnvironmentName(key)).value_or(std::string(key.default_value));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view flag = arguments[i];
    const size_t equals = flag.find('=');
    const std::string_view name =
        flag.starts_with("--") ? flag.substr(2, equals == flag.npos ? equals : equals - 2) : "";
    const Key* key = FindKey(keys, name);
    if (key == nullptr) {
      violations.push_back({arguments[i], "no such flag; --help lists them"});
    } else if (equals != flag.npos) {
      config.values_[key->name] = flag.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      config.values_[key->name] = arguments[++i];
    } else {
      violations.push_back({arguments[i], "needs a value"});
    }
  }
  for (const Key& key : keys) {
    if (!key.is_number()) continue;
    const auto number = ParseNumber(config.values_[key.name]);
    if (!number.has_value() || *number < key.min || *number > key.max) {
      violations.push_back({fmt::format("--{}", key.name),
                            fmt::format("\"{}\" is not a number from {} to {} ({})",
                                        config.values_[key.name], key.min, key.max, key.unit)});
    }
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  return config;
}

const std::string& Config::Text(const Key& key) const {
  const auto it = values_.find(key.name);
  assert(it != values_.end() && "a key that this process does not load");
  return it->second;
}

int64_t Config::Number(const Key& key) const { return ParseNumber(Text(key)).value_or(0); }

std::string Config::Describe() const {
  std::string text;
  for (const Key* key : keys_) {
    text += fmt::format("{} = {}\n", key->name, key->secret ? "***" : Text(*key));
  }
  return text;
}

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::string HelpText(std::span<const Key> keys) {
  std::string text;
  for (const Key& key : keys) {
    text += fmt::format("  --{} <{}>  (default \"{}\", environment {})\n      {}\n", key.name,
                        key.unit, key.default_value, EnvironmentName(key), key.meaning);
  }
  return text;
}

std::string MarkdownTable(std::span<const Key> keys) {
  std::string text = "| flag | environment | default | unit | meaning |\n|---|---|---|---|---|\n";
  for (const Key& key : keys) {
    text += fmt::format("| `--{}` | `{}` | `{}` | {} | {} |\n", key.name, EnvironmentName(key),
                        key.default_value, key.unit, key.meaning);
  }
  return text;
}

}  // namespace gtm::config
