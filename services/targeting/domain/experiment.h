#pragma once
// Experiments on target, offer, form and timing (TG-26, TG-27), read from the campaigns that
// are their arms: "offer=a", or "offer/spring=a" where several test the same variable.
//
// The account is what is randomized. It belongs to the arm whose campaign touched it first;
// touches by other arms after that are contamination, which is counted, and the account stays
// in its first arm (as randomized, so analyzed). An account counts once `horizon` has passed
// since its first touch: what it did within the horizon is the outcome. Cases enter the test
// in the order in which they are complete, so that a question as of an earlier day gives the
// answer of that day.
//
// Arms are compared with a control, each at alpha / (arms - 1) (Bonferroni). Before a verdict
// the split is checked: accounts by arm against the shares intended, chi-square at 1 in 1,000
// (Fabijan et al. 2019); a split that chance hardly makes means that arms hold different
// accounts, and their rates are not compared.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/sequential_comparison.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.ExperimentVariable.
enum class ExperimentVariable { kTarget = 1, kOffer = 2, kForm = 3, kTiming = 4, kOther = 5 };
// Numbers as in gtm.targeting.v1.ExperimentOutcome.
enum class ExperimentOutcome { kResponded = 1, kHandedOver = 2, kOpportunity = 3, kWon = 4 };

struct ArmName {
  std::string experiment;  // "offer" or "offer/spring", lower case
  std::string arm;         // "a"
  ExperimentVariable variable = ExperimentVariable::kOther;
};
// Nothing where the text has no "=" or a side of it is empty.
std::optional<ArmName> ParseArm(std::string_view text);
// Experiments of the campaigns, each once, by rising name.
std::vector<std::string> ExperimentsOf(const book::BookView& view);

struct ExperimentOptions {
  std::string experiment;
  ExperimentOutcome outcome = ExperimentOutcome::kResponded;
  int horizon_days = 30;
  bool targets_only = false;
  SequentialOptions test;
  std::string control_arm;  // "": "control" where there is one, else the first by name
  // Intended share of each arm; arms that are not named count 1. Empty: equal.
  std::vector<std::pair<std::string, double>> weights;
  // Without, no spend is read: it cannot fail for an exchange rate, and scale_up says that
  // the cost is not known.
  bool with_cost = true;
};

struct Arm {
  std::string name;
  std::vector<std::string> campaign_ids;
  int64_t account_count = 0;            // whose first touch was by this arm
  int64_t target_count = 0;             // of those, targets
  int64_t pending_count = 0;            // whose horizon has not passed
  int64_t contaminated_count = 0;       // touched by another arm later
  Rate outcome;                         // of the complete ones
  std::optional<int64_t> spend_micros;  // on its campaigns until as_of; absent: none recorded
};

// Numbers as in gtm.targeting.v1.ArmComparison.Verdict.
enum class ArmVerdict {
  kKeepGoing = 1,
  kBetter = 2,
  kWorse = 3,
  kNoWorthwhileDifference = 4,
  kSplitMismatch = 5,
};
// Numbers as in gtm.targeting.v1.ArmComparison.ScaleUp (TG-27).
enum class ScaleUp { kNo = 1, kYes = 2, kCostNotSure = 3, kCostsMore = 4, kCostUnknown = 5 };

// One arm against the control.
struct ArmComparison {
  size_t arm = 0;  // index into Experiment::arms
  ArmVerdict verdict = ArmVerdict::kKeepGoing;
  double difference = 0;                       // arm - control
  stats::Interval sequence;                    // holds at every look
  std::optional<stats::Interval> single_look;  // Newcombe's; only for one planned look
  double p_value = 1;                 // valid at every look, before the correction for arms
  std::optional<int64_t> decided_at;  // complete accounts of both arms at the decision
  std::optional<int64_t> remaining_per_arm;
  std::optional<int64_t> remaining_days;  // at the pace of the accounts so far
  ScaleUp scale_up = ScaleUp::kNo;
};

struct Experiment {
  std::string name;
  ExperimentVariable variable = ExperimentVariable::kOther;
  std::vector<Arm> arms;  // by rising name
  size_t control = 0;
  double alpha_each = 0.05;
  std::optional<double> split_p_value;  // absent below 20 accounts
  bool split_mismatch = false;
  absl::Time first_touch = absl::InfiniteFuture();
  std::vector<ArmComparison> comparisons;  // all arms but the control, in their order
};

// Evaluates one experiment as of audience.as_of. Errors: RECORD_NOT_FOUND where no campaign
// has an arm of it; INVALID_FIELDS ("control_arm", "arm_weights[i].arm") where an arm is not
// one of its; EXCHANGE_RATE_MISSING; those of `check_alive`. O(touches).
Result<Experiment> EvaluateExperiment(const Audience& audience, const book::BookView& view,
                                      const ExperimentOptions& options,
                                      const CheckAlive& check_alive);

// All experiments, by rising name; `options.experiment` is not read.
Result<std::vector<Experiment>> EvaluateExperiments(const Audience& audience,
                                                    const book::BookView& view,
                                                    const ExperimentOptions& options,
                                                    const CheckAlive& check_alive);

// Numbers as in gtm.targeting.v1.Experiment.State.
enum class ExperimentState {
  kNotBegun = 1,      // no arm has touched any account
  kRunning = 2,       // an arm is not told yet, and accounts are within their horizon
  kDecided = 3,       // every arm is told against the control
  kStoppedEarly = 4,  // an arm is not told, and no account came in within the last horizon
  kUnevenSplit = 5,   // the split is not as intended: nothing is compared
};
// An experiment with one arm has nothing to be told, so that it is never decided.
ExperimentState StateOf(const Experiment& experiment);

// Cost and rate together (TG-27): scale what brings more for less. The acquisitions that a unit
// of money brings in the arm over those in the control are a ratio of Poisson rates with its
// exact interval: surely above 1, surely below, or not sure.
ScaleUp JudgeScaleUp(ArmVerdict verdict, const Arm& arm, const Arm& control);

}  // namespace gtm::targeting::domain
