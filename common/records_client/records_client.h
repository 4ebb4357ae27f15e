#pragma once
// What a service needs of records: write decisions, and keep Books.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "common/core/result.h"
#include "common/rpc/call.h"
#include "gtm/records/v1/service.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::records_client {

// Where an answer is asked: a pinned view and the instant that it holds for.
struct Question {
  book::BookView view;
  absl::Time as_of;
};

// Serves pinned Book views of any tenant and writes decisions through records. What would
// have to wait for longer than call.patience fails at once with call.WantsToWait().
// Thread-safe. An interface, so that handlers are tested on a Book in memory.
class Records {
 public:
  virtual ~Records() = default;

  // A view at least as new as point.min_revision, at point.as_of (default call.now),
  // as recorded at point.recorded_as_of where given. Builds the tenant's Book on first
  // use and waits for it until the call's deadline.
  // Errors: RECORDS_UNAVAILABLE, REVISION_INVALID, REVISION_NOT_REACHED,
  // EPOCH_CHANGED, REVISION_COMPACTED, DEADLINE_EXPIRED, INVALID_FIELDS
  // ("point.as_of": a malformed timestamp).
  virtual Result<Question> Ask(const rpc::Call& call, const type::v1::PointInTime& point) = 0;

  // Waits until the tenant's Book is newer than a view of it, for at most `patience`. False
  // where it is not by then, or the caller is gone. For streams that follow changes.
  virtual bool WaitForNewer(const rpc::Call& call, const book::BookView& seen,
                            absl::Duration patience) = 0;

  // Writes decisions as this service, on behalf of the call's principal, and waits
  // until they are durable; etags in `guards` make sure that nobody decided meanwhile.
  // Retries UNAVAILABLE with the same request_id. Returns what records answered.
  virtual Result<gtm::records::v1::BatchCommitResponse> Commit(
      const rpc::Call& call, const gtm::records::v1::BatchCommitRequest& request) = 0;

  // Reads records as they are now, with etags, for read-modify-write of decisions.
  virtual Result<gtm::records::v1::BatchGetResponse> Get(
      const rpc::Call& call, const gtm::records::v1::BatchGetRequest& request) = 0;
};

}  // namespace gtm::records_client
