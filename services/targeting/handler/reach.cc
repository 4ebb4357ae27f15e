// How far we are in the target market.

#include "services/targeting/domain/reach.h"

#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/channel_efficacy.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/rank_targets.h"
#include "services/targeting/domain/spend_share.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kActivitiesMax = 1'000;

void Render(const domain::ByVerdict& counts, v1::VerdictCounts* out) {
  out->set_target_count(counts.target);
  out->set_undecided_count(counts.undecided);
  out->set_other_count(counts.other);
}

void Render(const domain::MarketSize& size, v1::MarketSize* out) {
  out->set_count(size.count);
  if (size.count == 0) return;
  out->set_source(static_cast<v1::MarketSize::Source>(size.source));
}

void Render(const domain::GroupRule& rule, v1::BuyingGroupRule* out) {
  out->set_size_min(rule.size_min);
  out->set_size_max(rule.size_max);
  out->set_touches_min(rule.touches_min);
  out->set_touches_max(rule.touches_max);
  for (const book::BuyingRole role : rule.expected_roles) {
    out->add_expected_roles(static_cast<crm::v1::BuyingRole>(role));
  }
}

// Exact where no account is undecided, else a range.
type::v1::Estimate RenderPenetration(const domain::ByVerdict& reached,
                                     const domain::ByVerdict& recorded,
                                     const domain::MarketSize& market) {
  const auto share = domain::PenetrationIn(market, reached, recorded);
  if (!share) return stats::NoDataEstimate();
  type::v1::Estimate out = stats::ExactEstimate(share->value, market.count);
  out.set_success_count(reached.target);
  if (share->range.low == share->range.high) return out;
  out.set_low(share->range.low);
  out.set_high(share->range.high);
  out.set_method("bounds");
  return out;
}

void Render(const domain::Reach& reach, const DayRange& days, const domain::MarketSizes& market,
            v1::ReachOfSpan* out) {
  *out->mutable_days() = RenderDays(days);
  Render(reach.touched_accounts, out->mutable_touched_accounts());
  Render(reach.engaged_accounts, out->mutable_engaged_accounts());
  Render(reach.engaged_people, out->mutable_engaged_people());
  Render(reach.engagements, out->mutable_engagements());
  *out->mutable_account_penetration() =
      RenderPenetration(reach.engaged_accounts, reach.accounts, market.accounts);
  *out->mutable_people_penetration() =
      RenderPenetration(reach.engaged_people, reach.people, market.people);
  *out->mutable_engagements_per_person() =
      market.people.count == 0
          ? stats::NoDataEstimate()
          : stats::ExactEstimate(static_cast<double>(reach.engagements.target) /
                                     static_cast<double>(market.people.count),
                                 market.people.count);
  *out->mutable_answer_rate() =
      stats::RateEstimate(reach.answered_targets, reach.approached_targets);
  for (int coverage = 1; coverage < domain::kGroupCoverageCount; ++coverage) {
    auto* count = out->add_group_counts();
    count->set_coverage(static_cast<v1::BuyingGroup::Coverage>(coverage));
    count->set_account_count(reach.groups[static_cast<size_t>(coverage)]);
  }
}

void Render(const domain::BuyingGroup& group, v1::BuyingGroup* out) {
  out->set_coverage(static_cast<v1::BuyingGroup::Coverage>(group.coverage));
  out->set_known_people_count(group.known_people);
  out->set_engaged_people_count(group.engaged_people);
  out->set_touched_people_count(group.touched_people);
  out->set_touch_count(group.touch_count);
  out->set_unnamed_touch_count(group.unnamed_touches);
  if (group.touched_people > 0) {
    out->set_touches_per_person(static_cast<double>(group.touch_count) /
                                static_cast<double>(group.touched_people));
  }
  out->set_touches_missing_count(group.touches_missing);
  for (const book::BuyingRole role : group.unknown_roles) {
    out->add_unknown_roles(static_cast<crm::v1::BuyingRole>(role));
  }
  for (const book::BuyingRole role : group.silent_roles) {
    out->add_silent_roles(static_cast<crm::v1::BuyingRole>(role));
  }
}

domain::TargetFilter FilterOf(const v1::ListBuyingGroupsRequest& request) {
  domain::TargetFilter filter;
  filter.verdicts[static_cast<size_t>(domain::Verdict::kTarget)] = true;
  filter.verdicts[static_cast<size_t>(domain::Verdict::kUndecided)] = request.with_undecided();
  filter.segment = request.segment();
  filter.owner_seller_id = request.owner_seller_id();
  return filter;
}

void Render(const domain::ChannelEfficacy& row, const domain::Activities& activities,
            Currency currency, v1::ChannelEfficacy* out) {
  if (row.activity != domain::kNoActivity) {
    const domain::Activity& activity = activities.at(row.activity);
    out->set_key(activity.key);
    out->set_display_name(activity.display_name);
    out->set_channel(activity.channel);
  }
  Render(row.accounts, out->mutable_accounts());
  out->set_target_people_count(row.target_people);
  out->set_touch_count(row.touch_count);
  *out->mutable_other_share() =
      stats::RateEstimate(row.accounts.other, row.accounts.other + row.accounts.target);
  out->set_first_response_count(row.first_responses);
  out->set_begun_opportunity_count(row.begun_count);
  *out->mutable_begun_amount() = RenderMoney(row.begun_micros, currency);
  out->set_open_opportunity_count(row.open_count);
  *out->mutable_open_amount() = RenderMoney(row.open_micros, currency);
  if (!row.spend_micros) return;
  const domain::CostPerTarget cost = domain::CostOf(*row.spend_micros, row.accounts.target);
  *out->mutable_cost() = RenderMoney(*row.spend_micros, currency);
  out->set_cost_day_count(static_cast<int32_t>(row.spend_day_count));
  // Money of no activity did not buy the touches of none.
  if (row.activity == domain::kNoActivity) return;
  *out->mutable_cost_per_target_low() = RenderMoney(cost.low_micros, currency);
  if (cost.value_micros) {
    *out->mutable_cost_per_target() = RenderMoney(*cost.value_micros, currency);
  }
  if (cost.high_micros) {
    *out->mutable_cost_per_target_high() = RenderMoney(*cost.high_micros, currency);
  }
}

}  // namespace

Status TargetingHandler::GetReach(rpc::Call& call, const v1::GetReachRequest& request,
                                  v1::GetReachResponse* response) {
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  Violations violations;
  const domain::GroupRule rule =
      GroupRuleOf(request.group_rule(), asked.view().settings(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const DayRange lately = DaysUntil(asked.question.as_of, asked.calendar(), kReachDays);
  GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, asked.calendar(), lately));
  const DayRange before{days.start - days.day_count(), days.start};
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  GTM_ASSIGN_OR_RETURN(
      const domain::Reach now,
      domain::MeasureReach(audience, asked.view(), asked.SpanOf(days), rule, alive));
  GTM_ASSIGN_OR_RETURN(
      const domain::Reach then,
      domain::MeasureReach(audience, asked.view(), asked.SpanOf(before), rule, alive));
  const domain::MarketSizes market =
      domain::MarketOf(*asked.compiled->message, asked.view().settings(), now);
  Render(now.accounts, response->mutable_accounts());
  Render(now.people, response->mutable_people());
  Render(market.accounts, response->mutable_market_accounts());
  Render(market.people, response->mutable_market_people());
  Render(now, days, market, response->mutable_current());
  Render(then, before, market, response->mutable_before());
  response->set_unattached_touch_count(asked.view().unattached_engagement_count());
  Render(rule, response->mutable_group_rule());
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

Status TargetingHandler::ListBuyingGroups(rpc::Call& call,
                                          const v1::ListBuyingGroupsRequest& request,
                                          v1::ListBuyingGroupsResponse* response) {
  Violations violations;
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const PageQuestion page_asked,
                       AskPage(records_, definitions_, call, request));
  const MarketQuestion& asked = page_asked.asked;
  const std::optional<PagePosition>& position = page_asked.position;
  Violations rule_violations;
  const domain::GroupRule rule =
      GroupRuleOf(request.group_rule(), asked.view().settings(), &rule_violations);
  GTM_RETURN_IF_ERROR(std::move(rule_violations).ToStatus());
  const DayRange lately = DaysUntil(asked.question.as_of, asked.calendar(), kReachDays);
  GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, asked.calendar(), lately));
  std::optional<domain::TargetPosition> after;
  if (position) after = {position->order, position->id};
  GTM_ASSIGN_OR_RETURN(const domain::RankedPage page,
                       domain::RankTargets(asked.definition(), asked.view(), asked.question.as_of,
                                           FilterOf(request), after, page_size, AliveWhile(call)));
  domain::GroupMeter meter(asked.view(), rule, asked.SpanOf(days), asked.question.as_of);
  for (const domain::RankedTarget& target : page.targets) {
    v1::BuyingGroup* const out = response->add_groups();
    out->set_account_id(std::string(asked.view().account(target.row).id));
    out->set_undecided(target.score.verdict == domain::Verdict::kUndecided);
    out->set_priority_micropoints(target.score.priority.micropoints);
    Render(meter.Measure(target.row), out);
  }
  if (page.more) {
    const v1::BuyingGroup& last = response->groups(response->groups_size() - 1);
    response->set_next_page_token(
        page_asked.TokenAfter(last.priority_micropoints(), last.account_id()));
  }
  response->set_total_count(page.total_count);
  *response->mutable_days() = RenderDays(days);
  Render(rule, response->mutable_group_rule());
  *response->mutable_provenance() = asked.Basis(page_asked.Inputs());
  return {};
}

Status TargetingHandler::GetChannelEfficacy(rpc::Call& call,
                                            const v1::GetChannelEfficacyRequest& request,
                                            v1::GetChannelEfficacyResponse* response) {
  Violations violations;
  const domain::ActivityGrouping grouping = GroupingOf(request.grouping(), &violations);
  if (request.activity_count_max() < 0 || request.activity_count_max() > kActivitiesMax) {
    violations.Add("activity_count_max", "out of range; use 0 to 1,000; 0 means 1,000");
  }
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const DayRange lately = DaysUntil(asked.question.as_of, asked.calendar(), kReachDays);
  GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, asked.calendar(), lately));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  domain::Activities activities(asked.view(), grouping, asked.question.as_of);
  GTM_ASSIGN_OR_RETURN(const auto channels,
                       domain::MeasureChannels(audience, asked.view(), &activities, days,
                                               asked.SpanOf(days), alive));
  const Currency currency = asked.view().settings().reporting_currency;
  const int most =
      request.activity_count_max() == 0 ? kActivitiesMax : request.activity_count_max();
  int count = 0;
  for (const domain::ChannelEfficacy& row : channels) {
    // What belongs to none is last, and beside the others.
    if (row.activity != domain::kNoActivity && ++count > most) continue;
    Render(row, activities, currency, response->add_channels());
  }
  response->set_total_count(count);
  *response->mutable_days() = RenderDays(days);
  const absl::CivilDay today = asked.calendar().DayOf(asked.question.as_of - absl::Nanoseconds(1));
  response->set_day_count(domain::CommonDays(days, {days.start, today + 1}).day_count());
  response->set_grouping(static_cast<v1::ActivityGrouping>(grouping));
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

}  // namespace gtm::targeting::handler
