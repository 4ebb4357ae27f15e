// The test of TG-26 with fixed content as the text that people see.

#include "services/gtm/cli/engagement_view.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"

namespace gtm::cli {
namespace {

using targeting::v1::DiagnoseEngagementResponse;
using testing::HasSubstr;

DiagnoseEngagementResponse Diagnosis() {
  DiagnoseEngagementResponse answer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        conclusion: CONCLUSION_OPEN
        questions {
          kind: KIND_TARGET
          answer: ANSWER_OPEN
          need: NEED_EXPERIMENT
          needed: "run an experiment"
        }
        questions {
          kind: KIND_OFFER
          answer: ANSWER_NO
          need: NEED_USE_BETTER_ARM
          better_arms: "offer=b"
          needed: "use offer=b"
        }
        questions {
          kind: KIND_TIME
          answer: ANSWER_OPEN
          need: NEED_MORE_ACCOUNTS
          needed: "go on with timing: about 340 more accounts an arm"
        }
        questions {
          kind: KIND_CONTENT
          answer: ANSWER_YES
          need: NEED_NOTHING
          needed: "nothing tried is better than what is in use"
        }
        questions {
          kind: KIND_DECISION
          answer: ANSWER_OPEN
          need: NEED_RESUME
          needed: "form stopped before it was decided: go on with it"
        }
        engagement: ENGAGEMENT_LOW
        best_arm: "offer=b"
        best_rate { value: 0.02 low: 0.012 high: 0.033 }
        low_rate_bps: 500
        provenance {
          as_of { seconds: 1787270400 }
          revision: "1:7"
          rules_version: "target_definition d version 1"
        }
      )pb",
      &answer));
  return answer;
}

std::string Printed(const DiagnoseEngagementResponse& answer,
                    OutputFormat format = OutputFormat::kTable) {
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.err = &out;
  Printer printer(console, format);
  PrintEngagementDiagnosis(answer, &printer);
  return out.str();
}

TEST(EngagementView, TellsEachQuestionAndWhatWouldAnswerIt) {
  test::ExpectGolden("services/gtm/cli/golden/engagement_diagnosis.txt", Printed(Diagnosis()));
  EXPECT_THAT(Printed(Diagnosis(), OutputFormat::kCsv),
              HasSubstr("offer,no,use better arm,use offer=b"));
}

TEST(EngagementView, HasWordsForEveryConclusion) {
  DiagnoseEngagementResponse answer = Diagnosis();
  const std::pair<DiagnoseEngagementResponse::Conclusion, const char*> conclusions[] = {
      {DiagnoseEngagementResponse::CONCLUSION_ENGAGED, "There is engagement"},
      {DiagnoseEngagementResponse::CONCLUSION_USE_WHAT_IS_BETTER, "not in use"},
      {DiagnoseEngagementResponse::CONCLUSION_OPEN, "a question is open"},
      {DiagnoseEngagementResponse::CONCLUSION_NOT_SURE, "is not sure"},
      {DiagnoseEngagementResponse::CONCLUSION_FIT_DIFFERENTIATION_OR_TARGETING,
       "product-market fit, differentiation or targeting"}};
  for (const auto& [conclusion, words] : conclusions) {
    answer.set_conclusion(conclusion);
    EXPECT_THAT(Printed(answer), HasSubstr(words));
  }
  const std::pair<DiagnoseEngagementResponse::Engagement, const char*> engagements[] = {
      {DiagnoseEngagementResponse::ENGAGEMENT_NO_DATA, "not known"},
      {DiagnoseEngagementResponse::ENGAGEMENT_NOT_SURE, "not sure whether"},
      {DiagnoseEngagementResponse::ENGAGEMENT_PRESENT, "surely at least 5"}};
  for (const auto& [engagement, words] : engagements) {
    answer.set_engagement(engagement);
    EXPECT_THAT(Printed(answer), HasSubstr(words));
  }
}

}  // namespace
}  // namespace gtm::cli
