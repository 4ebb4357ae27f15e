// Reach, hand-over diagnosis and the stage gate as the text that people see.

#include "services/gtm/cli/reach_view.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"
#include "services/gtm/cli/diagnosis_view.h"

namespace gtm::cli {
namespace {

using testing::HasSubstr;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// What `print` shows.
template <class Print>
std::string Shown(Print print, OutputFormat format = OutputFormat::kTable) {
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.err = &out;
  Printer printer(console, format);
  print(&printer);
  return out.str();
}

constexpr char kDays[] =
    "days { start_date { year: 2026 month: 4 day: 1 } end_date { year: 2026 month: 7 day: 1 } } ";
constexpr char kProvenance[] =
    "provenance { as_of { seconds: 1782777600 } revision: \"1:7\" rules_version: "
    "\"target_definition d1 version 2\" }";

std::string Rate(const std::string& name, double value, double low, double high, int count,
                 bool enough = true) {
  std::ostringstream out;
  out << name << " { value: " << value << " low: " << low << " high: " << high
      << " sample_count: " << count
      << " sufficiency: " << (enough ? "SUFFICIENCY_ENOUGH" : "SUFFICIENCY_NOT_ENOUGH_DATA")
      << " } ";
  return out.str();
}

std::string Usd(const std::string& name, int64_t units) {
  return name + " { currency_code: \"USD\" units: " + std::to_string(units) + " } ";
}

targeting::v1::GetChannelEfficacyResponse Channels() {
  return Parse<targeting::v1::GetChannelEfficacyResponse>(
      std::string(kDays) +
      "day_count: 90 grouping: ACTIVITY_GROUPING_CHANNEL channels { key: "
      "\"events\" accounts { target_count: 40 undecided_count: 3 other_count: 10 } "
      "target_people_count: 61 touch_count: 90 first_response_count: 4 begun_opportunity_count: 3 "
      "cost_day_count: 61 " +
      Rate("other_share", 0.2, 0.11, 0.33, 50) + Usd("begun_amount", 120'000) + Usd("cost", 8'000) +
      Usd("cost_per_target", 200) + Usd("cost_per_target_low", 147) +
      Usd("cost_per_target_high", 280) +
      "} channels { key: \"partners\" accounts { other_count: 2 } touch_count: 2 "
      "cost_day_count: 90 " +
      Rate("other_share", 1, 0.34, 1, 2, false) + Usd("begun_amount", 0) + Usd("cost", 900) +
      Usd("cost_per_target_low", 244) +
      "} channels { accounts { target_count: 1 } touch_count: 1 " + Usd("begun_amount", 0) + "} " +
      kProvenance);
}

TEST(ReachView, ShowsPenetrationGroupsAndChannels) {
  const auto reach = Parse<targeting::v1::GetReachResponse>(
      "accounts { target_count: 78 undecided_count: 116 other_count: 106 } market_accounts { "
      "count: "
      "600 source: SOURCE_SETTINGS } market_people { count: 5400 source: SOURCE_SETTINGS } "
      "unattached_touch_count: 12 group_rule { size_min: 7 size_max: 11 touches_min: 11 "
      "touches_max: 13 } current { engaged_accounts { target_count: 60 undecided_count: 30 } "
      "engaged_people { target_count: 200 } engagements { target_count: 810 } " +
      std::string(kDays) + Rate("account_penetration", 0.1, 0.1, 0.15, 600) +
      Rate("people_penetration", 0.037, 0.037, 0.037, 5'400) +
      Rate("engagements_per_person", 0.15, 0.15, 0.15, 5'400) +
      "answer_rate { value: 0.7 low: 0.56 high: 0.81 success_count: 35 sample_count: 50 } "
      "group_counts { coverage: COVERAGE_NONE account_count: 18 } group_counts { coverage: "
      "COVERAGE_SINGLE account_count: 20 } group_counts { coverage: COVERAGE_PARTIAL "
      "account_count: 40 } } before { " +
      Rate("account_penetration", 0.08, 0.08, 0.12, 600) +
      Rate("people_penetration", 0.03, 0.03, 0.03, 5'400) + "} " + kProvenance);
  test::ExpectGolden("services/gtm/cli/golden/reach.txt",
                     Shown([&](Printer* printer) { PrintReach(reach, Channels(), printer); }));
}

TEST(ReachView, WritesChannelsAsCsvWithUnknownCostEmpty) {
  EXPECT_EQ(Shown([](Printer* printer) { PrintChannels(Channels(), printer); }, OutputFormat::kCsv),
            "key,target_count,target_people_count,other_share,first_response_count,"
            "begun_opportunity_count,begun_amount,cost,cost_per_target,cost_per_target_low,"
            "cost_per_target_high,cost_day_count\n"
            "events,40,61,0.2,4,3,120000.00,8000.00,200.00,147.00,280.00,61\n"
            "partners,0,0,1,0,0,0.00,900.00,,244.00,,90\n"
            ",1,0,,0,0,0.00,,,,,0\n");
}

TEST(ReachView, SaysOfContentThatItsCostIsNotKnown) {
  auto answer = Channels();
  answer.set_grouping(targeting::v1::ACTIVITY_GROUPING_CONTENT);
  answer.set_total_count(7);
  const std::string text = Shown([&](Printer* printer) { PrintChannels(answer, printer); });
  EXPECT_THAT(text, HasSubstr("Content 2026-"));
  EXPECT_THAT(text, HasSubstr("2 of 7 shown"));
  EXPECT_THAT(text, HasSubstr("not known"));
  EXPECT_THAT(text, HasSubstr("Spend names campaigns, not content"));
}

TEST(ReachView, ShowsBuyingGroupsAndWhatIsMissing) {
  const auto answer = Parse<targeting::v1::ListBuyingGroupsResponse>(
      "groups { account_id: \"a-1\" priority_micropoints: 64400000 coverage: COVERAGE_PARTIAL "
      "known_people_count: 5 engaged_people_count: 3 touch_count: 31 touches_per_person: 7.75 "
      "touches_missing_count: 49 unknown_roles: BUYING_ROLE_CHAMPION silent_roles: "
      "BUYING_ROLE_ECONOMIC_BUYER silent_roles: BUYING_ROLE_USER } groups { account_id: \"a-2\" "
      "coverage: COVERAGE_NONE touches_missing_count: 77 } total_count: 2 group_rule { size_min: 7 "
      "size_max: 11 touches_min: 11 touches_max: 13 } " +
      std::string(kDays) + kProvenance);
  const std::string text = Shown([&](Printer* printer) {
    PrintBuyingGroups(answer, {{"a-1", "Acme"}}, printer);
  });
  test::ExpectGolden("services/gtm/cli/golden/buying_groups.txt", text);
  EXPECT_THAT(text, HasSubstr("77 to 143 touches")) << "D18";
}

TEST(DiagnosisView, ShowsConclusionsFindingsAndPeriods) {
  const std::string period = std::string(kDays) +
                             "handover_count: 40 pending_count: 2 won_count: 24 lead_count: 1170 " +
                             Rate("acceptance", 0.74, 0.58, 0.85, 38, false) +
                             Rate("target_acceptance", 0.9, 0.7, 0.97, 20, false) +
                             Rate("qualification", 0.8, 0.6, 0.9, 28, false) +
                             Usd("spend", 163'682) + Usd("cost_per_won", 6'820);
  const auto answer = Parse<targeting::v1::DiagnoseHandoversResponse>(
      "current { " + period + "} before { " + std::string(kDays) + "} " +
      "rejection_reasons { reason: \"no budget\" handover_count: 6 reason_class: "
      "REASON_CLASS_WILL_NOT_SPEND " +
      Rate("share", 0.6, 0.31, 0.83, 10, false) +
      "} findings { kind: KIND_WRONG_REASONS status: STATUS_YES line: 0.5 explanation: \"most "
      "losses\" " +
      Rate("value", 0.8, 0.6, 0.9, 24) +
      "} findings { kind: KIND_FEWER_WON status: STATUS_NOT_SURE line: 1 explanation: \"may be "
      "chance\" " +
      Rate("value", 0.96, 0.52, 1.8, 49, false) +
      "} findings { kind: KIND_SALES_REFUSES_OTHERS status: STATUS_NO_DATA explanation: "
      "\"nothing\" "
      "} conclusions: \"The target is wrong (TG-25).\" " +
      kProvenance);
  test::ExpectGolden("services/gtm/cli/golden/handover_diagnosis.txt",
                     Shown([&](Printer* printer) { PrintDiagnosis(answer, printer); }));
}

TEST(DiagnosisView, ShowsWhatStageOneStillNeeds) {
  const auto answer = Parse<targeting::v1::CheckStageGateResponse>(
      "opportunity_id: \"o-1\" status: STATUS_MISSING stage_id: \"stage0\" clock_start_time { "
      "seconds: 1780272000 } evidence { kind: KIND_RUBRIC met: true observed: \"2 of 2\" } "
      "evidence "
      "{ kind: KIND_BUYING_TEAM required: true observed: \"1 of 3 people acted\" needed: \"engage "
      "2 "
      "more people\" } " +
      std::string(kProvenance));
  test::ExpectGolden("services/gtm/cli/golden/stage_gate.txt",
                     Shown([&](Printer* printer) { PrintStageGate(answer, printer); }));
}

}  // namespace
}  // namespace gtm::cli
