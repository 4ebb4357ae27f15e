// Scores of visitors.

#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/score_visitor.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

// The score as that of an account, which has the same parts, moved to where a visitor has them.
void Render(const book::BookView& view, book::VisitorRow row, const domain::VisitorFacts& facts,
            v1::AccountScore* score, v1::VisitorScore* out) {
  out->set_visitor_id(std::string(view.visitor_id(row)));
  out->set_standing(facts.account ? v1::VISITOR_STANDING_LINKED : v1::VISITOR_STANDING_UNKNOWN);
  if (facts.account) {
    out->set_account_id(std::string(view.account(*facts.account).id));
    out->set_contact_id(facts.contact_id);
  }
  out->mutable_fit()->Swap(score->mutable_fit());
  if (score->has_engagement()) out->mutable_engagement()->Swap(score->mutable_engagement());
  out->mutable_priority()->Swap(score->mutable_priority());
  out->set_verdict(score->verdict());
  out->set_prospect(score->prospect());
  out->mutable_deciding_criterion_ids()->Swap(score->mutable_deciding_criterion_ids());
  out->set_touch_count(facts.touch_count);
  if (facts.last_touch) domain::SetTime(*facts.last_touch, out->mutable_last_touch_time());
}

domain::VisitorFilter FilterOf(const v1::ListVisitorsRequest& request, Violations* violations) {
  domain::VisitorFilter filter;
  if (!v1::VisitorStanding_IsValid(request.standing())) {
    violations->Add("standing", "not a standing; use unknown or linked, or leave it out for any");
  } else {
    filter.standing = static_cast<domain::VisitorStanding>(request.standing());
  }
  if (request.min_engagement_micropoints() < 0 ||
      request.min_engagement_micropoints() > criteria::kFullScoreMicropoints) {
    violations->Add("min_engagement_micropoints", "out of range; use 0 to 100,000,000");
  }
  filter.min_engagement_micropoints = request.min_engagement_micropoints();
  return filter;
}

}  // namespace

Status TargetingHandler::ScoreVisitor(rpc::Call& call, const v1::ScoreVisitorRequest& request,
                                      v1::ScoreVisitorResponse* response) {
  Violations violations;
  violations.CheckId("visitor_id", request.visitor_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.view().FindVisitor(request.visitor_id());
  domain::VisitorScorer scorer(asked.definition(), asked.view(), asked.question.as_of, row);
  if (!row || !scorer.Exists(*row)) return NotFound("visitor", request.visitor_id());
  v1::AccountScore score;
  Render("", scorer.Explain(*row), &score);
  Render(asked.view(), *row, scorer.Facts(*row), &score, response->mutable_score());
  std::string inputs;
  scorer.AppendInputs(*row, &inputs);
  *response->mutable_definition() = asked.Used();
  *response->mutable_provenance() = asked.Basis(inputs);
  return {};
}

Status TargetingHandler::ListVisitors(rpc::Call& call, const v1::ListVisitorsRequest& request,
                                      v1::ListVisitorsResponse* response) {
  Violations violations;
  const domain::VisitorFilter filter = FilterOf(request, &violations);
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const PageQuestion page_asked,
                       AskPage(records_, definitions_, call, request));
  const MarketQuestion& asked = page_asked.asked;
  const std::optional<PagePosition>& position = page_asked.position;
  std::optional<domain::VisitorPosition> after;
  if (position) after = {position->order, position->id};
  const book::BookView& view = asked.view();
  GTM_ASSIGN_OR_RETURN(const domain::VisitorPage page,
                       domain::RankVisitors(asked.definition(), view, asked.question.as_of, filter,
                                            after, page_size, AliveWhile(call)));
  domain::VisitorScorer scorer(asked.definition(), view, asked.question.as_of);
  for (const domain::RankedVisitor& visitor : page.visitors) {
    v1::AccountScore score;
    Render("", visitor.score, &score);
    Render(view, visitor.row, scorer.Facts(visitor.row), &score, response->add_visitors());
  }
  if (page.more) {
    const v1::VisitorScore& last = *response->visitors().rbegin();
    response->set_next_page_token(
        page_asked.TokenAfter(last.engagement().micropoints(), last.visitor_id()));
  }
  response->set_total_count(page.total_count);
  response->set_unknown_count(page.unknown_count);
  response->set_linked_count(page.linked_count);
  *response->mutable_definition() = asked.Used();
  *response->mutable_provenance() = asked.Basis(page_asked.Inputs());
  return {};
}

}  // namespace gtm::targeting::handler
