#include "services/targeting/domain/experiment.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "common/core/money.h"
#include "fmt/format.h"
#include "services/targeting/domain/engagement.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/spend_share.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr double kSplitPValueMin = 0.001;
constexpr int64_t kSplitAccountsMin = 20;

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
}

// An account of the experiment.
struct Case {
  int64_t complete_s = 0;
  uint32_t account = 0;
  size_t arm = 0;
  bool success = false;
};

class Reader {
 public:
  Reader(const Audience& audience, const book::BookView& view, const ExperimentOptions& options)
      : audience_(audience), view_(view), options_(options) {
    as_of_s_ = absl::ToUnixSeconds(audience.as_of);
    horizon_s_ = options.horizon_days * kDaySeconds;
    out_.name = options.experiment;
  }

  Status ReadArms() {
    std::map<std::string, Arm> arms;
    for (const auto& campaign : view_.campaigns()) {
      const auto name = ParseArm(campaign->experiment_arm());
      if (!name || name->experiment != options_.experiment) continue;
      out_.variable = name->variable;
      Arm& arm = arms[name->arm];
      arm.name = name->arm;
      arm.campaign_ids.push_back(campaign->id());
    }
    if (arms.empty()) {
      return Error(Reason::RECORD_NOT_FOUND,
                   fmt::format("experiment \"{}\": no campaign has an experiment_arm of it; "
                               "ListExperiments lists those that there are",
                               options_.experiment));
    }
    for (auto& [name, arm] : arms) {
      for (const std::string& id : arm.campaign_ids) by_campaign_[id] = out_.arms.size();
      out_.arms.push_back(std::move(arm));
    }
    return ChooseControl();
  }

  void ReadAccount(book::AccountRow row) {
    if (options_.targets_only && !audience_.is_target(row)) return;
    const auto events = view_.engagements_of(row);
    std::optional<size_t> arm;
    int64_t first_s = 0;
    bool responded = false;
    bool contaminated = false;
    for (const book::EngagementEvent& event : events) {
      if (event.time_s > as_of_s_) break;
      const auto of = ArmOf(event);
      if (!arm) {
        arm = of;
        first_s = event.time_s;
        continue;
      }
      contaminated = contaminated || (of && *of != *arm);
      responded = responded || (IsBuyerTouch(event) && event.time_s > first_s &&
                                event.time_s <= first_s + horizon_s_);
    }
    if (!arm) return;
    Arm& entry = out_.arms[*arm];
    ++entry.account_count;
    entry.target_count += audience_.is_target(row);
    entry.contaminated_count += contaminated;
    out_.first_touch = std::min(out_.first_touch, absl::FromUnixSeconds(first_s));
    const int64_t complete_s = first_s + horizon_s_;
    if (complete_s > as_of_s_) {
      ++entry.pending_count;
      return;
    }
    bool success = responded;
    if (options_.outcome != ExperimentOutcome::kResponded) success = Happened(row, first_s);
    cases_.push_back({complete_s, static_cast<uint32_t>(row), *arm, success});
  }

  void ReadHandovers() {
    if (options_.outcome != ExperimentOutcome::kHandedOver) return;
    for (const auto& handover : view_.handovers()) {
      const auto row = view_.FindAccount(handover->account_id());
      if (!row) continue;
      handovers_[static_cast<uint32_t>(*row)].push_back(
          absl::ToUnixSeconds(TimeOf(handover->handover_time())));
    }
  }

  Status ReadSpend() {
    const absl::CivilDay today = view_.settings().calendar.DayOf(audience_.as_of);
    for (const auto& spend : view_.spends()) {
      const auto arm = by_campaign_.find(spend->campaign_id());
      if (arm == by_campaign_.end()) continue;
      const DayRange paid = DaysBetween(spend->start_date(), spend->end_date());
      const DayRange until = CommonDays(paid, {paid.start, std::max(paid.start, today + 1)});
      if (until.day_count() == 0) continue;
      GTM_ASSIGN_OR_RETURN(const int64_t micros, SpendMicrosOn(*spend, until, view_));
      std::optional<int64_t>& sum = out_.arms[arm->second].spend_micros;
      GTM_ASSIGN_OR_RETURN(sum, AddMicros(sum.value_or(0), micros));
    }
    return {};
  }

  Experiment Judge() && {
    std::sort(cases_.begin(), cases_.end(), [&](const Case& a, const Case& b) {
      if (a.complete_s != b.complete_s) return a.complete_s < b.complete_s;
      return view_.account(static_cast<book::AccountRow>(a.account)).id <
             view_.account(static_cast<book::AccountRow>(b.account)).id;
    });
    for (const Case& one : cases_) out_.arms[one.arm].outcome.Add(one.success);
    CheckSplit();
    const size_t others = out_.arms.size() - 1;
    out_.alpha_each =
        others > 0 ? options_.test.alpha / static_cast<double>(others) : options_.test.alpha;
    for (size_t arm = 0; arm < out_.arms.size(); ++arm) {
      if (arm != out_.control) out_.comparisons.push_back(Compare(arm));
    }
    return std::move(out_);
  }

 private:
  std::optional<size_t> ArmOf(const book::EngagementEvent& event) {
    const uint32_t campaign = view_.details(event).campaign;
    if (campaign == book::kNoRow) return std::nullopt;
    const auto [at, is_new] = by_symbol_.try_emplace(campaign, std::nullopt);
    if (is_new) {
      const auto arm = by_campaign_.find(std::string(view_.text(campaign)));
      if (arm != by_campaign_.end()) at->second = arm->second;
    }
    return at->second;
  }

  // Handed over, or an opportunity began, after the first touch and within the horizon; or one
  // that began so was won within it.
  bool Happened(book::AccountRow row, int64_t first_s) const {
    const auto within = [&](int64_t time_s) {
      return time_s > first_s && time_s <= first_s + horizon_s_;
    };
    if (options_.outcome == ExperimentOutcome::kHandedOver) {
      const auto at = handovers_.find(static_cast<uint32_t>(row));
      return at != handovers_.end() && std::any_of(at->second.begin(), at->second.end(), within);
    }
    const auto deals = view_.opportunities_of(row);
    return std::any_of(deals.begin(), deals.end(), [&](book::OpportunityRow deal) {
      if (!view_.is_live(deal)) return false;
      const book::OpportunityFacts facts = view_.opportunity(deal);
      if (!within(BeginOf(facts))) return false;
      if (options_.outcome != ExperimentOutcome::kWon) return true;
      const auto won = book::WonTime(facts, absl::FromUnixSeconds(as_of_s_));
      return won && within(absl::ToUnixSeconds(*won));
    });
  }

  std::optional<size_t> Find(std::string_view arm) const {
    for (size_t i = 0; i < out_.arms.size(); ++i) {
      if (out_.arms[i].name == arm) return i;
    }
    return std::nullopt;
  }

  Status ChooseControl() {
    std::vector<FieldViolation> violations;
    for (size_t i = 0; i < options_.weights.size(); ++i) {
      if (Find(options_.weights[i].first)) continue;
      violations.push_back(
          {fmt::format("arm_weights[{}].arm", i),
           fmt::format("\"{}\" is no arm of this experiment", options_.weights[i].first)});
    }
    if (const auto named = Find("control")) out_.control = *named;
    if (!options_.control_arm.empty()) {
      const auto asked = Find(options_.control_arm);
      if (asked) out_.control = *asked;
      if (!asked) {
        violations.push_back({"control_arm", fmt::format("\"{}\" is no arm of this experiment",
                                                         options_.control_arm)});
      }
    }
    if (!violations.empty()) return InvalidFields(std::move(violations));
    return {};
  }

  // Pearson's chi-square of the accounts by arm against the shares intended.
  void CheckSplit() {
    std::vector<double> weights(out_.arms.size(), 1);
    for (const auto& [arm, weight] : options_.weights) weights[*Find(arm)] = weight;
    double weight_sum = 0;
    int64_t accounts = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      weight_sum += weights[i];
      accounts += out_.arms[i].account_count;
    }
    if (weights.size() < 2 || accounts < kSplitAccountsMin) return;
    double chi_square = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      const double expected = static_cast<double>(accounts) * weights[i] / weight_sum;
      const double off = static_cast<double>(out_.arms[i].account_count) - expected;
      chi_square += off * off / expected;
    }
    // Chi-square of k degrees of freedom is Gamma(k / 2, 2).
    const double freedom = static_cast<double>(weights.size()) - 1;
    out_.split_p_value = 1 - stats::GammaCdf(chi_square, freedom / 2, 2);
    out_.split_mismatch = *out_.split_p_value < kSplitPValueMin;
  }

  ArmComparison Compare(size_t arm) {
    SequentialOptions each = options_.test;
    each.alpha = out_.alpha_each;
    SequentialComparison test(each);
    for (const Case& one : cases_) {
      if (one.arm == out_.control) test.Add(0, one.success);
      if (one.arm == arm) test.Add(1, one.success);
    }
    ArmComparison out;
    out.arm = arm;
    out.difference = test.difference();
    out.sequence = test.interval();
    out.p_value = test.p_value();
    out.decided_at = test.decided_at();
    out.remaining_per_arm = test.remaining_per_arm();
    if (test.control().trials > 0 && test.other().trials > 0) {
      out.single_look = NewcombeInterval(test.other(), test.control());
    }
    if (out_.split_mismatch) {
      out.verdict = ArmVerdict::kSplitMismatch;
    } else if (test.verdict() == SequentialVerdict::kDiffers) {
      out.verdict = out.difference > 0 ? ArmVerdict::kBetter : ArmVerdict::kWorse;
    } else if (test.verdict() == SequentialVerdict::kNoWorthwhileDifference) {
      out.verdict = ArmVerdict::kNoWorthwhileDifference;
    }
    out.remaining_days = DaysFor(out.remaining_per_arm, test);
    out.scale_up = JudgeScaleUp(out.verdict, out_.arms[arm], out_.arms[out_.control]);
    return out;
  }

  std::optional<int64_t> DaysFor(const std::optional<int64_t>& per_arm,
                                 const SequentialComparison& test) const {
    if (!per_arm || *per_arm == 0) return per_arm;
    const int64_t smaller = std::min(test.control().trials, test.other().trials);
    const int64_t seconds = as_of_s_ - absl::ToUnixSeconds(out_.first_touch) - horizon_s_;
    if (smaller == 0 || seconds <= 0) return std::nullopt;
    const double days = static_cast<double>(seconds) / kDaySeconds * static_cast<double>(*per_arm) /
                        static_cast<double>(smaller);
    constexpr double kDaysMax = 36'500;
    if (days > kDaysMax) return std::nullopt;
    return static_cast<int64_t>(std::ceil(days));
  }

  const Audience& audience_;
  const book::BookView& view_;
  const ExperimentOptions& options_;
  int64_t as_of_s_ = 0;
  int64_t horizon_s_ = 0;
  Experiment out_;
  std::unordered_map<std::string, size_t> by_campaign_;
  std::unordered_map<uint32_t, std::optional<size_t>> by_symbol_;  // a cache
  std::unordered_map<uint32_t, std::vector<int64_t>> handovers_;   // times by account row
  std::vector<Case> cases_;
};

}  // namespace

std::optional<ArmName> ParseArm(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  ArmName name;
  name.experiment = Lower(text.substr(0, equals));
  name.arm = Lower(text.substr(equals + 1));
  if (name.experiment.empty() || name.arm.empty()) return std::nullopt;
  const std::string variable = Lower(name.experiment.substr(0, name.experiment.find('/')));
  if (variable == "target") name.variable = ExperimentVariable::kTarget;
  if (variable == "offer") name.variable = ExperimentVariable::kOffer;
  if (variable == "form") name.variable = ExperimentVariable::kForm;
  if (variable == "timing") name.variable = ExperimentVariable::kTiming;
  return name;
}

std::vector<std::string> ExperimentsOf(const book::BookView& view) {
  std::vector<std::string> names;
  for (const auto& campaign : view.campaigns()) {
    if (auto name = ParseArm(campaign->experiment_arm())) names.push_back(name->experiment);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

ExperimentState StateOf(const Experiment& experiment) {
  if (experiment.first_touch == absl::InfiniteFuture()) return ExperimentState::kNotBegun;
  if (experiment.split_mismatch) return ExperimentState::kUnevenSplit;
  const auto& comparisons = experiment.comparisons;
  const bool told =
      std::all_of(comparisons.begin(), comparisons.end(),
                  [](const ArmComparison& one) { return one.verdict != ArmVerdict::kKeepGoing; });
  if (told && !comparisons.empty()) return ExperimentState::kDecided;
  const bool comes_in = std::any_of(experiment.arms.begin(), experiment.arms.end(),
                                    [](const Arm& arm) { return arm.pending_count > 0; });
  return comes_in ? ExperimentState::kRunning : ExperimentState::kStoppedEarly;
}

ScaleUp JudgeScaleUp(ArmVerdict verdict, const Arm& arm, const Arm& control) {
  if (verdict != ArmVerdict::kBetter) return ScaleUp::kNo;
  if (!arm.spend_micros || !control.spend_micros || *arm.spend_micros == 0 ||
      *control.spend_micros == 0) {
    return ScaleUp::kCostUnknown;
  }
  const stats::Interval ratio = stats::PoissonRatioInterval(
      arm.outcome.successes, static_cast<double>(*arm.spend_micros), control.outcome.successes,
      static_cast<double>(*control.spend_micros));
  if (ratio.low > 1) return ScaleUp::kYes;
  return ratio.high < 1 ? ScaleUp::kCostsMore : ScaleUp::kCostNotSure;
}

Result<Experiment> EvaluateExperiment(const Audience& audience, const book::BookView& view,
                                      const ExperimentOptions& options,
                                      const CheckAlive& check_alive) {
  Reader reader(audience, view, options);
  GTM_RETURN_IF_ERROR(reader.ReadArms());
  reader.ReadHandovers();
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (view.is_live(row)) reader.ReadAccount(row);
  }
  if (options.with_cost) GTM_RETURN_IF_ERROR(reader.ReadSpend());
  return std::move(reader).Judge();
}

Result<std::vector<Experiment>> EvaluateExperiments(const Audience& audience,
                                                    const book::BookView& view,
                                                    const ExperimentOptions& options,
                                                    const CheckAlive& check_alive) {
  std::vector<Experiment> experiments;
  ExperimentOptions each = options;
  for (std::string& name : ExperimentsOf(view)) {
    each.experiment = std::move(name);
    GTM_ASSIGN_OR_RETURN(Experiment experiment,
                         EvaluateExperiment(audience, view, each, check_alive));
    experiments.push_back(std::move(experiment));
  }
  return experiments;
}

}  // namespace gtm::targeting::domain
