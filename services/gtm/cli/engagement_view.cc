#include "services/gtm/cli/engagement_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::DiagnoseEngagementResponse;
using targeting::v1::EngagementQuestion;

const char* QuestionText(EngagementQuestion::Kind kind) {
  switch (kind) {
    case EngagementQuestion::KIND_TARGET:
      return "right target?";
    case EngagementQuestion::KIND_OFFER:
      return "right offer?";
    case EngagementQuestion::KIND_TIME:
      return "right time?";
    case EngagementQuestion::KIND_CONTENT:
      return "compelling content?";
    case EngagementQuestion::KIND_DECISION:
      return "helps the decision?";
    default:
      return "";
  }
}

Cell AnswerCell(EngagementQuestion::Answer answer) {
  const std::string raw = EnumText(EngagementQuestion::Answer_Name(answer), "ANSWER_");
  switch (answer) {
    case EngagementQuestion::ANSWER_YES:
      return {"yes", raw, Tone::kGood};
    case EngagementQuestion::ANSWER_NO:
      return {"no", raw, Tone::kBad};
    default:
      return {"open", raw, Tone::kWarn};
  }
}

std::string ConclusionText(DiagnoseEngagementResponse::Conclusion conclusion) {
  switch (conclusion) {
    case DiagnoseEngagementResponse::CONCLUSION_ENGAGED:
      return "There is engagement: target, offer, time and content need no further test for that.";
    case DiagnoseEngagementResponse::CONCLUSION_USE_WHAT_IS_BETTER:
      return "Something better is known and not in use. Use it, then ask again.";
    case DiagnoseEngagementResponse::CONCLUSION_OPEN:
      return "Nothing can be concluded yet: a question is open.";
    case DiagnoseEngagementResponse::CONCLUSION_NOT_SURE:
      return "All yes; whether there is engagement is not sure. More accounts will tell.";
    case DiagnoseEngagementResponse::CONCLUSION_FIT_DIFFERENTIATION_OR_TARGETING:
      return "All yes and no engagement: product-market fit, differentiation or targeting is the "
             "problem; no other offer, form or time will help. `gtm handover diagnose` says "
             "whether the target is wrong, reasons and competitors of lost deals tell the other "
             "two apart.";
    default:
      return "";
  }
}

std::string EngagementText(const DiagnoseEngagementResponse& answer) {
  const std::string line = BpsPercent(answer.low_rate_bps());
  const std::string best = fmt::format("of {}, the best arm, {} act", answer.best_arm(),
                                       EstimateText(answer.best_rate(), true));
  switch (answer.engagement()) {
    case DiagnoseEngagementResponse::ENGAGEMENT_LOW:
      return fmt::format("none to speak of, in every arm surely fewer than {}; {}", line, best);
    case DiagnoseEngagementResponse::ENGAGEMENT_NOT_SURE:
      return fmt::format("not sure whether at least {}; {}", line, best);
    case DiagnoseEngagementResponse::ENGAGEMENT_PRESENT:
      return fmt::format("there is, in some arm surely at least {}; {}", line, best);
    default:
      return "not known: no account of an experiment has had its time yet";
  }
}

}  // namespace

void PrintEngagementDiagnosis(const DiagnoseEngagementResponse& answer, Printer* printer) {
  printer->Heading("The test of engagement (TG-26)");
  printer->Blank();
  Table table{{{"question", "question", Align::kLeft, true},
               {"answer", "answer", Align::kLeft, false},
               {"", "need", Align::kLeft, false, Shown::kInCsv},
               {"what would answer it, or what to do", "needed", Align::kLeft, true}},
              {}};
  for (const EngagementQuestion& question : answer.questions()) {
    table.rows.push_back({Cell(QuestionText(question.kind()),
                               EnumText(EngagementQuestion::Kind_Name(question.kind()), "KIND_")),
                          AnswerCell(question.answer()),
                          EnumText(EngagementQuestion::Need_Name(question.need()), "NEED_"),
                          question.needed()});
  }
  printer->Main(table);
  printer->Blank();
  printer->Paragraph("engagement: ", EngagementText(answer));
  printer->Paragraph("", ConclusionText(answer.conclusion()));
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
