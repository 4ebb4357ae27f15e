// MeasureForecastCalls: what people called, beside what came.

#include <algorithm>
#include <map>

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/call_skill.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/handler/call_records.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using domain::TeamMember;
using records_client::Question;

constexpr size_t kOwnersMax = 200;
constexpr int kPeriodsDefault = 8;
constexpr int kPeriodsMax = 12;
constexpr int kCheckpointsMax = 6;
constexpr int kDaysBeforeEndMax = 366;

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
    const domain::PeriodForecast forecast =
        domain::ForecastPeriod(table, model, days, {}, domain::Detail::kBookings);
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

Status ForecastingHandler::MeasureForecastCalls(rpc::Call& call,
                                                const v1::MeasureForecastCallsRequest& request,
                                                v1::MeasureForecastCallsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const MeasureQuestion asked, Parse(request));
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable after, domain::DealsAt(question.view, question.as_of));
  const domain::Teams teams = TeamsOf(question);
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
