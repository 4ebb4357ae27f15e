#pragma once
// Server reflection (grpc.reflection.v1 and v1alpha) by callbacks. gRPC 1.51 brings one, but
// it is synchronous, which makes every other call of its server slower, and knows only
// v1alpha.

#include <grpcpp/grpcpp.h>

#include <memory>

namespace gtm::rpc {

// Tells what one server serves. Must outlive that server.
class Reflection {
 public:
  Reflection();
  ~Reflection();
  Reflection(const Reflection&) = delete;
  Reflection& operator=(const Reflection&) = delete;

  // Once, before the server is built.
  void AddTo(grpc::ServerBuilder* builder);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gtm::rpc
