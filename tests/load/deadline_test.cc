// A10: a deadline reaches the bottom. The store is held up by a transaction of the test's
// own; what nobody waits for any more must stop, and must not happen later.

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <sqlite3.h>

#include "absl/time/clock.h"
#include "common/core/ids.h"
#include "common/core/random.h"
#include "common/records_client/grpc_records.h"
#include "common/testing/postgres_server.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "tests/load/caller.h"
#include "tests/load/server.h"

namespace gtm::load {
namespace {

namespace v1 = records::v1;
using grpc::StatusCode;

constexpr absl::Duration kTimeout = absl::Milliseconds(300);

std::string NewId() {
  static Random random(static_cast<uint64_t>(absl::ToUnixNanos(absl::Now())));
  return MakeUuidV7(absl::Now(), random);
}

std::unique_ptr<grpc::ClientContext> ContextOf(absl::Duration timeout) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("gtm-tenant", "t");
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  return context;
}

class Records {
 public:
  explicit Records(const std::string& address)
      : stub_(v1::RecordsService::NewStub(PlainChannel(address))) {}
  grpc::Status Put(const std::string& request_id, const std::string& id, absl::Duration timeout,
                   v1::CommitResponse* response) {
    v1::CommitRequest request;
    request.set_request_id(request_id);
    request.mutable_mutation()->mutable_put()->mutable_account()->set_id(id);
    return stub_->Commit(ContextOf(timeout).get(), request, response);
  }
  StatusCode Find(const std::string& id) {
    v1::GetRequest request;
    request.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
    request.mutable_key()->set_id(id);
    v1::Record record;
    return stub_->Get(ContextOf(absl::Seconds(10)).get(), request, &record).error_code();
  }
  int64_t CountOf(const std::string& kind) {
    v1::GetHeadResponse head;
    EXPECT_TRUE(stub_->GetHead(ContextOf(absl::Seconds(10)).get(), {}, &head).ok());
    const auto at = head.record_counts().find(kind);
    return at == head.record_counts().end() ? 0 : at->second;
  }

 private:
  std::unique_ptr<v1::RecordsService::Stub> stub_;
};

// The same request can be made again, and then acts once.
void ExpectDoneOnceNow(Records& records, const std::string& request_id, const std::string& id) {
  v1::CommitResponse response;
  for (int i = 0; i < 2; ++i) {
    const grpc::Status again = records.Put(request_id, id, absl::Seconds(10), &response);
    EXPECT_TRUE(again.ok()) << again.error_message();
  }
  EXPECT_EQ(records.Find(id), StatusCode::OK);
  EXPECT_EQ(records.CountOf("account"), 2);
}

// A write transaction of another process on the file.
class FileLock {
 public:
  explicit FileLock(const std::string& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &database_), SQLITE_OK);
    sqlite3_busy_timeout(database_, 5'000);
    EXPECT_EQ(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~FileLock() {
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(database_);
  }

 private:
  sqlite3* database_ = nullptr;
};

TEST(Deadline, AWriteToALockedFileEndsInTimeAndDoesNotHappenLater) {
  const TemporaryFolder folder;
  Server server("gtm-records", {"--store=sqlite:" + folder.File("r.db")});
  server.Start();
  Records records(server.address());
  v1::CommitResponse response;
  ASSERT_TRUE(records.Put(NewId(), "first", absl::Seconds(10), &response).ok());
  const std::string request_id = NewId();
  {
    const FileLock lock(folder.File("r.db"));
    const grpc::Status status = records.Put(request_id, "late", kTimeout, &response);
    EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED) << status.error_message();
    // The server stops within 100 ms; the rest is for a busy machine.
    absl::SleepFor(absl::Seconds(1));
  }
  // Had the server still waited for the lock, it would write now.
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_EQ(records.Find("late"), StatusCode::NOT_FOUND);
  ExpectDoneOnceNow(records, request_id, "late");
}

TEST(Deadline, HoldsOverThreeHops) {
  const TemporaryFolder folder;
  Server store("gtm-records", {"--store=sqlite:" + folder.File("r.db")});
  store.Start();
  Server targeting("gtm-targeting", {"--records-address=" + store.address()});
  targeting.Start();
  Records records(store.address());
  v1::CommitResponse response;
  ASSERT_TRUE(records.Put(NewId(), "first", absl::Seconds(10), &response).ok());
  const auto stub = targeting::v1::TargetingService::NewStub(PlainChannel(targeting.address()));
  targeting::v1::ListTargetDefinitionsResponse warm;
  ASSERT_TRUE(stub->ListTargetDefinitions(ContextOf(absl::Seconds(20)).get(), {}, &warm).ok());
  targeting::v1::CreateTargetDefinitionRequest request;
  request.set_request_id(NewId());
  request.mutable_definition()->set_display_name("late");
  targeting::v1::CreateTargetDefinitionResponse created;
  {
    const FileLock lock(folder.File("r.db"));
    const absl::Time start = absl::Now();
    const grpc::Status status =
        stub->CreateTargetDefinition(ContextOf(kTimeout).get(), request, &created);
    EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED) << status.error_message();
    EXPECT_LT(absl::Now() - start, absl::Seconds(2));
    absl::SleepFor(absl::Seconds(1));
  }
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_EQ(records.CountOf("target_definition"), 0);
  const grpc::Status again =
      stub->CreateTargetDefinition(ContextOf(absl::Seconds(20)).get(), request, &created);
  EXPECT_TRUE(again.ok()) << again.error_message();
  EXPECT_EQ(records.CountOf("target_definition"), 1);
}

// Notes until when it may take.
class NotesDeadline final : public v1::RecordsService::Service {
 public:
  grpc::Status BatchCommit(grpc::ServerContext* context, const v1::BatchCommitRequest*,
                           v1::BatchCommitResponse*) override {
    deadline = absl::FromChrono(context->deadline());
    return grpc::Status::OK;
  }
  absl::Time deadline;
};

TEST(Deadline, ACallOfAnotherServiceGetsLessThanIsLeft) {
  NotesDeadline service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto channel = PlainChannel("127.0.0.1:" + std::to_string(port));
  records_client::BookCacheOptions options;
  options.follower.channel = channel;
  const auto records = records_client::MakeGrpcRecords(
      std::make_shared<records_client::BookCache>(options), channel, "targeting");
  rpc::Call call;
  call.principal.tenant = TenantId("t");
  call.deadline = absl::Now() + absl::Seconds(5);
  EXPECT_TRUE(records->Commit(call, {}).ok());
  EXPECT_LT(service.deadline, call.deadline - absl::Milliseconds(5));
  EXPECT_GT(service.deadline, call.deadline - absl::Seconds(1));
}

// A session of the test's own in the server's schema.
class Session {
 public:
  explicit Session(const std::string& conninfo) : pg_(PQconnectdb(conninfo.c_str())) {
    EXPECT_EQ(PQstatus(pg_), CONNECTION_OK) << PQerrorMessage(pg_);
  }
  ~Session() { PQfinish(pg_); }
  std::string Query(const std::string& text) {
    PGresult* result = PQexec(pg_, text.c_str());
    std::string value;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0) {
      value = PQgetvalue(result, 0, 0);
    } else {
      EXPECT_EQ(PQresultStatus(result), PGRES_COMMAND_OK) << PQerrorMessage(pg_);
    }
    PQclear(result);
    return value;
  }

 private:
  PGconn* pg_;
};

TEST(Deadline, StopsTheStatementOfAServerElsewhere) {
  if (!test::PostgresServer::IsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  test::PostgresServer& postgres = test::PostgresServer::Shared();
  const auto schema = postgres.MakeSchema();
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  const size_t at = schema->find("search_path=");
  const std::string path = schema->substr(at, schema->find('\'', at) - at);
  Server server("gtm-records",
                {"--store=postgres://gtm@127.0.0.1:" + std::to_string(postgres.port()) +
                 "/postgres?options=-c%20" + path.substr(0, path.find('=')) + "%3D" +
                 path.substr(path.find('=') + 1)});
  server.Start();
  Records records(server.address());
  v1::CommitResponse response;
  ASSERT_TRUE(records.Put(NewId(), "first", absl::Seconds(10), &response).ok());
  Session session(*schema);
  session.Query("BEGIN");
  session.Query("SELECT epoch FROM tenant_head WHERE tenant_id = 't' FOR UPDATE");
  const std::string request_id = NewId();
  const grpc::Status status = records.Put(request_id, "late", kTimeout, &response);
  EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED) << status.error_message();
  // Promised: within 100 ms. Without a cancellation the statement would run for 30 s.
  const absl::Time expired = absl::Now();
  std::string active = "1";
  while (active != "0" && absl::Now() - expired < absl::Seconds(5)) {
    active = session.Query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gtm-records' AND "
        "state <> 'idle' AND wait_event_type = 'Lock'");
  }
  const absl::Duration stopped = absl::Now() - expired;
  std::printf("stopped %.0f ms after expiry\n", absl::ToDoubleMilliseconds(stopped));
  EXPECT_LT(stopped, absl::Seconds(2));
  session.Query("ROLLBACK");
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(records.Find("late"), StatusCode::NOT_FOUND);
  ExpectDoneOnceNow(records, request_id, "late");
}

}  // namespace
}  // namespace gtm::load
