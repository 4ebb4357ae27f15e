#include "services/gtm/demo/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/record/kinds.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/decisions.h"
#include "services/gtm/demo/handovers.h"

namespace gtm::demo {
namespace {

using forecasting::v1::ForecastingService;
using records::v1::Record;
using records::v1::RecordsService;
using sponsorship::v1::SponsorshipService;
using targeting::v1::TargetingService;

// Records of one kind that travel together.
constexpr size_t kGroupRecords = 500;

// Gathers the generator's records by kind, since a batch of an import holds one kind.
class Gatherer {
 public:
  explicit Gatherer(cli::ImportStream& stream) : stream_(stream) {}

  void Take(Record record) {
    ++count_;
    auto& group = groups_[record::KindOf(record)];
    group.push_back(std::move(record));
    if (group.size() >= kGroupRecords) Send(&group);
  }
  Status Finish() {
    for (auto& [kind, group] : groups_) Send(&group);
    if (!status_.ok()) return status_;
    return stream_.Finish();
  }
  bool failed() const { return !status_.ok(); }
  int64_t count() const { return count_; }

 private:
  void Send(std::vector<Record>* group) {
    for (Record& record : *group) {
      if (status_.ok()) status_ = stream_.Add(std::move(record), 0);
    }
    group->clear();
  }

  cli::ImportStream& stream_;
  std::map<int, std::vector<Record>> groups_;
  Status status_;
  int64_t count_ = 0;
};

// An answer that says that the step was taken before.
bool WasDone(const Error& error) {
  return error.reason() == Reason::RECORD_EXISTS || error.reason() == Reason::WRONG_STATE;
}

// A large company takes longer to be read into memory than one call may wait, and the
// requests act once: how often they are sent, each time for as long as a call may take.
constexpr int kTriesMax = 60;

template <class Service, class Request, class Response>
Status Step(const cli::Client& client,
            grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request) {
  for (int tries = 1;; ++tries) {
    const auto response = client.Call<Service>(method, request);
    if (response.ok() || WasDone(response.error())) return {};
    if (response.error().reason() != Reason::DEADLINE_EXPIRED || tries == kTriesMax) {
      return response.error();
    }
  }
}

}  // namespace

Result<LoadReport> LoadRecords(const cli::Client& client, const Options& options,
                               const std::function<void(int64_t)>& on_progress) {
  std::optional<cli::ServerRejection> refused;
  cli::ImportStream stream(client, {}, [&](const cli::ServerRejection& rejection) {
    if (!refused.has_value()) refused = rejection;
  });
  Gatherer gatherer(stream);
  int64_t accounts = 0;
  Generate(options, Truth{}, [&](Record record) {
    if (gatherer.failed()) return;
    accounts += record.has_account();
    const bool report = record.has_account() && accounts % 10 == 0;
    gatherer.Take(std::move(record));
    if (report) on_progress(accounts);
  });
  GTM_RETURN_IF_ERROR(gatherer.Finish());
  on_progress(accounts);
  if (refused.has_value()) {
    return Error(Reason::INVALID_FIELDS, fmt::format("{} {}: {}: {}", refused->kind, refused->id,
                                                     refused->field, refused->description));
  }
  return LoadReport{stream.counts(), gatherer.count(), stream.revision()};
}

Result<std::string> LoadForecastCalls(const cli::Client& client, const std::string& revision) {
  using forecasting::v1::ForecastCallComparison;
  // What a seller tells of the rest of the quarter, over what the model tells.
  constexpr std::array<double, 7> kOptimism = {1.3, 0.8, 1.0, 1.6, 0.9, 1.15, 0.7};
  constexpr int64_t kRounded = 1'000;  // people call round numbers
  forecasting::v1::CompareForecastCallsRequest compare;
  compare.mutable_point()->set_min_revision(revision);
  GTM_ASSIGN_OR_RETURN(
      const auto compared,
      client.Call<ForecastingService>(&ForecastingService::Stub::CompareForecastCalls, compare));
  const auto is_seller = [](const ForecastCallComparison& row) {
    return !row.owner_seller_id().empty() && !row.has_rolled_up_commit();
  };
  int number = 0;
  for (const ForecastCallComparison& row : compared.rows()) {
    if (!is_seller(row)) continue;
    const double optimism = kOptimism[static_cast<size_t>(number++) % kOptimism.size()];
    // One in seven has not called yet; nobody calls for next to nothing.
    if (row.has_call() || number % 7 == 0 || row.model().mean().units() < 2 * kRounded) continue;
    const int64_t won = row.won_amount().units();
    const auto rest = static_cast<double>(std::max<int64_t>(0, row.model().mean().units() - won));
    const auto rounded = [&](double factor) {
      return (won + static_cast<int64_t>(rest * factor)) / kRounded * kRounded;
    };
    forecasting::v1::SubmitForecastCallRequest call;
    call.set_request_id(fmt::format("0190d3b0-0000-7000-8001-{:012d}", number));
    call.set_owner_seller_id(row.owner_seller_id());
    *call.mutable_period() = compared.period();
    call.mutable_commit_amount()->set_currency_code(row.won_amount().currency_code());
    call.mutable_commit_amount()->set_units(rounded(optimism));
    call.mutable_best_case_amount()->set_currency_code(row.won_amount().currency_code());
    call.mutable_best_case_amount()->set_units(rounded(optimism * 1.8));
    GTM_RETURN_IF_ERROR(
        Step<ForecastingService>(client, &ForecastingService::Stub::SubmitForecastCall, call));
  }
  GTM_ASSIGN_OR_RETURN(
      const records::v1::GetHeadResponse head,
      client.Call<RecordsService>(&RecordsService::Stub::GetHead, records::v1::GetHeadRequest()));
  return head.revision();
}

Result<std::string> LoadHandovers(const cli::Client& client, const Options& options) {
  for (const HandoverRequests& requests : DemoHandovers(options, Truth{})) {
    GTM_RETURN_IF_ERROR(
        Step<TargetingService>(client, &TargetingService::Stub::RecordHandover, requests.record));
    for (const auto& decision : requests.decisions) {
      GTM_RETURN_IF_ERROR(
          Step<TargetingService>(client, &TargetingService::Stub::DecideHandover, decision));
    }
  }
  GTM_ASSIGN_OR_RETURN(
      const records::v1::GetHeadResponse head,
      client.Call<RecordsService>(&RecordsService::Stub::GetHead, records::v1::GetHeadRequest()));
  return head.revision();
}

Result<bool> IsLoaded(const cli::Client& client) {
  records::v1::GetRequest request;
  request.mutable_key()->set_kind(records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM);
  request.mutable_key()->set_id(DemoProgram().activate.program_id());
  const auto program =
      client.Call<records::v1::RecordsService>(&records::v1::RecordsService::Stub::Get, request);
  if (program.ok()) {
    return program->sponsorship_program().state() !=
           sponsorship::v1::SponsorshipProgram::STATE_DRAFT;
  }
  if (program.error().reason() == Reason::RECORD_NOT_FOUND) return false;
  return program.error();
}

Result<bool> HasOtherCompany(const cli::Client& client, const Options& options) {
  // The first account is the same in every size.
  Options first = options;
  first.account_count = 1;
  std::map<std::string, std::string> bodies;
  records::v1::BatchGetRequest request;
  Generate(first, Truth{}, [&](const Record& record) {
    if (!record.has_engagement() || bodies.size() == kGroupRecords) return;
    bodies[record::IdOf(record)] = record::CanonicalBody(record);
    auto* key = request.add_keys();
    key->set_kind(record::KindOf(record));
    key->set_id(record::IdOf(record));
  });
  if (bodies.empty()) return false;
  GTM_ASSIGN_OR_RETURN(const auto found,
                       client.Call<RecordsService>(&RecordsService::Stub::BatchGet, request));
  for (const Record& record : found.records()) {
    const auto expected = bodies.find(record::IdOf(record));
    if (expected != bodies.end() && record::CanonicalBody(record) != expected->second) return true;
  }
  return false;
}

Result<std::string> LoadDecisions(const cli::Client& client) {
  const DefinitionRequests definition = DemoDefinition();
  GTM_RETURN_IF_ERROR(Step<TargetingService>(
      client, &TargetingService::Stub::CreateTargetDefinition, definition.create));
  GTM_RETURN_IF_ERROR(Step<TargetingService>(
      client, &TargetingService::Stub::ProposeTargetDefinition, definition.propose));
  for (const auto& sign_off : definition.sign_offs) {
    GTM_RETURN_IF_ERROR(
        Step<TargetingService>(client, &TargetingService::Stub::SignOffTargetDefinition, sign_off));
  }
  const ProgramRequests program = DemoProgram();
  GTM_RETURN_IF_ERROR(Step<SponsorshipService>(
      client, &SponsorshipService::Stub::CreateSponsorshipProgram, program.create));
  GTM_RETURN_IF_ERROR(Step<SponsorshipService>(
      client, &SponsorshipService::Stub::ActivateSponsorshipProgram, program.activate));
  GTM_ASSIGN_OR_RETURN(
      const records::v1::GetHeadResponse head,
      client.Call<RecordsService>(&RecordsService::Stub::GetHead, records::v1::GetHeadRequest()));
  return head.revision();
}

}  // namespace gtm::demo
