#include "services/growth/domain/commitment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gtm::growth::domain {
namespace {

std::optional<int64_t> ResultOn(const Promise& promise, absl::CivilDay today) {
  if (!promise.result_count || !promise.result_day || *promise.result_day > today) {
    return std::nullopt;
  }
  return promise.result_count;
}

Outcome OutcomeOn(const Promise& promise, absl::CivilDay today) {
  const std::optional<int64_t> result = ResultOn(promise, today);
  if (result) return *result >= promise.target_count ? Outcome::kMet : Outcome::kMissed;
  return promise.days.end <= today ? Outcome::kOverdue : Outcome::kPending;
}

std::vector<std::string_view> MissingLearning(const Promise& promise) {
  std::vector<std::string_view> missing;
  if (!promise.has_hypothesis) missing.push_back("hypothesis");
  if (!promise.has_evidence) missing.push_back("evidence");
  if (!promise.has_learning) missing.push_back("learning");
  return missing;
}

Color ColorOn(const Promise& promise, absl::CivilDay today) {
  switch (OutcomeOn(promise, today)) {
    case Outcome::kPending:
      return Color::kNone;
    case Outcome::kMet:
      return Color::kGreen;
    case Outcome::kOverdue:
      return Color::kRed;
    case Outcome::kMissed:
      break;
  }
  const bool acceptable = !promise.is_result_goal && MissingLearning(promise).empty();
  return acceptable ? Color::kYellow : Color::kRed;
}

Result<std::optional<Money>> Each(const std::optional<Money>& total, int64_t count) {
  if (!total || count <= 0) return std::optional<Money>();
  GTM_ASSIGN_OR_RETURN(const int64_t micros, MulDivRoundHalfEven(total->micros, 1, count));
  return std::optional(Money{micros, total->currency});
}

std::string OutcomeText(const Promise& promise, const Reading& reading, int64_t result) {
  switch (reading.outcome) {
    case Outcome::kPending:
      return "Not due yet.";
    case Outcome::kOverdue:
      return "Due, and no result is recorded.";
    default:
      break;
  }
  std::string text = fmt::format("{} of {} ({:.1f} %)", result, promise.target_count,
                                 static_cast<double>(*reading.attainment_bps) / 100);
  if (reading.actual_unit_cost) {
    text += fmt::format(", {} each", Format(*reading.actual_unit_cost));
  }
  if (reading.planned_unit_cost) {
    text += fmt::format(", planned {}", Format(*reading.planned_unit_cost));
  }
  return text + ".";
}

std::string LearningText(const Promise& promise, const Reading& reading) {
  if (reading.outcome != Outcome::kMissed) return "";
  if (reading.color == Color::kYellow) {
    return " An interim outcome missed with hypothesis, evidence and learning: acceptable.";
  }
  if (!reading.learned()) {
    return fmt::format(" Missing: {}.", fmt::join(reading.missing_learning_fields, ", "));
  }
  return " The result itself was missed; what was learned is recorded.";
}

}  // namespace

Result<Reading> ReadPromise(const Promise& promise, std::span<const Promise> of_owner,
                            absl::CivilDay today) {
  Reading reading{.outcome = OutcomeOn(promise, today),
                  .missing_learning_fields = MissingLearning(promise),
                  .color = ColorOn(promise, today)};
  GTM_ASSIGN_OR_RETURN(reading.planned_unit_cost, Each(promise.budget, promise.target_count));
  const std::optional<int64_t> result = ResultOn(promise, today);
  if (result) {
    GTM_ASSIGN_OR_RETURN(reading.attainment_bps,
                         MulDivRoundHalfEven(*result, 10'000, promise.target_count));
    const std::optional<Money> spent = promise.spent ? promise.spent : promise.budget;
    GTM_ASSIGN_OR_RETURN(reading.actual_unit_cost, Each(spent, *result));
    if (spent && *result > 0 && promise.next_target_count) {
      GTM_ASSIGN_OR_RETURN(const int64_t micros,
                           MulDivRoundHalfEven(spent->micros, *promise.next_target_count, *result));
      reading.next_target_cost = Money{micros, spent->currency};
    }
  }
  for (const Promise& other : of_owner) {
    const Color color = ColorOn(other, today);
    reading.owner_due_count += color != Color::kNone;
    reading.owner_broken_count += color == Color::kRed;
  }
  reading.explanation =
      OutcomeText(promise, reading, result.value_or(0)) + LearningText(promise, reading);
  if (reading.owner_broken_count >= kBrokenRepeatedly) {
    reading.explanation +=
        fmt::format(" {} of {} commitments of {} were broken: coach, redeploy or remove (AL-16).",
                    reading.owner_broken_count, reading.owner_due_count, promise.owner);
  }
  return reading;
}

}  // namespace gtm::growth::domain
