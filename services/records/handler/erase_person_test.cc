// ErasePerson over the memory store.
#include "services/records/handler/erase_person.h"

#include <gtest/gtest.h>

#include <map>

#include "services/records/domain/erase.h"
#include "services/records/domain/marked_records.h"
#include "services/records/handler/digest.h"
#include "services/records/handler/faulty_store.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/revision.h"
#include "services/records/handler/testing.h"

namespace gtm::records::handler {
namespace {

using domain::MarkedRecord;
using domain::MinimalRecord;

class ErasePersonTest : public ::testing::Test {
 protected:
  ErasePersonTest() : memory_(store::OpenMemory()), store_(*memory_), handler_(store_, clock_) {}

  // Past the handler, so that decisions can be written, too.
  void Write(const v1::Record& record, bool is_delete = false) {
    store::WriteRequest request;
    request.actor = "user:ada";
    request.mutations.resize(1);
    request.mutations[0].key = {record::KindOf(record), record::IdOf(record)};
    request.mutations[0].is_delete = is_delete;
    if (!is_delete) request.mutations[0].body = record::CanonicalBody(record);
    const auto written = memory_->Write(kTenant, {&request, 1}, absl::ToUnixMicros(clock_.Now()));
    ASSERT_TRUE(written.ok() && written->front().ok());
  }

  Status Erase(record::Kind kind, const std::string& id, std::vector<std::string> names = {}) {
    v1::ErasePersonRequest request;
    request.set_request_id(RequestId(++requests_));
    request.mutable_person()->set_kind(kind);
    request.mutable_person()->set_id(id);
    for (const std::string& name : names) request.add_names(name);
    response_.Clear();
    return handler_.ErasePerson(call_, request, &response_);
  }

  // Every kept version of everything, whether superseded, deleted or compacted.
  std::vector<store::Change> Versions() {
    std::vector<store::Change> all;
    store::ChangesQuery query;
    query.after = store::Position::AfterSeq(0);
    query.include_compacted = true;
    while (true) {
      auto read = memory_->ReadChanges(kTenant, query);
      all.insert(all.end(), read->changes.begin(), read->changes.end());
      query.after = read->next;
      if (!read->has_more) return all;
    }
  }
  int VersionsWith(const std::string& text) {
    int count = 0;
    for (const store::Change& change : Versions()) {
      count += change.body.find(text) != std::string::npos ? 1 : 0;
    }
    return count;
  }

  const TenantId kTenant{"t1"};
  StandingClock clock_;
  int requests_ = 0;
  std::unique_ptr<store::Store> memory_;
  FaultyStore store_;
  RecordsHandler handler_;
  rpc::Call call_ = CallOf("t1", clock_);
  v1::ErasePersonResponse response_;
};

// A record of every kind that can speak of the person, by each of its person fields, in
// several versions, some deleted, some compacted; and the same of somebody else.
TEST_F(ErasePersonTest, LeavesNoVersionOfAnyKindThatSpeaksOfThePerson) {
  std::vector<v1::Record> others;
  const auto write_all = [&](record::Kind person, const std::string& id, const std::string& mark) {
    for (const record::KindInfo& info : record::Kinds()) {
      if (!domain::MayHoldWordsAbout(info.kind, person)) continue;
      if (info.person && info.kind != person) continue;
      const bool own = info.kind == person;
      for (int i = 0; i < (own ? 1 : 3); ++i) {
        const std::string record_id = own ? id : id + "-" + std::to_string(i);
        v1::Record record = MarkedRecord(info.kind, record_id, mark + "-old");
        for (const auto& path : info.person_fields)
          domain::SetPersonField(&record, path, id, false);
        Write(record);
        record = MarkedRecord(info.kind, record_id, mark + "-new");
        for (const auto& path : info.person_fields)
          domain::SetPersonField(&record, path, id, false);
        Write(record);
        if (i == 2) Write(record, /*is_delete=*/true);
      }
    }
  };
  for (const record::KindInfo& info : record::Kinds()) {
    if (!info.person) continue;
    write_all(info.kind, info.name + "-1", "secret-" + info.name);
    write_all(info.kind, info.name + "-2", "other-" + info.name);
  }
  const int64_t half = memory_->GetHead(kTenant)->seq / 2;
  ASSERT_TRUE(memory_->Compact(kTenant, half, 10).ok());
  for (const record::KindInfo& info : record::Kinds()) {
    if (!info.person) continue;
    SCOPED_TRACE(info.name);
    std::map<std::pair<int64_t, int>, std::string> before;
    for (const store::Change& change : Versions()) before[{change.seq, change.ord}] = change.body;
    ASSERT_GT(VersionsWith("secret-" + info.name), 5);
    const Status status = Erase(info.kind, info.name + "-1");
    ASSERT_TRUE(status.ok()) << status.error().message();
    EXPECT_EQ(VersionsWith("secret-" + info.name), 0);
    int64_t rewritten = 0;
    for (const store::Change& change : Versions()) {
      const auto old = before.find({change.seq, change.ord});
      if (old == before.end() || change.body == old->second) continue;
      ++rewritten;
      EXPECT_NE(old->second.find("secret-" + info.name), std::string::npos)
          << "a record of somebody else changed: " << change.key.kind << " " << change.key.id;
    }
    EXPECT_EQ(response_.erased_version_count(), rewritten);
    // What is read is what is kept.
    for (const record::KindInfo& kind : record::Kinds()) {
      store::ListQuery list;
      list.kind = kind.kind;
      const auto listed = memory_->List(kTenant, list);
      for (const auto& record : listed->records) {
        EXPECT_EQ(record.body.find("secret-" + info.name), std::string::npos);
      }
    }
  }
  EXPECT_GT(VersionsWith("other-contact"), 5);
}

TEST_F(ErasePersonTest, ReachesTheOpportunityByItsBuyingGroupAndItsOwner) {
  v1::Record record = MinimalRecord(v1::RECORD_KIND_OPPORTUNITY, "o1");
  auto* opportunity = record.mutable_opportunity();
  opportunity->add_buying_group()->set_contact_id("c1");
  opportunity->add_buying_group()->set_contact_id("c2");
  opportunity->set_owner_seller_id("s1");
  opportunity->set_urgency_answer("Ada must show results by May");
  Write(record);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_CONTACT, "c2").ok());
  EXPECT_EQ(VersionsWith("Ada"), 0);
  opportunity->set_seller_worry("Grace doubts it");
  Write(record);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_SELLER, "s1").ok());
  EXPECT_EQ(VersionsWith("Grace"), 0);
  EXPECT_EQ(Erase(v1::RECORD_KIND_EXECUTIVE, "s1").error().reason(), Reason::RECORD_NOT_FOUND);
}

TEST_F(ErasePersonTest, FindsNamesInWordsByThePersonsOwnRecord) {
  v1::Record seller = MinimalRecord(v1::RECORD_KIND_SELLER, "s1");
  seller.mutable_seller()->set_display_name("Ada Lovelace");
  Write(seller);
  seller.mutable_seller()->set_display_name("Ada King");
  Write(seller);
  v1::Record commitment = MinimalRecord(v1::RECORD_KIND_COMMITMENT, "k1");
  commitment.mutable_commitment()->set_owner("ada lovelace");
  commitment.mutable_commitment()->set_learning("engines sell");
  Write(commitment);
  commitment.mutable_commitment()->set_id("k2");
  commitment.mutable_commitment()->set_owner("Marketing");
  Write(commitment);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_SELLER, "s1").ok());
  EXPECT_EQ(VersionsWith("Ada"), 0);
  // Not "ada": digests in hexadecimal digits hold that by chance.
  EXPECT_EQ(VersionsWith("ada lovelace"), 0);
  EXPECT_EQ(VersionsWith("Marketing"), 1);
  EXPECT_EQ(VersionsWith("engines sell"), 1) << "of the commitment of marketing";
}

// The person's own record goes last: what is left is still found.
TEST_F(ErasePersonTest, BrokenOffFindsTheNamesAgain) {
  v1::Record seller = MinimalRecord(v1::RECORD_KIND_SELLER, "s1");
  seller.mutable_seller()->set_display_name("Ada Lovelace");
  Write(seller);
  for (int i = 0; i < 1'200; ++i) {
    v1::Record record = MinimalRecord(v1::RECORD_KIND_COMMITMENT, std::to_string(i));
    record.mutable_commitment()->set_owner("Ada Lovelace");
    Write(record);
  }
  v1::ErasePersonRequest request;
  request.set_request_id(RequestId(1'000));
  request.mutable_person()->set_kind(v1::RECORD_KIND_SELLER);
  request.mutable_person()->set_id("s1");
  bool gone = false;
  rpc::Call call = CallOf("t1", clock_);
  call.is_cancelled = [&] { return gone; };
  store_.before_erase = [&] { gone = true; };
  EXPECT_FALSE(handler_.ErasePerson(call, request, &response_).ok());
  const int left = VersionsWith("Ada");
  EXPECT_LT(left, 1'000);
  EXPECT_GT(left, 1);
  gone = false;
  ASSERT_TRUE(handler_.ErasePerson(call, request, &response_).ok());
  EXPECT_EQ(VersionsWith("Ada"), 0);
}

// Finding F: what is remembered of a request lets what was erased be guessed.
TEST_F(ErasePersonTest, TakesTheFingerprintsOfTheRequestsThatWroteIt) {
  v1::CommitRequest request;
  request.set_request_id(RequestId(500));
  auto* contact = request.mutable_mutation()->mutable_put()->mutable_contact();
  contact->set_id("p1");
  contact->set_display_name("Ada");
  v1::CommitResponse written, again;
  ASSERT_TRUE(handler_.Commit(call_, request, &written).ok());
  EXPECT_NE((*memory_->FindRequest(kTenant, RequestId(500)))->fingerprint, "");
  ASSERT_TRUE(Erase(v1::RECORD_KIND_CONTACT, "p1", {"ada the first"}).ok());
  EXPECT_EQ((*memory_->FindRequest(kTenant, RequestId(500)))->fingerprint, "");
  ASSERT_TRUE(handler_.Commit(call_, request, &again).ok());
  EXPECT_EQ(again.revision(), written.revision()) << "it acts once still";
  EXPECT_EQ(VersionsWith("Ada"), 0);
}

TEST_F(ErasePersonTest, FindsWhoHasNoRecordByTheNamesGiven) {
  v1::Record record = MinimalRecord(v1::RECORD_KIND_TARGET_DEFINITION, "d1");
  auto* sign_off = record.mutable_target_definition()->add_sign_offs();
  sign_off->set_signer("Ada Lovelace");
  sign_off->set_note("only for engines");
  Write(record);
  EXPECT_FALSE(Erase(v1::RECORD_KIND_EXECUTIVE, "ada").ok());
  EXPECT_EQ(VersionsWith("engines"), 1);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_EXECUTIVE, "ada", {" ada LOVELACE"}).ok());
  EXPECT_EQ(VersionsWith("Ada"), 0);
  EXPECT_EQ(VersionsWith("engines"), 0);
}

TEST_F(ErasePersonTest, KeepsTheProofOfEachErasure) {
  v1::Record record = MinimalRecord(v1::RECORD_KIND_TARGET_DEFINITION, "d1");
  for (const char* signer : {"s1", "s2"}) {
    auto* sign_off = record.mutable_target_definition()->add_sign_offs();
    sign_off->set_signer(signer);
    sign_off->set_note(std::string("remark of ") + signer);
  }
  Write(record);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_SELLER, "s1").ok());
  EXPECT_EQ(VersionsWith("remark of s2"), 2);
  ASSERT_TRUE(Erase(v1::RECORD_KIND_SELLER, "s2").ok());
  EXPECT_EQ(VersionsWith("remark"), 0);
  v1::ListHistoryRequest request;
  request.mutable_key()->set_kind(v1::RECORD_KIND_TARGET_DEFINITION);
  request.mutable_key()->set_id("d1");
  v1::ListHistoryResponse history;
  ASSERT_TRUE(handler_.ListHistory(call_, request, &history).ok());
  const std::string& proofs = history.changes(0).erasure_digest();
  EXPECT_EQ(proofs.size(), 2 * (32u + 1 + 64) + 1) << proofs;
}

TEST_F(ErasePersonTest, ReachesWhatIsWrittenWhileItRuns) {
  v1::Record contact = MinimalRecord(v1::RECORD_KIND_CONTACT, "p1");
  contact.mutable_contact()->set_display_name("Ada");
  Write(contact);
  store_.before_erase = [&] {
    contact.mutable_contact()->set_email("ada@example.com");
    Write(contact);
  };
  v1::ErasePersonRequest request;
  request.set_request_id(RequestId(8'000));
  request.mutable_person()->set_kind(v1::RECORD_KIND_CONTACT);
  request.mutable_person()->set_id("p1");
  rpc::Call call = CallOf("t1", clock_);
  v1::ErasePersonResponse response;
  ASSERT_TRUE(handler_.ErasePerson(call, request, &response).ok());
  EXPECT_EQ(response.erased_version_count(), 2);
  EXPECT_EQ(response.revision(),
            FormatRevision(memory_->GetHead(kTenant)->epoch, memory_->GetHead(kTenant)->seq));
  store::ChangesQuery query;
  query.after = store::Position::AfterSeq(0);
  const auto kept = memory_->ReadChanges(kTenant, query);
  for (const auto& change : kept->changes) {
    EXPECT_EQ(change.body.find("Ada"), std::string::npos);
    EXPECT_EQ(change.body.find("ada@"), std::string::npos);
  }
}

TEST_F(ErasePersonTest, DigestProvesWhatWasRemoved) {
  v1::Record contact = MinimalRecord(v1::RECORD_KIND_CONTACT, "p1");
  contact.mutable_contact()->set_display_name("Ada");
  Write(contact);
  v1::ErasePersonRequest request;
  request.set_request_id(RequestId(1'000));
  request.mutable_person()->set_kind(v1::RECORD_KIND_CONTACT);
  request.mutable_person()->set_id("p1");
  rpc::Call call = CallOf("t1", clock_);
  v1::ErasePersonResponse response;
  ASSERT_TRUE(handler_.ErasePerson(call, request, &response).ok());
  v1::ListHistoryRequest history_request;
  *history_request.mutable_key() = request.person();
  v1::ListHistoryResponse history;
  ASSERT_TRUE(handler_.ListHistory(call, history_request, &history).ok());
  const std::string digest = history.changes(0).erasure_digest();
  std::string salt;
  for (size_t i = 0; i < 32; i += 2) {
    salt += static_cast<char>(std::stoi(digest.substr(i, 2), nullptr, 16));
  }
  const std::string removed = domain::ErasePerson(&contact, {v1::RECORD_KIND_CONTACT, "p1", {}});
  EXPECT_EQ(digest.substr(33), Hex(Sha256(salt + removed)));
}

TEST_F(ErasePersonTest, RefusesWhatIsNoPersonAndWhoIsNotKnown) {
  v1::ErasePersonRequest request;
  request.mutable_person()->set_kind(v1::RECORD_KIND_ACCOUNT);
  rpc::Call call = CallOf("t1", clock_);
  v1::ErasePersonResponse response;
  const Status bad = handler_.ErasePerson(call, request, &response);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().violations().size(), 3u);
  request.set_request_id(RequestId(1));
  request.mutable_person()->set_kind(v1::RECORD_KIND_SELLER);
  request.mutable_person()->set_id("nobody");
  const Status unknown = handler_.ErasePerson(call, request, &response);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().reason(), Reason::RECORD_NOT_FOUND);
}

}  // namespace
}  // namespace gtm::records::handler
