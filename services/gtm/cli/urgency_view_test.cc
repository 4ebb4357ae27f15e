// Answers about urgency and enablement with fixed content, as the text that people see.

#include "services/gtm/cli/urgency_view.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"
#include "services/gtm/cli/buying_view.h"
#include "services/gtm/cli/enablement_view.h"

namespace gtm::cli {
namespace {

using testing::HasSubstr;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// Captures what a view prints.
class Capture {
 public:
  explicit Capture(OutputFormat format = OutputFormat::kTable) : format_(format) {}
  Printer printer() {
    Console console;
    console.out = &out_;
    console.err = &out_;
    return Printer(console, format_);
  }
  std::string text() const { return out_.str(); }

 private:
  OutputFormat format_;
  std::ostringstream out_;
};

TEST(UrgencyView, ShowsTriggersQuestionsAndConditions) {
  const auto answer = Parse<targeting::v1::GetUrgencyResponse>(R"pb(
    account_id: "acme"
    urgency {
      micropoints: 45000000
      low_micropoints: 45000000
      high_micropoints: 67000000
      parts { criterion_id: "t1" micropoints: 45000000 max_micropoints: 90000000 known: true }
      parts { criterion_id: "t2" max_micropoints: 40000000 }
      parts { criterion_id: "t3" max_micropoints: 60000000 known: true }
    }
    state: URGENCY_STATE_ACTIVE
    triggers {
      trigger_event_id: "t1"
      type: TYPE_MANDATE
      start_time { seconds: 1767225600 }
      deadline_date { year: 2026 month: 12 day: 31 }
      verdict: TRIGGER_VERDICT_ACTIVE
      reason: TRIGGER_REASON_TEST_PASSED
    }
    triggers {
      trigger_event_id: "t2"
      type: TYPE_PERSONAL_DRIVE
      start_time { seconds: 1769904000 }
      verdict: TRIGGER_VERDICT_UNDECIDED
      reason: TRIGGER_REASON_NOT_ASKED
      questions: URGENCY_QUESTION_AUTHORITY
    }
    triggers {
      type: TYPE_AUTHORITY_SHIFT
      phase: PHASE_SETTLED
      start_time { seconds: 1735689600 }
      verdict: TRIGGER_VERDICT_EXPIRED
      reason: TRIGGER_REASON_FADED
    }
    why_now_asked: true
    opportunities {
      opportunity_id: "o1"
      conditions { kind: KIND_BUDGET met: true }
      conditions { kind: KIND_AUTHORITY met: true from_trigger: true }
      conditions { kind: KIND_CONFIDENCE }
      conditions { kind: KIND_CONSENSUS met: false }
      conditions { kind: KIND_URGENT_NEED met: true from_trigger: true }
      met_count: 3
      questions: URGENCY_QUESTION_CONFIDENCE
    }
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "urgency 1"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintUrgency(answer, "Acme Works", &printer);
  test::ExpectGolden("services/gtm/cli/golden/urgency.txt", capture.text());
}

targeting::v1::ListSimmeringResponse ASimmering() {
  return Parse<targeting::v1::ListSimmeringResponse>(R"pb(
    accounts {
      account_id: "a1"
      wake_up_rule {
        kind: KIND_ASK_WHY_NOW
        due_date { year: 2026 month: 6 day: 30 }
      }
      due: true
      state: URGENCY_STATE_ASK
      questions: URGENCY_QUESTION_WHY_NOW
      high_micropoints: 90000000
    }
    accounts {
      account_id: "a2"
      wake_up_rule {
        kind: KIND_MERGER_SETTLES
        due_date { year: 2026 month: 9 day: 1 }
        trigger_event_id: "t"
      }
      state: URGENCY_STATE_SIMMER
      reason: TRIGGER_REASON_MERGER_OPEN
      questions: URGENCY_QUESTION_MERGER_SETTLED
      open_opportunity_count: 2
    }
    total_count: 2
    due_count: 1
    overdue_count: 1
    active_count: 5
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "urgency 1"
    }
  )pb");
}

TEST(SimmerView, ShowsWhatWakesEachAccount) {
  Capture capture;
  Printer printer = capture.printer();
  PrintSimmering(ASimmering(), {{"a1", "Acme Works"}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/simmer.txt", capture.text());
}

TEST(SimmerView, WritesCsvWithoutRemarks) {
  Capture capture(OutputFormat::kCsv);
  Printer printer = capture.printer();
  PrintSimmering(ASimmering(), {}, &printer);
  EXPECT_THAT(capture.text(), HasSubstr("a2,,2026-09-01,false,simmer,merger settles,merger open,"
                                        "has the merger settled?,2,0,\n"));
}

TEST(TriggerStatisticsView, ShowsSegments) {
  const std::string segment = R"pb(
    account_count: 40
    types { type: TYPE_AUTHORITY_SHIFT event_count: 3 }
    types { type: TYPE_MANDATE event_count: 20 false_count: 2 }
    types { type: TYPE_PERSONAL_DRIVE event_count: 1 }
    win_rate_with {
      value: 0.75
      low: 0.53
      high: 0.89
      sample_count: 20
      sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA
    }
    win_rate_without {
      value: 0.2
      low: 0.18
      high: 0.22
      sample_count: 900
      sufficiency: SUFFICIENCY_ENOUGH
    }
    difference { value: 0.55 low: 0.32 high: 0.7 sufficiency: SUFFICIENCY_ENOUGH }
    effect: TRIGGER_EFFECT_MORE_WINS
  )pb";
  const auto answer = Parse<targeting::v1::GetTriggerStatisticsResponse>(
      "all { " + segment + " } segments { segment: \"banking\" " + segment +
      " } days { start_date { year: 2024 month: 7 day: 1 } end_date { year: 2026 month: 7 day: 1 } "
      "}"
      "subtypes { type: TYPE_MANDATE subtype: \"audit finding\" event_count: 12 false_count: 2 "
      "  win_rate { value: 0.75 low: 0.53 high: 0.89 sample_count: 20 "
      "  sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA } }"
      "subtypes { type: TYPE_AUTHORITY_SHIFT event_count: 3 }"
      "interview_answers { question: \"made_it_a_priority\" answer: \"Audit finding\" "
      "  customer_count: 5 lost_count: 1 subtype_known: true }"
      "interview_answers { question: \"outranked_by\" answer: \"Hiring freeze\" lost_count: 4 "
      "  other_count: 1 } interview_count: 31");
  Capture capture;
  Printer printer = capture.printer();
  PrintTriggerStatistics(answer, &printer);
  test::ExpectGolden("services/gtm/cli/golden/trigger_statistics.txt", capture.text());
}

// D4 as it is shown.
TEST(MeetingYieldView, ShowsTheMarginalYieldOfD4) {
  const auto answer = Parse<targeting::v1::GetMeetingYieldResponse>(R"pb(
    sellers {
      seller_id: "B"
      meeting_count: 47
      opportunity_count: 35
      average_yield {
        value: 0.7447
        low: 0.6050
        high: 0.8475
        sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA
      }
      advice: MEETING_ADVICE_NOT_ENOUGH_DATA
      week_meetings: 0.9
    }
    sellers {
      seller_id: "A"
      meeting_count: 81
      opportunity_count: 37
      average_yield {
        value: 0.4568
        low: 0.3528
        high: 0.5647
        sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA
      }
      compared_seller_count: 1
      extra_meetings: 34
      extra_opportunities: 2
      marginal_yield { value: 0.0588 low: -0.26 high: 0.38 sufficiency: SUFFICIENCY_ENOUGH }
      advice: MEETING_ADVICE_DISQUALIFY_EARLIER
      avoidable_meeting_count: 31
      week_meetings: 1.6
    }
    average_yield { value: 0.5625 low: 0.476 high: 0.645 sufficiency: SUFFICIENCY_ENOUGH }
    days {
      start_date { year: 2025 month: 5 day: 1 }
      end_date { year: 2026 month: 5 day: 1 }
    }
    owner_attributed_count: 3
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "meetings 1"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintMeetingYield(answer, {{"A", "Ada"}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/meeting_yield.txt", capture.text());
}

TEST(JourneyView, ShowsTheStepAndItsEvidence) {
  const auto answer = Parse<targeting::v1::GetBuyerJourneyResponse>(R"pb(
    account_id: "acme"
    step: JOURNEY_STEP_EXAMINE_SOLUTIONS
    since_time { seconds: 1769904000 }
    problem_class: PROBLEM_CLASS_EFFICIENCY
    evidence {
      kind: KIND_ENGAGEMENT
      step: JOURNEY_STEP_EXAMINE_SOLUTIONS
      time { seconds: 1772323200 }
      engagement_type: TYPE_MEETING
      contact_id: "p1"
    }
    evidence {
      kind: KIND_CALL_SUMMARY
      step: JOURNEY_STEP_EXAMINE_SOLUTIONS
      time { seconds: 1769904000 }
      record_id: "call-1"
      contact_id: "p1"
    }
    active_people { success_count: 1 sample_count: 5 }
    internal_share_count: 3
    unanswered_fields: "stakeholders"
    unanswered_fields: "next_steps"
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "journey 1"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintJourney(answer, "Acme Works", &printer);
  test::ExpectGolden("services/gtm/cli/golden/journey.txt", capture.text());
}

TEST(SuggestionsView, ShowsWhyAndWhatNotAgain) {
  const auto answer = Parse<targeting::v1::SuggestContentResponse>(R"pb(
    contact_id: "p1"
    content_kind: CONTENT_KIND_CONTENT
    step: JOURNEY_STEP_IDENTIFY_PROBLEM
    role: BUYING_ROLE_ECONOMIC_BUYER
    suggestions {
      key: "guide"
      basis: SUGGESTION_BASIS_STEP_AND_ROLE
      moved_on { value: 0.58 low: 0.45 high: 0.71 sufficiency: SUFFICIENCY_ENOUGH }
      reason: "people identifying the problem, role economic buyer: 20 of 30 moved on"
    }
    suggestions {
      key: "new"
      basis: SUGGESTION_BASIS_NOT_ENOUGH_DATA
      moved_on { value: 0.4 low: 0.2 high: 0.6 sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA }
      reason: "fewer than 20 people met it: the average of the step stands in"
    }
    step_average { value: 0.41 low: 0.33 high: 0.5 }
    met_keys: "video"
    met_keys: "pricing"
    channel {
      channel: "email"
      source: SOURCE_LEARNED
      share {
        value: 0.75
        low: 0.41
        high: 0.93
        sample_count: 8
        sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA
      }
    }
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "content 2"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintSuggestions(answer, "Ann Poe", &printer);
  test::ExpectGolden("services/gtm/cli/golden/suggestions.txt", capture.text());
}

TEST(BuyingView, ShowsEachNumberWithWhatItShows) {
  const auto answer = Parse<targeting::v1::GetBuyingBehaviorResponse>(R"pb(
    days {
      start_date { year: 2024 month: 12 day: 1 }
      end_date { year: 2026 month: 12 day: 1 }
    }
    self_directed {
      purchase_count: 61
      untouched_purchase_count: 4
      time_share {
        value: 0.66
        low: 0.58
        high: 0.74
        sample_count: 61
        sufficiency: SUFFICIENCY_ENOUGH
      }
      act_share { value: 0.8 low: 0.71 high: 0.88 sample_count: 61 sufficiency: SUFFICIENCY_ENOUGH }
      mostly_alone {
        value: 0.41
        low: 0.3
        high: 0.53
        success_count: 25
        sample_count: 61
        sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA
      }
      without_conversation {
        value: 0.05
        low: 0.02
        high: 0.13
        success_count: 3
        sample_count: 61
        sufficiency: SUFFICIENCY_ENOUGH
      }
    }
    enablement {
      won {
        with_enablement {
          value: 0.4
          low: 0.3
          high: 0.5
          sample_count: 90
          sufficiency: SUFFICIENCY_ENOUGH
        }
        without_enablement {
          value: 0.2
          low: 0.15
          high: 0.27
          sample_count: 150
          sufficiency: SUFFICIENCY_ENOUGH
        }
        difference {
          value: 0.2
          low: 0.08
          high: 0.32
          sample_count: 240
          sufficiency: SUFFICIENCY_ENOUGH
        }
        ratio { value: 2 low: 1.33 high: 3.01 sample_count: 240 sufficiency: SUFFICIENCY_ENOUGH }
        finding: FINDING_BETTER
      }
      open_deal_count: 17
    }
    bounces {
      targets { value: 0.3 low: 0.25 high: 0.36 sample_count: 300 sufficiency: SUFFICIENCY_ENOUGH }
      undecided { sufficiency: SUFFICIENCY_NO_DATA }
      others { value: 0.5 low: 0.44 high: 0.56 sample_count: 280 sufficiency: SUFFICIENCY_ENOUGH }
      unknown { value: 0.6 low: 0.57 high: 0.63 sample_count: 1200 sufficiency: SUFFICIENCY_ENOUGH }
      difference {
        value: 0.2
        low: 0.12
        high: 0.28
        sample_count: 580
        sufficiency: SUFFICIENCY_ENOUGH
      }
      finding: FINDING_UNFIT_LEAVE
    }
    provenance {
      as_of { seconds: 1782777600 }
      revision: "e:7"
      rules_version: "target_definition d version 1"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintBuying(answer, &printer);
  test::ExpectGolden("services/gtm/cli/golden/buying.txt", capture.text());
}

TEST(MessageTestView, ShowsFindings) {
  const auto answer = Parse<targeting::v1::TestMessageResponse>(R"pb(
    verdict: VERDICT_TOO_COMPLEX
    findings { rule: RULE_TOO_LONG observed: 42.6 limit: 30 }
    findings { rule: RULE_STOCK_PHRASE excerpt: "world-class" observed: 1 }
    word_count: 169
    read_seconds: 42.6
    actions: "Want a demo?"
    specifics: "banking"
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintMessageTest(answer, &printer);
  test::ExpectGolden("services/gtm/cli/golden/message_test.txt", capture.text());
}

}  // namespace
}  // namespace gtm::cli
