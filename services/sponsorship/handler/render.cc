#include "services/sponsorship/handler/render.h"

#include <algorithm>

#include "common/criteria/criteria_proto.h"

namespace gtm::sponsorship::handler {
namespace {

void Render(const domain::Program& program, const domain::PlanInput& input,
            const domain::PlannedPair& pair, v1::MatchRun::Pair* out) {
  const domain::Candidate& candidate = input.candidates[pair.candidate];
  out->set_contact_id(std::string(candidate.id()));
  out->set_account_id(std::string(candidate.contact.account_id));
  out->set_executive_id(input.executives[pair.executive].id);
  out->set_rank(pair.rank);
  *out->mutable_score() = criteria::ToProto(program.Explain(candidate));
  out->set_affinity_points(pair.affinity.points);
  for (const domain::AffinityPart& part : pair.affinity.parts) {
    auto* p = out->add_affinity_parts();
    p->set_kind(static_cast<v1::AffinityPart::Kind>(part.kind));
    p->set_points(part.points);
    p->set_points_max(part.points_max);
    p->set_known(part.known);
    p->set_shared_count(part.shared_count);
  }
  out->set_value_micropoints(pair.value_micropoints);
  out->set_contact_price_micropoints(pair.candidate_price_micropoints);
  if (pair.live_sponsorship >= 0) {
    out->set_keep_bonus_points(program.spec().keep_bonus_points);
    out->set_sponsorship_id(input.live[static_cast<size_t>(pair.live_sponsorship)].id);
  }
  if (pair.runner_up_executive >= 0) {
    out->set_runner_up_executive_id(
        input.executives[static_cast<size_t>(pair.runner_up_executive)].id);
    out->set_runner_up_loss_micropoints(pair.runner_up_loss_micropoints);
  }
}

void Render(const domain::PlanInput& input, const domain::PlannedCut& cut, v1::MatchRun::Cut* out) {
  const domain::Candidate& candidate = input.candidates[cut.candidate];
  out->set_contact_id(std::string(candidate.id()));
  out->set_account_id(std::string(candidate.contact.account_id));
  out->set_rank(cut.rank);
  out->set_score_micropoints(cut.score_micropoints);
  out->set_reason(static_cast<v1::MatchRun::Cut::Reason>(cut.reason));
  out->set_missing_micropoints(cut.missing_micropoints);
}

void Render(const domain::PlanInput& input, const domain::PlannedTransition& transition,
            v1::MatchRun::Transition* out) {
  const domain::LiveSponsorship& live = input.live[transition.live_sponsorship];
  out->set_sponsorship_id(live.id);
  out->set_contact_id(live.contact_id);
  out->set_executive_id(live.executive_id);
  out->set_reason(static_cast<v1::Sponsorship::EndReason>(transition.reason));
  if (transition.next_executive >= 0) {
    out->set_next_executive_id(input.executives[static_cast<size_t>(transition.next_executive)].id);
  }
}

// A live sponsee is ranked also without enough data.
v1::Candidate::Standing StandingOf(const domain::Standing& standing, bool ranked) {
  if (ranked) {
    return standing.above_cut ? v1::Candidate::STANDING_ABOVE_CUT
                              : v1::Candidate::STANDING_BELOW_CUT;
  }
  return standing.verdict == domain::Verdict::kScoreTooLow
             ? v1::Candidate::STANDING_SCORE_TOO_LOW
             : v1::Candidate::STANDING_NOT_ENOUGH_DATA;
}

}  // namespace

google::protobuf::Timestamp RenderTime(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return stamp;
}

type::v1::Date RenderDate(absl::CivilDay day) {
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

v1::ExecutiveCapacity Render(const domain::Executive& executive, const domain::Capacity& capacity,
                             int32_t used) {
  v1::ExecutiveCapacity out;
  out.set_executive_id(executive.id);
  out.set_eligible(capacity.eligible);
  out.set_eligibility_known(capacity.eligibility_known);
  if (capacity.week_minutes) out.set_week_minutes(*capacity.week_minutes);
  out.set_week_minutes_wanted(capacity.week_minutes_wanted);
  out.set_below_wanted_time(capacity.below_wanted_time);
  out.set_sponsee_week_minutes(capacity.sponsee_week_minutes);
  out.set_slot_count_by_time(capacity.slot_count_by_time);
  if (capacity.slot_limit) out.set_slot_limit(*capacity.slot_limit);
  out.set_slot_count(capacity.slot_count);
  out.set_used_slot_count(used);
  out.set_used_week_minutes(used * capacity.sponsee_week_minutes);
  if (capacity.week_minutes) {
    out.set_overload_week_minutes(std::max(0, out.used_week_minutes() - *capacity.week_minutes));
  }
  return out;
}

v1::Candidate Render(const domain::Program& program, const domain::Candidate& candidate,
                     const domain::Standing& standing, int32_t rank,
                     const domain::LiveSponsorship* live) {
  v1::Candidate out;
  out.set_contact_id(std::string(candidate.id()));
  out.set_account_id(std::string(candidate.contact.account_id));
  out.set_rank(rank);
  out.set_standing(StandingOf(standing, rank > 0));
  *out.mutable_score() = criteria::ToProto(program.Explain(candidate));
  if (live != nullptr) {
    out.set_sponsorship_id(live->id);
    out.set_executive_id(live->executive_id);
  }
  out.set_nominated_by_function(std::string(candidate.contact.nominated_by_function));
  return out;
}

void Render(const domain::Program& program, const domain::PlanInput& input,
            const domain::MatchPlan& plan, v1::MatchRun* run) {
  for (const domain::PlannedPair& pair : plan.pairs) Render(program, input, pair, run->add_pairs());
  for (size_t i = 0; i < std::min(plan.cuts.size(), kListedCutsMax); ++i) {
    Render(input, plan.cuts[i], run->add_cuts());
  }
  for (const domain::PlannedTransition& t : plan.transitions) {
    Render(input, t, run->add_transitions());
  }
  for (size_t j = 0; j < plan.capacities.size(); ++j) {
    v1::ExecutiveCapacity capacity =
        Render(input.executives[j], plan.capacities[j], plan.used_slots[j]);
    capacity.set_slot_price_micropoints(plan.slot_prices_micropoints[j]);
    *run->add_capacities() = std::move(capacity);
  }
  run->set_slot_count(plan.slot_count);
  run->set_ranked_count(plan.ranked_count);
  run->set_cut_count(static_cast<int32_t>(plan.cuts.size()));
  run->set_objective_micropoints(plan.objective_micropoints);
  for (const auto& [contact, executive] : input.excluded) {
    auto* pair = run->add_excluded_pairs();
    pair->set_contact_id(contact);
    pair->set_executive_id(executive);
  }
}

}  // namespace gtm::sponsorship::handler
