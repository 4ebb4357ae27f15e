#pragma once
// A records server for tests of its client, with a knob for every misfortune. One
// tenant's records are every tenant's.

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/record/kinds.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::records_client {

class ScriptedRecords final : public records::v1::RecordsService::Service {
 public:
  ScriptedRecords();
  ~ScriptedRecords() override;
  std::shared_ptr<grpc::Channel> Channel();

  // ---- the records
  void Put(const std::vector<records::v1::Record>& records);
  void Delete(record::Kind kind, const std::string& id);
  // Put, told as the erasure of a person.
  void Erase(const records::v1::Record& record);
  std::string revision() const;

  // ---- misfortunes
  void set_status(const grpc::Status& status);  // of every call from now on
  void FailCommits(int count, const grpc::Status& status);
  void CutStreams();
  void Compact();                          // everything before now
  void Restore(const std::string& epoch);  // the same records in a new epoch
  void set_silent(bool silent);            // streams send nothing, not even bookmarks
  void set_halves(bool halves);            // streams end in the middle of a revision
  void set_hold_watch(bool hold);          // streams wait before they send anything
  // Once, after a page of the kind.
  void set_during_list(std::function<void()> hook,
                       record::Kind kind = records::v1::RECORD_KIND_ACCOUNT);

  // ---- what happened
  int list_count() const;
  int watch_count() const;
  std::multimap<std::string, std::string> commit_metadata() const;
  std::vector<records::v1::BatchCommitRequest> commits() const;
  std::vector<records::v1::ListRequest> lists() const;

  grpc::Status List(grpc::ServerContext* context, const records::v1::ListRequest* request,
                    records::v1::ListResponse* response) override;
  grpc::Status Watch(grpc::ServerContext* context, const records::v1::WatchRequest* request,
                     grpc::ServerWriter<records::v1::WatchResponse>* writer) override;
  grpc::Status GetHead(grpc::ServerContext* context, const records::v1::GetHeadRequest* request,
                       records::v1::GetHeadResponse* response) override;
  grpc::Status BatchCommit(grpc::ServerContext* context,
                           const records::v1::BatchCommitRequest* request,
                           records::v1::BatchCommitResponse* response) override;
  grpc::Status BatchGet(grpc::ServerContext* context, const records::v1::BatchGetRequest* request,
                        records::v1::BatchGetResponse* response) override;

 private:
  struct Logged {
    int64_t seq;
    records::v1::Change change;
  };
  void Write(const std::vector<records::v1::Record>& records,
             records::v1::Change::Operation operation);
  std::string RevisionOf(int64_t seq) const;
  bool Send(int64_t* sent_seq, grpc::ServerWriter<records::v1::WatchResponse>* writer,
            std::unique_lock<std::mutex>* lock);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<record::Kind, std::string>, records::v1::Record> records_;
  std::vector<Logged> log_;
  std::string epoch_ = "e1";
  int64_t seq_ = 0;
  int64_t compacted_seq_ = 0;
  grpc::Status status_;
  int failing_commits_ = 0;
  grpc::Status commit_status_;
  int generation_ = 0;  // streams of an older one end
  bool silent_ = false, halves_ = false, hold_watch_ = false, stopping_ = false;
  std::function<void()> during_list_;
  record::Kind during_list_of_ = records::v1::RECORD_KIND_UNSPECIFIED;
  int watch_count_ = 0;
  std::multimap<std::string, std::string> commit_metadata_;
  std::vector<records::v1::BatchCommitRequest> commits_;
  std::vector<records::v1::ListRequest> lists_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace gtm::records_client
