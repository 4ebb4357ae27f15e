// The forecast against Monte Carlo with NumPy, a changed deal against the full answer, a
// back-test on one core, and GetForecast of a real server at 50 requests a second. Ours and
// the peer run in turn in one run; figures are medians of the rounds; ratios count.
//
//   forecast_bench [--rounds N] [--seconds S] [--part server|distribution|change|backtest]

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <complex>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>
#include <sstream>
#include <thread>

#include "absl/time/clock.h"
#include "common/core/random.h"
#include "common/process/process.h"
#include "common/testing/record_builders.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/forecast_state.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/period_parts.h"
#include "services/forecasting/domain/walk_forward.h"
#include "services/gtm/platform.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kDeals = 20'000;
constexpr int kPeerDraws = 10'000;
constexpr char kTenant[] = "bench";
const FiscalPeriod kPeriod = {PeriodUnit::kQuarter, 2025, 1};
const DayRange kQuarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double WallSeconds(const std::function<void()>& work) {
  const absl::Time start = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - start);
}

double CpuSeconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

struct PlainDeal {
  double chance = 0;
  double amount = 0;
};

// Amounts in units, lognormal between 5,000 and 2 million.
std::vector<PlainDeal> MakeDeals() {
  Random random(11);
  const double chances[] = {.05, .05, .1, .1, .2, .2, .2, .4, .4, .6, .8, .9};
  std::vector<PlainDeal> deals;
  for (int i = 0; i < kDeals; ++i) {
    const double p = chances[random.Below(std::size(chances))] + 0.02 * random.Normal();
    const double a = std::clamp(60e3 * std::exp(1.1 * random.Normal()), 5e3, 2e6);
    deals.push_back({std::clamp(p, .005, .98), std::round(a)});
  }
  return deals;
}

BookingsInput InputOf(const std::vector<PlainDeal>& deals) {
  BookingsInput input;
  input.open.reserve(deals.size());
  for (const PlainDeal& deal : deals) {
    NodeValues chances;
    chances.fill(deal.chance);
    input.open.push_back({chances, {deal.amount}});
  }
  return input;
}

// Seconds and P10, P50, P90 of the peer, a process of its own.
std::array<double, 4> RunPeer(const std::string& file) {
  const std::string script = std::string(GTM_SOURCE_DIR) + "/tests/bench/forecast_peer.py";
  const std::string command = fmt::format(
      "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "
      "/usr/bin/python3 {} {} {}",
      script, file, kPeerDraws);
  FILE* pipe = popen(command.c_str(), "r");
  std::array<double, 4> result{};
  if (pipe == nullptr ||
      fscanf(pipe, "%lf %lf %lf %lf", &result[0], &result[1], &result[2], &result[3]) != 4) {
    fmt::print(stderr, "the peer does not run: is python3-numpy installed?\n");
    std::exit(1);
  }
  pclose(pipe);
  return result;
}

// Quantiles from the product of all characteristic functions at 96 points, over 12 standard
// deviations to each side: converged, and by another way than the product's.
std::array<double, 3> Reference(const std::vector<PlainDeal>& deals) {
  double mean = 0, variance = 0;
  for (const auto& [p, a] : deals) {
    mean += p * a;
    variance += p * (1 - p) * a * a;
  }
  const double low = mean - 12 * std::sqrt(variance), length = 24 * std::sqrt(variance);
  std::vector<std::complex<double>> terms;
  for (int k = 1; k <= 96; ++k) {
    const double w = 2 * M_PI * k / length;
    std::complex<double> log(0, -w * low);
    for (const auto& [p, a] : deals) log += std::log(1.0 + p * (std::polar(1.0, w * a) - 1.0));
    terms.push_back(std::exp(log));
  }
  const auto below = [&](double t) {
    double sum = t / length;
    for (size_t k = 0; k < terms.size(); ++k) {
      const std::complex<double> iw(0, 2 * M_PI * static_cast<double>(k + 1) / length);
      sum += 2 / length * (terms[k] * (1.0 - std::exp(-iw * t)) / iw).real();
    }
    return sum;
  };
  std::array<double, 3> result{};
  const double levels[] = {0.1, 0.5, 0.9};
  for (size_t i = 0; i < 3; ++i) {
    double a = 0, b = length;
    for (int step = 0; step < 60; ++step) {
      const double middle = (a + b) / 2;
      (below(middle) < levels[i] ? a : b) = middle;
    }
    result[i] = low + a;
  }
  return result;
}

// A company in a hurry. With engagement, buyers of a deal act about once a week, which tells.
GeneratedCompany MakeCompany(double arrivals_per_day, int history_days, bool engagement = false) {
  CompanyShape shape;
  if (engagement) {
    shape.acts_per_week = 1;
    shape.liking_on_acts = 0.7;
    shape.liking_on_wins = 0.5;
    shape.review_tilt = shape.share_tilt = shape.trigger_tilt = 0.7;
    shape.momentum = 0.7;
  }
  shape.arrivals_per_day = arrivals_per_day;
  shape.history_days = history_days;
  shape.cycle_days = 60;
  shape.win_share = 0.6;
  shape.never_decided_share = 0.2;
  return GeneratedCompany(shape, 7);
}

DealTable WithOpenDeals(const GeneratedCompany& company, size_t open_count) {
  DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2024, 12, 31)));
  size_t open = 0;
  std::erase_if(table.deals, [&](const Deal& deal) {
    return deal.outcome == Outcome::kOpen && ++open > open_count;
  });
  fmt::print("generated company: {} opportunities, {} of them open\n", table.deals.size(),
             std::min(open, open_count));
  return table;
}

void MeasureDistribution(int rounds) {
  const std::vector<PlainDeal> deals = MakeDeals();
  const std::string file = fmt::format("/tmp/forecast_bench_{}.bin", getpid());
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(deals.data()),
             static_cast<std::streamsize>(deals.size() * sizeof(PlainDeal)));
  const DealTable table = WithOpenDeals(MakeCompany(120, 700), kDeals);
  const Model model = LearnModel(table);
  const PeriodParts parts = GatherParts(table, model, kQuarter, {});
  std::vector<double> peer, ours, shared;
  std::array<double, 4> peer_told{};
  std::array<double, 3> told{};
  for (int round = 0; round < rounds; ++round) {
    peer_told = RunPeer(file);
    peer.push_back(peer_told[0]);
    std::vector<double> times, shared_times;
    for (int i = 0; i < 15; ++i) {
      BookingsInput input = InputOf(deals);
      times.push_back(WallSeconds([&] {
        const BookingsDistribution distribution(std::move(input));
        told = {distribution.Quantile(0.1), distribution.Quantile(0.5), distribution.Quantile(0.9)};
      }));
      shared_times.push_back(WallSeconds([&] {
        BookingsDistribution(domain::InputOf(parts, table, model, {}, true, true)).Summarize(0);
      }));
    }
    ours.push_back(Median(times));
    shared.push_back(Median(shared_times));
  }
  std::remove(file.c_str());
  const std::array<double, 3> exact = Reference(deals);
  double error = 0, peer_error = 0;
  for (size_t i = 0; i < 3; ++i) {
    error = std::max(error, std::abs(told[i] / exact[i] - 1));
    peer_error = std::max(peer_error, std::abs(peer_told[i + 1] / exact[i] - 1));
  }
  fmt::print("{} independent deals\n", kDeals);
  fmt::print("  NumPy, {} draws   {:9.2f} ms   error of P10, P50, P90 up to {:.1e}\n", kPeerDraws,
             Median(peer) * 1e3, peer_error);
  fmt::print("  ours              {:9.3f} ms   up to {:.1e}   {:.0f} times faster\n",
             Median(ours) * 1e3, error, Median(peer) / Median(ours));
  fmt::print("  ours, with the shared factors of the model and new deals\n");
  fmt::print("                    {:9.3f} ms   {:.0f} times faster\n", Median(shared) * 1e3,
             Median(peer) / Median(shared));
}

void MeasureChange(int rounds) {
  const DealTable table = WithOpenDeals(MakeCompany(120, 700), kDeals);
  const Model model = LearnModel(table);
  std::vector<double> full, change, reach;
  for (int round = 0; round < rounds; ++round) {
    std::unique_ptr<ForecastState> state;
    full.push_back(WallSeconds(
        [&] { state = std::make_unique<ForecastState>(table, model, kQuarter, Selection()); }));
    std::vector<double> times;
    for (uint32_t i = 0; i < 50; ++i) {
      OpenDeal after = state->deals()[i * 7];
      after.amount_micros *= 2;
      const std::vector<DealChange> changes = {{i * 7, after}};
      times.push_back(WallSeconds([&] { (void)state->With(changes); }));
    }
    change.push_back(Median(times));
  }
  fmt::print("one changed deal of {}: {:.3f} ms of {:.1f} ms, 1/{:.0f} of the full answer\n",
             kDeals, Median(change) * 1e3, Median(full) * 1e3, Median(full) / Median(change));
}

void MeasureBacktest(int rounds, bool engagement) {
  const GeneratedCompany company = MakeCompany(16, 550, engagement);
  const DealTable after = company.AtEndOf(NumberOf(absl::CivilDay(2024, 12, 31)));
  const std::vector<int> cut_days(std::begin(kCutDays), std::end(kCutDays));
  std::vector<double> times;
  size_t cuts = 0;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(CpuSeconds([&] {
      const auto told = WalkForward(
          [&](absl::Time t) -> Result<DealTable> {
            return company.AtEndOf(NumberOf(after.calendar.DayOf(t)));
          },
          after,
          {{PeriodUnit::kQuarter, 2024, 2},
           {PeriodUnit::kQuarter, 2024, 3},
           {PeriodUnit::kQuarter, 2024, 4}},
          cut_days);
      cuts = told->size();
    }));
  }
  fmt::print("back-test of {} as-ofs on {} opportunities{}: {:.2f} s of CPU\n", cuts,
             after.deals.size(), engagement ? ", with engagement that tells" : "", Median(times));
}

// ---- a real server

std::string TimeText(DayNumber day) {
  return absl::FormatTime("%Y-%m-%dT12:00:00Z", absl::FromCivil(DayAt(day), absl::UTCTimeZone()),
                          absl::UTCTimeZone());
}

records::v1::Record RecordOf(const Deal& deal) {
  const auto units = [](int64_t micros) { return std::max<int64_t>(1, micros / kMicrosPerUnit); };
  test::Opportunity record(deal.id, "acme");
  record.Stage(TimeText(deal.qualified_day), "open");
  record.Owner(deal.owner_seller_id);
  if (deal.amount_micros) {
    record.Amount(TimeText(deal.qualified_day), units(*deal.amount_micros));
  }
  if (deal.outcome != Outcome::kOpen) {
    // Closed on its first day: an hour after it began.
    const std::string closed = deal.closed_day > deal.qualified_day
                                   ? TimeText(deal.closed_day)
                                   : TimeText(deal.closed_day).replace(11, 2, "13");
    record.Stage(closed, deal.outcome == Outcome::kWon ? "won" : "lost");
  }
  return record;
}

[[noreturn]] void Serve(int port_to) {
  const std::vector<std::string> arguments = {"--address=127.0.0.1:0",
                                              "--metrics-address=", "--log-level=error"};
  auto config = config::Config::Load(config::ServeKeys(), arguments,
                                     [](const std::string&) { return std::nullopt; });
  auto process = process::Process::Start("gtm", std::move(config).value());
  auto platform = Platform::Start(**process, records::store::OpenMemory(), 1);
  if (!platform.ok()) _exit(1);
  const std::string address = (*process)->address();
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  (void)!write(port_to, &port, sizeof(port));
  pause();
  _exit(0);
}

// Ended with this process.
class Server {
 public:
  Server() {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      Serve(ends[1]);
    }
    if (read(ends[0], &port_, sizeof(port_)) != sizeof(port_)) abort();
  }
  ~Server() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  pid_t pid_;
  int port_ = 0;
};

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", status.error_message());
  std::exit(1);
}

void Fill(const std::shared_ptr<grpc::Channel>& channel, const DealTable& table) {
  const auto stub = records::v1::RecordsService::NewStub(channel);
  std::vector<records::v1::Record> all = {test::TenantSettings(), test::Account("acme")};
  for (const Deal& deal : table.deals) all.push_back(RecordOf(deal));
  for (size_t first = 0, number = 0; first < all.size(); first += 500, ++number) {
    grpc::ClientContext context;
    context.AddMetadata("gtm-tenant", kTenant);
    records::v1::BatchCommitRequest request;
    request.set_request_id(fmt::format("0190a5b0-1111-7000-8000-{:012}", number));
    for (size_t i = first; i < std::min(all.size(), first + 500); ++i) {
      *request.add_mutations()->mutable_put() = all[i];
    }
    records::v1::BatchCommitResponse response;
    Check(stub->BatchCommit(&context, request, &response));
  }
}

// Sends on time whether or not answers have come, as callers of their own would. `now` moves
// by `step` with each call.
void AskAtRate(const std::shared_ptr<grpc::Channel>& channel, double seconds, double per_second,
               absl::Duration step, const char* what) {
  const auto stub = forecasting::v1::ForecastingService::NewStub(channel);
  const auto count = static_cast<size_t>(seconds * per_second);
  std::vector<double> latencies(count);
  std::vector<std::thread> callers;
  std::atomic<int> refused = 0;
  const absl::Time start = absl::Now() + absl::Milliseconds(50);
  const absl::Time as_of =
      absl::FromCivil(absl::CivilMinute(2024, 12, 31, 9, 1), absl::UTCTimeZone());
  constexpr size_t kCallers = 16;
  for (size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t i = caller; i < count; i += kCallers) {
        const absl::Time due = start + absl::Seconds(static_cast<double>(i) / per_second);
        absl::SleepFor(due - absl::Now());
        forecasting::v1::GetForecastRequest request;
        const absl::Time at = as_of + static_cast<double>(i) * step;
        request.mutable_point()->mutable_as_of()->set_seconds(absl::ToUnixSeconds(at));
        forecasting::v1::GetForecastResponse response;
        grpc::ClientContext context;
        context.AddMetadata("gtm-tenant", kTenant);
        const grpc::Status status = stub->GetForecast(&context, request, &response);
        // What is turned away counts as an answer that never came.
        if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
          ++refused;
          latencies[i] = std::numeric_limits<double>::infinity();
          continue;
        }
        Check(status);
        latencies[i] = absl::ToDoubleMilliseconds(absl::Now() - due);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::sort(latencies.begin(), latencies.end());
  fmt::print(
      "GetForecast at {:.0f} a second, {}: p50 {:.2f} ms, p99 {:.2f} ms, slowest {:.1f} ms, {} "
      "refused\n",
      per_second, what, latencies[count / 2], latencies[count * 99 / 100], latencies.back(),
      refused.load());
}

void MeasureServer(double seconds) {
  const Server server;
  const DealTable table = MakeCompany(16, 550).AtEndOf(NumberOf(absl::CivilDay(2024, 12, 30)));
  const auto channel = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  Fill(channel, table);
  fmt::print("a server with {} opportunities\n", table.deals.size());
  // A clock that stands, one that moves as clocks do, and one that moves a minute a call.
  AskAtRate(channel, 2, 10, absl::ZeroDuration(), "first calls");
  AskAtRate(channel, seconds, 50, absl::Seconds(0.02), "as_of moves with the clock");
  AskAtRate(channel, seconds, 50, absl::Seconds(5), "as_of moves 5 s a call");
}

}  // namespace
}  // namespace gtm::forecasting::domain

int main(int argc, char** argv) {
  namespace bench = gtm::forecasting::domain;
  int rounds = 5;
  double seconds = 20;
  std::string_view part;  // of four, or all
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--rounds") rounds = std::stoi(argv[i + 1]);
    if (name == "--part") part = argv[i + 1];
    if (name == "--seconds") seconds = std::stod(argv[i + 1]);
  }
  if (part.empty() || part == "server") bench::MeasureServer(seconds);
  if (part.empty() || part == "distribution") bench::MeasureDistribution(rounds);
  if (part.empty() || part == "change") bench::MeasureChange(rounds);
  if (part.empty() || part == "backtest") {
    bench::MeasureBacktest(rounds, false);
    bench::MeasureBacktest(rounds, true);
  }
  return 0;
}
