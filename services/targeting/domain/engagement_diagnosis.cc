#include "services/targeting/domain/engagement_diagnosis.h"

#include <algorithm>

#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

// The word that campaigns carry for it.
const char* VariableText(EngagementAsk ask) {
  switch (ask) {
    case EngagementAsk::kTarget:
      return "target";
    case EngagementAsk::kOffer:
      return "offer";
    case EngagementAsk::kTime:
      return "timing";
    case EngagementAsk::kContent:
    case EngagementAsk::kDecision:
      break;
  }
  return "form";
}

bool IsAbout(EngagementAsk ask, ExperimentVariable variable) {
  switch (ask) {
    case EngagementAsk::kTarget:
      return variable == ExperimentVariable::kTarget;
    case EngagementAsk::kOffer:
      return variable == ExperimentVariable::kOffer;
    case EngagementAsk::kTime:
      return variable == ExperimentVariable::kTiming;
    case EngagementAsk::kContent:
      return variable == ExperimentVariable::kForm;
    case EngagementAsk::kDecision:
      break;
  }
  return variable == ExperimentVariable::kForm || variable == ExperimentVariable::kOffer;
}

// Arms that are better than what is in use. None where one of them is: accounts came into it
// lately, and none into the control.
std::vector<std::string> BetterArms(const Experiment& experiment) {
  std::vector<std::string> arms;
  const bool control_in_use = experiment.arms[experiment.control].pending_count > 0;
  for (const ArmComparison& comparison : experiment.comparisons) {
    if (comparison.verdict != ArmVerdict::kBetter) continue;
    const Arm& arm = experiment.arms[comparison.arm];
    if (arm.pending_count > 0 && !control_in_use) return {};
    arms.push_back(fmt::format("{}={}", experiment.name, arm.name));
  }
  return arms;
}

// What an undecided experiment needs.
EngagementNeed NeedOf(ExperimentState state) {
  switch (state) {
    case ExperimentState::kRunning:
      return EngagementNeed::kMoreAccounts;
    case ExperimentState::kStoppedEarly:
      return EngagementNeed::kResume;
    case ExperimentState::kUnevenSplit:
      return EngagementNeed::kEvenSplit;
    case ExperimentState::kNotBegun:
    case ExperimentState::kDecided:
      break;
  }
  return EngagementNeed::kExperiment;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// The most accounts that an arm of these experiments still needs; nothing where none can say.
std::optional<int64_t> Remaining(const std::vector<const Experiment*>& experiments) {
  std::optional<int64_t> most;
  for (const Experiment* experiment : experiments) {
    for (const ArmComparison& comparison : experiment->comparisons) {
      if (!comparison.remaining_per_arm) continue;
      most = std::max(most.value_or(0), *comparison.remaining_per_arm);
    }
  }
  return most;
}

std::string NeededText(const EngagementQuestion& question,
                       const std::vector<const Experiment*>& experiments) {
  const std::string names = Join(question.experiments);
  switch (question.need) {
    case EngagementNeed::kNothing:
      return "nothing tried is better than what is in use";
    case EngagementNeed::kUseBetterArm:
      return fmt::format(
          "use {}; or take experiment_arm off the campaigns, where that is of the past",
          Join(question.better_arms));
    case EngagementNeed::kMoreAccounts: {
      const auto remaining = Remaining(experiments);
      if (!remaining) return fmt::format("go on with {} until it is decided", names);
      return fmt::format("go on with {}: about {} more accounts an arm", names, *remaining);
    }
    case EngagementNeed::kResume:
      return fmt::format("{} stopped before it was decided: go on with it", names);
    case EngagementNeed::kEvenSplit:
      return fmt::format("{}: find out why accounts are not split as intended, and begin again",
                         names);
    case EngagementNeed::kExperiment:
      break;
  }
  const char* variable = VariableText(question.ask);
  return fmt::format(
      "run an experiment: campaigns of one kind with experiment_arm \"{}=a\" and \"{}=b\", "
      "accounts split at random",
      variable, variable);
}

EngagementQuestion Answer(EngagementAsk ask, const std::vector<Experiment>& experiments) {
  EngagementQuestion question;
  question.ask = ask;
  std::vector<const Experiment*> decided;
  std::vector<const Experiment*> better;
  std::vector<const Experiment*> open;  // those that could be decided soonest
  for (const Experiment& experiment : experiments) {
    if (!IsAbout(ask, experiment.variable)) continue;
    const std::vector<std::string> arms = BetterArms(experiment);
    if (!arms.empty()) better.push_back(&experiment);
    question.better_arms.insert(question.better_arms.end(), arms.begin(), arms.end());
    const ExperimentState state = StateOf(experiment);
    if (state == ExperimentState::kDecided) decided.push_back(&experiment);
    const EngagementNeed need = NeedOf(state);
    if (state == ExperimentState::kDecided || need == EngagementNeed::kExperiment) continue;
    if (need < question.need) open.clear();
    question.need = std::min(question.need, need);
    if (need == question.need) open.push_back(&experiment);
  }
  const std::vector<const Experiment*>* rests_on = &open;
  if (!better.empty()) {
    question.answer = EngagementAnswer::kNo;
    question.need = EngagementNeed::kUseBetterArm;
    rests_on = &better;
  } else if (!decided.empty()) {
    question.answer = EngagementAnswer::kYes;
    question.need = EngagementNeed::kNothing;
    rests_on = &decided;
  }
  for (const Experiment* experiment : *rests_on) question.experiments.push_back(experiment->name);
  question.needed = NeededText(question, *rests_on);
  return question;
}

void MeasureEngagement(const std::vector<Experiment>& experiments, double low_rate,
                       EngagementDiagnosis* out) {
  int64_t arm_count = 0;
  for (const Experiment& experiment : experiments) {
    for (const Arm& arm : experiment.arms) {
      if (arm.outcome.trials == 0) continue;
      ++arm_count;
      // a / b > c / d, without division.
      const bool is_best =
          out->best_arm.empty() || arm.outcome.successes * out->best_rate.trials >
                                       out->best_rate.successes * arm.outcome.trials;
      if (!is_best) continue;
      out->best_arm = fmt::format("{}={}", experiment.name, arm.name);
      out->best_rate = arm.outcome;
    }
  }
  if (arm_count == 0) return;
  out->confidence = 1 - (1 - stats::kConfidence) / static_cast<double>(arm_count);
  bool all_low = true;
  bool any_present = false;
  for (const Experiment& experiment : experiments) {
    for (const Arm& arm : experiment.arms) {
      if (arm.outcome.trials == 0) continue;
      const stats::Side side = stats::SideOf(
          stats::WilsonInterval(arm.outcome.successes, arm.outcome.trials, out->confidence),
          low_rate);
      all_low = all_low && side == stats::Side::kBelow;
      any_present = any_present || side == stats::Side::kAtLeast;
    }
  }
  out->engagement = any_present ? Engagement::kPresent
                    : all_low   ? Engagement::kLow
                                : Engagement::kNotSure;
}

EngagementConclusion Conclude(const EngagementDiagnosis& diagnosis) {
  const auto any = [&](EngagementAnswer answer) {
    return std::any_of(diagnosis.questions.begin(), diagnosis.questions.end(),
                       [&](const EngagementQuestion& one) { return one.answer == answer; });
  };
  if (diagnosis.engagement == Engagement::kPresent) return EngagementConclusion::kEngaged;
  if (any(EngagementAnswer::kNo)) return EngagementConclusion::kUseWhatIsBetter;
  if (any(EngagementAnswer::kOpen)) return EngagementConclusion::kOpen;
  return diagnosis.engagement == Engagement::kLow
             ? EngagementConclusion::kFitDifferentiationOrTargeting
             : EngagementConclusion::kNotSure;
}

}  // namespace

EngagementDiagnosis DiagnoseEngagement(const std::vector<Experiment>& responded,
                                       const std::vector<Experiment>& decided, double low_rate) {
  EngagementDiagnosis out;
  for (size_t i = 0; i < kEngagementAsks; ++i) {
    const auto ask = static_cast<EngagementAsk>(i + 1);
    out.questions[i] = Answer(ask, ask == EngagementAsk::kDecision ? decided : responded);
  }
  MeasureEngagement(responded, low_rate, &out);
  out.conclusion = Conclude(out);
  return out;
}

}  // namespace gtm::targeting::domain
