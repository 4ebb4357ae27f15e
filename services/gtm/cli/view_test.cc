// Answers with fixed content as the text that people see.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "common/testing/golden.h"
#include "services/gtm/cli/definition_view.h"
#include "services/gtm/cli/forecast_view.h"
#include "services/gtm/cli/people_view.h"
#include "services/gtm/cli/replay_view.h"
#include "services/gtm/cli/signals_view.h"
#include "services/gtm/cli/sponsors_view.h"
#include "services/gtm/cli/targets_view.h"
#include "services/gtm/cli/visitors_view.h"

namespace gtm::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

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

std::string Usd(const std::string& name, int64_t units) {
  return name + " { currency_code: \"USD\" units: " + std::to_string(units) + " } ";
}

std::string Distribution(int64_t p10, int64_t p50, int64_t p90) {
  return "bookings { " + Usd("mean", p50) + Usd("p10", p10) + Usd("p50", p50) + Usd("p90", p90) +
         "} ";
}

forecasting::v1::Forecast AForecast() {
  return Parse<forecasting::v1::Forecast>(
      "period { unit: UNIT_QUARTER fiscal_year: 2017 index: 4 } "
      "days { start_date { year: 2017 month: 10 day: 1 } end_date { year: 2018 month: 1 day: 1 } } "
      "sufficiency: SUFFICIENCY_ENOUGH remaining_days: 46 " +
      Distribution(2'400'000, 2'900'000, 3'500'000) + "parts { source: SOURCE_WON " +
      Distribution(1'200'000, 1'200'000, 1'200'000) +
      "opportunity_count: 511 expected_win_count: 511 } parts { source: SOURCE_OPEN " +
      Distribution(700'000, 1'000'000, 1'400'000) +
      "opportunity_count: 1200 expected_win_count: 431.5 } parts { source: SOURCE_NEW " +
      Distribution(400'000, 700'000, 1'000'000) +
      "expected_win_count: 290.25 } target { source: "
      "SOURCE_REQUEST " +
      Usd("amount", 3'000'000) +
      "reach_probability: 0.42 } contributions { "
      "opportunity_id: \"9Q\" win_probability: 0.31 " +
      Usd("amount", 26'768) + Usd("expected_amount", 8'298) + Usd("swing_amount", 12'380) +
      "age_days: 41 owner_seller_id: \"Ada\" } warnings { type: TYPE_STALE_PIPELINE message: "
      "\"412 open deals are older than any that ever closed\" } learned { win_rate { value: 0.63 "
      "low: 0.61 high: 0.65 } cycle_days { value: 57 low: 54 high: 60 } arrivals_per_day { value: "
      "20.1 } } provenance { as_of { seconds: 1510704000 } revision: \"1:9400\" rules_version: "
      "\"bookings-1\" }");
}

TEST(ForecastView, ShowsNumberRangeAndParts) {
  const auto coverage = Parse<forecasting::v1::GetCoverageResponse>(
      "status: STATUS_RAMP coverage_ratio: 1.4 pipeline_count: 1200 " +
      Usd("pipeline_amount", 2'520'000) + Usd("shortfall_amount", 1'080'000));
  Capture capture;
  Printer printer = capture.printer();
  PrintForecast(AForecast(), &coverage, &printer);
  test::ExpectGolden("services/gtm/cli/golden/forecast.txt", capture.text());
}

TEST(ForecastView, WritesCsvWithoutRemarks) {
  Capture capture(OutputFormat::kCsv);
  Printer printer = capture.printer();
  PrintForecast(AForecast(), nullptr, &printer);
  EXPECT_EQ(capture.text(),
            "part,p10,p50,p90,mean,opportunity_count,expected_win_count\n"
            "won,1200000.00,1200000.00,1200000.00,1200000.00,511,511\n"
            "open,700000.00,1000000.00,1400000.00,1000000.00,1200,431.5\n"
            "new,400000.00,700000.00,1000000.00,700000.00,0,290.25\n"
            "all,2400000.00,2900000.00,3500000.00,2900000.00,1711,1232.75\n");
}

TEST(TargetsView, RanksWithRangeAndVerdict) {
  const auto answer = Parse<targeting::v1::ListTargetsResponse>(
      "targets { account_id: \"a-1\" fit { micropoints: 80000000 low_micropoints: 80000000 "
      "high_micropoints: 80000000 } engagement { micropoints: 41000000 } priority { micropoints: "
      "64400000 low_micropoints: 60000000 high_micropoints: 71000000 known_weight_bps: 9000 } "
      "verdict: TARGET_VERDICT_TARGET prospect: true } targets { account_id: \"a-2\" fit { "
      "micropoints: 20000000 } priority { micropoints: 12000000 low_micropoints: 12000000 "
      "high_micropoints: 12000000 known_weight_bps: 10000 } verdict: TARGET_VERDICT_UNDECIDED } "
      "total_count: 2 verdict_counts { verdict: TARGET_VERDICT_TARGET account_count: 1 } "
      "definition { definition_id: \"fit\" version_number: 3 review_overdue: true } provenance { "
      "as_of { seconds: 1510704000 } revision: \"1:7\" }");
  Capture capture;
  Printer printer = capture.printer();
  PrintTargets(answer, {{"a-1", "Acme"}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/targets.txt", capture.text());
}

// As an explanation words them: outcomes with their points, of what is complete.
TEST(DefinitionView, SaysWhatPeopleSign) {
  const auto definition = Parse<targeting::v1::TargetDefinition>(R"pb(
    id: "d1"
    display_name: "Who we sell to"
    state: STATE_ACTIVE
    version_number: 3
    activate_time { seconds: 1510704000 }
    text: "Companies of one industry that are small, and large ones of another."
    terms { name: "small" meaning: "below 100 employees" }
    account_criteria {
      id: "size"
      attribute: "account.employee_count"
      weight: 60
      missing_share_bps: 2500
      bands {
        bands { max: 1000 share_bps: 0 label: "small" }
        bands { min: 1000 share_bps: 10000 }
      }
    }
    account_criteria {
      id: "both"
      attribute: "account.industry"
      weight: 40
      grid {
        second_attribute: "account.employee_count"
        first { words: "retail" }
        second { edges: 100 }
        shares_bps: 10000
        shares_bps: 0
        shares_bps: 0
        shares_bps: 5000
      }
    }
    person_criteria { id: "draft" attribute: "contact.seniority" weight: 1 }
    buying_role_weights { role: BUYING_ROLE_USER factor_bps: 4000 }
    target_min_fit_points: 60
    rubric_questions: "Is there a project?"
    follow_up: "Call within two days."
    sign_offs {
      function: SIGNING_FUNCTION_SALES
      signer: "head of sales"
      sign_time { seconds: 1510704000 }
    }
  )pb");
  const auto review = Parse<targeting::v1::DefinitionReview>(
      "due_time { seconds: 1518652800 } overdue: true age_days: 95 warnings: \"Revisit it.\"");
  Capture capture;
  Printer printer = capture.printer();
  PrintDefinitionText(definition, &review, &printer);
  test::ExpectGolden("services/gtm/cli/golden/definition.txt", capture.text());
}

TEST(PeopleView, RanksByWhatTheRoleLeaves) {
  const auto answer = Parse<targeting::v1::ListTargetPeopleResponse>(R"pb(
    people {
      contact_id: "p1"
      fit { micropoints: 70000000 known_weight_bps: 7000 }
      role_factor_bps: 3000
      weighted_micropoints: 21000000
      weighted_low_micropoints: 21000000
      weighted_high_micropoints: 30000000
    }
    total_count: 1
    definition { definition_id: "d1" version_number: 3 }
    provenance {
      as_of { seconds: 1510704000 }
      revision: "1:7"
    }
  )pb");
  Capture capture;
  Printer printer = capture.printer();
  PrintTargetPeople(answer, {{"p1", "Ada"}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/people.txt", capture.text());
  Capture csv(OutputFormat::kCsv);
  Printer rows = csv.printer();
  PrintTargetPeople(answer, {}, &rows);
  EXPECT_THAT(csv.text(), HasSubstr("1,p1,,21000000,21000000,30000000,70000000,3000,7000\n"));
}

TEST(GapView, IsATableWhateverTheFormat) {
  const auto answer = Parse<targeting::v1::GetScoreGapResponse>(R"pb(
    target {
      threshold_micropoints: 60000000
      gap_micropoints: 18000000
      reachable: true
      levers {
        criterion_id: "warehouse"
        micropoints: 2000000
        best_micropoints: 20000000
        best_outcome: "Snowflake"
        sufficient_outcome: "Snowflake"
      }
    }
  )pb");
  Capture csv(OutputFormat::kCsv);
  Printer rows = csv.printer();
  PrintGapTable(answer, &rows);
  EXPECT_THAT(csv.text(),
              HasSubstr("target,warehouse,not known,2000000,18000000,Snowflake,Snowflake\n"));
  Capture none;
  Printer printer = none.printer();
  PrintGapTable({}, &printer);
  EXPECT_THAT(none.text(), HasSubstr("Nothing is missing"));
}

// A stream: the head once, then rows only; in JSON a line each.
TEST(WatchView, IsAStreamThatProgramsRead) {
  const auto message = Parse<targeting::v1::WatchTargetsResponse>(
      "scores { account_id: \"a\" fit { micropoints: 5 } priority { micropoints: 7 } verdict: "
      "TARGET_VERDICT_TARGET } removed_account_ids: \"b\" as_of { seconds: 1510704000 }");
  Capture csv(OutputFormat::kCsv);
  Printer rows = csv.printer();
  PrintWatched(message, true, &rows);
  PrintWatched(message, false, &rows);
  const std::string body =
      "2017-11-15 00:00:00Z,a,7,5,target,false,false\n2017-11-15 00:00:00Z,b,,,,,true\n";
  EXPECT_EQ(csv.text(),
            "as_of,account_id,priority_micropoints,fit_micropoints,verdict,prospect,removed\n" +
                body + body);
  Capture json(OutputFormat::kJson);
  EXPECT_TRUE(json.printer().JsonLine(message));
  const std::string line = json.text();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(TargetsView, ShowsUrgencyWhereItIsScored) {
  const auto answer = Parse<targeting::v1::ListTargetsResponse>(
      "targets { account_id: \"a-1\" urgency { micropoints: 66400000 } }");
  Capture capture;
  Printer printer = capture.printer();
  PrintTargets(answer, {}, &printer);
  EXPECT_NE(capture.text().find("urgent"), std::string::npos);
  EXPECT_NE(capture.text().find("66.4"), std::string::npos);
}

TEST(TargetsView, ExplainsAScoreInItsParts) {
  const auto answer = Parse<targeting::v1::ScoreAccountResponse>(
      "score { account_id: \"a-1\" fit { micropoints: 60000000 low_micropoints: 60000000 "
      "high_micropoints: 80000000 known_weight_bps: 8000 parts { criterion_id: \"employees\" "
      "micropoints: 60000000 max_micropoints: 80000000 known: true observed: \"2822\" matched: "
      "\"1,000 to 5,000\" } parts { criterion_id: \"stack\" max_micropoints: 20000000 } } priority "
      "{ micropoints: 60000000 } verdict: TARGET_VERDICT_UNDECIDED deciding_criterion_ids: "
      "\"stack\" } definition { definition_id: \"fit\" version_number: 1 } provenance { as_of { "
      "seconds: 1510704000 } }");
  Capture capture;
  Printer printer = capture.printer();
  PrintTargetExplained(answer, "Acme", &printer);
  test::ExpectGolden("services/gtm/cli/golden/target_explained.txt", capture.text());
}

TEST(SponsorsView, ShowsPairsCutsAndCapacity) {
  const auto run = Parse<sponsorship::v1::MatchRun>(
      "id: \"run-1\" state: STATE_PROPOSED pairs { contact_id: \"c-1\" account_id: \"a-1\" "
      "executive_id: \"e-1\" rank: 1 score { micropoints: 91000000 } affinity_points: 9 "
      "affinity_parts { kind: KIND_INTERESTS points: 6 points_max: 9 known: true } affinity_parts "
      "{ "
      "kind: KIND_REGION points: 3 points_max: 3 known: true } value_micropoints: 100000000 "
      "runner_up_executive_id: \"e-2\" runner_up_loss_micropoints: 4000000 } transitions { "
      "sponsorship_id: \"s-9\" contact_id: \"c-9\" executive_id: \"e-1\" reason: "
      "END_REASON_BELOW_CUT } capacities { executive_id: \"e-1\" eligible: true eligibility_known: "
      "true week_minutes: 474 week_minutes_wanted: 480 below_wanted_time: true slot_count: 4 "
      "used_slot_count: 1 } slot_count: 4 cut_count: 11 objective_micropoints: 100000000 "
      "provenance "
      "{ as_of { seconds: 1510704000 } }");
  Capture capture;
  Printer printer = capture.printer();
  PrintMatchRun(run, {{{"c-1", "Grace"}}, {{"e-1", "Edsger"}}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/match_run.txt", capture.text());
}

growth::v1::SignalReport AReport() {
  return Parse<growth::v1::SignalReport>(
      "period { unit: UNIT_QUARTER fiscal_year: 2017 index: 3 } dates { start_date { year: 2017 "
      "month: 7 day: 1 } end_date { year: 2017 month: 10 day: 1 } } comparison_period { unit: "
      "UNIT_QUARTER fiscal_year: 2017 index: 2 } signals { kind: SIGNAL_KIND_QUOTA status: "
      "SIGNAL_STATUS_OK value { value: 0.8 low: 0.49 high: 0.94 } comparison { value: 0.7 } gates "
      "{ "
      "rule_id: \"GS-08\" name: \"share_of_sellers_at_quota\" threshold: 0.7 value { value: 0.8 } "
      "status: SIGNAL_STATUS_OK } figures { name: \"sellers\" count: 10 } explanation: \"8 of 10 "
      "sellers reached their quota\" what_would_change: \"6 of 10\" } false_signals { kind: "
      "SIGNAL_KIND_FALSE_WIN_RATE status: SIGNAL_STATUS_UNKNOWN explanation: \"nothing was won\" } "
      "customer_basis: CUSTOMER_BASIS_WON_OPPORTUNITIES provenance { as_of { seconds: 1510704000 } "
      "}");
}

TEST(SignalsView, ShowsStatusValueAndReason) {
  Capture capture;
  Printer printer = capture.printer();
  PrintSignals(AReport(), false, &printer);
  test::ExpectGolden("services/gtm/cli/golden/signals.txt", capture.text());
}

TEST(SignalsView, ShowsGatesAndFiguresWithDetails) {
  Capture capture;
  Printer printer = capture.printer();
  PrintSignals(AReport(), true, &printer);
  test::ExpectGolden("services/gtm/cli/golden/signals_details.txt", capture.text());
}

TEST(ForecastView, TellsWhatBecameOfAPeriodThatIsOver) {
  auto forecast = AForecast();
  forecast.set_remaining_days(0);
  forecast.mutable_target()->set_reach_probability(1);
  const auto coverage = Parse<forecasting::v1::GetCoverageResponse>("status: STATUS_RAMP");
  Capture capture;
  Printer printer = capture.printer();
  PrintForecast(forecast, &coverage, &printer);
  EXPECT_THAT(capture.text(), HasSubstr("  reached\n"));
  EXPECT_THAT(capture.text(), Not(HasSubstr("coverage:")));
  EXPECT_THAT(capture.text(), Not(HasSubstr("chance of 100 %")));
}

TEST(ForecastView, IsNeverQuiteSureOfWhatIsToCome) {
  for (const auto& [chance, text] : std::map<double, std::string>{{0, "chance of <1 %"},
                                                                  {0.004, "chance of <1 %"},
                                                                  {0.5, "chance of 50 %"},
                                                                  {0.995, "chance of >99 %"},
                                                                  {1, "chance of >99 %"}}) {
    auto forecast = AForecast();
    *forecast.mutable_target()->mutable_amount() = forecast.bookings().p90();
    forecast.mutable_target()->set_reach_probability(chance);
    Capture capture;
    Printer printer = capture.printer();
    PrintForecast(forecast, nullptr, &printer);
    EXPECT_THAT(capture.text(), HasSubstr(text));
  }
}

TEST(ForecastView, NamesSellersWithTheirIds) {
  const auto pipeline = Parse<forecasting::v1::GetPipelineResponse>(
      "groups { key: \"s-1\" display_name: \"Ada\" } groups { key: \"s-2\" display_name: \"s-2\" "
      "}");
  for (const bool with_ids : {true, false}) {
    Capture capture;
    Printer printer = capture.printer();
    PrintPipeline(pipeline, with_ids, &printer);
    EXPECT_EQ(capture.text().find("Ada (s-1)") != std::string::npos, with_ids);
    EXPECT_THAT(capture.text(), Not(HasSubstr("s-2 (s-2)")));
  }
}

TEST(VisitorsView, RanksThemAndSaysWhoTheyAre) {
  const auto answer = Parse<targeting::v1::ListVisitorsResponse>(
      "visitors { visitor_id: \"w-1\" standing: VISITOR_STANDING_UNKNOWN fit { high_micropoints: "
      "100000000 } engagement { micropoints: 70000000 } verdict: TARGET_VERDICT_UNDECIDED "
      "touch_count: 9 last_touch_time { seconds: 1510704000 } } visitors { visitor_id: \"w-2\" "
      "standing: VISITOR_STANDING_LINKED account_id: \"a-1\" contact_id: \"c-1\" fit { "
      "micropoints: "
      "80000000 low_micropoints: 80000000 high_micropoints: 80000000 } engagement { micropoints: "
      "24000000 } verdict: TARGET_VERDICT_TARGET prospect: true touch_count: 1 last_touch_time { "
      "seconds: 1510700000 } } total_count: 2 unknown_count: 1 linked_count: 1 definition { "
      "definition_id: \"fit\" version_number: 3 } provenance { as_of { seconds: 1510704000 } "
      "revision: \"1:7\" }");
  Capture capture;
  Printer printer = capture.printer();
  PrintVisitors(answer, {{"a-1", "Acme"}}, &printer);
  test::ExpectGolden("services/gtm/cli/golden/visitors.txt", capture.text());
}

TEST(VisitorsView, ExplainsOneThatNobodyKnows) {
  const auto answer = Parse<targeting::v1::ScoreVisitorResponse>(
      "score { visitor_id: \"w-1\" standing: VISITOR_STANDING_UNKNOWN fit { high_micropoints: "
      "100000000 parts { criterion_id: \"employees\" max_micropoints: 100000000 } } engagement { "
      "micropoints: 24000000 parts { criterion_id: \"points\" known: true observed: \"2.4\" "
      "matched: \"some\" micropoints: 24000000 max_micropoints: 60000000 } } verdict: "
      "TARGET_VERDICT_UNDECIDED deciding_criterion_ids: \"employees\" touch_count: 3 } definition "
      "{ "
      "definition_id: \"fit\" version_number: 1 } provenance { as_of { seconds: 1510704000 } }");
  Capture capture;
  Printer printer = capture.printer();
  PrintVisitorExplained(answer, &printer);
  test::ExpectGolden("services/gtm/cli/golden/visitor_explained.txt", capture.text());
}

// ---- ranges are words for people and columns for programs

TEST(Csv, HasTheBoundsOfScoresInColumns) {
  const auto targets = Parse<targeting::v1::ListTargetsResponse>(
      "targets { account_id: \"a-1\" priority { micropoints: 64400000 low_micropoints: 60000000 "
      "high_micropoints: 71000000 } verdict: TARGET_VERDICT_TARGET }");
  Capture capture(OutputFormat::kCsv);
  Printer printer = capture.printer();
  PrintTargets(targets, {}, &printer);
  EXPECT_EQ(
      capture.text(),
      "rank,account_id,display_name,priority_micropoints,priority_low_micropoints,"
      "priority_high_micropoints,fit_micropoints,engagement_micropoints,urgency_micropoints,"
      "known_weight_bps,verdict,prospect\n1,a-1,,64400000,60000000,71000000,,,,0,target,false\n");
  const auto candidates = Parse<sponsorship::v1::ListCandidatesResponse>(
      "candidates { contact_id: \"c-1\" rank: 1 score { micropoints: 5 low_micropoints: 4 "
      "high_micropoints: 6 } }");
  Capture second(OutputFormat::kCsv);
  Printer second_printer = second.printer();
  PrintCandidates(candidates, {}, &second_printer);
  EXPECT_THAT(second.text(), HasSubstr(",score_low_micropoints,score_high_micropoints,"));
  EXPECT_THAT(second.text(), HasSubstr(",5,4,6,"));
}

TEST(Csv, HasTheBoundsOfEstimatesInColumns) {
  Capture capture(OutputFormat::kCsv);
  Printer printer = capture.printer();
  PrintSignals(AReport(), false, &printer);
  EXPECT_THAT(capture.text(),
              HasSubstr("signal,status,value,value_low,value_high,comparison,comparison_low,"
                        "comparison_high,explanation\n"));
  EXPECT_THAT(capture.text(), HasSubstr("quota,ok,0.8,0.49,0.94,0.7,,,"));
  const auto handshake = Parse<targeting::v1::GetHandshakeResponse>(
      "acceptance { value: 0.7 low: 0.6 high: 0.8 sample_count: 50 }");
  Capture second(OutputFormat::kCsv);
  Printer second_printer = second.printer();
  PrintHandshake(handshake, &second_printer);
  EXPECT_THAT(second.text(), HasSubstr("step,share,share_low,share_high,decided_count,status\n"
                                       "accepted by sales,0.7,0.6,0.8,50,"));
  EXPECT_THAT(second.text(), HasSubstr("qualified after all,,,,0,"));
}

TEST(ReplayView, ShowsWhoMovesAndWhatCame) {
  const auto answer = Parse<targeting::v1::ReplayTargetDefinitionResponse>(
      "days { start_date { year: 2026 month: 1 day: 1 } end_date { year: 2026 month: 3 day: 1 } } "
      "instants { as_of { seconds: 1769903999 } account_count: 300 tried { target_count: 80 "
      "undecided_count: 4 prospect_count: 20 } entering_count: 80 } "
      "instants { as_of { seconds: 1772323199 } account_count: 310 tried { target_count: 82 "
      "prospect_count: 21 } baseline { target_count: 60 prospect_count: 19 } entering_count: 30 "
      "leaving_count: 8 } "
      "entering { account_id: \"a1\" tried_fit_micropoints: 71000000 "
      "baseline_fit_micropoints: 40000000 } "
      "tried { targets { handover_count: 40 acceptance { value: 0.8 low: 0.6 high: 0.9 } "
      "opportunity_count: 12 } prospect_account_count: 25 " +
      Usd("cost_per_prospect", 400) + "} " + Usd("spend", 10'000) +
      "stored_decisions { handover_count: 9 equal_count: 8 changed_facts_count: 1 }");
  Capture capture(OutputFormat::kTable);
  Printer printer = capture.printer();
  PrintReplay(answer, {{"a1", "Acme"}}, &printer);
  EXPECT_THAT(capture.text(), HasSubstr("Replay over 2026-01-01 to 2026-02-28"));
  EXPECT_THAT(capture.text(), HasSubstr("80.0 % (60.0 to 90.0)"));
  EXPECT_THAT(capture.text(), HasSubstr("Acme    71.0    40.0"));
  EXPECT_THAT(capture.text(), HasSubstr("spent: 10,000 USD; 400 USD for each of 25 prospects"));
  EXPECT_THAT(capture.text(), HasSubstr("9, the same again 8, facts changed since 1, different 0"));
}

TEST(Printer, BreaksParagraphsToTheWidth) {
  Console console;
  std::ostringstream out;
  console.out = &out;
  console.width = 40;
  Printer printer(console, OutputFormat::kTable);
  printer.Paragraph("note: ",
                    "every word of a long sentence is kept, and \xE2\x82\xAC counts once");
  EXPECT_EQ(out.str(),
            "note: every word of a long sentence is\n"
            "      kept, and \xE2\x82\xAC counts once\n");
}

}  // namespace
}  // namespace gtm::cli
