#include "services/sponsorship/handler/sponsorship_service.h"

#include <array>

#include "common/rpc/raw_unary.h"
#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

constexpr std::string_view kService = "gtm.sponsorship.v1.SponsorshipService";

using Service = v1::SponsorshipService;
using Base = rpc::Mixed<
    Service::Service, Service::WithRawCallbackMethod_CreateSponsorshipProgram,
    Service::WithRawCallbackMethod_ActivateSponsorshipProgram,
    Service::WithRawCallbackMethod_GetSponsorshipProgram,
    Service::WithRawCallbackMethod_ListSponsorshipPrograms,
    Service::WithRawCallbackMethod_ListCandidates, Service::WithRawCallbackMethod_GetCapacity,
    Service::WithRawCallbackMethod_ProposeMatches, Service::WithRawCallbackMethod_AcceptMatches,
    Service::WithRawCallbackMethod_GetMatchRun, Service::WithRawCallbackMethod_EndSponsorship,
    Service::WithRawCallbackMethod_ListSponsorships>;

class SponsorshipRpc final : public Base {
 public:
  SponsorshipRpc(rpc::Gate& gate, records_client::Records& records)
      : gate_(gate), handler_(records) {}

  GTM_RPC_UNARY(CreateSponsorshipProgram, v1::CreateSponsorshipProgramRequest,
                v1::SponsorshipProgram)
  GTM_RPC_UNARY(ActivateSponsorshipProgram, v1::ActivateSponsorshipProgramRequest,
                v1::SponsorshipProgram)
  GTM_RPC_UNARY(GetSponsorshipProgram, v1::GetSponsorshipProgramRequest, v1::SponsorshipProgram)
  GTM_RPC_UNARY(ListSponsorshipPrograms, v1::ListSponsorshipProgramsRequest,
                v1::ListSponsorshipProgramsResponse)
  GTM_RPC_UNARY(ListCandidates, v1::ListCandidatesRequest, v1::ListCandidatesResponse)
  GTM_RPC_UNARY(GetCapacity, v1::GetCapacityRequest, v1::GetCapacityResponse)
  GTM_RPC_UNARY(ProposeMatches, v1::ProposeMatchesRequest, v1::MatchRun)
  GTM_RPC_UNARY(AcceptMatches, v1::AcceptMatchesRequest, v1::AcceptMatchesResponse)
  GTM_RPC_UNARY(GetMatchRun, v1::GetMatchRunRequest, v1::MatchRun)
  GTM_RPC_UNARY(EndSponsorship, v1::EndSponsorshipRequest, v1::Sponsorship)
  GTM_RPC_UNARY(ListSponsorships, v1::ListSponsorshipsRequest, v1::ListSponsorshipsResponse)

 private:
  rpc::Gate& gate_;
  SponsorshipHandler handler_;
};

// Everything waits for records or for a view, so nothing runs on a gRPC thread.
using rpc::Cost;
using rpc::Role;
constexpr auto kMethods = std::to_array<rpc::MethodRule>({
    {"gtm.sponsorship.v1.SponsorshipService/CreateSponsorshipProgram", Role::kApprover,
     Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/ActivateSponsorshipProgram", Role::kApprover,
     Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/GetSponsorshipProgram", Role::kReader, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/ListSponsorshipPrograms", Role::kReader, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/ListCandidates", Role::kReader, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/GetCapacity", Role::kReader, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/ProposeMatches", Role::kApprover, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/AcceptMatches", Role::kApprover, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/GetMatchRun", Role::kReader, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/EndSponsorship", Role::kApprover, Cost::kHeavy},
    {"gtm.sponsorship.v1.SponsorshipService/ListSponsorships", Role::kReader, Cost::kHeavy},
});

}  // namespace

std::unique_ptr<grpc::Service> MakeSponsorshipService(rpc::Gate& gate,
                                                      records_client::Records& records) {
  return std::make_unique<SponsorshipRpc>(gate, records);
}

std::span<const rpc::MethodRule> SponsorshipMethods() { return kMethods; }

}  // namespace gtm::sponsorship::handler
