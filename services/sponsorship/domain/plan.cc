#include "services/sponsorship/domain/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "services/sponsorship/domain/margins.h"
#include "services/sponsorship/domain/match.h"
#include "services/sponsorship/domain/shortlist.h"

namespace gtm::sponsorship::domain {

static_assert(kPlanExecutivesMax <= kMatchExecutivesMax && kPlanPairsMax <= kMatchPairsMax);

namespace {

constexpr int64_t kPoint = criteria::kMicropointsPerPoint;

// Everything in the making of one plan. Rows are ranked candidates, by rank.
class Planner {
 public:
  Planner(const Program& program, const PlanInput& input)
      : program_(program),
        input_(input),
        live_of_(LiveSponsorshipOf(input)),
        capacities_(CountSlots(input.executives, program.spec().effort.week_minutes())) {
    std::vector<bool> live(input.candidates.size());
    for (size_t i = 0; i < live.size(); ++i) live[i] = live_of_[i] >= 0;
    ranking_ = RankCandidates(program, input.candidates, live);
  }

  Result<Ranking> Rank() {
    GTM_RETURN_IF_ERROR(BuildProblem());
    for (size_t row = 0; row < ranking_.ranked.size(); ++row) {
      ranking_.ranked[row].above_cut = shortlist_.chosen[row] != 0;
    }
    return ranking_;
  }

  Result<MatchPlan> Plan() {
    GTM_RETURN_IF_ERROR(BuildProblem());
    GTM_ASSIGN_OR_RETURN(solution_, MatchSponsors(problem_));
    GTM_RETURN_IF_ERROR(VerifyOptimal(problem_, solution_));
    MatchPlan plan;
    plan.capacities = capacities_;
    plan.slot_count = TotalSlots(capacities_);
    plan.ranked_count = static_cast<int32_t>(ranking_.ranked.size());
    plan.objective_micropoints = solution_.objective;
    plan.slot_prices_micropoints = solution_.executive_prices;
    plan.used_slots = internal::Loads(problem_, solution_);
    const Margins margins(problem_, solution_);
    for (size_t row = 0; row < ranking_.ranked.size(); ++row) {
      if (solution_.executive_of[row] == kUnmatched) {
        plan.cuts.push_back(CutOf(row, margins));
      } else {
        plan.pairs.push_back(PairOf(row, margins));
      }
    }
    for (const Standing& s : ranking_.unranked) plan.cuts.push_back(CutOf(s));
    AddTransitions(&plan);
    return plan;
  }

 private:
  void ReadTraits() {
    TraitReader reader;
    for (const Standing& s : ranking_.ranked) {
      candidate_traits_.push_back(reader.Read(input_.candidates[s.candidate]));
    }
    for (const Executive& e : input_.executives) executive_traits_.push_back(reader.Read(e));
    excluded_.insert(input_.excluded.begin(), input_.excluded.end());
  }

  bool IsAllowed(size_t row, size_t executive) const {
    const Traits& c = candidate_traits_[row];
    const Traits& e = executive_traits_[executive];
    if (program_.spec().same_region_required && c.region >= 0 && e.region >= 0 &&
        c.region != e.region) {
      return false;
    }
    if (excluded_.empty()) return true;
    const Candidate& candidate = input_.candidates[ranking_.ranked[row].candidate];
    return !excluded_.contains(
        std::pair(std::string(candidate.id()), input_.executives[executive].id));
  }

  Status BuildProblem() {
    ReadTraits();
    const size_t rows = ranking_.ranked.size();
    const size_t executives = input_.executives.size();
    if (executives > kPlanExecutivesMax || rows * executives > kPlanPairsMax) {
      return InvalidField(
          "program.qualifying_score_points",
          fmt::format("{} candidates and {} executives are more than can be weighed at once (at "
                      "most {} executives and {} pairs); raise the least score or nominate fewer",
                      rows, executives, kPlanExecutivesMax, kPlanPairsMax));
    }
    problem_.candidate_count = static_cast<int32_t>(rows);
    problem_.executive_count = static_cast<int32_t>(executives);
    problem_.keep_bonus = program_.spec().keep_bonus_points * kPoint;
    for (const Capacity& c : capacities_) problem_.capacities.push_back(c.slot_count);
    std::vector<std::vector<int32_t>> allowed(rows);
    problem_.benefits.reserve(rows * executives);
    for (size_t row = 0; row < rows; ++row) {
      const Standing& s = ranking_.ranked[row];
      for (size_t e = 0; e < executives; ++e) {
        if (!IsAllowed(row, e)) {
          problem_.benefits.push_back(kForbidden);
          continue;
        }
        allowed[row].push_back(static_cast<int32_t>(e));
        problem_.benefits.push_back(s.score.micropoints +
                                    kPoint * AffinityPoints(program_.spec().affinity,
                                                            candidate_traits_[row],
                                                            executive_traits_[e]));
      }
      problem_.live_executives.push_back(LiveExecutive(s.candidate));
    }
    shortlist_ = ChooseShortlist(allowed, problem_.capacities);
    if (program_.spec().selection == Selection::kScoreFirst) {
      problem_.served_first = shortlist_.chosen;
    }
    return {};
  }

  // Position of the executive of a candidate's live sponsorship; kUnmatched: none.
  int32_t LiveExecutive(size_t candidate) const {
    const int32_t at = live_of_[candidate];
    return at < 0 ? kUnmatched : FindExecutive(input_.live[static_cast<size_t>(at)].executive_id);
  }
  int32_t FindExecutive(std::string_view id) const {
    const auto found =
        std::lower_bound(input_.executives.begin(), input_.executives.end(), id,
                         [](const Executive& e, std::string_view wanted) { return e.id < wanted; });
    if (found == input_.executives.end() || found->id != id) return kUnmatched;
    return static_cast<int32_t>(found - input_.executives.begin());
  }

  PlannedPair PairOf(size_t row, const Margins& margins) const {
    const Standing& s = ranking_.ranked[row];
    const int32_t i = static_cast<int32_t>(row);
    const int32_t j = solution_.executive_of[row];
    PlannedPair pair;
    pair.candidate = s.candidate;
    pair.executive = static_cast<size_t>(j);
    pair.rank = i + 1;
    pair.score = s.score;
    pair.affinity = FindAffinity(program_.spec().affinity, candidate_traits_[row],
                                 executive_traits_[pair.executive]);
    pair.value_micropoints = problem_.Benefit(i, j);
    pair.candidate_price_micropoints =
        solution_.candidate_prices[row] - (problem_.IsServedFirst(i) ? solution_.first_shift : 0);
    if (LiveExecutive(s.candidate) == j) pair.live_sponsorship = live_of_[s.candidate];
    // A loss beyond half the shift would cost somebody above the cut the slot.
    const Margins::RunnerUp next = margins.NextBest(i);
    if (next.executive != kUnmatched &&
        (solution_.first_shift == 0 || next.loss <= solution_.first_shift / 2)) {
      pair.runner_up_executive = next.executive;
      pair.runner_up_loss_micropoints = next.loss;
    }
    return pair;
  }

  PlannedCut CutOf(const Standing& s) const {
    PlannedCut cut;
    cut.candidate = s.candidate;
    cut.score_micropoints = s.score.micropoints;
    cut.reason = CutReason::kNotEnoughData;
    if (s.verdict == Verdict::kScoreTooLow) {
      cut.reason = CutReason::kScoreTooLow;
      cut.missing_micropoints =
          program_.spec().qualifying_score_points * kPoint - s.score.micropoints;
    }
    return cut;
  }

  PlannedCut CutOf(size_t row, const Margins& margins) const {
    const Standing& s = ranking_.ranked[row];
    PlannedCut cut;
    cut.candidate = s.candidate;
    cut.rank = static_cast<int32_t>(row) + 1;
    cut.score_micropoints = s.score.micropoints;
    cut.reason = CutReason::kNoAllowedExecutive;
    if (program_.spec().selection == Selection::kScoreFirst) {
      const int32_t other = shortlist_.displaceable[row];
      if (other < 0) return WithoutSlots(cut);
      // The ranked list is ordered by value, then by id: a tie is enough for the lower id.
      const Standing& displaced = ranking_.ranked[static_cast<size_t>(other)];
      cut.reason = CutReason::kBelowCut;
      cut.missing_micropoints =
          displaced.rank_value - s.rank_value + (s.candidate < displaced.candidate ? 0 : 1);
      return cut;
    }
    const Margins::RunnerUp next = margins.NextBest(static_cast<int32_t>(row));
    if (next.executive == kUnmatched) return WithoutSlots(cut);
    cut.reason = CutReason::kOutbid;
    cut.missing_micropoints = next.loss + 1;
    return cut;
  }
  // With no slots at all everybody is below the cut.
  PlannedCut WithoutSlots(PlannedCut cut) const {
    if (TotalSlots(capacities_) == 0) cut.reason = CutReason::kBelowCut;
    return cut;
  }

  void AddTransitions(MatchPlan* plan) const {
    std::map<size_t, const PlannedPair*> pair_of;
    for (const PlannedPair& pair : plan->pairs) pair_of[pair.candidate] = &pair;
    std::set<size_t> ranked;
    for (const Standing& s : ranking_.ranked) ranked.insert(s.candidate);
    for (size_t at = 0; at < input_.live.size(); ++at) {
      const LiveSponsorship& live = input_.live[at];
      const size_t candidate = FindCandidate(live.contact_id);
      const auto pair = pair_of.find(candidate);
      if (pair != pair_of.end() && pair->second->live_sponsorship == static_cast<int32_t>(at)) {
        continue;  // kept
      }
      PlannedTransition transition{at, TransitionReason::kBelowCut, -1};
      if (pair != pair_of.end()) {
        transition.next_executive = static_cast<int32_t>(pair->second->executive);
        transition.reason = TransitionReason::kRematched;
      }
      const int32_t executive = FindExecutive(live.executive_id);
      if (candidate == input_.candidates.size()) {
        transition.reason = TransitionReason::kContactLeft;
      } else if (executive == kUnmatched || !capacities_[static_cast<size_t>(executive)].eligible) {
        transition.reason = TransitionReason::kExecutiveUnavailable;
      } else if (!ranked.contains(candidate)) {
        transition.reason = TransitionReason::kNotQualified;
      }
      plan->transitions.push_back(transition);
    }
  }
  // candidates.size() where there is no such candidate.
  size_t FindCandidate(std::string_view id) const {
    const auto found = std::lower_bound(
        input_.candidates.begin(), input_.candidates.end(), id,
        [](const Candidate& c, std::string_view wanted) { return c.id() < wanted; });
    if (found == input_.candidates.end() || found->id() != id) return input_.candidates.size();
    return static_cast<size_t>(found - input_.candidates.begin());
  }

  const Program& program_;
  const PlanInput& input_;
  const std::vector<int32_t> live_of_;
  const std::vector<Capacity> capacities_;
  Ranking ranking_;
  std::vector<Traits> candidate_traits_;  // one a row
  std::vector<Traits> executive_traits_;
  std::set<std::pair<std::string, std::string>> excluded_;
  Shortlist shortlist_;
  MatchProblem problem_;
  MatchSolution solution_;
};

}  // namespace

std::vector<int32_t> LiveSponsorshipOf(const PlanInput& input) {
  std::map<std::string_view, int32_t> first;
  for (size_t at = 0; at < input.live.size(); ++at) {
    first.emplace(input.live[at].contact_id, static_cast<int32_t>(at));
  }
  std::vector<int32_t> live_of;
  live_of.reserve(input.candidates.size());
  for (const Candidate& c : input.candidates) {
    const auto found = first.find(c.id());
    live_of.push_back(found == first.end() ? -1 : found->second);
  }
  return live_of;
}

Result<Ranking> RankAndCut(const Program& program, const PlanInput& input) {
  return Planner(program, input).Rank();
}

Result<MatchPlan> PlanMatches(const Program& program, const PlanInput& input) {
  return Planner(program, input).Plan();
}

}  // namespace gtm::sponsorship::domain
