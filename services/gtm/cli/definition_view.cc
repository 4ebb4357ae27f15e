#include "services/gtm/cli/definition_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetDefinition;
using type::v1::Criterion;

std::string ShareText(int32_t bps) {
  return bps % 100 == 0 ? fmt::format("{} %", bps / 100) : BpsPercent(bps);
}

std::string BandText(const Criterion::Band& band) {
  if (!band.label().empty()) return band.label();
  if (band.has_min() && band.has_max()) return fmt::format("{} to {}", band.min(), band.max());
  if (band.has_min()) return fmt::format("{} and more", band.min());
  return band.has_max() ? fmt::format("below {}", band.max()) : "any";
}

std::string LevelText(const Criterion::Grid::Axis& axis, int level) {
  if (axis.edges().empty()) return level < axis.words_size() ? axis.words(level) : "other";
  if (level == 0) return fmt::format("below {}", axis.edges(0));
  if (level == axis.edges_size()) return fmt::format("{} and more", axis.edges(level - 1));
  return fmt::format("{} to {}", axis.edges(level - 1), axis.edges(level));
}

// What earns how much: "mid-market 80 %, enterprise 100 %".
std::vector<std::string> OutcomesOf(const Criterion& criterion) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& what, int32_t bps) {
    out.push_back(fmt::format("{} {}", what, ShareText(bps)));
  };
  for (const auto& band : criterion.bands().bands()) add(BandText(band), band.share_bps());
  for (const auto& choice : criterion.choices().choices()) {
    add(choice.value(), choice.share_bps());
  }
  if (criterion.has_choices()) add("other", criterion.choices().other_share_bps());
  if (criterion.has_technology_pair()) {
    const auto& pair = criterion.technology_pair();
    add(pair.favorable(), pair.favorable_share_bps());
    add("both", pair.both_share_bps());
    add(pair.alternative(), pair.alternative_share_bps());
    add("neither", pair.neither_share_bps());
  }
  if (criterion.has_grid()) {
    const auto& grid = criterion.grid();
    const int across = std::max(grid.second().edges_size(), grid.second().words_size()) + 1;
    for (int i = 0; i < grid.shares_bps_size(); ++i) {
      add(LevelText(grid.first(), i / across) + " with " + LevelText(grid.second(), i % across),
          grid.shares_bps(i));
    }
  }
  if (criterion.has_missing_share_bps()) add("not known", criterion.missing_share_bps());
  return out;
}

void AddCriteria(const std::string& of,
                 const google::protobuf::RepeatedPtrField<Criterion>& criteria, Table* table) {
  int64_t total = 0;
  for (const Criterion& criterion : criteria) total += criterion.weight();
  for (const Criterion& criterion : criteria) {
    const std::string reads = criterion.has_grid() ? criterion.attribute() + " with " +
                                                         criterion.grid().second_attribute()
                                                   : criterion.attribute();
    const double points = total == 0 ? 0 : 100.0 * criterion.weight() / static_cast<double>(total);
    table->rows.push_back({of, criterion.id(), reads,
                           Cell(Fixed(points, 1), std::to_string(criterion.weight())),
                           fmt::format("{}", fmt::join(OutcomesOf(criterion), ", "))});
  }
}

}  // namespace

void PrintDefinitionText(const TargetDefinition& definition,
                         const targeting::v1::DefinitionReview* review, Printer* printer) {
  std::string heading = definition.id();
  if (!definition.display_name().empty()) heading += " (" + definition.display_name() + ")";
  heading += ", " + EnumText(TargetDefinition::State_Name(definition.state()), "STATE_");
  if (definition.version_number() > 0) {
    heading += fmt::format(", version {}", definition.version_number());
  }
  if (definition.has_activate_time()) {
    heading += ", in force since " + TimeText(definition.activate_time());
  }
  printer->Heading(heading);
  printer->Paragraph("", definition.text());
  for (const auto& term : definition.terms()) {
    printer->Paragraph(fmt::format("  {}: ", term.name()), term.meaning());
  }
  if (!definition.change_reason().empty()) {
    printer->Paragraph("why: ", definition.change_reason());
  }
  printer->Blank();
  Table table{{{"of", "of", Align::kLeft, false},
               {"criterion", "criterion_id", Align::kLeft, false},
               {"reads", "attribute", Align::kLeft, false},
               {"points", "weight", Align::kRight, false},
               {"and of these", "outcomes", Align::kLeft, true}},
              {}};
  AddCriteria("fit", definition.account_criteria(), &table);
  AddCriteria("engagement", definition.engagement_criteria(), &table);
  AddCriteria("people", definition.person_criteria(), &table);
  printer->Main(table);
  printer->Line(fmt::format("a target from {} points of fit, a prospect from {} of engagement",
                            definition.target_min_fit_points(),
                            definition.prospect_min_engagement_points()));
  std::string roles;
  for (const auto& weight : definition.buying_role_weights()) {
    roles += fmt::format("{}{} {}", roles.empty() ? "" : ", ",
                         EnumText(crm::v1::BuyingRole_Name(weight.role()), "BUYING_ROLE_"),
                         ShareText(weight.factor_bps()));
  }
  if (!roles.empty()) printer->Paragraph("buying roles count: ", roles);
  for (const std::string& question : definition.rubric_questions()) {
    printer->Paragraph("rubric: ", question);
  }
  if (!definition.follow_up().empty()) {
    printer->Paragraph("follow-up: ", definition.follow_up());
  }
  for (const auto& sign_off : definition.sign_offs()) {
    printer->Line(fmt::format(
        "signed for {} by {}, {}",
        EnumText(targeting::v1::SigningFunction_Name(sign_off.function()), "SIGNING_FUNCTION_"),
        sign_off.signer(), TimeText(sign_off.sign_time())));
  }
  if (review == nullptr) return;
  printer->Line(fmt::format("{} days in force; review due {}", review->age_days(),
                            TimeText(review->due_time())));
  for (const std::string& warning : review->warnings()) printer->Paragraph("! ", warning);
}

}  // namespace gtm::cli
