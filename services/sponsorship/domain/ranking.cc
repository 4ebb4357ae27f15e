#include "services/sponsorship/domain/ranking.h"

#include <algorithm>

namespace gtm::sponsorship::domain {
namespace {

Verdict Judge(const ProgramSpec& spec, const criteria::ScoreRange& score) {
  const int64_t gate = spec.qualifying_score_points * criteria::kMicropointsPerPoint;
  if (score.high_micropoints < gate) return Verdict::kScoreTooLow;
  if (score.known_weight_bps < spec.known_weight_bps_min) return Verdict::kNotEnoughData;
  return score.micropoints < gate ? Verdict::kNotEnoughData : Verdict::kQualifies;
}

}  // namespace

Ranking RankCandidates(const Program& program, const std::vector<Candidate>& candidates,
                       const std::vector<bool>& live) {
  Ranking ranking;
  const int64_t keep_bonus = program.spec().keep_bonus_points * criteria::kMicropointsPerPoint;
  for (size_t i = 0; i < candidates.size(); ++i) {
    Standing s;
    s.candidate = i;
    s.score = program.Score(candidates[i]);
    s.verdict = Judge(program.spec(), s.score);
    s.live = live[i];
    s.rank_value = s.score.micropoints + (s.live ? keep_bonus : 0);
    const bool ranked =
        s.verdict == Verdict::kQualifies || (s.live && s.verdict == Verdict::kNotEnoughData);
    (ranked ? ranking.ranked : ranking.unranked).push_back(s);
  }
  std::stable_sort(
      ranking.ranked.begin(), ranking.ranked.end(),
      [](const Standing& a, const Standing& b) { return a.rank_value > b.rank_value; });
  return ranking;
}

}  // namespace gtm::sponsorship::domain
