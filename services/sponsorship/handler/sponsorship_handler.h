#pragma once
// The methods of gtm.sponsorship.v1.SponsorshipService as plain functions: parse, pin a
// view, let the domain decide, commit, render. What they answer is said in service.proto.

#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "gtm/sponsorship/v1/service.pb.h"

namespace gtm::sponsorship::handler {

// Holds no state of its own: any number of replicas answer alike. Thread-safe.
class SponsorshipHandler {
 public:
  explicit SponsorshipHandler(records_client::Records& records) : records_(records) {}

  // programs.cc
  Status CreateSponsorshipProgram(rpc::Call& call,
                                  const v1::CreateSponsorshipProgramRequest& request,
                                  v1::SponsorshipProgram* response);
  Status ActivateSponsorshipProgram(rpc::Call& call,
                                    const v1::ActivateSponsorshipProgramRequest& request,
                                    v1::SponsorshipProgram* response);
  Status GetSponsorshipProgram(rpc::Call& call, const v1::GetSponsorshipProgramRequest& request,
                               v1::SponsorshipProgram* response);
  Status ListSponsorshipPrograms(rpc::Call& call, const v1::ListSponsorshipProgramsRequest& request,
                                 v1::ListSponsorshipProgramsResponse* response);
  // candidates.cc
  Status ListCandidates(rpc::Call& call, const v1::ListCandidatesRequest& request,
                        v1::ListCandidatesResponse* response);
  Status GetCapacity(rpc::Call& call, const v1::GetCapacityRequest& request,
                     v1::GetCapacityResponse* response);
  // match_runs.cc
  Status ProposeMatches(rpc::Call& call, const v1::ProposeMatchesRequest& request,
                        v1::MatchRun* response);
  Status GetMatchRun(rpc::Call& call, const v1::GetMatchRunRequest& request,
                     v1::MatchRun* response);
  // accept_matches.cc
  Status AcceptMatches(rpc::Call& call, const v1::AcceptMatchesRequest& request,
                       v1::AcceptMatchesResponse* response);
  // sponsorships.cc
  Status EndSponsorship(rpc::Call& call, const v1::EndSponsorshipRequest& request,
                        v1::Sponsorship* response);
  Status ListSponsorships(rpc::Call& call, const v1::ListSponsorshipsRequest& request,
                          v1::ListSponsorshipsResponse* response);

 private:
  records_client::Records& records_;
};

}  // namespace gtm::sponsorship::handler
