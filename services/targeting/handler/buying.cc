// How buyers buy.

#include <algorithm>
#include <set>

#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/buying_behavior.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kBuyingDays = 730;  // unless asked otherwise
constexpr int kContentIdsMax = 1'000;
constexpr int64_t kPurchasesMin = 20;  // for a median that may be acted on

type::v1::Estimate RatioOf(const domain::Rate& a, const domain::Rate& b) {
  if (a.trials == 0 || b.successes == 0) return stats::NoDataEstimate();
  const stats::ShareRatio ratio = stats::ShareRatioOf(a.successes, a.trials, b.successes, b.trials);
  return stats::IntervalEstimate(ratio.value, ratio.interval, stats::kConfidence, "mover-r",
                                 a.trials + b.trials,
                                 domain::Judge(a, b) != domain::RateFinding::kNotEnoughData);
}

void Render(const domain::SelfDirectedBuying& buying, v1::SelfDirectedBuying* out) {
  out->set_purchase_count(static_cast<int64_t>(buying.time_shares.size()));
  out->set_untouched_purchase_count(buying.untouched_purchases);
  *out->mutable_time_share() = stats::MedianEstimate(buying.time_shares, kPurchasesMin);
  *out->mutable_act_share() = stats::MedianEstimate(buying.act_shares, kPurchasesMin);
  *out->mutable_mostly_alone() = RenderRate(buying.mostly_alone);
  *out->mutable_without_conversation() = RenderRate(buying.without_conversation);
}

void Render(const domain::Contrast& contrast, v1::EnablementEffect::Comparison* out) {
  *out->mutable_with_enablement() = RenderRate(contrast.with);
  *out->mutable_without_enablement() = RenderRate(contrast.without);
  *out->mutable_difference() = RenderDifference(contrast.with, contrast.without);
  *out->mutable_ratio() = RatioOf(contrast.with, contrast.without);
  out->set_finding(
      static_cast<v1::EnablementEffect::Finding>(domain::Judge(contrast.with, contrast.without)));
}

void Render(const domain::EnablementEffect& effect, v1::EnablementEffect* out) {
  Render(effect.won, out->mutable_won());
  if (effect.kept) Render(*effect.kept, out->mutable_kept());
  out->set_open_deal_count(effect.open_deals);
}

void Render(const domain::Bounces& bounces, v1::Bounces* out) {
  *out->mutable_targets() = RenderRate(bounces.targets);
  *out->mutable_undecided() = RenderRate(bounces.undecided);
  *out->mutable_others() = RenderRate(bounces.others);
  *out->mutable_unknown() = RenderRate(bounces.unknown);
  *out->mutable_difference() = RenderDifference(bounces.others, bounces.targets);
  out->set_finding(
      static_cast<v1::Bounces::Finding>(domain::Judge(bounces.others, bounces.targets)));
}

Status CheckContentIds(const v1::GetBuyingBehaviorRequest& request) {
  Violations violations;
  if (request.enablement_content_ids_size() > kContentIdsMax) {
    violations.Add("enablement_content_ids", "more than 1,000; give those that are used most");
  }
  std::set<std::string> seen;
  for (int i = 0; i < std::min(request.enablement_content_ids_size(), kContentIdsMax); ++i) {
    const std::string field = fmt::format("enablement_content_ids[{}]", i);
    violations.CheckId(field, request.enablement_content_ids(i));
    if (!seen.insert(request.enablement_content_ids(i)).second) {
      violations.Add(field, "listed before");
    }
  }
  return std::move(violations).ToStatus();
}

}  // namespace

Status TargetingHandler::GetBuyingBehavior(rpc::Call& call,
                                           const v1::GetBuyingBehaviorRequest& request,
                                           v1::GetBuyingBehaviorResponse* response) {
  GTM_RETURN_IF_ERROR(CheckContentIds(request));
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const DayRange lately = DaysUntil(asked.question.as_of, asked.calendar(), kBuyingDays);
  GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, asked.calendar(), lately));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  const domain::ContentIds enablement(request.enablement_content_ids().begin(),
                                      request.enablement_content_ids().end());
  GTM_ASSIGN_OR_RETURN(
      const domain::BuyingBehavior behavior,
      domain::MeasureBuying(audience, asked.view(), asked.SpanOf(days), enablement, alive));
  *response->mutable_days() = RenderDays(days);
  Render(behavior.self_directed, response->mutable_self_directed());
  Render(behavior.enablement, response->mutable_enablement());
  Render(behavior.bounces, response->mutable_bounces());
  *response->mutable_provenance() = asked.Basis(RequestDigest(request) + CanonicalBytes(*response));
  return {};
}

}  // namespace gtm::targeting::handler
