#pragma once
// Reading and writing the service's own records, for read-modify-write of decisions.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/records_client/records_client.h"
#include "gtm/records/v1/service.pb.h"
#include "gtm/sponsorship/v1/resources.pb.h"

namespace gtm::sponsorship::handler {

using gtm::records::v1::Record;
using gtm::records::v1::RecordKind;
using RecordKeyOf = std::pair<RecordKind, std::string>;

// Records as they were at one revision or later, each with its etag.
class Found {
 public:
  const v1::SponsorshipProgram* Program(const std::string& id) const;
  const v1::Sponsorship* Sponsorship(const std::string& id) const;
  const v1::MatchRun* MatchRun(const std::string& id) const;
  // "" where there is no such record.
  std::string EtagOf(const RecordKeyOf& key) const;
  // Of the first read: later ones are at least as new.
  const std::string& revision() const { return revision_; }

 private:
  friend Result<Found> Find(records_client::Records&, const rpc::Call&,
                            const std::vector<RecordKeyOf>&);
  std::map<RecordKeyOf, Record> records_;
  std::string revision_;
};
// Reads any number of records.
Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<RecordKeyOf>& keys);

// One transaction in the making.
class Writing {
 public:
  explicit Writing(std::string request_id) { request_.set_request_id(std::move(request_id)); }
  // Nothing may be there.
  template <class Payload>
  void Create(Payload payload);
  // What is there must still have the payload's etag.
  template <class Payload>
  void Replace(Payload payload);
  // The record must still have this etag.
  void Guard(const RecordKeyOf& key, std::string etag);
  int change_count() const { return request_.mutations_size(); }
  int guard_count() const { return request_.guards_size(); }
  Result<gtm::records::v1::BatchCommitResponse> Commit(records_client::Records& records,
                                                       const rpc::Call& call) const;

 private:
  gtm::records::v1::BatchCommitRequest request_;
};

Error NotFound(std::string_view kind, const std::string& id);
// WRONG_STATE. `what` says what to do.
Error WrongState(std::string_view kind, const std::string& id, std::string_view state,
                 std::string_view what);
// ETAG_MISMATCH where `expected` is given and differs.
Status CheckEtag(std::string_view kind, const std::string& id, const std::string& etag,
                 const std::string& expected);
Error RequestIdReused(const std::string& request_id);

}  // namespace gtm::sponsorship::handler
