#pragma once
// The engines under test, and short words to talk to them.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "services/records/store/sql_driver.h"
#include "services/records/store/store.h"

namespace gtm::records::store {

// One data set of one engine.
class Deployment {
 public:
  virtual ~Deployment() = default;
  // A store on the data: another process's, as far as the engine can tell. The memory
  // engine has one store only and gives it again.
  virtual Result<std::shared_ptr<Store>> Open(const StoreOptions& options) = 0;
  virtual bool is_durable() const { return true; }
  // The data as the backup sees it, its schema as it is. Durable engines only.
  virtual Result<std::unique_ptr<Driver>> OpenDriver(const StoreOptions& options) = 0;
};

struct Engine {
  std::string name;
  std::function<std::unique_ptr<Deployment>()> deploy;  // empty, of its own
  bool needs_postgres = false;
};
const std::vector<Engine>& Engines();
void PrintTo(const Engine& engine, std::ostream* out);

// Epoch of all stores under test.
inline constexpr const char* kEpoch = "e1";
// Microseconds; tests count on from here.
inline constexpr int64_t kNow = 1'700'000'000'000'000;
inline constexpr int kAccount = 11;
inline constexpr int kContact = 12;

StoreOptions TestOptions();

// A test over every engine, with a store of its own.
class StoreTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override;

  std::shared_ptr<Store> Open();
  // One request, alone in its group.
  Result<WriteOutcome> Write(const TenantId& tenant, WriteRequest request, int64_t now_us = kNow);
  // What must succeed.
  WriteOutcome MustWrite(const TenantId& tenant, WriteRequest request, int64_t now_us = kNow);
  std::vector<Change> ReadAll(const TenantId& tenant, int64_t after_seq = 0);
  // "acme=1 globex=2": ids and bodies.
  std::string ListText(const TenantId& tenant, int kind = kAccount,
                       std::optional<int64_t> at_seq = {});

  std::unique_ptr<Deployment> deployment_;
  std::shared_ptr<Store> store_;
  const TenantId tenant_{"north"};
  const TenantId other_{"south"};
};

std::string EngineName(const ::testing::TestParamInfo<Engine>& info);

Mutation Put(std::string id, std::string body, int kind = kAccount);
Mutation Create(std::string id, std::string body);
Mutation Update(std::string id, std::string body);
Mutation Delete(std::string id, int kind = kAccount);
Mutation At(Mutation mutation, int64_t expected_version);
// Without a request id unless one is given; then the fingerprint follows from the content.
WriteRequest Request(std::vector<Mutation> mutations, std::string request_id = "");

}  // namespace gtm::records::store

#define GTM_FOR_ALL_ENGINES(suite) \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, ::testing::ValuesIn(Engines()), EngineName)

// Stops the test where a Result is an error.
#define ASSERT_OK(result) ASSERT_TRUE((result).ok()) << (result).error().message()
#define EXPECT_REASON(result, expected)                                                 \
  do {                                                                                  \
    const auto& gtm_result = (result);                                                  \
    EXPECT_FALSE(gtm_result.ok());                                                      \
    if (!gtm_result.ok()) {                                                             \
      EXPECT_EQ(gtm_result.error().reason(), expected) << gtm_result.error().message(); \
    }                                                                                   \
  } while (false)
