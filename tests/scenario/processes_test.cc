// One process or five: the same records give the same answers, byte for byte.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "common/rpc/server.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "gtm/growth/v1/service.grpc.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/load.h"
#include "tests/scenario/child_process.h"

namespace gtm::scenario {
namespace {

std::string Binary(const std::string& name) { return std::string(GTM_BINARY_FOLDER) + "/" + name; }

cli::Client ClientOf(const std::string& address) {
  return {rpc::MakeChannel(address), {.tenant = "", .address = address}};
}

// Where each service is.
struct Addresses {
  std::string targeting;
  std::string sponsorship;
  std::string forecasting;
  std::string growth;
};

template <class Service, class Request, class Response>
std::string AskOne(const std::string& address,
                   grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                         Response*),
                   Request request, const std::string& revision) {
  request.mutable_point()->mutable_as_of()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilDay(2026, 8, 20), absl::UTCTimeZone())));
  request.mutable_point()->set_min_revision(revision);
  const auto response = ClientOf(address).Call<Service>(method, request);
  EXPECT_TRUE(response.ok()) << response.error().message();
  return response.ok() ? response->SerializeAsString() : "";
}

std::map<std::string, std::string> AskAll(const Addresses& at, const std::string& revision) {
  using forecasting::v1::ForecastingService;
  using growth::v1::GrowthService;
  using sponsorship::v1::SponsorshipService;
  using targeting::v1::TargetingService;
  targeting::v1::ListTargetsRequest targets;
  targets.set_definition_id("demo-target");
  std::map<std::string, std::string> answers;
  answers["targets"] = AskOne<TargetingService>(at.targeting, &TargetingService::Stub::ListTargets,
                                                targets, revision);
  answers["candidates"] =
      AskOne<SponsorshipService>(at.sponsorship, &SponsorshipService::Stub::ListCandidates,
                                 sponsorship::v1::ListCandidatesRequest(), revision);
  answers["capacity"] =
      AskOne<SponsorshipService>(at.sponsorship, &SponsorshipService::Stub::GetCapacity,
                                 sponsorship::v1::GetCapacityRequest(), revision);
  answers["forecast"] =
      AskOne<ForecastingService>(at.forecasting, &ForecastingService::Stub::GetForecast,
                                 forecasting::v1::GetForecastRequest(), revision);
  answers["signals"] = AskOne<GrowthService>(at.growth, &GrowthService::Stub::GetSignals,
                                             growth::v1::GetSignalsRequest(), revision);
  return answers;
}

TEST(Processes, FiveProcessesAnswerAsOne) {
  std::string folder = std::filesystem::temp_directory_path() / "gtm-processes-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string store = "--store=sqlite:" + folder + "/gtm.db";

  std::map<std::string, std::string> together;
  std::string revision;
  {
    ChildProcess all(Binary("gtm"), {"serve", store});
    const demo::Options options{
        .seed = 4, .account_count = 80, .today = absl::CivilDay(2026, 8, 20)};
    const auto report = demo::LoadRecords(ClientOf(all.address()), options, [](int64_t) {});
    ASSERT_TRUE(report.ok()) << report.error().message();
    const auto decided = demo::LoadDecisions(ClientOf(all.address()));
    ASSERT_TRUE(decided.ok()) << decided.error().message();
    revision = *decided;
    together = AskAll({all.address(), all.address(), all.address(), all.address()}, revision);
    EXPECT_EQ(all.Stop(), 0) << "a graceful end";
  }

  ChildProcess records(Binary("gtm-records"), {store});
  const std::string found = "--records-address=" + records.address();
  ChildProcess targeting(Binary("gtm-targeting"), {found});
  ChildProcess sponsorship(Binary("gtm-sponsorship"), {found});
  ChildProcess forecasting(Binary("gtm-forecasting"), {found});
  ChildProcess growth(Binary("gtm-growth"), {found});
  const auto apart =
      AskAll({targeting.address(), sponsorship.address(), forecasting.address(), growth.address()},
             revision);
  for (const auto& [question, answer] : together) {
    EXPECT_FALSE(answer.empty()) << question;
    EXPECT_EQ(apart.at(question), answer) << question;
  }

  // A decision of one process is a record that another sees.
  sponsorship::v1::ProposeMatchesRequest propose;
  propose.set_request_id("0190d3b0-0000-7000-8000-000000000099");
  const auto run = ClientOf(sponsorship.address())
                       .Call<sponsorship::v1::SponsorshipService>(
                           &sponsorship::v1::SponsorshipService::Stub::ProposeMatches, propose);
  ASSERT_TRUE(run.ok()) << run.error().message();
  records::v1::GetRequest get;
  get.mutable_key()->set_kind(records::v1::RECORD_KIND_MATCH_RUN);
  get.mutable_key()->set_id(run->id());
  const auto record =
      ClientOf(records.address())
          .Call<records::v1::RecordsService>(&records::v1::RecordsService::Stub::Get, get);
  ASSERT_TRUE(record.ok()) << record.error().message();
  EXPECT_EQ(record->match_run().SerializeAsString(), run->SerializeAsString());

  for (ChildProcess* process : {&targeting, &sponsorship, &forecasting, &growth, &records}) {
    EXPECT_EQ(process->Stop(), 0) << "a graceful end";
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gtm::scenario
