#pragma once
// Reading and writing the service's own records, for read-modify-write of decisions.

#include <optional>
#include <string>
#include <vector>

#include "common/records_client/records_client.h"
#include "gtm/records/v1/service.pb.h"

namespace gtm::targeting::handler {

using gtm::records::v1::Mutation;
using gtm::records::v1::Record;
using gtm::records::v1::RecordKind;

// Records as they are now, with the revision at which they were read.
struct Found {
  std::vector<Record> records;
  std::string revision;
};
struct Key {
  RecordKind kind;
  std::string id;
};
Result<Found> Find(records_client::Records& records, const rpc::Call& call,
                   const std::vector<Key>& keys);

// The payload of a kind with an id among the records found, or nothing.
std::optional<v1::TargetDefinition> DefinitionIn(const Found& found, const std::string& id);
std::optional<v1::TargetAgreement> AgreementIn(const Found& found);
std::optional<v1::Handover> HandoverIn(const Found& found, const std::string& id);

// Create: nothing may be there. Replace: what is there must still have the payload's etag.
Mutation Create(v1::TargetDefinition definition);
Mutation Create(v1::Handover handover);
Mutation Replace(v1::TargetDefinition definition);
Mutation Replace(v1::Handover handover);
// Create or Replace, by whether it has an etag.
Mutation Put(v1::TargetAgreement agreement);

// What was committed; the payloads carry their new etags and times.
struct Committed {
  std::vector<Record> records;
  std::string revision;
};
Result<Committed> Commit(records_client::Records& records, const rpc::Call& call,
                         const std::string& request_id, std::vector<Mutation> mutations);

// The error of a commit with its fields named as in our requests:
// "mutations[0].put.target_definition.text" is "definition.text" to the caller.
Error InOurWords(const Error& error);

// Somebody else was faster, or this very request is being repeated: read again.
bool IsRace(const Error& error);

Error NotFound(std::string_view kind, const std::string& id);
// ETAG_MISMATCH where `expected` is given and differs.
Status CheckEtag(std::string_view kind, const std::string& id, const std::string& etag,
                 const std::string& expected);

inline constexpr int kRaceAttempts = 4;

// Runs `attempt(bool* race)` again where it says that its commit lost a race: it reads
// anew, and then finds either its own work done or the others' to build on.
template <class Attempt>
Status RetryRaces(Attempt attempt) {
  for (int i = 1;; ++i) {
    bool race = false;
    Status status = attempt(&race);
    if (!race || i == kRaceAttempts) return status;
  }
}

}  // namespace gtm::targeting::handler
