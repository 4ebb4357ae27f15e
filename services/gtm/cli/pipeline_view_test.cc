// The interrogation as people see it.

#include "services/gtm/cli/pipeline_view.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"

namespace gtm::cli {
namespace {

using forecasting::v1::InterrogatePipelineResponse;

std::string Usd(const std::string& name, int64_t units) {
  return name + " { currency_code: \"USD\" units: " + std::to_string(units) + " } ";
}

InterrogatePipelineResponse AnAnswer() {
  const std::string text =
      "period { unit: UNIT_QUARTER fiscal_year: 2026 index: 2 } opportunity_count: 2 "
      "warned_count: 1 completeness: 0.64 recorded_channel_count: 9 sufficiency: "
      "SUFFICIENCY_ENOUGH " +
      Usd("expected_amount", 20'500) + Usd("amount", 90'000) +
      Usd("warned_expected_amount", 12'400) +
      "totals { type: TYPE_SINGLE_CONTACT opportunity_count: 1 high_count: 1 " +
      Usd("amount", 40'000) + Usd("expected_amount", 12'400) +
      "} unrecorded_kinds: EVIDENCE_KIND_BUDGET unrecorded_kinds: EVIDENCE_KIND_CONSENSUS "
      "loss_count: 30 loss_reasons { reason: \"price\" opportunity_count: 12 share { value: 0.4 "
      "low: 0.25 high: 0.58 } } deals { opportunity_id: \"o-1\" display_name: \"Acme Core\" "
      "account_id: \"acme\" owner_seller_id: \"ada\" segment: \"large\" stage_id: \"proposal\" "
      "stage_number: 3 win_probability: 0.31 " +
      Usd("amount", 40'000) + Usd("expected_amount", 12'400) +
      "expected_close_date { year: 2026 month: 6 day: 30 } "
      "warnings { type: TYPE_SINGLE_CONTACT severity: SEVERITY_HIGH message: \"red flag: one "
      "person acts for the buyer at stage 3; a buying group has 7 to 11, of whom 2 are named\" "
      "action: \"Map the account: name the other stakeholders and reach the senior ones directly "
      "or through an executive of ours\" owner_seller_id: \"ada\" due_date { year: 2026 month: 6 "
      "day: 18 } clears { type: TYPE_ENGAGED_CONTACTS text: \"a second person at the buyer acts\" "
      "count: 2 } rule: \"FC-20\" } warnings { type: TYPE_NO_URGENCY severity: SEVERITY_LOW "
      "message: \"no reason to act now is known\" action: \"Ask why now\" due_date { year: 2026 "
      "month: 6 day: 29 } clears { text: \"an urgent need is recorded\" } rule: \"FC-12\" } "
      "evidence { kind: EVIDENCE_KIND_CALLS state: STATE_FOUND count: 4 last_date { year: 2026 "
      "month: 6 day: 3 } } evidence { kind: EVIDENCE_KIND_LEGAL_REVIEW state: STATE_MISSING } "
      "evidence { kind: EVIDENCE_KIND_BUDGET state: STATE_NOT_RECORDED } engaged_contacts { "
      "contact_id: \"ann\" role: BUYING_ROLE_CHAMPION touch_count: 9 last_date { year: 2026 month: "
      "6 day: 3 } } engaged_contact_count: 1 trend { verdict: VERDICT_STEADY weekly_counts: [0, 0, "
      "0, 0, 1, 2, 0, 3, 8, 4, 0, 1, 2, 2, 1, 0] recent_count: 5 earlier_count: 19 "
      "earlier_week_count: 12 expected_count: 6 band_low_count: 1 band_high_count: 14 } trust { "
      "weight: 0.81 reasons { type: TYPE_CLOSE_DATE_PUSHED weight: 0.81 message: \"the close date "
      "was pushed 4 times\" } not_enough_data_types: TYPE_BACKDATED } age { days: 68 "
      "longest_won_days: 210 won_share { value: 0.3 low: 0 "
      "high: 0.35 sample_count: 240 success_count: 72 sufficiency: SUFFICIENCY_ENOUGH } } "
      "stage_age { days: 26 longest_won_days: 80 won_share { value: 0.5 sample_count: 12 "
      "success_count: 6 sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA } } buyer_touch_count: 24 "
      "our_touch_count: 6 seen_channel_count: 4 } deals { opportunity_id: \"o-2\" stage_id: "
      "\"discovery\" stage_number: 1 win_probability: 0.16 " +
      Usd("expected_amount", 8'100) +
      "} doubtful_win_count: 1 doubtful_wins { opportunity_id: \"o-9\" display_name: \"Borea\" "
      "owner_seller_id: \"ada\" won_date { year: 2026 month: 6 day: 1 } trust { weight: 0.42 "
      "reasons { type: TYPE_BACKDATED weight: 0.7 message: \"it was first recorded 45 days after "
      "the day on which it is said to have been created; 0 of 60 other closed deals were recorded "
      "as late\" } reasons { type: TYPE_WON_ON_DAY_OF_CREATION weight: 0.6 message: \"it was won "
      "on the day of its creation; 1 of 102 other won deals were as quick, and half took 42 days "
      "or more\" } } " +
      Usd("amount", 30'000) +
      "} provenance { as_of { seconds: 1781481600 } revision: \"1:9400\" rules_version: "
      "\"bookings-1\" }";
  InterrogatePipelineResponse answer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &answer));
  return answer;
}

template <class Print>
std::string Shown(OutputFormat format, Print print) {
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.err = &out;
  Printer printer(console, format);
  print(&printer);
  return out.str();
}

TEST(PipelineView, ShowsWhatIsAtStakeAndWhatToDo) {
  test::ExpectGolden("services/gtm/cli/golden/interrogation.txt",
                     Shown(OutputFormat::kTable,
                           [](Printer* printer) { PrintInterrogation(AnAnswer(), 1, printer); }));
}

TEST(PipelineView, ShowsEverythingOfOneDeal) {
  test::ExpectGolden("services/gtm/cli/golden/interrogated_deal.txt",
                     Shown(OutputFormat::kTable,
                           [](Printer* printer) { PrintInterrogatedDeal(AnAnswer(), printer); }));
}

TEST(PipelineView, WritesALineAWarning) {
  const std::string csv = Shown(
      OutputFormat::kCsv, [](Printer* printer) { PrintInterrogation(AnAnswer(), 1, printer); });
  EXPECT_THAT(csv, testing::StartsWith(
                       "opportunity_id,owner_seller_id,stage_id,win_probability,expected_amount,"
                       "severity,type,message,action,due_date,clears,rule\n"
                       "o-1,ada,proposal,0.31,12400.00,high,single contact,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
}

}  // namespace
}  // namespace gtm::cli
