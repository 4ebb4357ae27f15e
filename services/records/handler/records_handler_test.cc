// Every RPC over the memory store: the good case, bad fields, conflicts and replays.
#include "services/records/handler/records_handler.h"

#include <gtest/gtest.h>

#include <set>

#include "services/records/handler/revision.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

using domain::MinimalRecord;

class RecordsHandlerTest : public ::testing::Test {
 protected:
  RecordsHandlerTest() : store_(store::OpenMemory()), handler_(*store_, clock_) {}

  rpc::Call Caller(const std::string& service = "") { return CallOf("t1", clock_, service); }

  v1::CommitRequest PutAccount(const std::string& id, int64_t employees) {
    v1::CommitRequest request;
    request.set_request_id(RequestId(++requests_));
    auto* account = request.mutable_mutation()->mutable_put()->mutable_account();
    account->set_id(id);
    account->set_employee_count(employees);
    return request;
  }
  v1::CommitResponse MustCommit(const v1::CommitRequest& request) {
    rpc::Call call = Caller();
    v1::CommitResponse response;
    const Status status = handler_.Commit(call, request, &response);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message());
    return response;
  }
  v1::CommitResponse Put(const v1::Record& record) {
    v1::CommitRequest request;
    request.set_request_id(RequestId(++requests_));
    *request.mutable_mutation()->mutable_put() = record;
    return MustCommit(request);
  }
  Status Commit(const v1::CommitRequest& request, const std::string& service = "") {
    rpc::Call call = Caller(service);
    v1::CommitResponse response;
    return handler_.Commit(call, request, &response);
  }
  Result<v1::Record> Get(v1::RecordKind kind, const std::string& id,
                         const std::string& tenant = "t1") {
    rpc::Call call = CallOf(tenant, clock_);
    v1::GetRequest request;
    request.mutable_key()->set_kind(kind);
    request.mutable_key()->set_id(id);
    v1::Record record;
    GTM_RETURN_IF_ERROR(handler_.Get(call, request, &record));
    return record;
  }

  StandingClock clock_;
  int requests_ = 0;
  std::unique_ptr<store::Store> store_;
  RecordsHandler handler_;
};

void ExpectReason(const Status& status, Reason reason) {
  ASSERT_FALSE(status.ok()) << "expected " << ReasonName(reason);
  EXPECT_EQ(status.error().reason(), reason) << status.error().message();
}

TEST_F(RecordsHandlerTest, CommitStoresAndGetReads) {
  const auto response = MustCommit(PutAccount("acme", 5));
  EXPECT_EQ(response.result().record().account().employee_count(), 5);
  EXPECT_EQ(response.result().record().account().etag(), "\"1\"");
  EXPECT_FALSE(response.result().unchanged());
  const auto record = Get(v1::RECORD_KIND_ACCOUNT, "acme");
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->SerializeAsString(), response.result().record().SerializeAsString());
  EXPECT_EQ(record->account().create_time().seconds(), 1'800'000'000);
}

TEST_F(RecordsHandlerTest, CommitOfAnEqualRecordChangesNothing) {
  MustCommit(PutAccount("acme", 5));
  const auto again = MustCommit(PutAccount("acme", 5));
  EXPECT_TRUE(again.result().unchanged());
  EXPECT_EQ(again.result().record().account().etag(), "\"1\"");
}

TEST_F(RecordsHandlerTest, ReplaysGiveTheSameBytesAndActOnce) {
  const auto request = PutAccount("acme", 5);
  const auto first = MustCommit(request);
  MustCommit(PutAccount("acme", 6));
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(MustCommit(request).SerializeAsString(), first.SerializeAsString());
  {
    RecordsHandler restarted(*store_, clock_);
    rpc::Call call = Caller();
    v1::CommitResponse response;
    ASSERT_TRUE(restarted.Commit(call, request, &response).ok());
    EXPECT_EQ(response.SerializeAsString(), first.SerializeAsString());
  }
  EXPECT_EQ(Get(v1::RECORD_KIND_ACCOUNT, "acme")->account().employee_count(), 6);
}

TEST_F(RecordsHandlerTest, ReplayWithAnotherBodyOrMethodIsRefused) {
  auto request = PutAccount("acme", 5);
  MustCommit(request);
  request.mutable_mutation()->mutable_put()->mutable_account()->set_employee_count(6);
  ExpectReason(Commit(request), Reason::REQUEST_ID_REUSED);
  v1::BatchCommitRequest batch;
  batch.set_request_id(request.request_id());
  *batch.add_mutations() = PutAccount("acme", 5).mutation();
  rpc::Call call = Caller();
  v1::BatchCommitResponse response;
  ExpectReason(handler_.BatchCommit(call, batch, &response), Reason::REQUEST_ID_REUSED);
}

TEST_F(RecordsHandlerTest, CommitNamesBadFields) {
  v1::CommitRequest request;
  request.set_request_id("7");
  request.mutable_mutation()->set_etag("7");
  auto* opportunity = request.mutable_mutation()->mutable_put()->mutable_opportunity();
  opportunity->set_id("o1");
  opportunity->add_stage_changes()->set_stage_id("open");
  const Status status = Commit(request);
  ExpectReason(status, Reason::INVALID_FIELDS);
  std::set<std::string> fields;
  for (const auto& violation : status.error().violations()) fields.insert(violation.field);
  EXPECT_TRUE(fields.contains("request_id"));
  EXPECT_TRUE(fields.contains("mutation.etag"));
  EXPECT_TRUE(fields.contains("mutation.put.opportunity.stage_changes[0].change_time"));
  ExpectReason(Commit(v1::CommitRequest()), Reason::INVALID_FIELDS);
}

TEST_F(RecordsHandlerTest, ModesAndEtags) {
  auto create = PutAccount("acme", 5);
  create.mutable_mutation()->set_mode(v1::Mutation::MODE_CREATE);
  const auto made = MustCommit(create);
  create.set_request_id(RequestId(900));
  ExpectReason(Commit(create), Reason::RECORD_EXISTS);
  auto update = PutAccount("nobody", 1);
  update.mutable_mutation()->set_mode(v1::Mutation::MODE_UPDATE);
  ExpectReason(Commit(update), Reason::RECORD_NOT_FOUND);
  auto guarded = PutAccount("acme", 6);
  guarded.mutable_mutation()->set_etag(made.result().record().account().etag());
  const auto changed = MustCommit(guarded);
  auto stale = PutAccount("acme", 7);
  stale.mutable_mutation()->set_etag(made.result().record().account().etag());
  ExpectReason(Commit(stale), Reason::ETAG_MISMATCH);
  v1::CommitRequest remove;
  remove.set_request_id(RequestId(901));
  remove.mutable_mutation()->mutable_delete_()->set_kind(v1::RECORD_KIND_ACCOUNT);
  remove.mutable_mutation()->mutable_delete_()->set_id("acme");
  remove.mutable_mutation()->set_etag(changed.result().record().account().etag());
  const auto removed = MustCommit(remove);
  EXPECT_FALSE(removed.result().has_record());
  EXPECT_FALSE(Get(v1::RECORD_KIND_ACCOUNT, "acme").ok());
  EXPECT_EQ(MustCommit(remove).SerializeAsString(), removed.SerializeAsString());
}

TEST_F(RecordsHandlerTest, DecisionKindsAreWrittenByTheirServiceOnly) {
  v1::CommitRequest request;
  request.set_request_id(RequestId(1));
  *request.mutable_mutation()->mutable_put() = MinimalRecord(v1::RECORD_KIND_TARGET_DEFINITION);
  ExpectReason(Commit(request), Reason::KIND_NOT_WRITABLE);
  ExpectReason(Commit(request, "growth"), Reason::KIND_NOT_WRITABLE);
  EXPECT_TRUE(Commit(request, "targeting").ok());
  v1::CommitRequest remove;
  remove.set_request_id(RequestId(2));
  remove.mutable_mutation()->mutable_delete_()->set_kind(v1::RECORD_KIND_TARGET_DEFINITION);
  remove.mutable_mutation()->mutable_delete_()->set_id("r1");
  ExpectReason(Commit(remove), Reason::KIND_NOT_WRITABLE);
}

TEST_F(RecordsHandlerTest, ImmutableFieldsStay) {
  v1::Record record = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
  const auto first = Put(record);
  record.mutable_engagement()->set_note("a note");
  Put(record);
  v1::CommitRequest request;
  request.set_request_id(RequestId(500));
  *request.mutable_mutation()->mutable_put() = record;
  request.mutable_mutation()->mutable_put()->mutable_engagement()->set_account_id("other");
  const Status status = Commit(request);
  ExpectReason(status, Reason::INVALID_FIELDS);
  EXPECT_EQ(status.error().violations()[0].field, "mutation.put.engagement.account_id");
}

TEST_F(RecordsHandlerTest, ReplayOfAnImmutableKindSurvivesWhatCameAfter) {
  v1::CommitRequest request;
  request.set_request_id(RequestId(600));
  *request.mutable_mutation()->mutable_put() = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
  const auto first = MustCommit(request);
  v1::CommitRequest remove;
  remove.set_request_id(RequestId(601));
  remove.mutable_mutation()->mutable_delete_()->set_kind(v1::RECORD_KIND_ENGAGEMENT);
  remove.mutable_mutation()->mutable_delete_()->set_id("e1");
  MustCommit(remove);
  v1::Record other = MinimalRecord(v1::RECORD_KIND_ENGAGEMENT, "e1");
  other.mutable_engagement()->set_account_id("elsewhere");
  Put(other);
  EXPECT_EQ(MustCommit(request).SerializeAsString(), first.SerializeAsString());
}

TEST_F(RecordsHandlerTest, BatchCommitIsAllOrNothing) {
  const auto acme = MustCommit(PutAccount("acme", 5));
  v1::BatchCommitRequest batch;
  batch.set_request_id(RequestId(700));
  for (const char* id : {"a", "b"}) *batch.add_mutations() = PutAccount(id, 1).mutation();
  auto* guard = batch.add_guards();
  guard->mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
  guard->mutable_key()->set_id("acme");
  guard->set_etag("\"99\"");
  rpc::Call call = Caller();
  v1::BatchCommitResponse response;
  ExpectReason(handler_.BatchCommit(call, batch, &response), Reason::ETAG_MISMATCH);
  EXPECT_FALSE(Get(v1::RECORD_KIND_ACCOUNT, "a").ok());
  guard->set_etag(acme.result().record().account().etag());
  batch.set_request_id(RequestId(701));
  response.Clear();
  ASSERT_TRUE(handler_.BatchCommit(call, batch, &response).ok());
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).record().account().etag(),
            response.results(1).record().account().etag());
  EXPECT_TRUE(Get(v1::RECORD_KIND_ACCOUNT, "a").ok());
  v1::BatchCommitResponse again;
  ASSERT_TRUE(handler_.BatchCommit(call, batch, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
}

TEST_F(RecordsHandlerTest, BatchCommitNamesBadFields) {
  v1::BatchCommitRequest batch;
  batch.set_request_id(RequestId(1));
  *batch.add_mutations() = PutAccount("a", 1).mutation();
  *batch.add_mutations() = PutAccount("a", 2).mutation();
  *batch.add_mutations() = PutAccount("b", -1).mutation();
  rpc::Call call = Caller();
  v1::BatchCommitResponse response;
  const Status status = handler_.BatchCommit(call, batch, &response);
  ExpectReason(status, Reason::INVALID_FIELDS);
  ASSERT_EQ(status.error().violations().size(), 2u);
  EXPECT_EQ(status.error().violations()[0].field, "mutations[1]");
  EXPECT_EQ(status.error().violations()[1].field, "mutations[2].put.account.employee_count");
  v1::BatchCommitRequest many;
  many.set_request_id(RequestId(2));
  for (int i = 0; i < 1'001; ++i) many.add_mutations();
  ExpectReason(handler_.BatchCommit(call, many, &response), Reason::INVALID_FIELDS);
}

TEST_F(RecordsHandlerTest, BatchGetTellsWhatIsMissing) {
  MustCommit(PutAccount("a", 1));
  v1::BatchGetRequest request;
  for (const char* id : {"x", "a", "y"}) {
    auto* key = request.add_keys();
    key->set_kind(v1::RECORD_KIND_ACCOUNT);
    key->set_id(id);
  }
  rpc::Call call = Caller();
  v1::BatchGetResponse response;
  ASSERT_TRUE(handler_.BatchGet(call, request, &response).ok());
  ASSERT_EQ(response.records_size(), 1);
  ASSERT_EQ(response.missing_size(), 2);
  EXPECT_EQ(response.missing(1).id(), "y");
  request.add_keys();
  const Status status = handler_.BatchGet(call, request, &response);
  ExpectReason(status, Reason::INVALID_FIELDS);
  EXPECT_EQ(status.error().violations()[0].field, "keys[3].kind");
}

TEST_F(RecordsHandlerTest, GetOfAnotherTenantFindsNothing) {
  MustCommit(PutAccount("acme", 5));
  const auto other = Get(v1::RECORD_KIND_ACCOUNT, "acme", "t2");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().reason(), Reason::RECORD_NOT_FOUND);
  EXPECT_EQ(other.error().message(), "account acme: no such record");
}

TEST_F(RecordsHandlerTest, ListPagesThroughAll) {
  for (int i = 0; i < 25; ++i) MustCommit(PutAccount("a" + std::to_string(100 + i), i));
  MustCommit(PutAccount("b1", 1));
  rpc::Call call = Caller();
  v1::ListRequest request;
  request.set_kind(v1::RECORD_KIND_ACCOUNT);
  request.set_page_size(10);
  request.set_id_prefix("a");
  std::vector<std::string> ids;
  std::string first_revision;
  do {
    v1::ListResponse response;
    ASSERT_TRUE(handler_.List(call, request, &response).ok());
    if (first_revision.empty()) first_revision = response.revision();
    EXPECT_EQ(response.revision(), first_revision);
    for (const auto& record : response.records()) ids.push_back(record.account().id());
    request.set_page_token(response.next_page_token());
    MustCommit(PutAccount("c" + std::to_string(requests_), 1));
  } while (!request.page_token().empty());
  EXPECT_EQ(ids.size(), 25u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST_F(RecordsHandlerTest, PageTokensBelongToTheirQuestion) {
  for (int i = 0; i < 5; ++i) MustCommit(PutAccount(std::to_string(i), i));
  rpc::Call call = Caller();
  v1::ListRequest request;
  request.set_kind(v1::RECORD_KIND_ACCOUNT);
  request.set_page_size(2);
  v1::ListResponse response;
  ASSERT_TRUE(handler_.List(call, request, &response).ok());
  const std::string token = response.next_page_token();
  v1::ListRequest other = request;
  other.set_page_token(token);
  other.set_id_prefix("1");
  ExpectReason(handler_.List(call, other, &response), Reason::PAGE_TOKEN_INVALID);
  rpc::Call stranger = CallOf("t2", clock_);
  request.set_page_token(token);
  ExpectReason(handler_.List(stranger, request, &response), Reason::PAGE_TOKEN_INVALID);
  request.set_page_size(3);
  EXPECT_TRUE(handler_.List(call, request, &response).ok()) << "the size may change";
  for (const char* bad : {"x", "!!!", "AAAA"}) {
    request.set_page_token(bad);
    ExpectReason(handler_.List(call, request, &response), Reason::PAGE_TOKEN_INVALID);
  }
  request.clear_page_token();
  request.set_page_size(-1);
  ExpectReason(handler_.List(call, request, &response), Reason::INVALID_FIELDS);
  request.set_page_size(1);
  request.set_kind(v1::RECORD_KIND_UNSPECIFIED);
  ExpectReason(handler_.List(call, request, &response), Reason::INVALID_FIELDS);
}

TEST_F(RecordsHandlerTest, ListAsRecordedAtAnInstant) {
  MustCommit(PutAccount("a", 1));
  clock_.Advance(absl::Seconds(10));
  const absl::Time between = clock_.Now();
  clock_.Advance(absl::Seconds(10));
  MustCommit(PutAccount("a", 2));
  MustCommit(PutAccount("b", 1));
  rpc::Call call = Caller();
  v1::ListRequest request;
  request.set_kind(v1::RECORD_KIND_ACCOUNT);
  request.mutable_recorded_as_of()->set_seconds(absl::ToUnixSeconds(between));
  v1::ListResponse response;
  ASSERT_TRUE(handler_.List(call, request, &response).ok());
  ASSERT_EQ(response.records_size(), 1);
  EXPECT_EQ(response.records(0).account().employee_count(), 1);
  EXPECT_EQ(ParseRevision(response.revision())->seq, 1);
}

TEST_F(RecordsHandlerTest, ListHistoryTellsWhoWroteWhat) {
  for (int i = 0; i < 5; ++i) MustCommit(PutAccount("a", i + 1));
  rpc::Call call = Caller();
  v1::ListHistoryRequest request;
  request.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
  request.mutable_key()->set_id("a");
  request.set_page_size(3);
  v1::ListHistoryResponse page;
  ASSERT_TRUE(handler_.ListHistory(call, request, &page).ok());
  ASSERT_EQ(page.changes_size(), 3);
  EXPECT_EQ(page.changes(0).record().account().employee_count(), 5);
  EXPECT_EQ(page.changes(0).actor(), "user:ada");
  EXPECT_EQ(page.changes(0).request_id(), RequestId(5));
  request.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_TRUE(handler_.ListHistory(call, request, &page).ok());
  ASSERT_EQ(page.changes_size(), 2);
  EXPECT_EQ(page.changes(1).operation(), v1::Change::OPERATION_CREATE);
  EXPECT_TRUE(page.next_page_token().empty());
  request.mutable_key()->set_id("b");
  ExpectReason(handler_.ListHistory(call, request, &page), Reason::PAGE_TOKEN_INVALID);
  request.clear_page_token();
  ExpectReason(handler_.ListHistory(call, request, &page), Reason::RECORD_NOT_FOUND);
}

TEST_F(RecordsHandlerTest, GetHeadCounts) {
  MustCommit(PutAccount("a", 1));
  Put(MinimalRecord(v1::RECORD_KIND_SELLER));
  rpc::Call call = Caller();
  v1::GetHeadResponse response;
  ASSERT_TRUE(handler_.GetHead(call, {}, &response).ok());
  EXPECT_EQ(ParseRevision(response.revision())->seq, 2);
  EXPECT_EQ(response.record_counts().at("account"), 1);
  EXPECT_EQ(response.record_counts().at("seller"), 1);
  EXPECT_EQ(ParseRevision(response.oldest_revision())->seq, 0);
}

TEST_F(RecordsHandlerTest, NothingAcceptedIsLostAtShutdown) {
  std::atomic<int> answered{0};
  std::deque<v1::CommitRequest> requests;
  std::deque<v1::CommitResponse> responses;
  for (int i = 0; i < 200; ++i) {
    requests.push_back(PutAccount("a" + std::to_string(i), i));
    responses.emplace_back();
    handler_.Commit(std::make_shared<rpc::Call>(Caller()), requests.back(), &responses.back(),
                    [&](Status status) { answered += status.ok() ? 1 : 0; });
  }
  handler_.Shutdown();
  EXPECT_EQ(answered, 200);
  ExpectReason(Commit(PutAccount("late", 1)), Reason::SHUTTING_DOWN);
}

}  // namespace
}  // namespace gtm::records::handler
