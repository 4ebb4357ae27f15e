#include "tests/conformance/engines.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/testing/postgres_server.h"
#include "services/records/store/decide.h"

namespace gtm::records::store {
namespace {

namespace fs = std::filesystem;
using gtm::test::PostgresServer;

Result<std::shared_ptr<Store>> Share(Result<std::unique_ptr<Store>> store) {
  if (!store.ok()) return store.error();
  return std::shared_ptr<Store>(*std::move(store));
}

class MemoryDeployment final : public Deployment {
 public:
  Result<std::shared_ptr<Store>> Open(const StoreOptions& options) override {
    if (store_ == nullptr) store_ = OpenMemory(options);
    return store_;
  }
  bool is_durable() const override { return false; }
  Result<std::unique_ptr<Driver>> OpenDriver(const StoreOptions&) override {
    return Error(Reason::INTERNAL_ERROR, "memory has no driver");
  }

 private:
  std::shared_ptr<Store> store_;
};

class SqliteDeployment final : public Deployment {
 public:
  // Beside the test's binary: temporary folders may lie in memory, where syncing is free.
  SqliteDeployment() {
    const fs::path self = fs::read_symlink("/proc/self/exe");
    std::string folder = (self.parent_path() / "gtm-sqlite-XXXXXX").string();
    folder_ = mkdtemp(folder.data()) == nullptr ? "" : folder;
  }
  ~SqliteDeployment() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  Result<std::shared_ptr<Store>> Open(const StoreOptions& options) override {
    return Share(OpenSqlite(folder_ + "/records.db", options));
  }
  Result<std::unique_ptr<Driver>> OpenDriver(const StoreOptions& options) override {
    return OpenSqliteDriver(folder_ + "/records.db", options);
  }

 private:
  std::string folder_;
};

class PostgresDeployment final : public Deployment {
 public:
  explicit PostgresDeployment(const std::vector<std::string>& settings)
      : conninfo_(PostgresServer::Shared().MakeSchema(settings)) {}
  Result<std::shared_ptr<Store>> Open(const StoreOptions& options) override {
    if (!conninfo_.ok()) return conninfo_.error();
    return Share(OpenPostgres(*conninfo_, options));
  }
  Result<std::unique_ptr<Driver>> OpenDriver(const StoreOptions& options) override {
    if (!conninfo_.ok()) return conninfo_.error();
    return OpenPostgresDriver(*conninfo_, options);
  }

 private:
  const Result<std::string> conninfo_;
};

}  // namespace

const std::vector<Engine>& Engines() {
  static const std::vector<Engine> engines = {
      {"memory", [] { return std::make_unique<MemoryDeployment>(); }},
      {"sqlite", [] { return std::make_unique<SqliteDeployment>(); }},
      {"postgres", [] { return std::make_unique<PostgresDeployment>(std::vector<std::string>()); },
       true},
      {"postgres_serializable",
       [] {
         return std::make_unique<PostgresDeployment>(
             std::vector<std::string>{"default_transaction_isolation=serializable"});
       },
       true}};
  return engines;
}

void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }

StoreOptions TestOptions() {
  StoreOptions options;
  options.first_epoch = kEpoch;
  options.kind_name = [](int kind) { return kind == kAccount ? "account" : "contact"; };
  if (std::getenv("GTM_TEST_STORE_LOG") != nullptr) {
    options.log = [](std::string_view message) {
      fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    };
  }
  return options;
}

void StoreTest::SetUp() {
  if (GetParam().needs_postgres && !PostgresServer::IsInstalled()) {
    GTEST_SKIP() << "PostgreSQL is not installed";
  }
  deployment_ = GetParam().deploy();
  store_ = Open();
  ASSERT_NE(store_, nullptr);
}

std::shared_ptr<Store> StoreTest::Open() {
  auto store = deployment_->Open(TestOptions());
  EXPECT_TRUE(store.ok()) << store.error().message();
  return store.ok() ? *store : nullptr;
}

Result<WriteOutcome> StoreTest::Write(const TenantId& tenant, WriteRequest request,
                                      int64_t now_us) {
  GTM_ASSIGN_OR_RETURN(auto results, store_->Write(tenant, std::span(&request, 1), now_us));
  return std::move(results.front());
}

WriteOutcome StoreTest::MustWrite(const TenantId& tenant, WriteRequest request, int64_t now_us) {
  auto outcome = Write(tenant, std::move(request), now_us);
  EXPECT_TRUE(outcome.ok()) << outcome.error().message();
  return outcome.ok() ? *outcome : WriteOutcome();
}

std::vector<Change> StoreTest::ReadAll(const TenantId& tenant, int64_t after_seq) {
  ChangesQuery query;
  query.after = Position::AfterSeq(after_seq);
  query.limit = 1'000'000;
  query.bytes_max = INT64_MAX / 2;
  query.include_compacted = true;
  auto result = store_->ReadChanges(tenant, query);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return result.ok() ? result->changes : std::vector<Change>();
}

std::string StoreTest::ListText(const TenantId& tenant, int kind, std::optional<int64_t> at_seq) {
  ListQuery query;
  query.kind = kind;
  query.at_seq = at_seq;
  auto result = store_->List(tenant, query);
  if (!result.ok()) return result.error().message();
  std::string text;
  for (const StoredRecord& record : result->records) {
    text += (text.empty() ? "" : " ") + record.key.id + "=" + record.body;
  }
  return text;
}

std::string EngineName(const ::testing::TestParamInfo<Engine>& info) { return info.param.name; }

Mutation Put(std::string id, std::string body, int kind) {
  Mutation mutation;
  mutation.key = {kind, std::move(id)};
  mutation.body = std::move(body);
  return mutation;
}

Mutation Create(std::string id, std::string body) {
  Mutation mutation = Put(std::move(id), std::move(body));
  mutation.mode = Mode::kCreate;
  return mutation;
}

Mutation Update(std::string id, std::string body) {
  Mutation mutation = Put(std::move(id), std::move(body));
  mutation.mode = Mode::kUpdate;
  return mutation;
}

Mutation Delete(std::string id, int kind) {
  Mutation mutation = Put(std::move(id), "", kind);
  mutation.is_delete = true;
  return mutation;
}

Mutation At(Mutation mutation, int64_t expected_version) {
  mutation.expected_version = expected_version;
  return mutation;
}

WriteRequest Request(std::vector<Mutation> mutations, std::string request_id) {
  WriteRequest request;
  std::string content;
  for (const Mutation& mutation : mutations) {
    content += mutation.key.id + "|" + mutation.body + "|" + (mutation.is_delete ? "d" : "p");
  }
  const Digest digest = DigestOf(content);
  request.request_id = std::move(request_id);
  request.method = "Commit";
  request.fingerprint.assign(digest.begin(), digest.end());
  request.actor = "user:ada";
  request.mutations = std::move(mutations);
  return request;
}

}  // namespace gtm::records::store
