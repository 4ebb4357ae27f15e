// Backtest and RunBacktest: one piece of work, with and without telling how far it is.

#include <algorithm>
#include <atomic>
#include <map>

#include "common/core/clock.h"
#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/walk_forward.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"
#include "services/forecasting/handler/render_backtest.h"

namespace gtm::forecasting::handler {
namespace {

using domain::Cut;
using domain::DealTable;
using records_client::Question;

constexpr int kQuartersMax = 8;
constexpr int kCutsMax = 12;
constexpr int kCutDayMax = 80;
// Of streams, each with a thread of its own and a CPU full of work.
constexpr int kRunningMax = 4;
constexpr int kRetryMs = 1'000;

// Tells of a cut that begins, and of how many in all; an error stops the work.
using OnCut = std::function<Status(int begun_count, int total_count)>;

struct BacktestQuestion {
  std::optional<FiscalPeriod> first;
  std::vector<int> cut_days;
  domain::Selection selection;
  bool recorded = false;
};

std::vector<int> CutDaysOf(const v1::BacktestRequest& request, Violations* violations) {
  if (request.cut_days().empty()) {
    return std::vector<int>(std::begin(domain::kCutDays), std::end(domain::kCutDays));
  }
  if (request.cut_days_size() > kCutsMax) {
    violations->Add("cut_days", fmt::format("at most {} are allowed", kCutsMax));
  }
  for (int i = 0; i < request.cut_days_size(); ++i) {
    const int day = request.cut_days(i);
    if (day < 0 || day > kCutDayMax) {
      violations->Add(fmt::format("cut_days[{}]", i), fmt::format("must be 0 to {}", kCutDayMax));
    } else if (i > 0 && day <= request.cut_days(i - 1)) {
      violations->Add(fmt::format("cut_days[{}]", i), "must be above the one before");
    }
  }
  return std::vector<int>(request.cut_days().begin(), request.cut_days().end());
}

Result<BacktestQuestion> Parse(const v1::BacktestRequest& request) {
  Violations violations;
  BacktestQuestion question;
  if (request.has_first_quarter()) {
    question.first = PeriodOf("first_quarter", request.first_quarter(), &violations);
    if (question.first && question.first->unit != PeriodUnit::kQuarter) {
      violations.Add("first_quarter.unit", "must be UNIT_QUARTER");
    }
  }
  question.cut_days = CutDaysOf(request, &violations);
  question.selection = SelectionOf(request.selection(), "selection", &violations);
  if (!v1::BacktestKnowledge_IsValid(request.knowledge())) {
    violations.Add("knowledge", "must be HAPPENED or RECORDED");
  }
  question.recorded = request.knowledge() == v1::BACKTEST_KNOWLEDGE_RECORDED;
  if (question.recorded && request.point().has_recorded_as_of()) {
    violations.Add("knowledge",
                   "RECORDED has an instant of its own at each cut: leave "
                   "point.recorded_as_of out, or ask for HAPPENED");
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return question;
}

// What the cuts were made from, and those that were left out.
struct Walk {
  std::vector<Cut> cuts;
  std::map<absl::Time, std::string> input_hashes;  // by the instant of the cut
  int omitted_count = 0;
};

// One view for all cuts: each reads what had happened by then.
Result<Walk> WalkOverWhatHappened(const Question& question, const BacktestQuestion& asked,
                                  const DealTable& after, const std::vector<FiscalPeriod>& quarters,
                                  const OnCut& on_cut) {
  Walk walk;
  const auto total = static_cast<int>(quarters.size() * asked.cut_days.size());
  const auto table_at = [&](absl::Time as_of) -> Result<DealTable> {
    GTM_RETURN_IF_ERROR(on_cut(static_cast<int>(walk.input_hashes.size()), total));
    GTM_ASSIGN_OR_RETURN(DealTable table, domain::DealsAt(question.view, as_of));
    walk.input_hashes[as_of] = domain::HashOf(table);
    return table;
  };
  GTM_ASSIGN_OR_RETURN(
      walk.cuts, domain::WalkForward(table_at, after, quarters, asked.cut_days, asked.selection));
  return walk;
}

// A view for each cut: the records as they stood then. Cuts at which nothing was known, or
// money was told in another currency, are left out.
Result<Walk> WalkOverWhatWasRecorded(records_client::Records& records, const rpc::Call& call,
                                     const BacktestQuestion& asked, const DealTable& after,
                                     const std::vector<FiscalPeriod>& quarters,
                                     const OnCut& on_cut) {
  Walk walk;
  const auto total = static_cast<int>(quarters.size() * asked.cut_days.size());
  int begun = 0;
  for (const FiscalPeriod& quarter : quarters) {
    for (const int cut_day : asked.cut_days) {
      GTM_RETURN_IF_ERROR(on_cut(begun++, total));
      const absl::Time as_of =
          domain::CutTime(after.calendar, after.calendar.DaysOf(quarter), cut_day);
      type::v1::PointInTime point;
      *point.mutable_as_of() = ToProto(as_of);
      *point.mutable_recorded_as_of() = ToProto(as_of);
      const auto then = records.Ask(call, point);
      if (!then.ok() && then.error().reason() == Reason::REVISION_COMPACTED) {
        ++walk.omitted_count;
        continue;
      }
      if (!then.ok()) return then.error();
      GTM_ASSIGN_OR_RETURN(DealTable table, domain::DealsAt(then->view, as_of));
      if (table.deals.empty() || table.currency != after.currency) {
        ++walk.omitted_count;
        continue;
      }
      walk.input_hashes[as_of] = domain::HashOf(table);
      const auto table_at = [&](absl::Time) -> Result<DealTable> { return std::move(table); };
      GTM_ASSIGN_OR_RETURN(
          const std::vector<Cut> cuts,
          domain::WalkForward(table_at, after, {quarter}, {cut_day}, asked.selection));
      walk.cuts.insert(walk.cuts.end(), cuts.begin(), cuts.end());
    }
  }
  return walk;
}

// Over what was asked and all that is answered, but for when it was asked and the revision:
// asked again tomorrow, or of another store, the same past gives the same hash.
std::string ResultHash(v1::BacktestRequest request, v1::BacktestResponse response) {
  request.clear_point();
  Sha256 hash;
  hash.UpdateText("gtm.forecasting.backtest.1").UpdateText(response.provenance().rules_version());
  response.clear_provenance();
  response.clear_result_sha256();
  hash.UpdateText(CanonicalBytes(request)).UpdateText(CanonicalBytes(response));
  return hash.HexDigest();
}

Status RunOn(records_client::Records& records, rpc::Call& call, const v1::BacktestRequest& request,
             const OnCut& on_cut, v1::BacktestResponse* response) {
  GTM_ASSIGN_OR_RETURN(const BacktestQuestion asked, Parse(request));
  GTM_ASSIGN_OR_RETURN(const Question question, records.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable after, domain::DealsAt(question.view, question.as_of));
  const std::vector<FiscalPeriod> quarters = QuartersToTest(after, asked.first);
  GTM_ASSIGN_OR_RETURN(const Walk walk,
                       asked.recorded
                           ? WalkOverWhatWasRecorded(records, call, asked, after, quarters, on_cut)
                           : WalkOverWhatHappened(question, asked, after, quarters, on_cut));
  RenderBacktest(walk.cuts, after.currency, response);
  for (v1::BacktestCut& cut : *response->mutable_cuts()) {
    cut.set_input_sha256(walk.input_hashes.at(ToTime(cut.as_of())));
  }
  response->set_omitted_cut_count(walk.omitted_count);
  *response->mutable_selection() = ToProto(asked.selection);
  const absl::CivilDay today = domain::DayAt(after.today);
  const DayRange days{quarters.empty() ? today : after.calendar.DaysOf(quarters.front()).start,
                      quarters.empty() ? today : after.calendar.DaysOf(quarters.back()).end};
  std::string extra = "backtest";
  for (const int day : asked.cut_days) extra += fmt::format(" {}", day);
  for (const auto& [as_of, hash] : walk.input_hashes) extra += "\n" + hash;
  RenderProvenance(question, after, days, asked.selection, std::nullopt, extra,
                   response->mutable_provenance());
  response->set_result_sha256(ResultHash(request, *response));
  return {};
}

// One of the streams that run at a time.
class Running {
 public:
  explicit Running(std::atomic<int>& count) : count_(count), order_(++count) {}
  ~Running() { --count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  bool is_too_many() const { return order_ > kRunningMax; }

 private:
  std::atomic<int>& count_;
  const int order_;
};

}  // namespace

std::vector<FiscalPeriod> QuartersToTest(const DealTable& after,
                                         const std::optional<FiscalPeriod>& first_asked) {
  domain::DayNumber first_close = after.today;
  for (const domain::Deal& deal : after.deals) {
    if (deal.outcome != domain::Outcome::kOpen) {
      first_close = std::min(first_close, deal.closed_day);
    }
  }
  const FiscalPeriod current =
      after.calendar.PeriodOf(domain::DayAt(after.today), PeriodUnit::kQuarter);
  std::vector<FiscalPeriod> quarters;
  for (int back = kQuartersMax; back >= 1; --back) {
    const FiscalPeriod quarter = after.calendar.Shift(current, -back);
    if (first_asked && quarter < *first_asked) continue;
    const DayRange days = after.calendar.DaysOf(quarter);
    if (domain::NumberOf(days.start) - first_close >= 28) quarters.push_back(quarter);
  }
  return quarters;
}

Status ForecastingHandler::Backtest(rpc::Call& call, const v1::BacktestRequest& request,
                                    v1::BacktestResponse* response) {
  const OnCut on_cut = [&](int, int) { return call.CheckAlive(SystemClock().Now()); };
  return RunOn(records_, call, request, on_cut, response);
}

Status ForecastingHandler::RunBacktest(
    rpc::Call& call, const v1::RunBacktestRequest& request,
    const std::function<bool(const v1::RunBacktestResponse&)>& write) {
  const Running running(running_backtests_);
  if (running.is_too_many()) {
    return Error(Reason::OVERLOADED, fmt::format("{} back-tests run already; try again in {} ms",
                                                 kRunningMax, kRetryMs))
        .With("limit", std::to_string(kRunningMax))
        .RetryAfterMs(kRetryMs);
  }
  const OnCut on_cut = [&](int begun, int total) -> Status {
    GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
    v1::RunBacktestResponse update;
    update.mutable_progress()->set_done_count(begun);
    update.mutable_progress()->set_total_count(total);
    if (write(update)) return {};
    return Error(Reason::CANCELLED_BY_CALLER, "the caller reads no more");
  };
  v1::RunBacktestResponse last;
  GTM_RETURN_IF_ERROR(RunOn(records_, call, request.backtest(), on_cut, last.mutable_result()));
  if (write(last)) return {};
  return Error(Reason::CANCELLED_BY_CALLER, "the caller reads no more");
}

}  // namespace gtm::forecasting::handler
