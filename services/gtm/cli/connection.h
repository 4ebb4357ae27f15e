#pragma once
// How the command line reaches the platform, and as whom.

#include <memory>
#include <string>

#include "common/core/result.h"

namespace CLI {
class App;
}
namespace grpc {
class Channel;
}

namespace gtm::cli {

// Where a platform is and what to show there.
struct ConnectionFlags {
  std::string address = "127.0.0.1:7700";
  std::string tls_ca_file;    // "": without TLS
  std::string tls_cert_file;  // "": no client certificate
  std::string tls_key_file;
  std::string token_file;  // "-": standard input; "": the environment's GTM_TOKEN, if any

  void Register(CLI::App& app);
};

struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::string authorization;  // metadata "authorization" of each call; "": none
};

// Errors: INVALID_FIELDS for files that cannot be used, flags that belong together, and a
// token that would travel to another machine without TLS.
Result<Connection> Connect(const ConnectionFlags& flags);

}  // namespace gtm::cli
