#include "services/sponsorship/domain/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace gtm::sponsorship::domain {
namespace {

using criteria::Value;
using criteria::ValueType;

template <class Pairs>
auto Find(const Pairs& pairs, std::string_view key) {
  return std::find_if(pairs.begin(), pairs.end(), [&](const auto& p) { return p.first == key; });
}
template <class Pairs>
Value LabelOf(const Pairs& pairs, std::string_view key) {
  const auto found = Find(pairs, key);
  return found == pairs.end() ? Value() : Value::Word(found->second);
}
template <class Pairs>
Value NumberOf(const Pairs& pairs, std::string_view key) {
  const auto found = Find(pairs, key);
  return found == pairs.end() ? Value() : Value::Number(found->second);
}

struct Row {
  criteria::Attribute attribute;
  Value (*read)(const Candidate& c, std::string_view key);
};
using C = const Candidate&;
using K = std::string_view;

// By rising name. A value of the account is missing while the account is unknown.
constexpr auto kRows = std::to_array<Row>({
    {{"account.annual_revenue", ValueType::kNumber,
      "Revenue of the last fiscal year in units of the reporting currency"},
     [](C c, K) { return Value::Number(c.annual_revenue); }},
    {{"account.custom_label.*", ValueType::kWord, "The tenant's own word, by its key"},
     [](C c, K key) { return c.account ? LabelOf(c.account->custom_labels, key) : Value(); }},
    {{"account.custom_number.*", ValueType::kNumber, "The tenant's own number, by its key"},
     [](C c, K key) { return c.account ? NumberOf(c.account->custom_numbers, key) : Value(); }},
    {{"account.employee_count", ValueType::kNumber, "Employees"},
     [](C c, K) { return c.account ? Value::Number(c.account->employee_count) : Value(); }},
    {{"account.growth_capacity", ValueType::kNumber,
      "Near-term capacity for growth, 0 to 100 (SP-04)"},
     [](C c, K) { return c.account ? Value::Number(c.account->growth_capacity) : Value(); }},
    {{"account.industry", ValueType::kWord, "Industry"},
     [](C c, K) { return c.account ? Value::Word(c.account->industry) : Value(); }},
    {{"account.market_influence", ValueType::kNumber,
      "Influence of the account on its market, 0 to 100 (SP-04)"},
     [](C c, K) { return c.account ? Value::Number(c.account->market_influence) : Value(); }},
    {{"account.potential_lifetime_value", ValueType::kNumber,
      "Potential lifetime value in units of the reporting currency (SP-04)"},
     [](C c, K) { return Value::Number(c.lifetime_value); }},
    {{"account.region", ValueType::kWord, "Sales region"},
     [](C c, K) { return c.account ? Value::Word(c.account->region) : Value(); }},
    {{"account.segment", ValueType::kWord, "Segment"},
     [](C c, K) { return c.account ? Value::Word(c.account->segment) : Value(); }},
    {{"contact.commitment", ValueType::kNumber,
      "Interest in and commitment to us, 0 to 100 (SP-04)"},
     [](C c, K) { return Value::Number(c.contact.commitment); }},
    {{"contact.custom_label.*", ValueType::kWord, "The tenant's own word, by its key"},
     [](C c, K key) { return LabelOf(c.contact.custom_labels, key); }},
    {{"contact.custom_number.*", ValueType::kNumber, "The tenant's own number, by its key"},
     [](C c, K key) { return NumberOf(c.contact.custom_numbers, key); }},
    {{"contact.job_function", ValueType::kWord, "Function"},
     [](C c, K) { return Value::Word(c.contact.job_function); }},
    {{"contact.market_influence", ValueType::kNumber,
      "Influence of the person on the market, 0 to 100 (SP-04)"},
     [](C c, K) { return Value::Number(c.contact.market_influence); }},
    {{"contact.region", ValueType::kWord, "Region in which the person can be met"},
     [](C c, K) { return Value::Word(c.contact.region); }},
    {{"contact.seniority", ValueType::kNumber, "Level, 1 to 5"},
     [](C c, K) { return Value::Number(c.contact.seniority); }},
});

constexpr auto kAttributes = [] {
  std::array<criteria::Attribute, kRows.size()> attributes{};
  for (size_t i = 0; i < kRows.size(); ++i) attributes[i] = kRows[i].attribute;
  return attributes;
}();

class Ranges {
 public:
  explicit Ranges(std::string_view field) : field_(field) {}
  void Check(std::string_view path, int64_t value, int64_t min, int64_t max) {
    if (value >= min && value <= max) return;
    violations_.push_back(
        {fmt::format("{}.{}", field_, path), fmt::format("must be {} to {}", min, max)});
  }
  std::vector<FieldViolation> Take() { return std::move(violations_); }

 private:
  std::string_view field_;
  std::vector<FieldViolation> violations_;
};

std::vector<FieldViolation> CheckRanges(const ProgramSpec& spec, std::string_view field) {
  Ranges ranges(field);
  const AffinityWeights& a = spec.affinity;
  ranges.Check("affinity_weights.shared_interest_points", a.shared_interest, 0, 100);
  ranges.Check("affinity_weights.shared_interest_count_max", a.shared_interest_count_max, 0, 50);
  ranges.Check("affinity_weights.same_region_points", a.same_region, 0, 100);
  ranges.Check("affinity_weights.same_personality_points", a.same_personality, 0, 100);
  ranges.Check("affinity_weights.known_industry_points", a.known_industry, 0, 100);
  ranges.Check("affinity_weights.same_function_points", a.same_function, 0, 100);
  const SponseeEffort& e = spec.effort;
  ranges.Check("sponsee_effort.touch_week_minutes", e.touch_week_minutes, 0, 2400);
  ranges.Check("sponsee_effort.brief_week_minutes", e.brief_week_minutes, 0, 2400);
  ranges.Check("sponsee_effort.travel_week_minutes", e.travel_week_minutes, 0, 2400);
  ranges.Check("keep_bonus_points", spec.keep_bonus_points, 0, 1000);
  ranges.Check("qualifying_score_points", spec.qualifying_score_points, 0, 100);
  ranges.Check("known_weight_bps_min", spec.known_weight_bps_min, 0, 10000);
  return ranges.Take();
}

}  // namespace

std::span<const criteria::Attribute> CandidateAttributes() { return kAttributes; }

std::vector<FieldViolation> Validate(const ProgramSpec& spec, std::string_view field) {
  const std::string criteria_field = fmt::format("{}.criteria", field);
  std::vector<FieldViolation> violations = criteria::Validate(spec.criteria, criteria_field);
  const auto add = [&](std::vector<FieldViolation> more) {
    violations.insert(violations.end(), more.begin(), more.end());
  };
  add(criteria::CheckAttributes(spec.criteria, CandidateAttributes(), criteria_field));
  add(CheckRanges(spec, field));
  if (spec.effort.week_minutes() == 0) {
    violations.push_back({fmt::format("{}.sponsee_effort", field),
                          "required: minutes a week that one sponsee takes, at least 1 in all"});
  }
  return violations;
}

Program::Program(ProgramSpec spec, criteria::Evaluator evaluator)
    : spec_(std::move(spec)), evaluator_(std::move(evaluator)) {
  for (const std::string_view input : criteria::InputsOf(spec_.criteria)) {
    const criteria::Attribute* attribute = criteria::FindAttribute(CandidateAttributes(), input);
    assert(attribute != nullptr && "Validate has seen it");
    const size_t row = static_cast<size_t>(attribute - kAttributes.data());
    const size_t stem = attribute->name.size() - 1;
    const bool custom = attribute->name.ends_with('*');
    readers_.push_back({kRows[row].read, custom ? std::string(input.substr(stem)) : ""});
  }
}

Result<Program> Program::Make(ProgramSpec spec, std::string_view field) {
  std::vector<FieldViolation> violations = Validate(spec, field);
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (spec.affinity.shared_interest_count_max == 0) spec.affinity.shared_interest_count_max = 3;
  GTM_ASSIGN_OR_RETURN(criteria::Evaluator evaluator,
                       criteria::Evaluator::Compile(spec.criteria, field));
  return Program(std::move(spec), std::move(evaluator));
}

std::vector<Value> Program::Read(const Candidate& candidate) const {
  std::vector<Value> values;
  values.reserve(readers_.size());
  for (const Reader& reader : readers_) values.push_back(reader.read(candidate, reader.key));
  return values;
}

criteria::ScoreRange Program::Score(const Candidate& candidate) const {
  return evaluator_.Evaluate(Read(candidate));
}

criteria::ExplainedScore Program::Explain(const Candidate& candidate) const {
  return evaluator_.Explain(Read(candidate));
}

}  // namespace gtm::sponsorship::domain
