// Scoring accounts and people.

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/core/ids.h"
#include "common/core/proto_wire.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/rank_targets.h"
#include "services/targeting/domain/score_contact.h"
#include "services/targeting/domain/values_text.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kBatchAccountsMax = 1'000;
// What the inputs of an account take at most, nearly always: one allocation for all of them.
constexpr size_t kInputBytes = 512;

// Works for every answer that has `definition` and `provenance`.
template <class Response>
void FillBasis(const MarketQuestion& asked, std::string_view inputs, Response* response) {
  *response->mutable_definition() = asked.Used();
  *response->mutable_provenance() = asked.Basis(inputs);
}

// The same as bytes.
template <class Response>
void AppendBasis(const MarketQuestion& asked, std::string_view inputs, std::string* answer) {
  using google::protobuf::Timestamp;
  using type::v1::Provenance;
  const CompiledDefinition& compiled = *asked.compiled;
  wire::AppendItem(Response::kDefinitionFieldNumber,
                   asked.is_review_overdue() ? compiled.used_overdue_bytes : compiled.used_bytes,
                   answer);
  const wire::Nested provenance(Response::kProvenanceFieldNumber, answer);
  {
    const wire::Nested as_of(Provenance::kAsOfFieldNumber, answer);
    const int64_t seconds = absl::ToUnixSeconds(asked.question.as_of);
    wire::AppendNumber(Timestamp::kSecondsFieldNumber, seconds, answer);
    wire::AppendNumber(
        Timestamp::kNanosFieldNumber,
        absl::ToInt64Nanoseconds(asked.question.as_of - absl::FromUnixSeconds(seconds)), answer);
  }
  wire::AppendText(Provenance::kRevisionFieldNumber, asked.question.view.revision(), answer);
  wire::AppendText(Provenance::kInputSha256FieldNumber,
                   compiled.HashInputs(asked.question.as_of, inputs), answer);
  wire::AppendText(Provenance::kRulesVersionFieldNumber, compiled.rules_version, answer);
}

Status CheckBatch(const v1::BatchScoreAccountsRequest& request) {
  Violations violations;
  if (request.account_ids().empty()) violations.Add("account_ids", "required: at least one");
  if (request.account_ids_size() > kBatchAccountsMax) {
    violations.Add("account_ids", "more than 1,000; ask in several calls or with ListTargets");
  }
  absl::flat_hash_set<absl::string_view> seen;
  seen.reserve(static_cast<size_t>(std::min(request.account_ids_size(), kBatchAccountsMax)));
  for (int i = 0; i < request.account_ids_size(); ++i) {
    const std::string& id = request.account_ids(i);
    const bool is_new = seen.insert(absl::string_view(id.data(), id.size())).second;
    if (is_new && IsValidId(id)) continue;
    const std::string field = fmt::format("account_ids[{}]", i);
    violations.CheckId(field, id);
    if (!is_new) violations.Add(field, "listed before");
  }
  return std::move(violations).ToStatus();
}

}  // namespace

Status TargetingHandler::ScoreAccount(rpc::Call& call, const v1::ScoreAccountRequest& request,
                                      std::string* answer) {
  using Response = v1::ScoreAccountResponse;
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.question.view.FindAccount(request.account_id());
  if (!row) return NotFound("account", request.account_id());
  domain::AccountScorer scorer(asked.definition(), asked.question.view, asked.question.as_of, row);
  asked.compiled->score_bytes.AppendExplained(asked.definition(), Response::kScoreFieldNumber,
                                              request.account_id(), scorer.Weigh(*row), answer);
  std::string inputs;
  inputs.reserve(kInputBytes);
  scorer.AppendInputs(*row, &inputs);
  AppendBasis<Response>(asked, inputs, answer);
  return {};
}

Status TargetingHandler::GetScoreGap(rpc::Call& call, const v1::GetScoreGapRequest& request,
                                     v1::GetScoreGapResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.question.view.FindAccount(request.account_id());
  if (!row) return NotFound("account", request.account_id());
  domain::AccountScorer scorer(asked.definition(), asked.question.view, asked.question.as_of, row);
  const domain::WeighedAccount weighed = scorer.Weigh(*row);
  Render(domain::FindTargetGap(asked.definition(), weighed), response->mutable_target());
  if (const auto gap = domain::FindProspectGap(asked.definition(), weighed)) {
    Render(*gap, response->mutable_prospect());
  }
  std::string inputs;
  scorer.AppendInputs(*row, &inputs);
  FillBasis(asked, inputs, response);
  return {};
}

Status TargetingHandler::ScoreContact(rpc::Call& call, const v1::ScoreContactRequest& request,
                                      v1::ScoreContactResponse* response) {
  Violations violations;
  violations.CheckId("contact_id", request.contact_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.question.view.FindContact(request.contact_id());
  if (!row) return NotFound("contact", request.contact_id());
  GTM_RETURN_IF_ERROR(domain::CheckScoresPeople(asked.definition()));
  domain::ContactScorer scorer(asked.definition(), asked.question.view, asked.question.as_of);
  const domain::ContactScore score = scorer.Explain(*row);
  *response->mutable_score() = Render(request.contact_id(), score);
  FillBasis(asked, score.inputs, response);
  return {};
}

Status TargetingHandler::ListTargetPeople(rpc::Call& call,
                                          const v1::ListTargetPeopleRequest& request,
                                          v1::ListTargetPeopleResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id(), false);
  domain::PeopleFilter filter;
  filter.min_weighted_micropoints = request.min_weighted_micropoints();
  if (filter.min_weighted_micropoints < 0 ||
      filter.min_weighted_micropoints > criteria::kFullScoreMicropoints) {
    violations.Add("min_weighted_micropoints", "out of range; use 0 to 100,000,000");
  }
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const PageQuestion page_asked,
                       AskPage(records_, definitions_, call, request));
  const MarketQuestion& asked = page_asked.asked;
  const std::optional<PagePosition>& position = page_asked.position;
  const book::BookView& view = asked.question.view;
  const absl::Time as_of = asked.question.as_of;
  if (!request.account_id().empty()) {
    filter.account = view.FindAccount(request.account_id());
    if (!filter.account) return NotFound("account", request.account_id());
  }
  std::optional<domain::PersonPosition> after;
  if (position) after = {position->order, position->id};
  GTM_ASSIGN_OR_RETURN(const domain::RankedPeople page,
                       domain::RankPeople(asked.definition(), view, as_of, filter, after, page_size,
                                          AliveWhile(call)));
  domain::ContactScorer scorer(asked.definition(), view, as_of);
  for (const book::ContactRow row : page.people) {
    v1::ContactScore* const out = response->add_people();
    *out = Render(std::string(view.contact(row).id), scorer.Explain(row));
    if (request.detail() != v1::SCORE_DETAIL_PARTS) out->mutable_fit()->clear_parts();
  }
  if (page.more) {
    const v1::ContactScore& last = response->people(response->people_size() - 1);
    response->set_next_page_token(
        page_asked.TokenAfter(last.weighted_micropoints(), last.contact_id()));
  }
  response->set_total_count(page.total_count);
  FillBasis(asked, page_asked.Inputs(), response);
  return {};
}

Status TargetingHandler::BatchScoreAccounts(rpc::Call& call,
                                            const v1::BatchScoreAccountsRequest& request,
                                            std::string* answer) {
  using Response = v1::BatchScoreAccountsResponse;
  GTM_RETURN_IF_ERROR(CheckBatch(request));
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  domain::AccountScorer scorer(asked.definition(), asked.question.view, asked.question.as_of);
  const bool parts = request.detail() == v1::SCORE_DETAIL_PARTS;
  std::string missing;
  std::string inputs;
  inputs.reserve(kInputBytes * static_cast<size_t>(request.account_ids_size()));
  for (const std::string& id : request.account_ids()) {
    const auto row = asked.question.view.FindAccount(id);
    if (!row) {
      wire::AppendItem(Response::kMissingAccountIdsFieldNumber, id, &missing);
      domain::AppendText(id, &inputs);
      continue;
    }
    if (parts) {
      asked.compiled->score_bytes.AppendExplained(asked.definition(), Response::kScoresFieldNumber,
                                                  id, scorer.Weigh(*row), answer);
    } else {
      ScoreBytes::Append(Response::kScoresFieldNumber, id, scorer.Score(*row), answer);
    }
    scorer.AppendInputs(*row, &inputs);
  }
  *answer += missing;
  AppendBasis<Response>(asked, inputs, answer);
  return {};
}

Status TargetingHandler::ListTargets(rpc::Call& call, const v1::ListTargetsRequest& request,
                                     v1::ListTargetsResponse* response) {
  Violations violations;
  const domain::TargetFilter filter = FilterOf(request, &violations);
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const PageQuestion page_asked,
                       AskPage(records_, definitions_, call, request));
  const MarketQuestion& asked = page_asked.asked;
  const std::optional<PagePosition>& position = page_asked.position;
  std::optional<domain::TargetPosition> after;
  if (position) after = {position->order, position->id};
  const book::BookView& view = asked.question.view;
  GTM_ASSIGN_OR_RETURN(const domain::RankedPage page,
                       domain::RankTargets(asked.definition(), view, asked.question.as_of, filter,
                                           after, page_size, AliveWhile(call)));
  domain::AccountScorer scorer(asked.definition(), view, asked.question.as_of);
  for (const domain::RankedTarget& target : page.targets) {
    const std::string id(view.account(target.row).id);
    v1::AccountScore* const out = response->add_targets();
    request.detail() == v1::SCORE_DETAIL_PARTS ? Render(id, scorer.Explain(target.row), out)
                                               : Render(id, target.score, out);
  }
  if (page.more) {
    const auto& last = response->targets(response->targets_size() - 1);
    response->set_next_page_token(
        page_asked.TokenAfter(last.priority().micropoints(), last.account_id()));
  }
  response->set_total_count(page.total_count);
  for (int verdict = 1; verdict <= 3; ++verdict) {
    auto* count = response->add_verdict_counts();
    count->set_verdict(static_cast<v1::TargetVerdict>(verdict));
    count->set_account_count(page.verdict_counts[verdict]);
  }
  FillBasis(asked, page_asked.Inputs(), response);
  return {};
}

}  // namespace gtm::targeting::handler
