#include "services/gtm/cli/learn_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::AttributeEffect;
using targeting::v1::DefinitionSkill;
using targeting::v1::LeakyAttribute;
using targeting::v1::LearnTargetDefinitionResponse;
using type::v1::Estimate;

constexpr int kEffectBarWidth = 8;  // to either side
constexpr int kWonBarWidth = 20;
constexpr int kLevelsShown = 8;  // of an attribute, to people

std::string DayText(const google::protobuf::Timestamp& time) {
  return TimeText(time).substr(0, 10);
}

// "0.712 (0.655 to 0.769)".
std::string NumberText(const Estimate& estimate, int decimals = 3) {
  if (!estimate.has_value()) return "no data";
  return fmt::format("{} ({} to {})", Fixed(estimate.value(), decimals),
                     Fixed(estimate.low(), decimals), Fixed(estimate.high(), decimals));
}

std::string Signed(double number, int decimals) {
  return (number >= 0 ? "+" : "") + Fixed(number, decimals);
}

// To the right of the middle what speaks for winning, to the left what speaks against.
std::string SignedBar(double share) {
  const std::string bar = Bar(std::abs(share), kEffectBarWidth);
  if (share >= 0) return std::string(kEffectBarWidth, ' ') + "│" + bar;
  const auto full = static_cast<int>(std::lround(-share * kEffectBarWidth));
  std::string blocks;
  for (int i = 0; i < full; ++i) blocks += "█";
  return std::string(static_cast<size_t>(kEffectBarWidth - full), ' ') + blocks + "│";
}

std::string CasesText(const LearnTargetDefinitionResponse::Cases& cases) {
  if (cases.count() == 0) return "none";
  return fmt::format("{} opportunities, {} won ({}), began {} to {}", Thousands(cases.count()),
                     Thousands(cases.won_count()),
                     Percent(static_cast<double>(cases.won_count()) / cases.count()),
                     DayText(cases.first_start_time()), DayText(cases.last_start_time()));
}

std::vector<Cell> SkillRow(const std::string& name, const DefinitionSkill& skill) {
  return {name,
          NumberText(skill.auc()),
          NumberText(skill.log_loss()),
          NumberText(skill.log_loss_gain()),
          NumberText(skill.calibration_slope(), 2),
          NumberText(skill.top_lift(), 1)};
}

Table SkillTable(const LearnTargetDefinitionResponse& answer) {
  Table table{{{"on what was held back", "definition", Align::kLeft, true},
               {"AUC", "auc", Align::kLeft, false},
               {"log loss", "log_loss", Align::kLeft, false},
               {"better than the share won", "log_loss_gain", Align::kLeft, false},
               {"calibration slope", "calibration_slope", Align::kLeft, false},
               {"lift of the top tenth", "top_lift", Align::kLeft, false}},
              {}};
  table.rows.push_back(SkillRow("proposal", answer.skill()));
  if (!answer.has_agreed()) return table;
  table.rows.push_back(SkillRow("agreed: priority", answer.agreed().priority()));
  table.rows.push_back(SkillRow("agreed: fit alone", answer.agreed().fit()));
  table.rows.push_back({"proposal better by", NumberText(answer.agreed().auc_gain()),
                        NumberText(answer.agreed().log_loss_gain()), "", "", ""});
  return table;
}

std::string NameOf(const AttributeEffect& effect) {
  return effect.word().empty() ? effect.attribute()
                               : fmt::format("{} {}", effect.attribute(), effect.word());
}

// Levels that are shown: those that tell most, in their own order.
std::set<int> ShownLevels(const AttributeEffect& effect, int count_max) {
  std::vector<int> order(static_cast<size_t>(effect.levels_size()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return std::abs(effect.levels(a).log_odds().value()) >
           std::abs(effect.levels(b).log_odds().value());
  });
  if (order.size() > static_cast<size_t>(count_max)) order.resize(static_cast<size_t>(count_max));
  return {order.begin(), order.end()};
}

Table EffectsTable(const LearnTargetDefinitionResponse& answer, bool all) {
  Table table{{{"attribute", "attribute", Align::kLeft, true},
               {"level", "level", Align::kLeft, false},
               {"cases", "count", Align::kRight, false},
               {"won", "won_share", Align::kRight, false},
               {"log odds", "log_odds", Align::kRight, false},
               {"against │ for", "bar", Align::kLeft, false, Shown::kInTables},
               {"low", "log_odds_low", Align::kRight, false, Shown::kInCsv},
               {"high", "log_odds_high", Align::kRight, false, Shown::kInCsv},
               {"points", "points", Align::kRight, false}},
              {}};
  double largest = 1e-9;
  for (const AttributeEffect& effect : answer.effects()) {
    for (const auto& level : effect.levels()) {
      largest = std::max(largest, std::abs(level.log_odds().value()));
    }
  }
  for (const AttributeEffect& effect : answer.effects()) {
    const std::set<int> shown = ShownLevels(effect, all ? effect.levels_size() : kLevelsShown);
    bool first = true;
    for (const int i : shown) {
      const AttributeEffect::Level& level = effect.levels(i);
      const double won = static_cast<double>(level.won_count()) / level.count();
      const double value = level.log_odds().value();
      const bool sure = level.log_odds().low() > 0 || level.log_odds().high() < 0;
      const Tone tone = !sure ? Tone::kFaint : value > 0 ? Tone::kGood : Tone::kBad;
      table.rows.push_back({Cell(first ? NameOf(effect) : "", NameOf(effect)), level.label(),
                            Cell(Thousands(level.count()), std::to_string(level.count())),
                            Cell(Percent(won), fmt::format("{}", won)),
                            Cell(Signed(value, 2), fmt::format("{}", value), tone),
                            Cell(SignedBar(value / largest), tone),
                            EstimatePlain(level.log_odds(), Bound::kLow),
                            EstimatePlain(level.log_odds(), Bound::kHigh),
                            Cell(Fixed(level.points(), 1), fmt::format("{}", level.points()))});
      first = false;
    }
    const int more = effect.levels_size() - static_cast<int>(shown.size());
    if (more > 0) {
      table.rows.push_back({"", Cell(fmt::format("and {} more: -o json", more), Tone::kFaint), "",
                            "", "", "", "", "", ""});
    }
  }
  return table;
}

// Pairs and as many of their cells as people read, those that move most first.
Table PairsTable(const LearnTargetDefinitionResponse& answer) {
  Table table{{{"two attributes", "pair", Align::kLeft, true},
               {"levels", "levels", Align::kLeft, true},
               {"cases", "count", Align::kRight, false},
               {"won", "won", Align::kRight, false},
               {"log odds", "log_odds", Align::kRight, false},
               {"points", "points", Align::kRight, false}},
              {}};
  for (const auto& pair : answer.pairs()) {
    const auto name = [](const std::string& attribute, const std::string& word) {
      return word.empty() ? attribute : fmt::format("{} {}", attribute, word);
    };
    std::vector<const targeting::v1::PairEffect::Cell*> cells;
    for (const auto& cell : pair.cells()) cells.push_back(&cell);
    std::stable_sort(cells.begin(), cells.end(), [](const auto* a, const auto* b) {
      return std::abs(a->log_odds()) > std::abs(b->log_odds());
    });
    const size_t shown = std::min<size_t>(cells.size(), kLevelsShown);
    for (size_t i = 0; i < shown; ++i) {
      const auto& cell = *cells[i];
      const double won = static_cast<double>(cell.won_count()) / std::max(1, cell.count());
      table.rows.push_back(
          {i == 0 ? fmt::format("{} with {}", name(pair.first_attribute(), pair.first_word()),
                                name(pair.second_attribute(), pair.second_word()))
                  : "",
           cell.first_label().empty()
               ? "one is missing"
               : fmt::format("{} with {}", cell.first_label(), cell.second_label()),
           Thousands(cell.count()), Percent(won), Signed(cell.log_odds(), 2),
           Fixed(cell.points(), 1)});
    }
    if (cells.size() > shown) {
      table.rows.push_back(
          {"", Cell(fmt::format("and {} more: -o json", cells.size() - shown), Tone::kFaint), "",
           "", "", ""});
    }
  }
  return table;
}

Table BandsTable(const DefinitionSkill& skill) {
  Table table{{{"by the proposal", "band", Align::kLeft, false},
               {"cases", "count", Align::kRight, false},
               {"chance told", "mean_chance", Align::kRight, false},
               {"won", "won_share", Align::kLeft, true},
               {"", "bar", Align::kLeft, false},
               {"lift", "lift", Align::kRight, false}},
              {}};
  int place = 0;
  for (const DefinitionSkill::Band& band : skill.bands()) {
    ++place;
    table.rows.push_back({place == 1 ? std::string("highest") : std::to_string(place),
                          Thousands(band.count()), Percent(band.mean_chance()),
                          EstimateText(band.won_share(), true),
                          Bar(band.won_share().value(), kWonBarWidth),
                          band.has_lift() ? Fixed(band.lift(), 1) + "x" : ""});
  }
  return table;
}

void PrintLeaks(const LearnTargetDefinitionResponse& answer, Printer* printer) {
  if (answer.leaky_attributes().empty()) return;
  printer->Heading("ATTRIBUTES THAT MAY GIVE THE OUTCOME AWAY");
  for (const LeakyAttribute& leak : answer.leaky_attributes()) {
    printer->Paragraph(leak.left_out() ? "  left out: " : "  used:     ", leak.explanation());
  }
  printer->Blank();
}

void PrintChances(const LearnTargetDefinitionResponse& answer, Printer* printer) {
  if (answer.chances().empty()) return;
  std::string text;
  for (const auto& chance : answer.chances()) {
    if (chance.points() % 20 != 0) continue;
    text += fmt::format("{}{} points {}", text.empty() ? "" : ", ", chance.points(),
                        EstimateText(chance.chance(), true));
  }
  printer->Paragraph("  chance to win at ", text);
}

}  // namespace

void PrintLearnedDefinition(const LearnTargetDefinitionResponse& answer, Printer* printer) {
  if (!printer->is_table()) return printer->Main(EffectsTable(answer, true));
  printer->Paragraph("", answer.explanation());
  printer->Line("  learned from  " + CasesText(answer.learned_from()));
  printer->Line("  held back     " + CasesText(answer.held_back()));
  printer->Blank();
  if (answer.has_rate_change()) {
    printer->Paragraph("", answer.rate_change().explanation());
    printer->Blank();
  }
  PrintLeaks(answer, printer);
  if (answer.verdict() == LearnTargetDefinitionResponse::VERDICT_NOT_ENOUGH_DATA) {
    return printer->Line(ProvenanceText(answer.provenance()));
  }
  printer->Extra(SkillTable(answer));
  printer->Blank();
  if (!answer.effects().empty()) {
    printer->Heading("WHAT TELLS WON FROM LOST, BESIDE ALL ELSE");
    printer->Main(EffectsTable(answer, false));
    printer->Blank();
  }
  if (!answer.pairs().empty()) {
    printer->Heading(fmt::format("AND TWO OF THEM TOGETHER: LOG LOSS LOWER BY {}",
                                 NumberText(answer.pair_gain())));
    printer->Extra(PairsTable(answer));
    printer->Blank();
  }
  printer->Heading("TOLD AND CAME, ON WHAT WAS HELD BACK");
  printer->Extra(BandsTable(answer.skill()));
  PrintChances(answer, printer);
  if (answer.has_proposed_definition()) {
    const auto& draft = answer.proposed_definition();
    printer->Line(fmt::format("  a target from {} points of fit; priority: fit {}, engagement {}",
                              draft.target_min_fit_points(), draft.fit_priority_weight(),
                              draft.engagement_priority_weight()));
    printer->Line(
        "next: gtm definition learn --save draft.json; read it; gtm definition create --file "
        "draft.json");
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
