#include "services/growth/handler/parse.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <optional>

#include "common/core/ids.h"

namespace gtm::growth::handler {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::util::MessageDifferencer;

constexpr size_t kOwnerBytesMax = 127;

// Output-only fields and the id: never taken from a change.
bool IsKept(const FieldDescriptor& field) { return field.number() <= 4; }

std::optional<absl::CivilDay> DayOf(const type::v1::Date& date) {
  const absl::CivilDay day(date.year(), date.month(), date.day());
  const bool same =
      day.year() == date.year() && day.month() == date.month() && day.day() == date.day();
  if (!same || date.year() < 1900 || date.year() > 2200) return std::nullopt;
  return day;
}

std::optional<Money> MoneyOf(const type::v1::Money& money) {
  constexpr int64_t kUnitsMax = INT64_MAX / kMicrosPerUnit - 1;
  const Result<Currency> currency = Currency::Parse(money.currency_code());
  if (!currency.ok() || money.nanos() % 1000 != 0 || money.units() < 0 || money.nanos() < 0 ||
      money.nanos() > 999'999'999 || money.units() > kUnitsMax) {
    return std::nullopt;
  }
  return Money{money.units() * kMicrosPerUnit + money.nanos() / 1000, *currency};
}

void CheckText(std::string_view text, size_t max, std::string_view field, Violations* violations) {
  if (text.empty()) violations->push_back({std::string(field), "required"});
  if (text.size() > max) {
    violations->push_back({std::string(field), fmt::format("at most {} bytes", max)});
  }
}

void CheckDates(const v1::Commitment& commitment, Violations* violations) {
  const auto start = DayOf(commitment.start_date());
  const auto end = DayOf(commitment.end_date());
  if (!start) violations->push_back({"commitment.start_date", "required: a date, 1900 to 2200"});
  if (!end) violations->push_back({"commitment.end_date", "required: a date, 1900 to 2200"});
  if (start && end && *end <= *start) {
    violations->push_back(
        {"commitment.end_date", "must be after start_date: it is the day after the last day"});
  }
}

void CheckResult(const v1::Commitment& commitment, Violations* violations) {
  if (commitment.has_result_count() && commitment.result_count() < 0) {
    violations->push_back({"commitment.result_count", "must not be negative"});
  }
  if (commitment.has_result_count() && !commitment.has_result_date()) {
    violations->push_back({"commitment.result_date", "required with result_count"});
  }
  if (commitment.has_result_date() && !DayOf(commitment.result_date())) {
    violations->push_back({"commitment.result_date", "not a date, 1900 to 2200"});
  }
  if (commitment.has_next_target_count() && commitment.next_target_count() < 1) {
    violations->push_back({"commitment.next_target_count", "must be at least 1"});
  }
}

void CheckMoney(const v1::Commitment& commitment, Violations* violations) {
  constexpr std::string_view kRemedy =
      "needs a currency code, an amount that is not negative, and whole micros";
  if (commitment.has_budget() && !MoneyOf(commitment.budget())) {
    violations->push_back({"commitment.budget", std::string(kRemedy)});
  }
  if (commitment.has_spent() && !MoneyOf(commitment.spent())) {
    violations->push_back({"commitment.spent", std::string(kRemedy)});
  }
  if (commitment.has_budget() && commitment.has_spent() &&
      commitment.budget().currency_code() != commitment.spent().currency_code()) {
    violations->push_back({"commitment.spent", "must be in the currency of the budget"});
  }
}

int IndexMax(PeriodUnit unit) {
  return unit == PeriodUnit::kMonth ? 12 : unit == PeriodUnit::kQuarter ? 4 : 1;
}

}  // namespace

Status Check(Violations violations) {
  if (violations.empty()) return {};
  return InvalidFields(std::move(violations));
}

void CheckRequestId(std::string_view request_id, Violations* violations) {
  if (!IsUuid(request_id)) {
    violations->push_back({"request_id", "required: a UUID, fresh for every new request"});
  }
}

void CheckOptionalId(std::string_view id, std::string_view field, Violations* violations) {
  if (!id.empty() && !IsValidId(id)) {
    violations->push_back(
        {std::string(field), "must be 1 to 128 bytes of UTF-8 without control characters"});
  }
}

Result<FiscalPeriod> ParsePeriod(const type::v1::FiscalPeriod& period, PeriodUnit default_unit,
                                 bool year_allowed, std::string_view field,
                                 const domain::GrowthFacts& facts) {
  const std::string name(field);
  const bool unit_given = period.unit() != type::v1::FiscalPeriod::UNIT_UNSPECIFIED;
  const PeriodUnit unit = unit_given ? static_cast<PeriodUnit>(period.unit()) : default_unit;
  if (period.unit() < 0 || period.unit() > 3 || (unit == PeriodUnit::kYear && !year_allowed)) {
    return InvalidField(name + ".unit", "must be a month or a quarter");
  }
  if (period.fiscal_year() == 0 && period.index() == 0) {
    return domain::LastCompletePeriod(facts, unit);
  }
  Violations violations;
  if (!unit_given) violations.push_back({name + ".unit", "required where a period is named"});
  if (period.fiscal_year() < 1900 || period.fiscal_year() > 2200) {
    violations.push_back({name + ".fiscal_year", "must be 1900 to 2200"});
  }
  if (period.index() < 1 || period.index() > IndexMax(unit)) {
    violations.push_back({name + ".index", fmt::format("must be 1 to {}", IndexMax(unit))});
  }
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  const FiscalPeriod parsed{unit, period.fiscal_year(), period.index()};
  if (!domain::IsComplete(facts, parsed)) {
    return InvalidField(
        name, fmt::format("{} is not over at as_of; the last complete one is {}", Format(parsed),
                          Format(domain::LastCompletePeriod(facts, unit))));
  }
  return parsed;
}

Result<int> ParseCount(int count, int standard, int max, std::string_view field) {
  if (count == 0) return standard;
  if (count < 0 || count > max) {
    return InvalidField(std::string(field),
                        fmt::format("must be 1 to {}, or 0 for {}", max, standard));
  }
  return count;
}

void CheckCommitment(const v1::Commitment& commitment, Violations* violations) {
  CheckOptionalId(commitment.id(), "commitment.id", violations);
  CheckText(commitment.display_name(), 255, "commitment.display_name", violations);
  CheckText(commitment.owner(), kOwnerBytesMax, "commitment.owner", violations);
  CheckText(commitment.metric(), 63, "commitment.metric", violations);
  if (commitment.level() < 0 || commitment.level() > v1::Commitment::LEVEL_RESULT) {
    violations->push_back({"commitment.level", "not a known level"});
  }
  if (commitment.target_count() < 1) {
    violations->push_back({"commitment.target_count", "must be at least 1"});
  }
  CheckDates(commitment, violations);
  CheckResult(commitment, violations);
  CheckMoney(commitment, violations);
}

domain::Promise ToPromise(const v1::Commitment& commitment) {
  const auto day = [](const type::v1::Date& date) {
    return DayOf(date).value_or(absl::CivilDay());
  };
  domain::Promise promise{.id = commitment.id(),
                          .owner = commitment.owner(),
                          .is_result_goal = commitment.level() == v1::Commitment::LEVEL_RESULT,
                          .days = {day(commitment.start_date()), day(commitment.end_date())},
                          .target_count = std::max<int64_t>(1, commitment.target_count()),
                          .has_hypothesis = !commitment.hypothesis().empty(),
                          .has_evidence = commitment.evidence_size() > 0,
                          .has_learning = !commitment.learning().empty()};
  if (commitment.has_budget()) promise.budget = MoneyOf(commitment.budget());
  if (commitment.has_spent()) promise.spent = MoneyOf(commitment.spent());
  if (commitment.has_result_count()) promise.result_count = commitment.result_count();
  if (commitment.has_result_date()) promise.result_day = day(commitment.result_date());
  if (commitment.has_next_target_count()) {
    promise.next_target_count = commitment.next_target_count();
  }
  return promise;
}

Result<v1::Commitment> Merge(const v1::Commitment& stored, const v1::Commitment& change,
                             const google::protobuf::FieldMask& mask) {
  const auto* descriptor = v1::Commitment::descriptor();
  const auto* reflection = v1::Commitment::GetReflection();
  const bool all = mask.paths_size() == 1 && mask.paths(0) == "*";
  std::vector<const FieldDescriptor*> fields;
  Violations violations;
  if (all) {
    for (int i = 0; i < descriptor->field_count(); ++i) fields.push_back(descriptor->field(i));
  } else if (mask.paths_size() == 0) {
    reflection->ListFields(change, &fields);
  } else {
    for (const std::string& path : mask.paths()) {
      const FieldDescriptor* field = descriptor->FindFieldByName(path);
      if (field == nullptr) {
        violations.push_back({"update_mask", fmt::format("\"{}\" is no field of a commitment; "
                                                         "name whole fields",
                                                         path)});
      } else {
        fields.push_back(field);
      }
    }
  }
  GTM_RETURN_IF_ERROR(Check(std::move(violations)));
  // Copy the fields that change into an empty message, then take them over whole.
  v1::Commitment merged = stored;
  v1::Commitment taken = change;
  std::vector<const FieldDescriptor*> swapped;
  for (const FieldDescriptor* field : fields) {
    const bool twice = std::find(swapped.begin(), swapped.end(), field) != swapped.end();
    if (!IsKept(*field) && !twice) swapped.push_back(field);
  }
  reflection->SwapFields(&merged, &taken, swapped);
  return merged;
}

std::vector<std::string> ChangedLockedFields(const v1::Commitment& a, const v1::Commitment& b) {
  std::vector<std::string> changed;
  const auto* descriptor = v1::Commitment::descriptor();
  for (const char* name : {"owner", "level", "start_date", "end_date", "metric", "target_count",
                           "budget", "hypothesis"}) {
    MessageDifferencer differencer;
    if (!differencer.CompareWithFields(a, b, {descriptor->FindFieldByName(name)},
                                       {descriptor->FindFieldByName(name)})) {
      changed.push_back(name);
    }
  }
  return changed;
}

}  // namespace gtm::growth::handler
