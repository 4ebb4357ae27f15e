// A18: tenants see nothing of each other. Random programs over three tenants through every
// records RPC, with ids, etags, request ids, page tokens and revisions of the others.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/fault/harness.h"

namespace gtm::fault {
namespace {

namespace v1 = records::v1;
using grpc::StatusCode;

constexpr int kTenants = 3;

// What one tenant has, as far as the program knows, and what it might leak to others.
struct Tenant {
  std::string name;
  std::string mark;                          // in every text of its records, and in no other
  std::map<std::string, std::string> etags;  // of its accounts
  std::set<std::string> contacts;
  std::string page_token;
  std::string request_id;
  v1::CommitRequest last_request;
  int64_t change_count = 0;
};

class Program {
 public:
  Program(Stub& stub, uint64_t seed) : stub_(stub), random_(seed) {
    for (int i = 0; i < kTenants; ++i) {
      tenants_[i].name = "tenant-" + std::to_string(i);
      tenants_[i].mark = "mark-of-" + std::to_string(i);
    }
  }

  void Run(int steps) {
    using Step = void (Program::*)(Tenant&, Tenant&);
    const std::vector<Step> choices = {
        &Program::Put,      &Program::Put,    &Program::PutWithForeignEtag,
        &Program::PutBatch, &Program::Import, &Program::Get,
        &Program::BatchGet, &Program::List,   &Program::ForeignToken,
        &Program::History,  &Program::Erase,  &Program::Head,
        &Program::Delete,   &Program::Replay, &Program::Watch};
    for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) {
      Tenant& own = tenants_[random_.Below(kTenants)];
      Tenant& other = tenants_[(static_cast<size_t>(&own - tenants_) + 1 + random_.Below(2)) % 3];
      (this->*choices[random_.Below(choices.size())])(own, other);
    }
    for (Tenant& tenant : tenants_) CheckFeed(tenant);
  }

 private:
  // Nothing that a tenant receives may hold a mark of another.
  void Check(const Tenant& own, const google::protobuf::Message& message) {
    const std::string bytes = message.SerializeAsString();
    for (const Tenant& tenant : tenants_) {
      if (&tenant == &own) continue;
      ASSERT_EQ(bytes.find(tenant.mark), std::string::npos)
          << own.name << " sees " << message.ShortDebugString();
    }
  }

  // Ids are shared by all tenants on purpose.
  std::string AnyId() { return "id-" + std::to_string(random_.Below(12)); }

  v1::CommitRequest PutOf(const Tenant& tenant, const std::string& id) {
    auto request =
        PutAccount(MakeRequestId(random_), id, 1 + static_cast<int64_t>(random_.Below(1'000'000)));
    request.mutable_mutation()->mutable_put()->mutable_account()->set_display_name(tenant.mark);
    return request;
  }

  void Learn(Tenant& own, const v1::MutationResult& result) {
    if (!result.unchanged()) ++own.change_count;
    own.etags[result.record().account().id()] = result.record().account().etag();
  }

  void Put(Tenant& own, Tenant&) {
    own.last_request = PutOf(own, AnyId());
    v1::CommitResponse response;
    ASSERT_TRUE(stub_.Commit(ContextOf(own.name).get(), own.last_request, &response).ok());
    own.request_id = own.last_request.request_id();
    Learn(own, response.result());
    Check(own, response);
  }

  void PutWithForeignEtag(Tenant& own, Tenant& other) {
    const std::string id = AnyId();
    if (!other.etags.contains(id)) return;
    auto request = PutOf(own, id);
    request.mutable_mutation()->set_etag(other.etags[id]);
    v1::CommitResponse response;
    const auto status = stub_.Commit(ContextOf(own.name).get(), request, &response);
    const bool same = own.etags.contains(id) && own.etags[id] == other.etags[id];
    EXPECT_EQ(status.error_code(), same ? StatusCode::OK : StatusCode::ABORTED);
    if (status.ok()) Learn(own, response.result());
  }

  void PutBatch(Tenant& own, Tenant&) {
    v1::BatchCommitRequest batch;
    batch.set_request_id(MakeRequestId(random_));
    const std::set<std::string> ids = {AnyId(), AnyId(), AnyId()};
    for (const auto& id : ids) *batch.add_mutations() = PutOf(own, id).mutation();
    v1::BatchCommitResponse response;
    ASSERT_TRUE(stub_.BatchCommit(ContextOf(own.name).get(), batch, &response).ok());
    for (const auto& result : response.results()) Learn(own, result);
    Check(own, response);
  }

  void Import(Tenant& own, Tenant&) {
    const auto context = ContextOf(own.name);
    const auto stream = stub_.Import(context.get());
    v1::ImportRequest request;
    const std::set<std::string> ids = {"p-" + AnyId(), "p-" + AnyId()};
    for (const auto& id : ids) {
      auto* contact = request.add_records()->mutable_contact();
      contact->set_id(id);
      contact->set_display_name(own.mark);
    }
    stream->Write(request);
    stream->WritesDone();
    v1::ImportResponse response;
    while (stream->Read(&response)) {
      own.change_count += response.created_count() + response.updated_count();
      Check(own, response);
    }
    ASSERT_TRUE(stream->Finish().ok());
    own.contacts.insert(ids.begin(), ids.end());
  }

  void Get(Tenant& own, Tenant&) {
    v1::GetRequest request;
    request.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
    request.mutable_key()->set_id(AnyId());
    v1::Record record;
    const auto status = stub_.Get(ContextOf(own.name).get(), request, &record);
    const auto known = own.etags.find(request.key().id());
    if (known == own.etags.end()) {
      EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND) << "not PERMISSION_DENIED";
      return;
    }
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(record.account().etag(), known->second);
    Check(own, record);
  }

  void BatchGet(Tenant& own, Tenant&) {
    v1::BatchGetRequest request;
    for (int i = 0; i < 12; ++i) {
      auto* key = request.add_keys();
      key->set_kind(v1::RECORD_KIND_ACCOUNT);
      key->set_id("id-" + std::to_string(i));
    }
    v1::BatchGetResponse response;
    ASSERT_TRUE(stub_.BatchGet(ContextOf(own.name).get(), request, &response).ok());
    EXPECT_EQ(static_cast<size_t>(response.records_size()), own.etags.size());
    Check(own, response);
  }

  void List(Tenant& own, Tenant&) {
    v1::ListRequest request;
    request.set_kind(v1::RECORD_KIND_ACCOUNT);
    request.set_page_size(1 + static_cast<int>(random_.Below(4)));
    v1::ListResponse response;
    size_t count = 0;
    do {
      response.Clear();
      ASSERT_TRUE(stub_.List(ContextOf(own.name).get(), request, &response).ok());
      count += static_cast<size_t>(response.records_size());
      Check(own, response);
      request.set_page_token(response.next_page_token());
      if (!response.next_page_token().empty()) own.page_token = response.next_page_token();
    } while (!response.next_page_token().empty());
    EXPECT_EQ(count, own.etags.size());
  }

  void ForeignToken(Tenant& own, Tenant& other) {
    if (other.page_token.empty()) return;
    v1::ListRequest request;
    request.set_kind(v1::RECORD_KIND_ACCOUNT);
    request.set_page_token(other.page_token);
    v1::ListResponse response;
    EXPECT_EQ(stub_.List(ContextOf(own.name).get(), request, &response).error_code(),
              StatusCode::INVALID_ARGUMENT);
  }

  void History(Tenant& own, Tenant&) {
    v1::ListHistoryRequest request;
    request.mutable_key()->set_kind(v1::RECORD_KIND_ACCOUNT);
    request.mutable_key()->set_id(AnyId());
    v1::ListHistoryResponse response;
    const auto status = stub_.ListHistory(ContextOf(own.name).get(), request, &response);
    EXPECT_TRUE(status.ok() || status.error_code() == StatusCode::NOT_FOUND);
    Check(own, response);
  }

  void Erase(Tenant& own, Tenant&) {
    v1::ErasePersonRequest request;
    request.set_request_id(MakeRequestId(random_));
    request.mutable_person()->set_kind(v1::RECORD_KIND_CONTACT);
    request.mutable_person()->set_id("p-" + AnyId());
    v1::ErasePersonResponse response;
    const auto status = stub_.ErasePerson(ContextOf(own.name).get(), request, &response);
    if (!own.contacts.contains(request.person().id())) {
      EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
    } else {
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (response.erased_version_count() > 0) ++own.change_count;
    }
  }

  void Head(Tenant& own, Tenant&) {
    v1::GetHeadResponse response;
    ASSERT_TRUE(stub_.GetHead(ContextOf(own.name).get(), {}, &response).ok());
    const auto count = response.record_counts().find("account");
    EXPECT_EQ(count == response.record_counts().end() ? 0u : static_cast<size_t>(count->second),
              own.etags.size());
  }

  void Delete(Tenant& own, Tenant&) {
    v1::CommitRequest request;
    request.set_request_id(MakeRequestId(random_));
    request.mutable_mutation()->mutable_delete_()->set_kind(v1::RECORD_KIND_ACCOUNT);
    request.mutable_mutation()->mutable_delete_()->set_id(AnyId());
    v1::CommitResponse response;
    const auto status = stub_.Commit(ContextOf(own.name).get(), request, &response);
    const bool known = own.etags.erase(request.mutation().delete_().id()) > 0;
    EXPECT_EQ(status.error_code(), known ? StatusCode::OK : StatusCode::NOT_FOUND);
    if (known) ++own.change_count;
  }

  // The request id of another tenant means nothing here: the request acts.
  void Replay(Tenant& own, Tenant& other) {
    if (other.request_id.empty()) return;
    auto request = PutOf(own, AnyId());
    request.set_request_id(other.request_id);
    v1::CommitResponse response;
    const auto status = stub_.Commit(ContextOf(own.name).get(), request, &response);
    // Used here before, by an earlier step like this: then it belongs to that request.
    if (!used_.insert(own.name + other.request_id).second || own.request_id == other.request_id) {
      EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
      return;
    }
    ASSERT_TRUE(status.ok()) << status.error_message();
    Learn(own, response.result());
    Check(own, response);
  }

  void Watch(Tenant& own, Tenant&) {
    if (random_.Below(4) == 0) CheckFeed(own);
  }

  void CheckFeed(Tenant& own) {
    const auto changes = ReadFeed(stub_, own.name);
    for (const v1::Change& change : changes) Check(own, change);
    int64_t count = 0;
    std::set<std::string> erased;
    for (const v1::Change& change : changes) {
      if (change.operation() == v1::Change::OPERATION_ERASE) {
        count += erased.insert(change.revision()).second ? 1 : 0;
      } else {
        ++count;
      }
    }
    EXPECT_EQ(count, own.change_count) << own.name;
  }

  Stub& stub_;
  Random random_;
  Tenant tenants_[kTenants];
  std::set<std::string> used_;
};

class IsolationTest : public ::testing::TestWithParam<std::string> {};

TEST_P(IsolationTest, NoTenantSeesAnother) {
  const Engine engine(GetParam());
  ServerProcess server(engine.url());
  server.Start();
  const auto stub = server.NewStub();
  Program(*stub, Seed()).Run(Scaled(10'000));
}

INSTANTIATE_TEST_SUITE_P(Engines, IsolationTest, ::testing::ValuesIn(Engine::Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gtm::fault
