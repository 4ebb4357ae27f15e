#include "common/criteria/criteria_proto.h"

namespace gtm::criteria {
namespace {

Bands FromProto(const type::v1::Criterion::Bands& message) {
  Bands rule;
  for (const auto& band : message.bands()) {
    Band& out = rule.bands.emplace_back();
    if (band.has_min()) out.min = band.min();
    if (band.has_max()) out.max = band.max();
    out.share_bps = band.share_bps();
    out.label = band.label();
  }
  return rule;
}

Choices FromProto(const type::v1::Criterion::Choices& message) {
  Choices rule;
  for (const auto& choice : message.choices()) {
    rule.choices.push_back({choice.value(), choice.share_bps()});
  }
  rule.other_share_bps = message.other_share_bps();
  return rule;
}

TechnologyPair FromProto(const type::v1::Criterion::TechnologyPair& message) {
  return {message.favorable(),      message.alternative(),           message.favorable_share_bps(),
          message.both_share_bps(), message.alternative_share_bps(), message.neither_share_bps()};
}

Axis FromProto(const type::v1::Criterion::Grid::Axis& message) {
  return {{message.edges().begin(), message.edges().end()},
          {message.words().begin(), message.words().end()}};
}

Grid FromProto(const type::v1::Criterion::Grid& message) {
  return {message.second_attribute(),
          FromProto(message.first()),
          FromProto(message.second()),
          {message.shares_bps().begin(), message.shares_bps().end()}};
}

void Write(const std::monostate&, type::v1::Criterion*) {}

void Write(const Bands& rule, type::v1::Criterion* out) {
  out->mutable_bands();
  for (const Band& band : rule.bands) {
    auto* message = out->mutable_bands()->add_bands();
    if (band.min) message->set_min(*band.min);
    if (band.max) message->set_max(*band.max);
    message->set_share_bps(band.share_bps);
    message->set_label(band.label);
  }
}

void Write(const Choices& rule, type::v1::Criterion* out) {
  out->mutable_choices()->set_other_share_bps(rule.other_share_bps);
  for (const Choice& choice : rule.choices) {
    auto* message = out->mutable_choices()->add_choices();
    message->set_value(choice.value);
    message->set_share_bps(choice.share_bps);
  }
}

void Write(const TechnologyPair& rule, type::v1::Criterion* out) {
  auto* message = out->mutable_technology_pair();
  message->set_favorable(rule.favorable);
  message->set_alternative(rule.alternative);
  message->set_favorable_share_bps(rule.favorable_share_bps);
  message->set_both_share_bps(rule.both_share_bps);
  message->set_alternative_share_bps(rule.alternative_share_bps);
  message->set_neither_share_bps(rule.neither_share_bps);
}

void Write(const Axis& axis, type::v1::Criterion::Grid::Axis* out) {
  out->mutable_edges()->Add(axis.edges.begin(), axis.edges.end());
  for (const std::string& word : axis.words) out->add_words(word);
}

void Write(const Grid& rule, type::v1::Criterion* out) {
  auto* message = out->mutable_grid();
  message->set_second_attribute(rule.second_attribute);
  Write(rule.first, message->mutable_first());
  Write(rule.second, message->mutable_second());
  message->mutable_shares_bps()->Add(rule.shares_bps.begin(), rule.shares_bps.end());
}

}  // namespace

std::vector<Criterion> FromProto(
    const google::protobuf::RepeatedPtrField<type::v1::Criterion>& criteria) {
  std::vector<Criterion> out;
  out.reserve(criteria.size());
  for (const auto& message : criteria) {
    Criterion& criterion = out.emplace_back();
    criterion.id = message.id();
    criterion.display_name = message.display_name();
    criterion.attribute = message.attribute();
    criterion.weight = message.weight();
    if (message.has_bands()) criterion.rule = FromProto(message.bands());
    if (message.has_choices()) criterion.rule = FromProto(message.choices());
    if (message.has_technology_pair()) criterion.rule = FromProto(message.technology_pair());
    if (message.has_grid()) criterion.rule = FromProto(message.grid());
    if (message.has_missing_share_bps()) criterion.missing_share_bps = message.missing_share_bps();
  }
  return out;
}

type::v1::Criterion ToProto(const Criterion& criterion) {
  type::v1::Criterion out;
  out.set_id(criterion.id);
  out.set_display_name(criterion.display_name);
  out.set_attribute(criterion.attribute);
  out.set_weight(criterion.weight);
  if (criterion.missing_share_bps) out.set_missing_share_bps(*criterion.missing_share_bps);
  std::visit([&](const auto& rule) { Write(rule, &out); }, criterion.rule);
  return out;
}

void ToProto(const ExplainedScore& score, type::v1::Score* out) {
  out->set_micropoints(score.range.micropoints);
  out->set_low_micropoints(score.range.low_micropoints);
  out->set_high_micropoints(score.range.high_micropoints);
  out->set_known_weight_bps(score.range.known_weight_bps);
  for (const Part& part : score.parts) {
    auto* message = out->add_parts();
    message->set_criterion_id(part.criterion_id);
    message->set_micropoints(part.micropoints);
    message->set_max_micropoints(part.max_micropoints);
    message->set_known(part.known);
    message->set_observed(part.observed);
    message->set_matched(part.matched);
  }
}

type::v1::Score ToProto(const ExplainedScore& score) {
  type::v1::Score out;
  ToProto(score, &out);
  return out;
}

}  // namespace gtm::criteria
