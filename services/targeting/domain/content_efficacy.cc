#include "services/targeting/domain/content_efficacy.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

double LogOdds(double p) { return std::log(p / (1 - p)); }
double Chance(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }
// Never 0 or 1, so that it has log odds.
double Smoothed(const MovedCount& count) {
  return (static_cast<double>(count.moved_count) + 0.5) /
         (static_cast<double>(count.person_count) + 1);
}
double Shrunken(const MovedCount& count, double prior) {
  return (static_cast<double>(count.moved_count) + kPriorPeople * prior) /
         (static_cast<double>(count.person_count) + kPriorPeople);
}

// What became of the account after `time` at `step`; nothing where it ended as no fit.
std::optional<bool> MovedOn(const std::vector<JourneyEvidence>& evidence, absl::Time time,
                            JourneyStep step, int outcome_days) {
  const absl::Time end = time + kDay * outcome_days;
  bool ended = false;
  for (const JourneyEvidence& e : evidence) {
    if (e.time <= time) continue;
    if (e.time > end) break;  // by rising time
    if (e.step == JourneyStep::kNotAFit) {
      ended = true;
    } else if (step == JourneyStep::kDecision ? e.won : e.step > step) {
      return true;
    }
  }
  if (ended) return std::nullopt;
  return false;
}

class Learner {
 public:
  Learner(const book::BookView& view, const LearnQuestion& question)
      : view_(view),
        question_(question),
        from_(question.as_of - kDay * question.window_days),
        to_(question.as_of - kDay * question.outcome_days) {
    for (const auto& call : view.call_summaries()) {
      const auto row = view.FindAccount(call->account_id());
      if (row) calls_[static_cast<uint32_t>(*row)].push_back(call.get());
    }
  }

  void Learn(book::AccountRow account) {
    seen_.clear();
    std::optional<std::vector<JourneyEvidence>> evidence;
    for (const book::EngagementEvent& event : view_.engagements_of(account)) {
      if (event.time() > to_) break;  // events come by rising time
      if (event.details == book::kNoRow || !IsBuyerTouch(event)) continue;
      const book::TouchDetails details = view_.details(event);
      const bool new_content = IsFirst(event, details.content, 0);
      const bool new_campaign = IsFirst(event, details.campaign, 1);
      if (event.time() <= from_ || (!new_content && !new_campaign)) continue;
      if (!evidence) {
        const auto calls = calls_.find(static_cast<uint32_t>(account));
        evidence = EvidenceOf(view_, account, calls == calls_.end() ? CallList() : calls->second,
                              question_.as_of);
      }
      const auto step = StepAt(*evidence, event.time());
      const auto moved = MovedOn(*evidence, event.time(), step, question_.outcome_days);
      if (!moved) continue;
      BuyerKind buyer;
      if (book::IsRow(event.contact)) buyer = KindOf(view_.contact(event.contact));
      if (new_content) Add(details.content, step, buyer, *moved, 0);
      if (new_campaign) Add(details.campaign, step, buyer, *moved, 1);
    }
  }

  ContentEfficacy Finish() && {
    const bool contents = !learned_[0].tallies.empty();
    ContentEfficacy out = std::move(learned_[contents ? 0 : 1]);
    out.kind = contents ? ContentKind::kContent : ContentKind::kCampaign;
    return out;
  }

 private:
  bool IsFirst(const book::EngagementEvent& event, uint32_t symbol, int kind) {
    if (symbol == book::kNoRow) return false;
    return seen_.insert({static_cast<uint32_t>(kind), static_cast<uint32_t>(event.contact), symbol})
        .second;
  }
  // A touch that nothing else places stands at the first step.
  static JourneyStep StepAt(const std::vector<JourneyEvidence>& evidence, absl::Time time) {
    const JourneyStep step = PositionAt(evidence, time).step;
    return step == JourneyStep::kUnknown || step == JourneyStep::kNotAFit
               ? JourneyStep::kIdentifyProblem
               : step;
  }
  void Add(uint32_t symbol, JourneyStep step, const BuyerKind& buyer, bool moved, size_t kind) {
    const auto s = static_cast<size_t>(step);
    ContentTally& tally = learned_[kind].tallies[symbol];
    tally.by_step_role[s][buyer.role].Add(moved);
    if (!buyer.function.empty()) tally.by_step_function[s][buyer.function].Add(moved);
    learned_[kind].any.by_step_role[s][buyer.role].Add(moved);
  }

  const book::BookView& view_;
  const LearnQuestion& question_;
  const absl::Time from_;
  const absl::Time to_;
  absl::flat_hash_map<uint32_t, CallList> calls_;
  std::set<std::array<uint32_t, 3>> seen_;
  std::array<ContentEfficacy, 2> learned_;
};

}  // namespace

BuyerKind KindOf(const book::ContactFacts& contact) {
  return {contact.buying_role < kRoleCount ? contact.buying_role : size_t{0},
          absl::AsciiStrToLower({contact.job_function.data(), contact.job_function.size()})};
}

MovedCount ContentTally::AtStep(JourneyStep step) const {
  MovedCount sum;
  for (const MovedCount& count : by_step_role[static_cast<size_t>(step) % kStepCount]) {
    sum.person_count += count.person_count;
    sum.moved_count += count.moved_count;
  }
  return sum;
}

MovedCount ContentTally::All() const {
  MovedCount sum;
  for (size_t step = 0; step < kStepCount; ++step) {
    const MovedCount count = AtStep(static_cast<JourneyStep>(step));
    sum.person_count += count.person_count;
    sum.moved_count += count.moved_count;
  }
  return sum;
}

Result<ContentEfficacy> LearnContent(const book::BookView& view, const LearnQuestion& question,
                                     const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 1'024;
  Learner learner(view, question);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (view.is_live(row)) learner.Learn(row);
  }
  return std::move(learner).Finish();
}

MoveChance ChanceOf(const ContentTally* tally, const ContentTally& any, JourneyStep step,
                    const BuyerKind& buyer) {
  MoveChance out;
  const MovedCount any_all = any.All();
  if (any_all.person_count == 0) return out;
  out.known = true;
  const MovedCount any_step = any.AtStep(step);
  const double all_average = Smoothed(any_all);
  const double step_average = any_step.person_count == 0 ? all_average : Smoothed(any_step);
  const MovedCount all = tally == nullptr ? MovedCount() : tally->All();
  out.step = tally == nullptr ? MovedCount() : tally->AtStep(step);
  if (tally != nullptr) {
    const size_t at = static_cast<size_t>(step) % kStepCount;
    if (buyer.role != 0) out.step_role = tally->by_step_role[at][buyer.role];
    const auto function = tally->by_step_function[at].find(buyer.function);
    if (function != tally->by_step_function[at].end()) out.step_function = function->second;
  }
  const double lift = LogOdds(Shrunken(all, all_average)) - LogOdds(all_average);
  const double step_prior = Chance(LogOdds(step_average) + lift);
  const double finer_prior = Shrunken(out.step, step_prior);
  // What the answer rests on: the finest basis with enough people, and its prior.
  MovedCount counted = out.step;
  double prior = step_prior;
  if (out.step_role.person_count >= kBasisPeopleMin) {
    out.basis = SuggestionBasis::kStepAndRole;
    counted = out.step_role;
    prior = finer_prior;
  } else if (out.step_function.person_count >= kBasisPeopleMin) {
    out.basis = SuggestionBasis::kStepAndFunction;
    counted = out.step_function;
    prior = finer_prior;
  } else if (out.step.person_count >= kBasisPeopleMin) {
    out.basis = SuggestionBasis::kStep;
  } else if (all.person_count >= kBasisPeopleMin) {
    out.basis = SuggestionBasis::kAll;
  }
  out.person_count = out.basis == SuggestionBasis::kAll ? all.person_count : counted.person_count;
  out.moved_count = out.basis == SuggestionBasis::kAll ? all.moved_count : counted.moved_count;
  out.value = Shrunken(counted, prior);
  const double people = static_cast<double>(counted.person_count) + kPriorPeople;
  const double alpha = out.value * people;
  const double tail = (1 - stats::kConfidence) / 2;
  out.interval = {stats::BetaQuantile(tail, alpha, people - alpha),
                  stats::BetaQuantile(1 - tail, alpha, people - alpha)};
  return out;
}

}  // namespace gtm::targeting::domain
