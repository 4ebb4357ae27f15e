// CompareForecastCalls: what people call, beside the model.

#include <algorithm>
#include <map>
#include <set>

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/handler/call_records.h"
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
      if (deal.outcome == domain::Outcome::kOpen || won_inside) {
        active_.insert(deal.owner_seller_id);
      }
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
    return domain::ForecastPeriod(table_, model_, days_, selection, domain::Detail::kBookings);
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
      missing += !micros && member != nullptr && !member->has_left && IsShown(*member);
    }
    *row->mutable_rolled_up_commit() = ToProto(Money{sum, table_.currency});
    row->set_missing_call_count(missing);
  }

  void RenderModel(const domain::PeriodForecast& forecast, v1::ForecastCallComparison* row) const {
    *row->mutable_model() = ToProto(forecast.mean_micros(), forecast.bookings, table_.currency);
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
  const domain::Teams teams = TeamsOf(question);
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

}  // namespace gtm::forecasting::handler
