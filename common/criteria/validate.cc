#include <cmath>
#include <set>

#include "common/criteria/criteria.h"
#include "common/criteria/text.h"
#include "fmt/format.h"

namespace gtm::criteria {
namespace {

using internal::Lower;

constexpr size_t kIdBytes = 63;
constexpr size_t kAttributeBytes = 127;
constexpr size_t kWordBytes = 255;

// Collects violations under one path.
class Collector {
 public:
  Collector(std::string path, std::vector<FieldViolation>* out)
      : path_(std::move(path)), out_(out) {}
  Collector At(std::string_view child) const { return {fmt::format("{}.{}", path_, child), out_}; }
  Collector At(std::string_view child, size_t index) const {
    return {fmt::format("{}.{}[{}]", path_, child, index), out_};
  }
  void Add(std::string_view child, std::string description) const {
    out_->push_back(
        {child.empty() ? path_ : fmt::format("{}.{}", path_, child), std::move(description)});
  }
  void CheckShare(std::string_view child, int32_t share_bps) const {
    if (share_bps < 0 || share_bps > kFullShareBps) {
      Add(child, fmt::format("{} is not a share; use 0 to 10,000 basis points", share_bps));
    }
  }
  void CheckText(std::string_view child, std::string_view text, size_t bytes_max,
                 bool required) const {
    if (required && text.empty()) Add(child, "required");
    if (text.size() > bytes_max) Add(child, fmt::format("longer than {} bytes", bytes_max));
  }

 private:
  std::string path_;
  std::vector<FieldViolation>* out_;
};

void CheckBand(const Band& band, const Band* before, const Collector& at) {
  at.CheckShare("share_bps", band.share_bps);
  at.CheckText("label", band.label, kIdBytes, false);
  if (band.min && !std::isfinite(*band.min)) at.Add("min", "not a finite number; leave it out");
  if (band.max && !std::isfinite(*band.max)) at.Add("max", "not a finite number; leave it out");
  if (band.min && band.max && !(*band.min < *band.max)) {
    at.Add("max", fmt::format("must be above min ({})", *band.min));
  }
  if (before == nullptr) return;
  if (!band.min) {
    at.Add("min", "required, except for the first band");
  } else if (!before->max) {
    at.Add("min", "the band before has no max, so that it covers this one; give it one");
  } else if (*band.min < *before->max) {
    at.Add("min", fmt::format("overlaps the band before, which ends at {}", *before->max));
  }
}

void CheckRule(const Bands& rule, const Collector& criterion) {
  const Collector at = criterion.At("bands");
  if (rule.bands.empty()) at.Add("bands", "required: at least one band");
  if (rule.bands.size() > kBandsMax) at.Add("bands", fmt::format("more than {}", kBandsMax));
  for (size_t i = 0; i < rule.bands.size(); ++i) {
    CheckBand(rule.bands[i], i > 0 ? &rule.bands[i - 1] : nullptr, at.At("bands", i));
  }
}

void CheckRule(const Choices& rule, const Collector& criterion) {
  const Collector at = criterion.At("choices");
  if (rule.choices.empty()) at.Add("choices", "required: at least one choice");
  if (rule.choices.size() > kChoicesMax) {
    at.Add("choices", fmt::format("more than {}", kChoicesMax));
  }
  at.CheckShare("other_share_bps", rule.other_share_bps);
  std::set<std::string> seen;
  for (size_t i = 0; i < rule.choices.size(); ++i) {
    const Collector choice = at.At("choices", i);
    choice.CheckText("value", rule.choices[i].value, kWordBytes, true);
    choice.CheckShare("share_bps", rule.choices[i].share_bps);
    if (!seen.insert(Lower(rule.choices[i].value)).second) {
      choice.Add("value", "listed before (the case of letters does not count)");
    }
  }
}

void CheckRule(const TechnologyPair& rule, const Collector& criterion) {
  const Collector at = criterion.At("technology_pair");
  at.CheckText("favorable", rule.favorable, kWordBytes, true);
  at.CheckText("alternative", rule.alternative, kWordBytes, true);
  if (!rule.favorable.empty() && Lower(rule.favorable) == Lower(rule.alternative)) {
    at.Add("alternative", "the same as favorable");
  }
  at.CheckShare("favorable_share_bps", rule.favorable_share_bps);
  at.CheckShare("both_share_bps", rule.both_share_bps);
  at.CheckShare("alternative_share_bps", rule.alternative_share_bps);
  at.CheckShare("neither_share_bps", rule.neither_share_bps);
}

void CheckAxis(const Axis& axis, const Collector& at) {
  if (axis.edges.empty() == axis.words.empty()) {
    at.Add("", "required: either edges, for a number, or words");
  }
  if (axis.level_count() > kAxisLevelsMax) {
    at.Add(axis.edges.empty() ? "words" : "edges", fmt::format("more than {}", kAxisLevelsMax - 1));
  }
  for (size_t i = 0; i < axis.edges.size(); ++i) {
    const std::string edge = fmt::format("edges[{}]", i);
    if (!std::isfinite(axis.edges[i])) {
      at.Add(edge, "not a finite number");
    } else if (i > 0 && !(axis.edges[i - 1] < axis.edges[i])) {
      at.Add(edge, fmt::format("must be above the edge before it ({})", axis.edges[i - 1]));
    }
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < axis.words.size(); ++i) {
    const std::string word = fmt::format("words[{}]", i);
    at.CheckText(word, axis.words[i], kWordBytes, true);
    if (!seen.insert(Lower(axis.words[i])).second) {
      at.Add(word, "listed before (the case of letters does not count)");
    }
  }
}

void CheckRule(const Grid& rule, const Collector& criterion) {
  const Collector at = criterion.At("grid");
  at.CheckText("second_attribute", rule.second_attribute, kAttributeBytes, true);
  CheckAxis(rule.first, at.At("first"));
  CheckAxis(rule.second, at.At("second"));
  const size_t cells = rule.first.level_count() * rule.second.level_count();
  if (rule.shares_bps.size() != cells) {
    at.Add("shares_bps",
           fmt::format("{} shares for {} times {} levels; give {}", rule.shares_bps.size(),
                       rule.first.level_count(), rule.second.level_count(), cells));
  }
  for (size_t i = 0; i < rule.shares_bps.size() && i < cells; ++i) {
    at.CheckShare(fmt::format("shares_bps[{}]", i), rule.shares_bps[i]);
  }
}

void CheckRule(const std::monostate&, const Collector& criterion) {
  criterion.Add("rule_kind", "required: bands, choices, technology_pair or grid");
}

}  // namespace

std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kNumber:
      return "number";
    case ValueType::kWord:
      return "word";
    case ValueType::kWords:
      return "list of words";
  }
  return "unknown";
}

std::vector<FieldViolation> Validate(std::span<const Criterion> criteria, std::string_view field) {
  std::vector<FieldViolation> violations;
  const std::string name(field);
  if (criteria.empty()) violations.push_back({name, "required: at least one criterion"});
  if (criteria.size() > kCriteriaMax) {
    violations.push_back({name, fmt::format("more than {} criteria", kCriteriaMax)});
  }
  std::set<std::string_view> ids;
  int64_t total_weight = 0;
  for (size_t i = 0; i < criteria.size(); ++i) {
    const Criterion& criterion = criteria[i];
    const Collector at(fmt::format("{}[{}]", field, i), &violations);
    at.CheckText("id", criterion.id, kIdBytes, true);
    if (!criterion.id.empty() && !ids.insert(criterion.id).second) {
      at.Add("id", fmt::format("\"{}\" is the id of a criterion before it", criterion.id));
    }
    at.CheckText("display_name", criterion.display_name, kIdBytes, false);
    at.CheckText("attribute", criterion.attribute, kAttributeBytes, true);
    if (criterion.weight < 0 || criterion.weight > kWeightMax) {
      at.Add("weight", fmt::format("{} is out of range; use 0 to 1,000,000", criterion.weight));
    } else {
      total_weight += criterion.weight;
    }
    if (criterion.missing_share_bps) {
      at.CheckShare("missing_share_bps", *criterion.missing_share_bps);
    }
    const auto* grid = std::get_if<Grid>(&criterion.rule);
    if (grid != nullptr && grid->second_attribute == criterion.attribute &&
        grid->first == grid->second) {
      at.Add("grid.second_attribute", "the same attribute and levels twice; give another");
    }
    std::visit([&](const auto& rule) { CheckRule(rule, at); }, criterion.rule);
  }
  if (!criteria.empty() && total_weight == 0) {
    violations.push_back({name, "all weights are 0; give at least one criterion a weight"});
  }
  return violations;
}

}  // namespace gtm::criteria
