// The part of GrowthHandler that keeps commitments (C24).

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "common/core/ids.h"
#include "common/core/limits.h"
#include "common/core/page_token.h"
#include "common/core/sha256.h"
#include "services/growth/handler/growth_handler.h"
#include "services/growth/handler/parse.h"
#include "services/growth/handler/render.h"

namespace gtm::growth::handler {
namespace {

namespace records = gtm::records::v1;

// The commitment of an id in a view; null where there is none.
const v1::Commitment* FindIn(const book::BookView& view, const std::string& id) {
  const auto& all = view.commitments();
  const auto it = std::lower_bound(
      all.begin(), all.end(), id,
      [](const auto& commitment, const std::string& value) { return commitment->id() < value; });
  return it != all.end() && (*it)->id() == id ? it->get() : nullptr;
}

// Hash of the commitments that a reading rests on.
std::string HashOf(const std::vector<const v1::Commitment*>& commitments, absl::CivilDay today) {
  Sha256 hash;
  hash.UpdateText(domain::kRulesVersion).Update(int64_t{today - absl::CivilDay(1970, 1, 1)});
  for (const v1::Commitment* commitment : commitments) {
    hash.UpdateText(commitment->id()).UpdateText(commitment->etag());
    hash.UpdateText(commitment->SerializeAsString());
  }
  return hash.HexDigest();
}

}  // namespace

Status GrowthHandler::CreateCommitment(rpc::Call& call, const v1::CreateCommitmentRequest& request,
                                       v1::Commitment* response) {
  Violations violations;
  CheckRequestId(request.request_id(), &violations);
  CheckCommitment(request.commitment(), &violations);
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  records::Mutation mutation;
  v1::Commitment* commitment = mutation.mutable_put()->mutable_commitment();
  *commitment = request.commitment();
  commitment->clear_etag();
  commitment->clear_create_time();
  commitment->clear_update_time();
  if (commitment->id().empty()) commitment->set_id(request.request_id());
  if (request.validate_only()) {
    *response = *commitment;
    return {};
  }
  mutation.set_mode(records::Mutation::MODE_CREATE);
  GTM_ASSIGN_OR_RETURN(records::Record stored,
                       Put(call, request.request_id(), std::move(mutation)));
  *response = std::move(*stored.mutable_commitment());
  return {};
}

Status GrowthHandler::UpdateCommitment(rpc::Call& call, const v1::UpdateCommitmentRequest& request,
                                       v1::Commitment* response) {
  Violations violations;
  CheckRequestId(request.request_id(), &violations);
  if (!IsValidId(request.commitment().id())) {
    violations.push_back({"commitment.id", "required: the commitment to change"});
  }
  if (request.commitment().etag().empty()) {
    violations.push_back({"commitment.etag", "required: the etag as it was read"});
  }
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  GTM_ASSIGN_OR_RETURN(const records::Record record,
                       Find(call, records::RECORD_KIND_COMMITMENT, request.commitment().id()));
  const v1::Commitment& stored = record.commitment();
  GTM_ASSIGN_OR_RETURN(v1::Commitment merged,
                       Merge(stored, request.commitment(), request.update_mask()));
  CheckCommitment(merged, &violations);
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  const std::vector<std::string> locked = ChangedLockedFields(stored, merged);
  if (stored.has_result_count() && !locked.empty()) {
    return Error(Reason::WRONG_STATE,
                 fmt::format("commitment {}: has a result, so {} cannot change any more; make a "
                             "new commitment",
                             stored.id(), fmt::join(locked, ", ")))
        .With("kind", "commitment")
        .With("id", stored.id())
        .With("state", "has_result");
  }
  merged.clear_etag();
  merged.clear_create_time();
  merged.clear_update_time();
  if (request.validate_only()) {
    *response = std::move(merged);
    return {};
  }
  records::Mutation mutation;
  mutation.set_mode(records::Mutation::MODE_UPDATE);
  mutation.set_etag(request.commitment().etag());
  *mutation.mutable_put()->mutable_commitment() = std::move(merged);
  GTM_ASSIGN_OR_RETURN(records::Record written,
                       Put(call, request.request_id(), std::move(mutation)));
  *response = std::move(*written.mutable_commitment());
  return {};
}

Status GrowthHandler::GetCommitment(rpc::Call& call, const v1::GetCommitmentRequest& request,
                                    v1::Commitment* response) {
  if (!IsValidId(request.id())) return InvalidField("id", "required: 1 to 128 bytes");
  GTM_ASSIGN_OR_RETURN(records::Record record,
                       Find(call, records::RECORD_KIND_COMMITMENT, request.id()));
  *response = std::move(*record.mutable_commitment());
  return {};
}

Status GrowthHandler::ListCommitments(rpc::Call& call, const v1::ListCommitmentsRequest& request,
                                      v1::ListCommitmentsResponse* response) {
  const std::string arguments = "commitments\n" + request.owner();
  GTM_ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), arguments));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  int64_t bytes = 0;
  for (const auto& commitment : question.view.commitments()) {
    if (commitment->id() <= after ||
        (!request.owner().empty() && commitment->owner() != request.owner())) {
      continue;
    }
    if (response->commitments_size() == size || bytes >= limits::kPageBytes) {
      response->set_next_page_token(
          EncodePageToken(response->commitments().rbegin()->id(), arguments));
      break;
    }
    *response->add_commitments() = *commitment;
    bytes += static_cast<int64_t>(commitment->ByteSizeLong());
  }
  return {};
}

Status GrowthHandler::EvaluateCommitment(rpc::Call& call,
                                         const v1::EvaluateCommitmentRequest& request,
                                         v1::EvaluateCommitmentResponse* response) {
  if (!IsValidId(request.id())) return InvalidField("id", "required: 1 to 128 bytes");
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const v1::Commitment* commitment = FindIn(question.view, request.id());
  if (commitment == nullptr) {
    return Error(Reason::RECORD_NOT_FOUND,
                 fmt::format("commitment {}: no such record", request.id()))
        .With("kind", "commitment")
        .With("id", request.id());
  }
  std::vector<const v1::Commitment*> read = {commitment};
  std::vector<domain::Promise> of_owner;
  for (const auto& other : question.view.commitments()) {
    if (other->owner() != commitment->owner()) continue;
    read.push_back(other.get());
    of_owner.push_back(ToPromise(*other));
  }
  const absl::CivilDay today = question.view.settings().calendar.DayOf(question.as_of);
  GTM_ASSIGN_OR_RETURN(const domain::Reading reading,
                       domain::ReadPromise(ToPromise(*commitment), of_owner, today));
  *response->mutable_commitment() = *commitment;
  Render(reading, response);
  RenderProvenance(question.as_of, question.view.revision(), HashOf(read, today),
                   response->mutable_provenance());
  return {};
}

}  // namespace gtm::growth::handler
