#include "services/gtm/cli/definition_view.h"

#include <fmt/format.h>

#include "common/criteria/criteria_proto.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetDefinition;

std::string ShareText(int32_t bps) {
  return bps % 100 == 0 ? fmt::format("{} %", bps / 100) : BpsPercent(bps);
}

// What earns how many points: "mid-market 20.0, enterprise 25.0". As an explanation words it.
std::string OutcomesText(const criteria::Evaluator& evaluator, size_t criterion) {
  std::vector<std::string> out;
  for (uint32_t o = 0; o < evaluator.outcome_count(criterion); ++o) {
    const std::string& label = evaluator.matched(criterion, o);
    const int64_t points = evaluator.micropoints(criterion, o);
    if (label == "no band" && points == 0) continue;  // bands that leave nothing out
    out.push_back(label + " " + Points(points));
  }
  if (evaluator.criteria()[criterion].missing_share_bps) {
    out.push_back("not known " + Points(evaluator.missing_micropoints(criterion)));
  }
  return fmt::format("{}", fmt::join(out, ", "));
}

void AddCriteria(const std::string& of,
                 const google::protobuf::RepeatedPtrField<type::v1::Criterion>& criteria,
                 Table* table) {
  // A draft may not be complete: then it has no points yet.
  const auto compiled = criteria::Evaluator::Compile(criteria::FromProto(criteria), of);
  for (int i = 0; i < criteria.size(); ++i) {
    const type::v1::Criterion& criterion = criteria[i];
    const std::string reads = criterion.has_grid() ? criterion.attribute() + " with " +
                                                         criterion.grid().second_attribute()
                                                   : criterion.attribute();
    const auto at = static_cast<size_t>(i);
    table->rows.push_back({of, criterion.id(), reads,
                           Cell(compiled.ok() ? Points(compiled->max_micropoints(at)) : "",
                                std::to_string(criterion.weight())),
                           compiled.ok() ? OutcomesText(*compiled, at) : "not complete"});
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
               {"of these", "outcomes", Align::kLeft, true}},
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
