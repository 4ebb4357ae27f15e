#include "services/gtm/cli/reach_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::BuyingGroup;
using targeting::v1::ChannelEfficacy;
using targeting::v1::GetChannelEfficacyResponse;
using targeting::v1::GetReachResponse;
using targeting::v1::ReachOfSpan;
using type::v1::Estimate;

constexpr int kBarWidth = 16;

Cell CountCell(int64_t count) { return {Thousands(count), std::to_string(count)}; }

// Absent money is unknown, never nothing.
Cell MoneyCell(bool known, const type::v1::Money& money) {
  if (!known) return {"not known", "", Tone::kFaint};
  return {MoneyText(money), MoneyPlain(money)};
}

std::string SourceText(const targeting::v1::MarketSize& size) {
  switch (size.source()) {
    case targeting::v1::MarketSize::SOURCE_DEFINITION:
      return "the definition says";
    case targeting::v1::MarketSize::SOURCE_SETTINGS:
      return "the settings say";
    case targeting::v1::MarketSize::SOURCE_RECORDED:
      return "recorded; nobody states the market";
    default:
      return "nothing is known";
  }
}

// "9.8 %", or "9.8 % (9.8 to 15.2)" where the undecided accounts make it a range.
Cell PenetrationCell(const Estimate& estimate) {
  if (!estimate.has_value()) return {"no data", "", Tone::kFaint};
  const bool exact = estimate.low() == estimate.high();
  return {exact ? Percent(estimate.value()) : EstimateText(estimate, true),
          EstimatePlain(estimate, Bound::kValue)};
}

Cell RateCell(const Estimate& estimate) {
  if (!estimate.has_value()) return {"no data", "", Tone::kFaint};
  const bool enough = estimate.sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
  return {EstimateText(estimate, true), EstimatePlain(estimate, Bound::kValue),
          enough ? Tone::kPlain : Tone::kFaint};
}

Table PenetrationTable(const GetReachResponse& answer) {
  Table table{{{"of the target market", "measure", Align::kLeft, true},
               {"reached", "reached", Align::kRight, false},
               {"undecided too", "undecided", Align::kRight, false},
               {"market", "market", Align::kRight, false},
               {"share", "share", Align::kRight, false},
               {"", "bar", Align::kLeft, false, Shown::kInTables},
               {"before", "share_before", Align::kRight, false}},
              {}};
  const ReachOfSpan& now = answer.current();
  const ReachOfSpan& before = answer.before();
  const auto add = [&](const char* name, const targeting::v1::VerdictCounts& counts, int64_t market,
                       const Cell& share, double bar, const Cell& then) {
    table.rows.push_back({name, CountCell(counts.target_count()),
                          CountCell(counts.undecided_count()), CountCell(market), share,
                          Bar(std::min(1.0, bar), kBarWidth), then});
  };
  add("accounts whose people acted", now.engaged_accounts(), answer.market_accounts().count(),
      PenetrationCell(now.account_penetration()), now.account_penetration().value(),
      PenetrationCell(before.account_penetration()));
  add("people who acted", now.engaged_people(), answer.market_people().count(),
      PenetrationCell(now.people_penetration()), now.people_penetration().value(),
      PenetrationCell(before.people_penetration()));
  const auto per_person = [](const Estimate& estimate) -> Cell {
    if (!estimate.has_value()) return {"no data", "", Tone::kFaint};
    return {Fixed(estimate.value(), 2) + " each", EstimatePlain(estimate, Bound::kValue)};
  };
  add("acts", now.engagements(), answer.market_people().count(),
      per_person(now.engagements_per_person()), 0, per_person(before.engagements_per_person()));
  table.rows.back()[5] = "";
  return table;
}

const char* GroupingText(targeting::v1::ActivityGrouping grouping) {
  switch (grouping) {
    case targeting::v1::ACTIVITY_GROUPING_CAMPAIGN:
      return "campaign";
    case targeting::v1::ACTIVITY_GROUPING_CONTENT:
      return "content";
    default:
      return "channel";
  }
}

Table ChannelTable(const GetChannelEfficacyResponse& answer) {
  Table table{{{GroupingText(answer.grouping()), "key", Align::kLeft, true},
               {"targets", "target_count", Align::kRight, false},
               {"people", "target_people_count", Align::kRight, false},
               {"no targets", "other_share", Align::kRight, false},
               {"first acts", "first_response_count", Align::kRight, false},
               {"deals begun", "begun_opportunity_count", Align::kRight, false},
               {"worth", "begun_amount", Align::kRight, false},
               {"cost", "cost", Align::kRight, false},
               {"a target", "cost_per_target", Align::kRight, false},
               {"could be", "", Align::kRight, false, Shown::kInTables},
               {"", "cost_per_target_low", Align::kRight, false, Shown::kInCsv},
               {"", "cost_per_target_high", Align::kRight, false, Shown::kInCsv},
               {"cost days", "cost_day_count", Align::kRight, false, Shown::kInCsv}},
              {}};
  for (const ChannelEfficacy& row : answer.channels()) {
    std::string name = row.display_name().empty() ? row.key() : row.display_name();
    if (row.key().empty()) name = "(none)";
    std::string range;
    if (row.has_cost_per_target_high()) {
      range = fmt::format("{} to {}", MoneyText(row.cost_per_target_low()),
                          MoneyText(row.cost_per_target_high()));
    } else if (row.has_cost_per_target_low()) {
      range = fmt::format("{} and more", MoneyText(row.cost_per_target_low()));
    }
    table.rows.push_back(
        {Cell(name, row.key()), CountCell(row.accounts().target_count()),
         CountCell(row.target_people_count()), RateCell(row.other_share()),
         CountCell(row.first_response_count()), CountCell(row.begun_opportunity_count()),
         MoneyCell(true, row.begun_amount()), MoneyCell(row.has_cost(), row.cost()),
         row.has_cost_per_target() ? MoneyCell(true, row.cost_per_target()) : Cell("", ""), range,
         MoneyPlain(row.cost_per_target_low()), MoneyPlain(row.cost_per_target_high()),
         std::to_string(row.cost_day_count())});
  }
  return table;
}

std::string CoverageText(BuyingGroup::Coverage coverage) {
  switch (coverage) {
    case BuyingGroup::COVERAGE_NONE:
      return "nobody acts";
    case BuyingGroup::COVERAGE_SINGLE:
      return "single thread";
    case BuyingGroup::COVERAGE_PARTIAL:
      return "partial";
    case BuyingGroup::COVERAGE_SPOKEN:
      return "all act, few touches";
    case BuyingGroup::COVERAGE_FULL:
      return "full";
    default:
      return "";
  }
}

Cell CoverageCell(BuyingGroup::Coverage coverage) {
  const Tone tone = coverage >= BuyingGroup::COVERAGE_SPOKEN    ? Tone::kGood
                    : coverage == BuyingGroup::COVERAGE_PARTIAL ? Tone::kPlain
                                                                : Tone::kWarn;
  return {CoverageText(coverage), EnumText(BuyingGroup::Coverage_Name(coverage), "COVERAGE_"),
          tone};
}

void PrintGroupCounts(const ReachOfSpan& span, Printer* printer) {
  std::string line = "buying groups of targets:";
  const char* comma = " ";
  for (const auto& count : span.group_counts()) {
    line += fmt::format("{}{} {}", comma, Thousands(count.account_count()),
                        CoverageText(count.coverage()));
    comma = " · ";
  }
  printer->Line(line);
}

// Why rows are missing, and why so much of the cost of content is not known.
void PrintChannelNotes(const GetChannelEfficacyResponse& answer, Printer* printer) {
  int shown = 0;
  for (const ChannelEfficacy& row : answer.channels()) shown += row.key().empty() ? 0 : 1;
  if (answer.total_count() > shown) {
    printer->Line(fmt::format("{} of {} shown", Thousands(shown), Thousands(answer.total_count())));
  }
  if (answer.grouping() != targeting::v1::ACTIVITY_GROUPING_CONTENT) return;
  printer->Paragraph(
      "",
      "Spend names campaigns, not content: the cost of a content is known where its "
      "campaigns are about it alone. Else it is not known, and (none) has the money.");
}

void PrintCostGaps(const GetChannelEfficacyResponse& answer, Printer* printer) {
  for (const ChannelEfficacy& row : answer.channels()) {
    if (!row.has_cost() || row.cost_day_count() >= answer.day_count()) continue;
    printer->Line(fmt::format(
        "{}: spend is recorded for {} of {} days; the cost may not be complete",
        row.key().empty() ? "(none)" : row.key(), row.cost_day_count(), answer.day_count()));
  }
}

std::string RuleText(const targeting::v1::BuyingGroupRule& rule) {
  return fmt::format("a group has {} to {} people of {} to {} touches each: {} to {} touches",
                     rule.size_min(), rule.size_max(), rule.touches_min(), rule.touches_max(),
                     Thousands(int64_t{rule.size_min()} * rule.touches_min()),
                     Thousands(int64_t{rule.size_max()} * rule.touches_max()));
}

template <class Roles>
std::string RolesText(const Roles& roles) {
  std::string text;
  for (const int role : roles) {
    if (!text.empty()) text += ", ";
    text += EnumText(crm::v1::BuyingRole_Name(role), "BUYING_ROLE_");
  }
  return text;
}

}  // namespace

void PrintReach(const GetReachResponse& reach, const GetChannelEfficacyResponse& channels,
                Printer* printer) {
  printer->Heading(fmt::format(
      "Reach {}: {} targets recorded, {} undecided", RangeText(reach.current().days()),
      Thousands(reach.accounts().target_count()), Thousands(reach.accounts().undecided_count())));
  printer->Extra(PenetrationTable(reach));
  printer->Line(
      fmt::format("market: {} accounts ({}), {} people ({})",
                  Thousands(reach.market_accounts().count()), SourceText(reach.market_accounts()),
                  Thousands(reach.market_people().count()), SourceText(reach.market_people())));
  const Estimate& answers = reach.current().answer_rate();
  printer->Line(answers.has_value()
                    ? fmt::format("of {} targets that we approached, {} answered: {}",
                                  Thousands(answers.sample_count()),
                                  Thousands(answers.success_count()), EstimateText(answers, true))
                    : "we approached no target first");
  PrintGroupCounts(reach.current(), printer);
  printer->Line(RuleText(reach.group_rule()));
  if (reach.unattached_touch_count() > 0) {
    printer->Line(fmt::format("{} touches belong to no recorded account and count nowhere",
                              Thousands(reach.unattached_touch_count())));
  }
  printer->Blank();
  printer->Main(ChannelTable(channels));
  PrintChannelNotes(channels, printer);
  PrintCostGaps(channels, printer);
  printer->Line(
      fmt::format("a deal counts for every {} that touched its account before it began; the "
                  "numbers attribute none",
                  GroupingText(channels.grouping())));
  printer->Line(ProvenanceText(reach.provenance()));
}

void PrintChannels(const GetChannelEfficacyResponse& answer, Printer* printer) {
  const bool is_content = answer.grouping() == targeting::v1::ACTIVITY_GROUPING_CONTENT;
  const bool is_campaign = answer.grouping() == targeting::v1::ACTIVITY_GROUPING_CAMPAIGN;
  printer->Heading(fmt::format("{} {}",
                               is_content    ? "Content"
                               : is_campaign ? "Campaigns"
                                             : "Channels",
                               RangeText(answer.days())));
  printer->Main(ChannelTable(answer));
  PrintChannelNotes(answer, printer);
  PrintCostGaps(answer, printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintBuyingGroups(const targeting::v1::ListBuyingGroupsResponse& answer,
                       const Names& account_names, Printer* printer) {
  printer->Heading(fmt::format("Buying groups {}: {} accounts", RangeText(answer.days()),
                               Thousands(answer.total_count())));
  Table table{{{"account", "account_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"priority", "priority_micropoints", Align::kRight, false},
               {"coverage", "coverage", Align::kLeft, false},
               {"act", "engaged_people_count", Align::kRight, false},
               {"known", "known_people_count", Align::kRight, false},
               {"touches", "touch_count", Align::kRight, false},
               {"a person", "touches_per_person", Align::kRight, false},
               {"missing", "touches_missing_count", Align::kRight, false},
               {"roles nobody has", "unknown_roles", Align::kLeft, true},
               {"roles that are silent", "silent_roles", Align::kLeft, true}},
              {}};
  for (const BuyingGroup& group : answer.groups()) {
    table.rows.push_back(
        {group.account_id(), NameOf(account_names, group.account_id()),
         Cell(Points(group.priority_micropoints()), std::to_string(group.priority_micropoints())),
         CoverageCell(group.coverage()), CountCell(group.engaged_people_count()),
         CountCell(group.known_people_count()), CountCell(group.touch_count()),
         group.has_touches_per_person() ? Cell(Fixed(group.touches_per_person(), 1),
                                               fmt::format("{}", group.touches_per_person()))
                                        : Cell("", ""),
         CountCell(group.touches_missing_count()), RolesText(group.unknown_roles()),
         RolesText(group.silent_roles())});
  }
  printer->Main(table);
  printer->Line(RuleText(answer.group_rule()) +
                "; missing is what the smallest group still needs, person by person");
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
