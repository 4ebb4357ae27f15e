#include "services/gtm/cli/connection.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "common/identity/credentials.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/server.h"

namespace gtm::cli {
namespace {

constexpr size_t kTokenFileBytesMax = 64 * 1024;
constexpr std::string_view kSpace = " \t\r\n";

// The token of the flags; "" where there is none.
Result<std::string> ReadToken(const ConnectionFlags& flags) {
  std::string token;
  if (flags.token_file == "-") {
    token.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!flags.token_file.empty()) {
    GTM_ASSIGN_OR_RETURN(
        token, identity::ReadWholeFile(flags.token_file, kTokenFileBytesMax, "--token-file"));
  } else if (const char* value = std::getenv("GTM_TOKEN"); value != nullptr) {
    token = value;
  }
  const size_t first = token.find_first_not_of(kSpace);
  if (first == std::string::npos) {
    if (flags.token_file.empty()) return std::string();
    return InvalidField("--token-file", "is empty; put a token or an API key into it");
  }
  token = token.substr(first, token.find_last_not_of(kSpace) - first + 1);
  const bool is_plain =
      std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_plain) return InvalidField("--token-file", "holds no token or API key");
  return token;
}

}  // namespace

void ConnectionFlags::Register(CLI::App& app) {
  app.add_option("--address", address, "Where the platform answers")
      ->envname("GTM_ADDRESS")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_option("--tls-ca-file", tls_ca_file, "Use TLS; roots that verify the platform")
      ->envname("GTM_TLS_CA_FILE")
      ->type_name("FILE");
  app.add_option("--tls-cert-file", tls_cert_file, "Client certificate")
      ->envname("GTM_TLS_CERT_FILE")
      ->type_name("FILE");
  app.add_option("--tls-key-file", tls_key_file, "Private key of the client certificate")
      ->envname("GTM_TLS_KEY_FILE")
      ->type_name("FILE");
  app.add_option("--token-file", token_file,
                 "Token or API key to show; \"-\": standard input; default: GTM_TOKEN")
      ->envname("GTM_TOKEN_FILE")
      ->type_name("FILE");
}

Result<Connection> Connect(const ConnectionFlags& flags) {
  Connection connection;
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (flags.tls_cert_file.empty() != flags.tls_key_file.empty()) {
    return InvalidField(flags.tls_cert_file.empty() ? "--tls-cert-file" : "--tls-key-file",
                        "required: a client certificate and its key belong together");
  }
  if (!flags.tls_cert_file.empty() && flags.tls_ca_file.empty()) {
    return InvalidField("--tls-ca-file", "required with a client certificate");
  }
  if (!flags.tls_ca_file.empty()) {
    GTM_ASSIGN_OR_RETURN(credentials,
                         identity::MakeChannelCredentials(
                             {flags.tls_ca_file, flags.tls_cert_file, flags.tls_key_file}));
  }
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadToken(flags));
  if (!token.empty()) {
    if (credentials == nullptr && !rpc::IsLoopbackAddress(flags.address)) {
      return InvalidField("--tls-ca-file",
                          fmt::format("required: a token is sent to {} over TLS only; for a "
                                      "certificate of a public authority give "
                                      "/etc/ssl/certs/ca-certificates.crt",
                                      flags.address));
    }
    connection.authorization = "Bearer " + token;
  }
  connection.channel = rpc::MakeChannel(flags.address, credentials);
  return connection;
}

}  // namespace gtm::cli
