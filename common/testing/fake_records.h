#pragma once
// records_client::Records over Books in memory: what handlers are tested on. Keeps the
// rules of the real one that a handler can meet: etags, guards, modes, request ids,
// who may write which kind, revisions, recorded_as_of.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/record/kinds.h"
#include "common/records_client/records_client.h"
#include "common/testing/record_builders.h"

namespace gtm::test {

// Thread-safe.
class FakeRecords final : public records_client::Records {
 public:
  // `service` writes the decision kinds that it owns: "targeting".
  explicit FakeRecords(std::string service);
  ~FakeRecords() override;

  // ---- what a test arranges; as a client would have written it at `time`.
  void Put(const records::v1::Record& record, absl::Time time = absl::UnixEpoch(),
           const TenantId& tenant = TestTenant());
  void PutAll(const std::vector<records::v1::Record>& records, absl::Time time = absl::UnixEpoch(),
              const TenantId& tenant = TestTenant());
  // The record must exist.
  void Delete(record::Kind kind, const std::string& id, absl::Time time = absl::UnixEpoch(),
              const TenantId& tenant = TestTenant());
  // While set, every method fails with RECORDS_UNAVAILABLE.
  void set_unavailable(bool unavailable);
  // Called at the start of every Commit, to change records between a handler's reading
  // and writing.
  void set_before_commit(std::function<void()> hook);

  // ---- what a test looks at
  book::BookView View(const TenantId& tenant = TestTenant()) const;
  // The record as stored, with etag and times; null where there is none.
  std::unique_ptr<records::v1::Record> Find(record::Kind kind, const std::string& id,
                                            const TenantId& tenant = TestTenant()) const;
  // Commits that went in, oldest first; replays are not counted.
  std::vector<records::v1::BatchCommitRequest> commits() const;

  // ---- Records
  Result<records_client::Question> Ask(const rpc::Call& call,
                                       const type::v1::PointInTime& point) override;
  // Does not wait for real: a test changes records between two of a handler's questions.
  bool WaitForNewer(const rpc::Call& call, const book::BookView& seen,
                    absl::Duration patience) override;
  // Called at the start of every WaitForNewer.
  void set_while_waiting(std::function<void()> hook);
  Result<records::v1::BatchCommitResponse> Commit(
      const rpc::Call& call, const records::v1::BatchCommitRequest& request) override;
  Result<records::v1::BatchGetResponse> Get(const rpc::Call& call,
                                            const records::v1::BatchGetRequest& request) override;

 private:
  using Key = std::pair<record::Kind, std::string>;
  struct Stored {
    records::v1::Record record;  // with meta
    record::Meta meta;
  };
  struct Logged {
    absl::Time time;
    book::Book::Change change;
  };
  struct Tenant {
    std::map<Key, Stored> records;
    std::vector<Logged> log;
    std::map<std::string, std::pair<std::string, records::v1::BatchCommitResponse>> replies;
    book::Book book;
    int64_t seq = 0;
    std::string revision() const;
  };

  Tenant& TenantOf(const TenantId& tenant) const;
  Status Check(const Tenant& tenant, const records::v1::BatchCommitRequest& request) const;
  Status CheckMutation(const Tenant& tenant, const records::v1::Mutation& mutation) const;
  void Write(Tenant* tenant, const records::v1::Mutation& mutation, absl::Time time,
             records::v1::MutationResult* result) const;

  const std::string service_;
  mutable std::mutex mutex_;
  bool unavailable_ = false;
  std::function<void()> before_commit_;
  std::function<void()> while_waiting_;
  mutable std::map<TenantId, std::unique_ptr<Tenant>> tenants_;
  std::vector<records::v1::BatchCommitRequest> commits_;
};

}  // namespace gtm::test
