#include "tests/load/platform.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/load.h"

namespace gtm::load {
namespace {

bool strict = false;

template <class T>
T Must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::abort();
}

cli::Client ClientOf(const std::string& address, const std::string& tenant) {
  return {PlainChannel(address), {.tenant = tenant, .address = address}};
}

}  // namespace

bool IsStrict() { return strict; }

absl::Duration RunTime() { return strict ? absl::Seconds(10) : absl::Seconds(2); }

std::string LoadDemo(const std::string& address, const std::string& tenant, int account_count) {
  const cli::Client client = ClientOf(address, tenant);
  demo::Options options;
  options.account_count = account_count;
  options.today = absl::CivilDay(2026, 8, 20);
  options.engagements_per_account = 5;
  (void)Must(demo::LoadRecords(client, options, [](int64_t) {}));
  std::string revision = Must(demo::LoadDecisions(client));
  // Once with the revision: then the Book is there.
  targeting::v1::ListTargetsRequest request;
  request.mutable_point()->set_min_revision(revision);
  using targeting::v1::TargetingService;
  (void)Must(client.Call<TargetingService, targeting::v1::ListTargetsRequest,
                         targeting::v1::ListTargetsResponse>(&TargetingService::Stub::ListTargets,
                                                             request));
  return revision;
}

Ask HeavyQuestion(const std::string& tenant) {
  targeting::v1::ListTargetsRequest request;
  request.set_page_size(10);
  return {"/gtm.targeting.v1.TargetingService/ListTargets", request.SerializeAsString(), tenant};
}

Ask LightQuestion(const std::string& tenant, const std::string& account_id) {
  targeting::v1::ScoreAccountRequest request;
  request.set_account_id(account_id);
  return {"/gtm.targeting.v1.TargetingService/ScoreAccount", request.SerializeAsString(), tenant};
}

std::string AnyAccount(const std::string& address, const std::string& tenant) {
  records::v1::ListRequest list;
  list.set_kind(records::v1::RECORD_KIND_ACCOUNT);
  list.set_page_size(1);
  using records::v1::RecordsService;
  return Must(ClientOf(address, tenant)
                  .Call<RecordsService, records::v1::ListRequest, records::v1::ListResponse>(
                      &RecordsService::Stub::List, list))
      .records(0)
      .account()
      .id();
}

std::string Describe(const Outcome& outcome) {
  std::string text = fmt::format("p50 {:.1f} ms, p99 {:.1f} ms, {:.1f} OK/s, {} OK of {} sent",
                                 Percentile(outcome.ok_ms, 0.5), Percentile(outcome.ok_ms, 0.99),
                                 outcome.ok_per_second(), outcome.ok, outcome.sent);
  for (const auto& [code, count] : outcome.failed) {
    text += fmt::format(", code {}: {}", static_cast<int>(code), count);
  }
  return text;
}

}  // namespace gtm::load

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) gtm::load::strict |= std::string(argv[i]) == "--strict";
  return RUN_ALL_TESTS();
}
