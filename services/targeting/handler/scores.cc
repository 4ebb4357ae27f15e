// Scoring accounts and people.

#include <charconv>
#include <set>

#include "common/core/clock.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/rank_targets.h"
#include "services/targeting/domain/score_contact.h"
#include "services/targeting/domain/values_text.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/compiled_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kBatchAccountsMax = 1'000;

// A question with the definition that answers it.
struct Asked {
  records_client::Question question;
  std::shared_ptr<const CompiledDefinition> compiled;

  const domain::Definition& definition() const { return compiled->definition; }
};

Result<Asked> Ask(records_client::Records& records, CompiledDefinitions& definitions,
                  const rpc::Call& call, const type::v1::PointInTime& point,
                  const std::string& definition_id) {
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records.Ask(call, point));
  GTM_ASSIGN_OR_RETURN(const auto message, ChooseDefinition(question, definition_id));
  GTM_ASSIGN_OR_RETURN(auto compiled, definitions.Of(message));
  return Asked{std::move(question), std::move(compiled)};
}

// Works for every answer that has `definition` and `provenance`.
template <class Response>
void FillBasis(const Asked& asked, std::string_view inputs, Response* response) {
  const v1::TargetDefinition& message = *asked.compiled->message;
  *response->mutable_definition() = RenderUsed(message, asked.question);
  *response->mutable_provenance() = RenderProvenance(
      asked.question, &message, asked.compiled->HashInputs(asked.question.as_of, inputs));
}

Status CheckBatch(const v1::BatchScoreAccountsRequest& request) {
  Violations violations;
  if (request.account_ids().empty()) violations.Add("account_ids", "required: at least one");
  if (request.account_ids_size() > kBatchAccountsMax) {
    violations.Add("account_ids", "more than 1,000; ask in several calls or with ListTargets");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < request.account_ids_size(); ++i) {
    const std::string field = fmt::format("account_ids[{}]", i);
    violations.CheckId(field, request.account_ids(i));
    if (!seen.insert(request.account_ids(i)).second) violations.Add(field, "listed before");
  }
  return std::move(violations).ToStatus();
}

// Where a page ended and the instant that it held for, as "<priority>:<as_of ns>:<id>".
struct PagePosition {
  domain::TargetPosition target;
  int64_t as_of_ns = 0;
};

std::string PositionText(const PagePosition& position) {
  return fmt::format("{}:{}:{}", position.target.priority_micropoints, position.as_of_ns,
                     position.target.account_id);
}

Error BadToken() {
  return Error(Reason::PAGE_TOKEN_INVALID,
               "page_token: does not belong to this request; start again without it");
}

Result<std::optional<PagePosition>> ParsePosition(const std::string& text) {
  if (text.empty()) return std::optional<PagePosition>();
  PagePosition position;
  const char* at = text.data();
  const char* end = at + text.size();
  for (int64_t* number : {&position.target.priority_micropoints, &position.as_of_ns}) {
    const auto parsed = std::from_chars(at, end, *number);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') return BadToken();
    at = parsed.ptr + 1;
  }
  position.target.account_id.assign(at, end);
  return std::optional(position);
}

// The point to ask at: later pages hold for the instant of the first, unless the request
// says another, which is an error.
Result<type::v1::PointInTime> PointOf(const type::v1::PointInTime& asked,
                                      const std::optional<PagePosition>& position) {
  if (!position) return asked;
  type::v1::PointInTime point = asked;
  domain::SetTime(absl::FromUnixNanos(position->as_of_ns), point.mutable_as_of());
  const bool same = !asked.has_as_of() || (asked.as_of().seconds() == point.as_of().seconds() &&
                                           asked.as_of().nanos() == point.as_of().nanos());
  if (!same) return BadToken();
  return point;
}

}  // namespace

Status TargetingHandler::ScoreAccount(rpc::Call& call, const v1::ScoreAccountRequest& request,
                                      v1::ScoreAccountResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const Asked asked,
                       Ask(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.question.view.FindAccount(request.account_id());
  if (!row) return NotFound("account", request.account_id());
  domain::AccountScorer scorer(asked.definition(), asked.question.view, asked.question.as_of);
  Render(request.account_id(), scorer.Explain(*row), response->mutable_score());
  FillBasis(asked, scorer.Inputs(*row), response);
  return {};
}

Status TargetingHandler::ScoreContact(rpc::Call& call, const v1::ScoreContactRequest& request,
                                      v1::ScoreContactResponse* response) {
  Violations violations;
  violations.CheckId("contact_id", request.contact_id());
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const Asked asked,
                       Ask(records_, definitions_, call, request.point(), request.definition_id()));
  const auto row = asked.question.view.FindContact(request.contact_id());
  if (!row) return NotFound("contact", request.contact_id());
  GTM_ASSIGN_OR_RETURN(
      const domain::ContactScore score,
      domain::ScoreContact(asked.definition(), asked.question.view, *row, asked.question.as_of));
  *response->mutable_score() = Render(request.contact_id(), score);
  FillBasis(asked, score.inputs, response);
  return {};
}

Status TargetingHandler::BatchScoreAccounts(rpc::Call& call,
                                            const v1::BatchScoreAccountsRequest& request,
                                            v1::BatchScoreAccountsResponse* response) {
  GTM_RETURN_IF_ERROR(CheckBatch(request));
  GTM_ASSIGN_OR_RETURN(const Asked asked,
                       Ask(records_, definitions_, call, request.point(), request.definition_id()));
  domain::AccountScorer scorer(asked.definition(), asked.question.view, asked.question.as_of);
  const bool parts = request.detail() == v1::SCORE_DETAIL_PARTS;
  std::string inputs;
  for (const std::string& id : request.account_ids()) {
    const auto row = asked.question.view.FindAccount(id);
    if (!row) {
      response->add_missing_account_ids(id);
      domain::AppendText(id, &inputs);
      continue;
    }
    v1::AccountScore* const score = response->add_scores();
    parts ? Render(id, scorer.Explain(*row), score) : Render(id, scorer.Score(*row), score);
    inputs += scorer.Inputs(*row);
  }
  FillBasis(asked, inputs, response);
  return {};
}

Status TargetingHandler::ListTargets(rpc::Call& call, const v1::ListTargetsRequest& request,
                                     v1::ListTargetsResponse* response) {
  Violations violations;
  const domain::TargetFilter filter = FilterOf(request, &violations);
  const size_t page_size = PageSizeOf(request.page_size(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(const auto position, ParsePosition(token));
  GTM_ASSIGN_OR_RETURN(const auto point, PointOf(request.point(), position));
  GTM_ASSIGN_OR_RETURN(const Asked asked,
                       Ask(records_, definitions_, call, point, request.definition_id()));
  const auto after = position ? std::optional(position->target) : std::nullopt;
  const book::BookView& view = asked.question.view;
  GTM_ASSIGN_OR_RETURN(const domain::RankedPage page,
                       domain::RankTargets(asked.definition(), view, asked.question.as_of, filter,
                                           after, page_size, [&call]() -> Status {
                                             if (!call.is_cancelled()) return {};
                                             return Error(Reason::CANCELLED_BY_CALLER,
                                                          "the caller cancelled");
                                           }));
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
        MakePageToken(PositionText({{last.priority().micropoints(), last.account_id()},
                                    absl::ToUnixNanos(asked.question.as_of)}),
                      digest));
  }
  response->set_total_count(page.total_count);
  for (int verdict = 1; verdict <= 3; ++verdict) {
    auto* count = response->add_verdict_counts();
    count->set_verdict(static_cast<v1::TargetVerdict>(verdict));
    count->set_account_count(page.verdict_counts[verdict]);
  }
  FillBasis(asked, view.revision() + digest, response);
  return {};
}

}  // namespace gtm::targeting::handler
