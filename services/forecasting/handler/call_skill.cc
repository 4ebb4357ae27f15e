// CompareForecastCalls, MeasureForecastCalls: what people call, beside the model and beside
// what came.

#include "services/forecasting/domain/call_skill.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/teams.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/period.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using domain::TeamMember;
using records_client::Question;

constexpr size_t kRowsMax = 100;
constexpr size_t kOwnersMax = 200;
constexpr int kPeriodsDefault = 8;
constexpr int kPeriodsMax = 12;
constexpr int kCheckpointsMax = 6;
constexpr int kDaysBeforeEndMax = 366;

std::string KeyOf(const type::v1::FiscalPeriod& period) { return CanonicalBytes(period); }

// Calls about one period, by owner, the latest first.
using CallsByOwner = std::map<std::string, std::vector<const v1::ForecastCall*>>;

CallsByOwner CallsOf(const Question& question, const type::v1::FiscalPeriod& period) {
  CallsByOwner calls;
  const std::string key = KeyOf(period);
  for (const auto& call : question.view.forecast_calls()) {
    if (KeyOf(call->period()) != key || ToTime(call->submit_time()) > question.as_of) continue;
    calls[call->owner_seller_id()].push_back(call.get());
  }
  for (auto& [owner, of_owner] : calls) {
    std::sort(of_owner.begin(), of_owner.end(), [](const auto* a, const auto* b) {
      const absl::Time at = ToTime(a->submit_time()), bt = ToTime(b->submit_time());
      return at != bt ? at > bt : a->id() < b->id();
    });
  }
  return calls;
}

// The latest one submitted by then; null where there is none.
const v1::ForecastCall* LatestAt(const CallsByOwner& calls, const std::string& owner,
                                 absl::Time time) {
  const auto found = calls.find(owner);
  if (found == calls.end()) return nullptr;
  for (const v1::ForecastCall* call : found->second) {
    if (ToTime(call->submit_time()) <= time) return call;
  }
  return nullptr;
}

// Sellers, and owners of calls that are none.
domain::Teams TeamsOf(const book::BookView& view) {
  std::vector<domain::TeamRecord> records;
  std::set<std::string> known;
  for (const auto& seller : view.sellers()) {
    const std::string& name = seller->display_name();
    records.push_back({seller->id(), name.empty() ? seller->id() : name, seller->manager_id()});
    known.insert(seller->id());
  }
  for (const auto& call : view.forecast_calls()) {
    const std::string& owner = call->owner_seller_id();
    if (known.insert(owner).second) records.push_back({owner, owner, ""});
  }
  return domain::Teams(std::move(records));
}

// Calls are kept in the reporting currency of their day; one that differs from today's is not
// compared with anything.
std::optional<int64_t> MicrosIn(const type::v1::Money& money, Currency currency) {
  if (money.currency_code() != currency.code()) return {};
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

std::string HashOfCalls(const Question& question, const domain::Teams& teams) {
  Sha256 hash;
  for (const auto& call : question.view.forecast_calls()) {
    if (ToTime(call->submit_time()) <= question.as_of) hash.UpdateText(CanonicalBytes(*call));
  }
  for (const TeamMember& member : teams.members()) {
    hash.UpdateText(member.id).UpdateText(member.name).Update(member.depth);
  }
  return hash.HexDigest();
}

// ---- CompareForecastCalls

class Comparison {
 public:
  Comparison(const Question& question, const DealTable& table, const domain::Teams& teams,
             const FiscalPeriod& period, const DayRange& days)
      : table_(table),
        teams_(teams),
        days_(days),
        model_(domain::Blend(table, domain::LearnModel(table), period)),
        calls_(CallsOf(question, ToProto(period))),
        as_of_(question.as_of) {
    for (const domain::Deal& deal : table.deals) {
      const bool won_inside =
          deal.outcome == domain::Outcome::kWon && days.contains(domain::DayAt(deal.closed_day));
      if (deal.outcome == domain::Outcome::kOpen || won_inside)
        active_.insert(deal.owner_seller_id);
    }
  }

  bool IsShown(const TeamMember& member) const {
    return !member.reports.empty() || active_.contains(member.id) || CallOf(member.id) != nullptr;
  }

  v1::ForecastCallComparison RowOf(const TeamMember& member) const {
    v1::ForecastCallComparison row;
    row.set_owner_seller_id(member.id);
    row.set_display_name(member.name);
    row.set_depth(member.depth);
    row.set_team_count(static_cast<int32_t>(member.team.size()));
    RollUp(member.reports, &row);
    const domain::PeriodForecast forecast =
        ForecastOf({.owner_seller_id = "", .segment = "", .team = member.team});
    RenderModel(forecast, &row);
    if (const v1::ForecastCall* call = CallOf(member.id)) RenderCall(*call, forecast, &row);
    return row;
  }

  v1::ForecastCallComparison CompanyRow() const {
    v1::ForecastCallComparison row;
    std::vector<std::string> top;
    for (const TeamMember& member : teams_.members()) {
      if (member.depth == 0 && IsShown(member)) top.push_back(member.id);
    }
    row.set_display_name("company");
    row.set_team_count(static_cast<int32_t>(teams_.members().size()));
    RollUp(top, &row);
    RenderModel(ForecastOf({}), &row);
    return row;
  }

 private:
  const v1::ForecastCall* CallOf(const std::string& owner) const {
    return LatestAt(calls_, owner, as_of_);
  }

  domain::PeriodForecast ForecastOf(const domain::Selection& selection) const {
    return domain::ForecastPeriod(table_, model_, days_, selection);
  }

  void RollUp(const std::vector<std::string>& reports, v1::ForecastCallComparison* row) const {
    if (reports.empty()) return;
    int64_t sum = 0;
    int missing = 0;
    for (const std::string& report : reports) {
      const v1::ForecastCall* call = CallOf(report);
      const auto micros =
          call == nullptr ? std::nullopt : MicrosIn(call->commit_amount(), table_.currency);
      if (micros) sum = domain::AddClamped(sum, *micros);
      const TeamMember* member = teams_.Find(report);
      missing += !micros && member != nullptr && IsShown(*member);
    }
    *row->mutable_rolled_up_commit() = ToProto(Money{sum, table_.currency});
    row->set_missing_call_count(missing);
  }

  void RenderModel(const domain::PeriodForecast& forecast, v1::ForecastCallComparison* row) const {
    *row->mutable_model() =
        ToProto(forecast.mean_micros(),
                domain::Summarize(forecast.won_micros, forecast.open_draws, forecast.new_draws),
                table_.currency);
    *row->mutable_won_amount() = ToProto(Money{forecast.won_micros, table_.currency});
  }

  void RenderCall(const v1::ForecastCall& call, const domain::PeriodForecast& forecast,
                  v1::ForecastCallComparison* row) const {
    *row->mutable_call() = call;
    const auto commit = MicrosIn(call.commit_amount(), table_.currency);
    if (!commit) return;
    *row->mutable_override_amount() =
        ToProto(Money{domain::AddClamped(*commit, -forecast.mean_micros()), table_.currency});
    row->set_commit_reach_probability(domain::ReachProbability(forecast, *commit));
    if (!call.has_best_case_amount()) return;
    if (const auto best = MicrosIn(call.best_case_amount(), table_.currency)) {
      row->set_best_case_reach_probability(domain::ReachProbability(forecast, *best));
    }
  }

  const DealTable& table_;
  const domain::Teams& teams_;
  const DayRange days_;
  const domain::Model model_;
  const CallsByOwner calls_;
  const absl::Time as_of_;
  std::set<std::string> active_;  // own deals that are open or won in the period
};

// ---- MeasureForecastCalls

struct MeasureQuestion {
  PeriodUnit unit = PeriodUnit::kQuarter;
  int period_count = kPeriodsDefault;
  std::vector<int> days_before_end;
};

std::vector<int> DefaultCheckpoints(PeriodUnit unit) {
  if (unit == PeriodUnit::kMonth) return {20, 10, 3};
  return {60, 30, 7};
}

Result<MeasureQuestion> Parse(const v1::MeasureForecastCallsRequest& request) {
  Violations violations;
  MeasureQuestion question;
  violations.CheckText("owner_seller_id", request.owner_seller_id(), kIdBytesMax);
  if (request.unit() != type::v1::FiscalPeriod::UNIT_UNSPECIFIED) {
    if (!type::v1::FiscalPeriod::Unit_IsValid(request.unit())) {
      violations.Add("unit", "must be UNIT_MONTH, UNIT_QUARTER or UNIT_YEAR");
    }
    question.unit = static_cast<PeriodUnit>(request.unit());
  }
  if (request.period_count() < 0 || request.period_count() > kPeriodsMax) {
    violations.Add("period_count", fmt::format("must be 0 to {}", kPeriodsMax));
  }
  if (request.period_count() > 0) question.period_count = request.period_count();
  question.days_before_end.assign(request.days_before_end().begin(),
                                  request.days_before_end().end());
  if (question.days_before_end.empty()) {
    question.days_before_end = DefaultCheckpoints(question.unit);
  }
  if (request.days_before_end_size() > kCheckpointsMax) {
    violations.Add("days_before_end", fmt::format("at most {} are allowed", kCheckpointsMax));
  }
  for (int i = 0; i < request.days_before_end_size(); ++i) {
    const int days = request.days_before_end(i);
    if (days < 0 || days > kDaysBeforeEndMax) {
      violations.Add(fmt::format("days_before_end[{}]", i),
                     fmt::format("must be 0 to {}", kDaysBeforeEndMax));
    } else if (i > 0 && days >= request.days_before_end(i - 1)) {
      violations.Add(fmt::format("days_before_end[{}]", i), "must be below the one before");
    }
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return question;
}

// One owner at one checkpoint, over the periods.
struct Track {
  std::vector<domain::CallOutcome> commits;
  std::vector<domain::CallOutcome> best_cases;
  std::vector<domain::CallOutcome> model;
  int missing_count = 0;
};

v1::CallAccuracy ToProto(const std::vector<domain::CallOutcome>& outcomes) {
  const domain::CallJudgement judged = domain::JudgeCalls(outcomes);
  v1::CallAccuracy result;
  if (judged.absolute_error_share) result.set_absolute_error_share(*judged.absolute_error_share);
  if (judged.bias_interval) {
    *result.mutable_bias() = stats::IntervalEstimate(
        *judged.bias, *judged.bias_interval, stats::kConfidence, "student", judged.period_count,
        judged.period_count >= domain::kCallPeriodsMin);
  } else {
    *result.mutable_bias() = stats::NoDataEstimate();
    if (judged.bias) {
      result.mutable_bias()->set_value(*judged.bias);
      result.mutable_bias()->set_sample_count(judged.period_count);
      result.mutable_bias()->set_sufficiency(type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
    }
  }
  *result.mutable_reached() = stats::RateEstimate(judged.reached_count, judged.period_count);
  return result;
}

// Goes through finished periods and keeps what each owner called and what came.
class Measurement {
 public:
  Measurement(const Question& question, const DealTable& after, const domain::Teams& teams,
              const MeasureQuestion& asked)
      : question_(question), after_(after), teams_(teams), asked_(asked) {}

  // Error: DEADLINE_EXPIRED, EXCHANGE_RATE_MISSING.
  Status Follow(const rpc::Call& call, const std::vector<FiscalPeriod>& periods) {
    for (const FiscalPeriod& period : periods) {
      const CallsByOwner calls = CallsOf(question_, handler::ToProto(period));
      const DayRange days = after_.calendar.DaysOf(period);
      const auto came = domain::WonByOwner(after_, days);
      for (size_t k = 0; k < asked_.days_before_end.size(); ++k) {
        GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
        GTM_RETURN_IF_ERROR(FollowCheckpoint(calls, period, days, came, k));
      }
    }
    return {};
  }

  const std::vector<Track>* TracksOf(const std::string& owner) const {
    const auto found = tracks_.find(owner);
    return found == tracks_.end() ? nullptr : &found->second;
  }

 private:
  Status FollowCheckpoint(const CallsByOwner& calls, const FiscalPeriod& period,
                          const DayRange& days, const std::map<std::string, int64_t>& came,
                          size_t k) {
    // At the end of the day that leaves so many days of the period.
    const absl::Time time =
        after_.calendar.StartOf(days.end - asked_.days_before_end[k]) - absl::Microseconds(1);
    std::map<std::string, int64_t> told;
    bool has_model = false;
    for (const TeamMember& member : teams_.members()) {
      const v1::ForecastCall* call = LatestAt(calls, member.id, time);
      const auto commit =
          call == nullptr ? std::nullopt : MicrosIn(call->commit_amount(), after_.currency);
      if (!commit) {
        // Before their first call nobody is missed.
        if (const auto found = tracks_.find(member.id); found != tracks_.end()) {
          ++found->second[k].missing_count;
        }
        continue;
      }
      if (!has_model) {
        GTM_ASSIGN_OR_RETURN(told, ModelAt(time, period, days));
        has_model = true;
      }
      auto& tracks = tracks_[member.id];
      tracks.resize(asked_.days_before_end.size());
      const int64_t actual = domain::SumOver(came, member.team);
      tracks[k].commits.push_back({*commit, actual});
      tracks[k].model.push_back({domain::SumOver(told, member.team), actual});
      const auto best = MicrosIn(call->best_case_amount(), after_.currency);
      if (call->has_best_case_amount() && best) tracks[k].best_cases.push_back({*best, actual});
    }
    return {};
  }

  Result<std::map<std::string, int64_t>> ModelAt(absl::Time time, const FiscalPeriod& period,
                                                 const DayRange& days) const {
    GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question_.view, time));
    const domain::Model model = domain::Blend(table, domain::LearnModel(table), period);
    const domain::PeriodForecast forecast = domain::ForecastPeriod(table, model, days, {});
    return domain::MeansByOwner(table, model, forecast, days);
  }

  const Question& question_;
  const DealTable& after_;
  const domain::Teams& teams_;
  const MeasureQuestion& asked_;
  std::map<std::string, std::vector<Track>> tracks_;  // by owner, one a checkpoint
};

v1::ForecastCallSkill SkillOf(const TeamMember& member, const Track& track, int days_before_end) {
  v1::ForecastCallSkill skill;
  skill.set_owner_seller_id(member.id);
  skill.set_display_name(member.name);
  skill.set_team_count(static_cast<int32_t>(member.team.size()));
  skill.set_days_before_end(days_before_end);
  skill.set_period_count(static_cast<int32_t>(track.commits.size()));
  skill.set_missing_period_count(track.missing_count);
  *skill.mutable_commit() = ToProto(track.commits);
  *skill.mutable_best_case() = ToProto(track.best_cases);
  skill.set_best_case_period_count(static_cast<int32_t>(track.best_cases.size()));
  *skill.mutable_model() = ToProto(track.model);
  return skill;
}

}  // namespace

Status ForecastingHandler::CompareForecastCalls(rpc::Call& call,
                                                const v1::CompareForecastCallsRequest& request,
                                                v1::CompareForecastCallsResponse* response) {
  Violations violations;
  std::optional<FiscalPeriod> asked;
  if (request.has_period()) asked = PeriodOf("period", request.period(), &violations);
  violations.CheckText("owner_seller_id", request.owner_seller_id(), kIdBytesMax);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question.view, question.as_of));
  const FiscalPeriod period = PeriodAt(table, asked);
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(table, period));
  const domain::Teams teams = TeamsOf(question.view);
  const Comparison comparison(question, table, teams, period, days);
  const std::string& only = request.owner_seller_id();
  if (only.empty()) *response->add_rows() = comparison.CompanyRow();
  const TeamMember* wanted = only.empty() ? nullptr : teams.Find(only);
  size_t shown = 0;
  for (const TeamMember& member : teams.members()) {
    const bool is_asked =
        only.empty() || (wanted != nullptr &&
                         std::binary_search(wanted->team.begin(), wanted->team.end(), member.id));
    if (!is_asked || !comparison.IsShown(member)) continue;
    if (++shown > kRowsMax) continue;
    GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
    *response->add_rows() = comparison.RowOf(member);
  }
  response->set_omitted_count(static_cast<int32_t>(shown - std::min(shown, kRowsMax)));
  *response->mutable_period() = ToProto(period);
  RenderProvenance(question, table, days, {only, ""}, std::nullopt,
                   "calls " + HashOfCalls(question, teams), response->mutable_provenance());
  return {};
}

Status ForecastingHandler::MeasureForecastCalls(rpc::Call& call,
                                                const v1::MeasureForecastCallsRequest& request,
                                                v1::MeasureForecastCallsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const MeasureQuestion asked, Parse(request));
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable after, domain::DealsAt(question.view, question.as_of));
  const domain::Teams teams = TeamsOf(question.view);
  const FiscalPeriod current = after.calendar.PeriodOf(domain::DayAt(after.today), asked.unit);
  std::vector<FiscalPeriod> periods;
  for (int back = asked.period_count; back >= 1; --back) {
    periods.push_back(after.calendar.Shift(current, -back));
    *response->add_periods() = ToProto(periods.back());
  }
  Measurement measurement(question, after, teams, asked);
  GTM_RETURN_IF_ERROR(measurement.Follow(call, periods));
  size_t shown = 0;
  for (const TeamMember& member : teams.members()) {
    if (!request.owner_seller_id().empty() && member.id != request.owner_seller_id()) continue;
    const std::vector<Track>* tracks = measurement.TracksOf(member.id);
    if (tracks == nullptr || ++shown > kOwnersMax) continue;
    for (size_t k = 0; k < tracks->size(); ++k) {
      *response->add_skills() = SkillOf(member, (*tracks)[k], asked.days_before_end[k]);
    }
  }
  response->set_omitted_count(static_cast<int32_t>(shown - std::min(shown, kOwnersMax)));
  std::string extra = "call skill " + HashOfCalls(question, teams);
  for (const int days : asked.days_before_end) extra += fmt::format(" {}", days);
  const DayRange days{after.calendar.DaysOf(periods.front()).start,
                      after.calendar.DaysOf(periods.back()).end};
  RenderProvenance(question, after, days, {request.owner_seller_id(), ""}, std::nullopt, extra,
                   response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
