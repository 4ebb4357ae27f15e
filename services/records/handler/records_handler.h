#pragma once
// The records service: one method per RPC of gtm.records.v1.RecordsService, testable
// without gRPC.

#include <functional>
#include <memory>

#include "common/rpc/call.h"
#include "services/records/handler/committer.h"
#include "services/records/handler/feed.h"
#include "services/records/handler/maintenance.h"
#include "services/records/handler/observer.h"
#include "services/records/handler/streams.h"
#include "services/records/handler/watch.h"
#include "services/records/handler/writer.h"

namespace gtm::records::handler {

struct RecordsOptions {
  CommitterOptions committer;
  FeedOptions feed;
  WatchOptions watch;
  MaintenanceOptions maintenance;
  // An Import that neither sends nor waits for answers for so long is ended.
  absl::Duration import_silence_max = absl::Seconds(30);
  bool run_maintenance = true;
  Observer* observer = &NoObserver();
};

// Thread-safe. `store` and `clock` must outlive it. The role of a caller has been checked
// before; what a caller may do beyond its role (decision kinds) is checked here.
class RecordsHandler {
 public:
  RecordsHandler(store::Store& store, const Clock& clock, RecordsOptions options = {});
  // Shutdown().
  ~RecordsHandler();
  RecordsHandler(const RecordsHandler&) = delete;
  RecordsHandler& operator=(const RecordsHandler&) = delete;

  // Calls `done` once, when the write is durable or has failed, from any thread; request
  // and response must live until then.
  using Done = std::function<void(Status)>;
  void Commit(std::shared_ptr<rpc::Call> call, const v1::CommitRequest& request,
              v1::CommitResponse* response, Done done);
  void BatchCommit(std::shared_ptr<rpc::Call> call, const v1::BatchCommitRequest& request,
                   v1::BatchCommitResponse* response, Done done);
  // The same on this thread, for callers in this process and for tests.
  Status Commit(rpc::Call& call, const v1::CommitRequest& request, v1::CommitResponse* response);
  Status BatchCommit(rpc::Call& call, const v1::BatchCommitRequest& request,
                     v1::BatchCommitResponse* response);

  Status Get(rpc::Call& call, const v1::GetRequest& request, v1::Record* response);
  Status BatchGet(rpc::Call& call, const v1::BatchGetRequest& request,
                  v1::BatchGetResponse* response);
  Status List(rpc::Call& call, const v1::ListRequest& request, v1::ListResponse* response);
  Status ListHistory(rpc::Call& call, const v1::ListHistoryRequest& request,
                     v1::ListHistoryResponse* response);
  Status ErasePerson(rpc::Call& call, const v1::ErasePersonRequest& request,
                     v1::ErasePersonResponse* response);
  Status GetHead(rpc::Call& call, const v1::GetHeadRequest& request, v1::GetHeadResponse* response);

  // Block until the stream ends.
  Status Watch(rpc::Call& call, const v1::WatchRequest& request, WatchSink& sink);
  Status Import(rpc::Call& call, ImportStream& stream);

  // Ends watches (SHUTTING_DOWN) and maintenance. Call it before the server drains: unary
  // calls and imports in flight go on.
  void EndStreams();
  // EndStreams; writes and answers what has been accepted. Writes that come later are
  // refused.
  void Shutdown();

 private:
  store::Store& store_;
  const Clock& clock_;
  const RecordsOptions options_;
  EpochCache epochs_;
  Feed feed_;
  Committer committer_;
  Writer writer_;
  Maintenance maintenance_;
};

}  // namespace gtm::records::handler
