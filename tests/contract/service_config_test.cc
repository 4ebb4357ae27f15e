// The service config that clients of other languages take from the contract is the one that
// our own channels use.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/rpc/server.h"

namespace gtm {
namespace {

TEST(ServiceConfig, OfTheContractIsOurs) {
  std::ifstream file("protos/service_config.json");
  EXPECT_EQ(nlohmann::json::parse(file), nlohmann::json::parse(rpc::ClientServiceConfig()));
}

}  // namespace
}  // namespace gtm
