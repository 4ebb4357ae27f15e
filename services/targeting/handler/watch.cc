// Scores as they change.

#include <algorithm>

#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/score_watch.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using Request = v1::WatchTargetsRequest;
using Response = v1::WatchTargetsResponse;
using WriteResponse = std::function<bool(const Response&)>;

constexpr int kAccountsMax = 1'000;
constexpr int kScoresPerMessage = 1'000;
constexpr int kRefreshDefaultSeconds = 3'600;
constexpr int kRefreshMinSeconds = 60;
constexpr int kRefreshMaxSeconds = 86'400;
// A stream says that it is alive at least so often.
constexpr absl::Duration kQuietMax = absl::Seconds(5);

Status Check(const Request& request) {
  Violations violations;
  violations.CheckId("definition_id", request.definition_id(), false);
  if (request.account_ids_size() > kAccountsMax) {
    violations.Add("account_ids", "more than 1,000; leave it empty to watch all accounts");
  }
  for (int i = 0; i < std::min(request.account_ids_size(), kAccountsMax); ++i) {
    violations.CheckId("account_ids[" + std::to_string(i) + "]", request.account_ids(i));
  }
  if (request.refresh_seconds() != 0 && (request.refresh_seconds() < kRefreshMinSeconds ||
                                         request.refresh_seconds() > kRefreshMaxSeconds)) {
    violations.Add("refresh_seconds", "out of range; use 60 to 86,400, or 0 for 3,600");
  }
  return std::move(violations).ToStatus();
}

// Sends what changed, in messages of bounded size. False: the caller is gone.
bool Send(const domain::ScoreWatch& watch, const domain::ScoreWatch::Changes& changes,
          const CompiledDefinition& compiled, const records_client::Question& question,
          const WriteResponse& write) {
  const bool overdue = question.as_of >= compiled.review_due_time;
  domain::AccountScorer scorer(compiled.definition, question.view, question.as_of);
  scorer.ShareTriggers(watch.triggers());
  size_t score = 0, gone = 0;
  Response message;
  do {
    message.Clear();
    while (score < changes.rows.size() && message.scores_size() < kScoresPerMessage) {
      const book::AccountRow row = changes.rows[score++];
      Render(std::string(question.view.account(row).id), scorer.Score(row), message.add_scores());
    }
    while (gone < changes.gone.size() && message.removed_account_ids_size() < kScoresPerMessage) {
      message.add_removed_account_ids(changes.gone[gone++]);
    }
    message.set_more(score < changes.rows.size() || gone < changes.gone.size());
    message.set_revision(question.view.revision());
    domain::SetTime(question.as_of, message.mutable_as_of());
    *message.mutable_definition() = RenderUsed(*compiled.message, overdue);
    if (!write(message)) return false;
  } while (message.more());
  return true;
}

}  // namespace

Status TargetingHandler::WatchTargets(rpc::Call& call, const Request& request,
                                      const WriteResponse& write) {
  GTM_RETURN_IF_ERROR(Check(request));
  std::vector<std::string> ids(request.account_ids().begin(), request.account_ids().end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  domain::ScoreWatch watch(std::move(ids));
  const absl::Duration refresh = absl::Seconds(
      request.refresh_seconds() == 0 ? kRefreshDefaultSeconds : request.refresh_seconds());
  absl::Duration refreshed = clock_.Monotonic(), sent = refreshed;
  for (bool is_first = true;; is_first = false) {
    GTM_RETURN_IF_ERROR(call.CheckAlive(clock_.Now()));
    GTM_ASSIGN_OR_RETURN(records_client::Question question, records_.Ask(call, {}));
    if (!is_first) question.as_of = clock_.Now();
    GTM_ASSIGN_OR_RETURN(const auto message, ChooseDefinition(question, request.definition_id()));
    GTM_ASSIGN_OR_RETURN(const auto compiled,
                         definitions_.Of(message, question.view.settings().calendar));
    const bool everything = clock_.Monotonic() - refreshed >= refresh;
    if (everything) refreshed = clock_.Monotonic();
    domain::ScoreWatch::Changes changes =
        watch.Update(compiled->definition, question.view, question.as_of, everything);
    if (is_first && request.changes_only()) changes = {};
    // An empty message, too, now and then: the caller learns the revision, we learn that the
    // caller is there.
    const bool quiet = changes.rows.empty() && changes.gone.empty();
    if (!quiet || is_first || clock_.Monotonic() - sent >= kQuietMax) {
      if (!Send(watch, changes, *compiled, question, write)) return {};
      sent = clock_.Monotonic();
    }
    const absl::Duration until = std::min(sent + kQuietMax, refreshed + refresh);
    records_.WaitForNewer(call, question.view,
                          std::max(until - clock_.Monotonic(), absl::ZeroDuration()));
  }
}

}  // namespace gtm::targeting::handler
