#include "services/gtm/cli/command.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

constexpr size_t kJsonBytesMax = 4 * 1024 * 1024;

Result<absl::Duration> ParseTimeout(const std::string& text) {
  absl::Duration timeout;
  if (!absl::ParseDuration(text, &timeout) || timeout <= absl::ZeroDuration() ||
      timeout > absl::Hours(24)) {
    return InvalidField("--timeout",
                        fmt::format("\"{}\" is not a time such as 30s, 2m or 1h", text));
  }
  return timeout;
}

}  // namespace

Client& Session::client() {
  if (client_ == nullptr) {
    client_ = std::make_unique<Client>(channel,
                                       ClientOptions{.tenant = flags.tenant,
                                                     .address = flags.connection.address,
                                                     .authorization = authorization,
                                                     .timeout = ParseTimeout(flags.timeout).value(),
                                                     .over_network = over_network_});
  }
  return *client_;
}

Printer Session::printer() const {
  return Printer(console_, flags.output == "json"  ? OutputFormat::kJson
                           : flags.output == "csv" ? OutputFormat::kCsv
                                                   : OutputFormat::kTable);
}

Status Session::Check() {
  auto timeout = ParseTimeout(flags.timeout);
  if (!timeout.ok()) return std::move(timeout).error();
  GTM_RETURN_IF_ERROR(CheckTenant(flags.tenant));
  if (channel != nullptr) return {};
  GTM_ASSIGN_OR_RETURN(Connection connection, Connect(flags.connection));
  channel = std::move(connection.channel);
  authorization = std::move(connection.authorization);
  over_network_ = true;
  return {};
}

void PointFlags::Register(CLI::App& command) {
  command
      .add_option("--as-of", as_of,
                  "Ask as of the end of a day (2017-11-15, UTC) or of an instant; later "
                  "events do not count")
      ->type_name("TIME");
  command
      .add_option("--recorded-as-of", recorded_as_of, "Count only what had been recorded by then")
      ->type_name("TIME");
  command
      .add_option("--min-revision", min_revision,
                  "Wait until this revision is seen: read your own writes")
      ->type_name("REVISION");
}

Result<type::v1::PointInTime> PointFlags::Parse() const {
  type::v1::PointInTime point;
  if (!as_of.empty()) {
    GTM_ASSIGN_OR_RETURN(*point.mutable_as_of(), ParseTimeFlag(as_of, "--as-of"));
  }
  if (!recorded_as_of.empty()) {
    GTM_ASSIGN_OR_RETURN(*point.mutable_recorded_as_of(),
                         ParseTimeFlag(recorded_as_of, "--recorded-as-of"));
  }
  point.set_min_revision(min_revision);
  return point;
}

Status ReadJsonFile(const std::string& path, google::protobuf::Message* message) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return InvalidField(path, "cannot be opened");
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (text.size() > kJsonBytesMax) return InvalidField(path, "is longer than 4 MiB");
  const auto status = google::protobuf::util::JsonStringToMessage(text, message);
  if (!status.ok()) {
    return InvalidField(path,
                        fmt::format("is not a {} in JSON: {}", message->GetDescriptor()->name(),
                                    std::string(status.message())));
  }
  return {};
}

}  // namespace gtm::cli
