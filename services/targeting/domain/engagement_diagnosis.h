#pragma once
// The test of TG-26, from experiments: right target, offer, time? Compelling content? Does it
// help the decision? All yes and no engagement means that product-market fit, differentiation
// or targeting is the problem.
//
// A question is answered where an experiment on its variable is decided: no, where an arm is
// better than what is in use; yes, where nothing tried is. Content is "form"; whether it helps
// the decision is asked of "offer" and "form" again, by opportunities that began. An undecided
// question leaves the conclusion open, unless there is engagement anyway or something better
// is known: neither needs the test.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/stats/intervals.h"
#include "services/targeting/domain/experiment.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.EngagementQuestion.
enum class EngagementAsk { kTarget = 1, kOffer = 2, kTime = 3, kContent = 4, kDecision = 5 };
enum class EngagementAnswer { kYes = 1, kNo = 2, kOpen = 3 };
enum class EngagementNeed {
  kNothing = 1,
  kUseBetterArm = 2,
  kMoreAccounts = 3,
  kResume = 4,
  kEvenSplit = 5,
  kExperiment = 6,
};
inline constexpr size_t kEngagementAsks = 5;

struct EngagementQuestion {
  EngagementAsk ask = EngagementAsk::kTarget;
  EngagementAnswer answer = EngagementAnswer::kOpen;
  EngagementNeed need = EngagementNeed::kExperiment;
  std::vector<std::string> experiments;  // that the answer rests on, by rising name
  std::vector<std::string> better_arms;  // "offer=b"
  std::string needed;                    // as a sentence
};

// Numbers as in gtm.targeting.v1.DiagnoseEngagementResponse.
enum class EngagementConclusion {
  kEngaged = 1,
  kUseWhatIsBetter = 2,
  kOpen = 3,
  kNotSure = 4,
  kFitDifferentiationOrTargeting = 5,
};
enum class Engagement { kNoData = 1, kLow = 2, kNotSure = 3, kPresent = 4 };

struct EngagementDiagnosis {
  EngagementConclusion conclusion = EngagementConclusion::kOpen;
  std::array<EngagementQuestion, kEngagementAsks> questions;  // by rising ask
  Engagement engagement = Engagement::kNoData;
  // Of the arm whose accounts act most often; of equal ones the first by name.
  std::string best_arm;
  Rate best_rate;
  // Confidence of each arm's interval, so that all hold together at 95 % (Bonferroni).
  double confidence = stats::kConfidence;
};

// `responded` are all experiments by whether the buyer acted, `decided` the same ones by
// whether an opportunity began; 0 < low_rate < 1.
EngagementDiagnosis DiagnoseEngagement(const std::vector<Experiment>& responded,
                                       const std::vector<Experiment>& decided, double low_rate);

}  // namespace gtm::targeting::domain
