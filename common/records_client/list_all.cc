#include <google/protobuf/arena.h>

#include <algorithm>

#include "common/record/kinds.h"
#include "common/records_client/follower.h"
#include "common/records_client/identity.h"

namespace gtm::records_client {
namespace {

using records::v1::ListRequest;
using records::v1::ListResponse;

google::protobuf::Timestamp StampOf(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return stamp;
}

// Where a page lives until the Book has taken it: memory that is used again for the next.
google::protobuf::ArenaOptions PageArena() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 256 << 10;
  options.max_block_size = 4 << 20;
  return options;
}

// Applies what was written after the first page up to the newest one. Every page holds the
// state of an instant, but that instant may still get records while it is near now: with
// them the Book holds the state of the newest page.
Status CatchUp(records::v1::RecordsService::StubInterface& stub, const Identity& identity,
               const Listing& listing, absl::Time deadline, ContextHolder* holder,
               book::Book* book) {
  grpc::ClientContext context;
  GTM_RETURN_IF_ERROR(Prepare(identity, deadline, &context));
  records::v1::WatchRequest request;
  request.set_revision(FormatRevision(listing.first));
  if (!holder->Hold(&context)) {
    return Error(Reason::CANCELLED_BY_CALLER, "the Book is no longer wanted");
  }
  const auto reader = stub.Watch(&context, request);
  std::vector<book::Book::Change> missing;
  Revision reached = listing.first;
  Status status;
  records::v1::WatchResponse response;
  while (status.ok() && reached.seq < listing.last_seq && reader->Read(&response)) {
    for (records::v1::Change& change : *response.mutable_changes()) {
      const Result<Revision> revision = ParseRevision(change.revision());
      if (!revision.ok()) status = revision.error();
      if (!revision.ok() || revision->seq > listing.last_seq) break;
      missing.push_back({std::move(*change.mutable_record()),
                         change.operation() == records::v1::Change::OPERATION_DELETE});
    }
    if (response.revision().empty()) continue;
    Result<Revision> revision = ParseRevision(response.revision());
    if (revision.ok()) reached = *std::move(revision);
  }
  context.TryCancel();
  const grpc::Status ended = reader->Finish();
  holder->Release();
  GTM_RETURN_IF_ERROR(status);
  if (reached.seq < listing.last_seq) {
    return ended.ok() ? Error(Reason::RECORDS_UNAVAILABLE, "records ended the stream; try again")
                      : FromRecords(ended);
  }
  book->Apply(std::move(missing), listing.first.epoch, listing.last_seq);
  return {};
}

}  // namespace

bool ContextHolder::Hold(grpc::ClientContext* context) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  context_ = context;
  return true;
}

void ContextHolder::Release() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
}

void ContextHolder::Cancel() {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void ContextHolder::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

bool ContextHolder::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

Result<Revision> ReadHead(records::v1::RecordsService::StubInterface& stub, const TenantId& tenant,
                          absl::Time deadline, ContextHolder* holder) {
  // Not GetHead, which counts every record.
  records::v1::BatchGetRequest request;
  auto* key = request.add_keys();
  key->set_kind(records::v1::RECORD_KIND_TENANT_SETTINGS);
  key->set_id(record::FindKind(records::v1::RECORD_KIND_TENANT_SETTINGS)->singleton_id);
  grpc::ClientContext context;
  GTM_RETURN_IF_ERROR(Prepare({tenant.value(), "", "book", ""}, deadline, &context));
  if (!holder->Hold(&context)) {
    return Error(Reason::CANCELLED_BY_CALLER, "the Book is no longer wanted");
  }
  records::v1::BatchGetResponse response;
  const grpc::Status status = stub.BatchGet(&context, request, &response);
  holder->Release();
  if (!status.ok()) return FromRecords(status);
  return ParseRevision(response.revision());
}

Result<Listing> ListAll(records::v1::RecordsService::StubInterface& stub, const TenantId& tenant,
                        std::optional<absl::Time> recorded_as_of, absl::Time deadline,
                        const FollowerOptions& options, ContextHolder* holder, book::Book* book) {
  std::optional<Listing> listing;
  bool has_pages = false;
  const Identity identity{tenant.value(), "", "book", ""};
  for (const record::KindInfo& kind : record::Kinds()) {
    ListRequest request;
    request.set_kind(kind.kind);
    request.set_page_size(options.page_size);
    if (recorded_as_of.has_value()) *request.mutable_recorded_as_of() = StampOf(*recorded_as_of);
    do {
      grpc::ClientContext context;
      const absl::Time page_deadline =
          std::min(deadline, options.clock->Now() + options.page_timeout);
      GTM_RETURN_IF_ERROR(Prepare(identity, page_deadline, &context));
      if (!holder->Hold(&context)) {
        return Error(Reason::CANCELLED_BY_CALLER, "the Book is no longer wanted");
      }
      google::protobuf::Arena arena(PageArena());
      auto* const page = google::protobuf::Arena::CreateMessage<ListResponse>(&arena);
      const grpc::Status status = stub.List(&context, request, page);
      holder->Release();
      if (!status.ok()) return FromRecords(status, options.log);
      GTM_ASSIGN_OR_RETURN(const Revision revision, ParseRevision(page->revision()));
      if (!listing.has_value()) listing = Listing{revision, revision.seq};
      if (revision.epoch != listing->first.epoch) {
        return Error(Reason::EPOCH_CHANGED, "records were restored while they were listed");
      }
      listing->last_seq = std::max(listing->last_seq, revision.seq);
      book->ApplyPage(page->mutable_records(), revision.epoch, listing->first.seq);
      request.set_page_token(page->next_page_token());
      has_pages = has_pages || !request.page_token().empty();
    } while (!request.page_token().empty());
  }
  if (recorded_as_of.has_value() && listing->last_seq > listing->first.seq) {
    const absl::Time watch_deadline =
        std::min(deadline, options.clock->Now() + options.page_timeout);
    GTM_RETURN_IF_ERROR(CatchUp(stub, identity, *listing, watch_deadline, holder, book));
  }
  // Further pages carry the revision of the first, though they were read later.
  if (has_pages && !recorded_as_of.has_value()) {
    const absl::Time head_deadline =
        std::min(deadline, options.clock->Now() + options.page_timeout);
    GTM_ASSIGN_OR_RETURN(const Revision head, ReadHead(stub, tenant, head_deadline, holder));
    if (head.epoch != listing->first.epoch) {
      return Error(Reason::EPOCH_CHANGED, "records were restored while they were listed");
    }
    listing->last_seq = std::max(listing->last_seq, head.seq);
  }
  return *listing;
}

}  // namespace gtm::records_client
