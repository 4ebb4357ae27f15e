#include "services/targeting/handler/render_learning.h"

#include <algorithm>
#include <cmath>

#include "common/criteria/criteria_proto.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/handler/render.h"

namespace gtm::targeting::handler {
namespace {

using domain::ColumnEffect;
using domain::LearnedTarget;
using domain::LearnTargetVerdict;
using domain::Measured;
using domain::Skill;
using type::v1::Estimate;

constexpr int kChanceStepPoints = 10;

Estimate Render(const Measured& measured, const char* method, int64_t count) {
  const double errors = stats::NormalQuantile(0.5 + stats::kConfidence / 2);
  return stats::IntervalEstimate(measured.value, {measured.low(errors), measured.high(errors)},
                                 stats::kConfidence, method, count, true);
}

v1::LearnTargetDefinitionResponse::Cases Render(const domain::CaseRange& range,
                                                const domain::LearningCases& cases) {
  v1::LearnTargetDefinitionResponse::Cases out;
  out.set_count(static_cast<int32_t>(range.rows.size()));
  out.set_won_count(static_cast<int32_t>(range.won_count));
  if (range.rows.empty()) return out;
  domain::SetTime(cases.start_times[range.rows.front()], out.mutable_first_start_time());
  domain::SetTime(cases.start_times[range.rows.back()], out.mutable_last_start_time());
  return out;
}

void Render(const Skill& skill, v1::DefinitionSkill* out) {
  *out->mutable_auc() = Render(skill.auc, "delong", skill.count);
  *out->mutable_log_loss() = Render(skill.log_loss, "normal", skill.count);
  *out->mutable_log_loss_gain() = Render(skill.log_loss_gain, "normal", skill.count);
  *out->mutable_calibration_slope() = Render(skill.calibration_slope, "normal", skill.count);
  out->set_calibration_error(skill.calibration_error);
  *out->mutable_top_lift() = Render(skill.top_lift, "normal", skill.count);
  const double rate =
      skill.count > 0 ? static_cast<double>(skill.won_count) / static_cast<double>(skill.count) : 0;
  for (auto band = skill.bands.rbegin(); band != skill.bands.rend(); ++band) {
    auto* row = out->add_bands();
    row->set_count(static_cast<int32_t>(band->count));
    *row->mutable_won_share() = stats::RateEstimate(band->won_count, band->count);
    row->set_mean_chance(band->mean_chance);
    if (rate > 0 && band->count > 0) {
      row->set_lift(static_cast<double>(band->won_count) / static_cast<double>(band->count) / rate);
    }
  }
}

void Render(const LearnedTarget& learned, size_t column, v1::AttributeEffect* out) {
  const ColumnEffect& effect = learned.selection.card.columns[column];
  const domain::LearnColumn& values = learned.cases.table.columns[column];
  out->set_attribute(learned.cases.attributes[column].attribute);
  out->set_word(learned.cases.attributes[column].technology);
  out->set_range_log_odds(domain::EffectRange(effect));
  out->set_effective_parameters(effect.parameters);
  std::vector<int64_t> won(effect.rows.size(), 0);
  for (const uint32_t row : learned.learned_from.rows) {
    won[effect.bins.LevelOf(values, row)] += learned.cases.table.won[row];
  }
  for (size_t level = 0; level < effect.rows.size(); ++level) {
    if (effect.rows[level] == 0) continue;
    auto* row = out->add_levels();
    row->set_label(domain::LevelLabel(effect.bins, values, static_cast<uint16_t>(level)));
    row->set_count(static_cast<int32_t>(effect.rows[level]));
    row->set_won_count(static_cast<int32_t>(won[level]));
    *row->mutable_log_odds() = Render(Measured{effect.log_odds[level], effect.deviation[level]},
                                      "posterior", effect.rows[level]);
    row->set_points(learned.definition.points[column][level]);
  }
}

void RenderPair(const LearnedTarget& learned, size_t index, v1::PairEffect* out) {
  const domain::PairEffect& pair = learned.selection.card.pairs[index];
  const domain::LearnTable& table = learned.cases.table;
  const domain::LearnedAttribute& first = learned.cases.attributes[pair.first];
  const domain::LearnedAttribute& second = learned.cases.attributes[pair.second];
  out->set_first_attribute(first.attribute);
  out->set_first_word(first.technology);
  out->set_second_attribute(second.attribute);
  out->set_second_word(second.technology);
  out->set_range_log_odds(domain::EffectRange(pair));
  out->set_effective_parameters(pair.parameters);
  std::vector<int64_t> won(pair.rows.size(), 0);
  for (const uint32_t row : learned.learned_from.rows) {
    won[pair.CellOf(table, row)] += table.won[row];
  }
  const auto label = [&](const domain::ColumnBins& bins, uint16_t column, size_t level) {
    return domain::LevelLabel(bins, table.columns[column], static_cast<uint16_t>(level));
  };
  for (size_t cell = 0; cell < pair.rows.size(); ++cell) {
    if (pair.rows[cell] == 0) continue;
    auto* row = out->add_cells();
    if (cell != pair.missing_cell()) {
      const size_t across = pair.second_bins.value_level_count;
      row->set_first_label(label(pair.first_bins, pair.first, cell / across));
      row->set_second_label(label(pair.second_bins, pair.second, cell % across));
    }
    row->set_count(static_cast<int32_t>(pair.rows[cell]));
    row->set_won_count(static_cast<int32_t>(won[cell]));
    row->set_log_odds(pair.log_odds[cell]);
    row->set_points(learned.definition.pair_points[index][cell]);
  }
}

void RenderPairs(const LearnedTarget& learned, v1::LearnTargetDefinitionResponse* out) {
  const domain::Selection& selection = learned.selection;
  if (selection.pairs_tried) {
    *out->mutable_pair_gain() =
        Render(Measured{selection.pair_gain, selection.pair_gain_error}, "normal",
               static_cast<int64_t>(learned.learned_from.rows.size()));
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < selection.card.pairs.size(); ++i) {
    if (domain::IsWorthACriterion(selection.card.pairs[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return domain::EffectRange(selection.card.pairs[a]) >
           domain::EffectRange(selection.card.pairs[b]);
  });
  for (const size_t i : order) RenderPair(learned, i, out->add_pairs());
}

// Columns that are worth a criterion, the strongest first.
std::vector<size_t> Strongest(const LearnedTarget& learned) {
  std::vector<size_t> order;
  for (size_t c = 0; c < learned.selection.card.columns.size(); ++c) {
    if (domain::IsWorthACriterion(learned.selection.card.columns[c])) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return domain::EffectRange(learned.selection.card.columns[a]) >
           domain::EffectRange(learned.selection.card.columns[b]);
  });
  return order;
}

std::string NameOf(const LearnedTarget& learned, size_t column) {
  const domain::LearnedAttribute& attribute = learned.cases.attributes[column];
  return attribute.technology.empty() ? attribute.attribute
                                      : attribute.attribute + " (" + attribute.technology + ")";
}

// "0.712 (0.655 to 0.769)".
std::string IntervalText(const Measured& measured) {
  const double errors = stats::NormalQuantile(0.5 + stats::kConfidence / 2);
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", measured.value, measured.low(errors),
                     measured.high(errors));
}

std::string Explain(const LearnedTarget& learned) {
  const auto closed = learned.cases.start_times.size();
  if (learned.verdict == LearnTargetVerdict::kNotEnoughData) {
    const auto from = static_cast<int64_t>(learned.learned_from.rows.size());
    const auto back = static_cast<int64_t>(learned.held_back.rows.size());
    return fmt::format(
        "not enough data: of {} closed opportunities, {} won and {} lost ones can be learned from "
        "(at least {} each are needed) and {} won and {} lost ones are held back (at least {} "
        "each); record more history, or ask again when more have closed",
        closed, learned.learned_from.won_count, from - learned.learned_from.won_count,
        domain::kLearnEachMin, learned.held_back.won_count, back - learned.held_back.won_count,
        domain::kJudgeEachMin);
  }
  if (learned.verdict == LearnTargetVerdict::kNoSignal) {
    return fmt::format(
        "no signal: what was learned tells won from lost no better than chance on the {} "
        "opportunities held back, AUC {}; keep the agreed weights, and record attributes that "
        "buyers differ by",
        learned.held_back.rows.size(), IntervalText(learned.skill->auc));
  }
  const std::string said = fmt::format(
      "learned: on {} opportunities that it had not seen the proposal ranks a won one before a "
      "lost one with AUC {}; ",
      learned.held_back.rows.size(), IntervalText(learned.skill->auc));
  const auto& agreed = learned.agreed;
  if (agreed &&
      agreed->difference.auc.high(stats::NormalQuantile(0.5 + stats::kConfidence / 2)) < 0) {
    return said + "the agreed definition does so better: keep it, and read what the effects say";
  }
  return said + "read the draft, then create, propose and sign it";
}

std::string DraftText(const LearnedTarget& learned, const records_client::Question& question) {
  std::string strongest;
  for (const size_t column : Strongest(learned)) {
    if (!strongest.empty()) strongest += ", ";
    strongest += NameOf(learned, column);
  }
  const FiscalCalendar& calendar = question.view.settings().calendar;
  const auto day = [&](uint32_t row) {
    return absl::FormatCivilTime(calendar.DayOf(learned.cases.start_times[row]));
  };
  return fmt::format(
      "Accounts like those of the opportunities that were won. Learned from {} opportunities "
      "that began {} to {} ({} won), judged by the {} that began {} to {} ({} won): AUC {}. What "
      "counts, the strongest first: {}. A target is an account whose chance to be won is at "
      "least that of all. Past wins show where we sold, not where we could have: read every "
      "criterion before you sign.",
      learned.learned_from.rows.size(), day(learned.learned_from.rows.front()),
      day(learned.learned_from.rows.back()), learned.learned_from.won_count,
      learned.held_back.rows.size(), day(learned.held_back.rows.front()),
      day(learned.held_back.rows.back()), learned.held_back.won_count,
      IntervalText(learned.skill->auc), strongest);
}

std::string ChangeReason(const LearnedTarget& learned) {
  if (!learned.agreed) return "Learned from won and lost opportunities.";
  return fmt::format(
      "Learned from won and lost opportunities. On those held back the priority of the "
      "definition before has AUC {}, this one's {}; difference {}.",
      IntervalText(learned.agreed->priority.auc), IntervalText(learned.skill->auc),
      IntervalText(learned.agreed->difference.auc));
}

// What is not learned (people, buying roles, the market) stays as it was agreed.
void RenderDraft(const LearnedTarget& learned, const v1::TargetDefinition* agreed,
                 const records_client::Question& question, v1::TargetDefinition* out) {
  if (agreed != nullptr) {
    *out->mutable_person_criteria() = agreed->person_criteria();
    *out->mutable_buying_role_weights() = agreed->buying_role_weights();
    if (agreed->has_engagement_rule()) {
      *out->mutable_engagement_rule() = agreed->engagement_rule();
    }
    *out->mutable_terms() = agreed->terms();
    *out->mutable_rubric_questions() = agreed->rubric_questions();
    out->set_follow_up(agreed->follow_up());
    if (agreed->has_urgency_rules()) *out->mutable_urgency_rules() = agreed->urgency_rules();
    out->set_previous_definition_id(agreed->id());
    out->set_prospect_min_engagement_points(agreed->prospect_min_engagement_points());
    out->set_market_people_count(agreed->market_people_count());
    out->set_market_account_count(agreed->market_account_count());
  }
  const domain::DefinitionSpec& spec = learned.definition.spec;
  for (const auto& criterion : spec.account_criteria) {
    *out->add_account_criteria() = criteria::ToProto(criterion);
  }
  for (const auto& criterion : spec.engagement_criteria) {
    *out->add_engagement_criteria() = criteria::ToProto(criterion);
  }
  out->set_fit_priority_weight(spec.fit_priority_weight);
  out->set_engagement_priority_weight(spec.engagement_priority_weight);
  out->set_target_min_fit_points(spec.target_min_fit_points);
  out->set_display_name("Learned from won and lost");
  out->set_text(DraftText(learned, question));
  if (agreed != nullptr && agreed->urgency_priority_weight() > 0) {
    out->set_text(out->text() +
                  " Urgency has no weight in it: only fit and engagement are learned. Give it "
                  "urgency_priority_weight again if it shall count.");
  }
  out->set_change_reason(ChangeReason(learned));
}

// The chance whose log odds are so much more.
double ShiftChance(double chance, double log_odds) {
  return 1 / (1 + (1 - chance) / chance * std::exp(-log_odds));
}

void RenderChances(const stats::LogitScale& curve, int64_t count,
                   v1::LearnTargetDefinitionResponse* out) {
  const double errors = stats::NormalQuantile(0.5 + stats::kConfidence / 2);
  for (int points = 0; points <= 100; points += kChanceStepPoints) {
    auto* row = out->add_chances();
    row->set_points(points);
    const double reach = errors * curve.Deviation(points);
    *row->mutable_chance() = stats::IntervalEstimate(
        curve.Chance(points),
        {ShiftChance(curve.Chance(points), -reach), ShiftChance(curve.Chance(points), reach)},
        stats::kConfidence, "logistic", count, true);
  }
}

void RenderAgreed(const LearnedTarget& learned, const v1::TargetDefinition& agreed,
                  v1::LearnTargetDefinitionResponse::Comparison* out) {
  const domain::JudgedDefinition& judged = *learned.agreed;
  out->set_definition_id(agreed.id());
  out->set_version_number(agreed.version_number());
  Render(judged.priority, out->mutable_priority());
  Render(judged.fit, out->mutable_fit());
  const int64_t count = judged.priority.count;
  *out->mutable_auc_gain() = Render(judged.difference.auc, "delong", count);
  // The proposal's loss less the agreed one's, turned round.
  *out->mutable_log_loss_gain() =
      Render(Measured{-judged.difference.log_loss.value, judged.difference.log_loss.error},
             "normal", count);
}

}  // namespace

void Render(const LearnedTarget& learned, const v1::TargetDefinition* agreed,
            const records_client::Question& question, v1::LearnTargetDefinitionResponse* out) {
  out->set_verdict(static_cast<v1::LearnTargetDefinitionResponse::Verdict>(learned.verdict));
  out->set_explanation(Explain(learned));
  *out->mutable_learned_from() = Render(learned.learned_from, learned.cases);
  *out->mutable_held_back() = Render(learned.held_back, learned.cases);
  if (learned.verdict == LearnTargetVerdict::kNotEnoughData) return;
  for (const domain::AttributeLeak& leak : learned.leaks) {
    auto* row = out->add_leaky_attributes();
    row->set_attribute(leak.attribute);
    row->set_reason(static_cast<v1::LeakyAttribute::Reason>(leak.reason));
    row->set_explanation(leak.explanation);
    row->set_left_out(leak.refused);
  }
  if (learned.rate_change) {
    auto* change = out->mutable_rate_change();
    const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + learned.rate_change->first_day;
    domain::SetTime(question.view.settings().calendar.StartOf(day), change->mutable_change_time());
    change->set_before(learned.rate_change->before);
    change->set_after(learned.rate_change->after);
    change->set_p_value(learned.rate_change->p_value);
    change->set_explanation(learned.rate_change->Message());
  }
  Render(*learned.skill, out->mutable_skill());
  if (learned.agreed) RenderAgreed(learned, *agreed, out->mutable_agreed());
  for (const size_t column : Strongest(learned)) Render(learned, column, out->add_effects());
  RenderPairs(learned, out);
  if (learned.verdict != LearnTargetVerdict::kLearned) return;
  RenderChances(*learned.curve, static_cast<int64_t>(learned.held_back.rows.size()), out);
  RenderDraft(learned, agreed, question, out->mutable_proposed_definition());
}

}  // namespace gtm::targeting::handler
