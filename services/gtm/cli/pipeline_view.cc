#include "services/gtm/cli/pipeline_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::DealWarning;
using forecasting::v1::EngagementTrend;
using forecasting::v1::EvidenceItem;
using forecasting::v1::EvidenceKind;
using forecasting::v1::InterrogatedDeal;
using forecasting::v1::InterrogatePipelineResponse;
using forecasting::v1::Trust;
using forecasting::v1::TrustReason;

Cell MoneyCell(const type::v1::Money& money) { return {MoneyText(money), MoneyPlain(money)}; }

Cell CountCell(int64_t count) { return {Thousands(count), std::to_string(count)}; }

std::string TypeText(DealWarning::Type type) {
  return EnumText(DealWarning::Type_Name(type), "TYPE_");
}

std::string KindText(EvidenceKind kind) {
  return EnumText(forecasting::v1::EvidenceKind_Name(kind), "EVIDENCE_KIND_");
}

std::string SeverityText(DealWarning::Severity severity) {
  return EnumText(DealWarning::Severity_Name(severity), "SEVERITY_");
}

Tone ToneOf(DealWarning::Severity severity) {
  switch (severity) {
    case DealWarning::SEVERITY_HIGH:
      return Tone::kBad;
    case DealWarning::SEVERITY_MEDIUM:
      return Tone::kWarn;
    case DealWarning::SEVERITY_INFO:
      return Tone::kFaint;
    default:
      return Tone::kPlain;
  }
}

// "Acme (o-1)"; the id alone where there is no name.
std::string NameOf(const InterrogatedDeal& deal) {
  return deal.display_name().empty()
             ? deal.opportunity_id()
             : fmt::format("{} ({})", deal.display_name(), deal.opportunity_id());
}

// "proposal (stage 3), 31 % of 40,000 USD: 12,400 USD at stake, seller-7".
std::string StandingOf(const InterrogatedDeal& deal) {
  const std::string amount = deal.has_amount() ? MoneyText(deal.amount()) : "an unknown amount";
  return fmt::format("{} (stage {}), {} of {}: {} at stake, {}", deal.stage_id(),
                     deal.stage_number(), ChanceText(deal.win_probability()), amount,
                     MoneyText(deal.expected_amount()),
                     deal.owner_seller_id().empty() ? "no owner" : deal.owner_seller_id());
}

// "single contact: red flag ..."; the message alone where it begins with the same words.
std::string TitleOf(const DealWarning& warning) {
  const std::string type = TypeText(warning.type());
  return warning.message().starts_with(type) ? warning.message()
                                             : fmt::format("{}: {}", type, warning.message());
}

void PrintWarning(const DealWarning& warning, bool with_clearing, Printer* printer) {
  const std::string severity = Toned(fmt::format("{:<6}", SeverityText(warning.severity())),
                                     ToneOf(warning.severity()), printer->console().color);
  printer->Paragraph(fmt::format("   {}  ", severity), TitleOf(warning));
  printer->Paragraph(fmt::format("           by {}:  ", DateText(warning.due_date())),
                     warning.action());
  if (with_clearing) {
    printer->Paragraph("           clears when:    ",
                       fmt::format("{} ({})", warning.clears().text(), warning.rule()));
  }
}

Table WarningTable(const InterrogatePipelineResponse& answer) {
  Table table{{{"deal", "opportunity_id", Align::kLeft, false},
               {"owner", "owner_seller_id", Align::kLeft, false},
               {"stage", "stage_id", Align::kLeft, false},
               {"chance", "win_probability", Align::kRight, false},
               {"at stake", "expected_amount", Align::kRight, false},
               {"severity", "severity", Align::kLeft, false},
               {"warning", "type", Align::kLeft, false},
               {"what is wrong", "message", Align::kLeft, true},
               {"what to do", "action", Align::kLeft, true},
               {"by", "due_date", Align::kLeft, false},
               {"clears when", "clears", Align::kLeft, true},
               {"rule", "rule", Align::kLeft, false}},
              {}};
  for (const InterrogatedDeal& deal : answer.deals()) {
    for (const DealWarning& warning : deal.warnings()) {
      table.rows.push_back({deal.opportunity_id(), deal.owner_seller_id(), deal.stage_id(),
                            fmt::format("{}", deal.win_probability()),
                            MoneyPlain(deal.expected_amount()), SeverityText(warning.severity()),
                            TypeText(warning.type()), warning.message(), warning.action(),
                            DateText(warning.due_date()), warning.clears().text(), warning.rule()});
    }
  }
  return table;
}

void PrintTotals(const InterrogatePipelineResponse& answer, Printer* printer) {
  if (answer.totals_size() == 0) return;
  Table table{{{"warning", "type", Align::kLeft, true},
               {"deals", "opportunity_count", Align::kRight, false},
               {"high", "high_count", Align::kRight, false},
               {"amount", "amount", Align::kRight, false},
               {"at stake", "expected_amount", Align::kRight, false},
               {"", "share", Align::kLeft, false}},
              {}};
  const int64_t whole = std::max<int64_t>(1, MicrosOf(answer.expected_amount()));
  for (const auto& total : answer.totals()) {
    const double share =
        static_cast<double>(MicrosOf(total.expected_amount())) / static_cast<double>(whole);
    table.rows.push_back({TypeText(total.type()), CountCell(total.opportunity_count()),
                          CountCell(total.high_count()), MoneyCell(total.amount()),
                          MoneyCell(total.expected_amount()),
                          Cell(Bar(share, 20), fmt::format("{:.4f}", share))});
  }
  printer->Blank();
  printer->Extra(table);
}

void PrintCoaching(const InterrogatePipelineResponse& answer, Printer* printer) {
  if (answer.coaching_size() == 0) return;
  Table table{
      {{"warning", "type", Align::kLeft, true},
       {"cleared", "cleared_count", Align::kRight, false},
       {"won", "cleared_won_count", Align::kRight, false},
       {"kept", "kept_count", Align::kRight, false},
       {"won", "kept_won_count", Align::kRight, false},
       {"cleared deals won more, equal stage and age", "won_difference", Align::kLeft, true}},
      {}};
  for (const auto& effect : answer.coaching()) {
    const auto& difference = effect.won_difference();
    const bool is_enough = difference.sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
    table.rows.push_back(
        {TypeText(effect.type()), CountCell(effect.cleared_count()),
         CountCell(effect.cleared_won_count()), CountCell(effect.kept_count()),
         CountCell(effect.kept_won_count()),
         is_enough
             ? fmt::format("{} points ({} to {})", Fixed(100 * difference.value(), 1),
                           Fixed(100 * difference.low(), 1), Fixed(100 * difference.high(), 1))
             : std::string("not enough data")});
  }
  printer->Blank();
  printer->Line("deals of the past year whose warning was gone after two weeks, and the others:");
  printer->Extra(table);
  printer->Line("an association, not a cause: deals that go well clear warnings more often");
}

std::string List(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void PrintNotes(const InterrogatePipelineResponse& answer, Printer* printer) {
  if (answer.recorded_channel_count() == 0 && answer.opportunity_count() > 0) {
    printer->Paragraph("note: ",
                       "no engagement of any buyer is recorded: warnings rest on stages, dates and "
                       "amounts alone");
  }
  std::vector<std::string> kinds;
  for (const int kind : answer.unrecorded_kinds()) {
    kinds.push_back(KindText(static_cast<EvidenceKind>(kind)));
  }
  if (!kinds.empty()) {
    printer->Paragraph(
        "note: ", fmt::format("known of no deal, so nothing follows from it: {}", List(kinds)));
  }
  if (answer.loss_count() > 0) {
    std::vector<std::string> reasons;
    for (const auto& loss : answer.loss_reasons()) {
      reasons.push_back(fmt::format("{} {}",
                                    loss.reason().empty() ? "no reason recorded" : loss.reason(),
                                    EstimateText(loss.share(), true)));
    }
    printer->Paragraph("lost: ", fmt::format("{} deals in a year: {}",
                                             Thousands(answer.loss_count()), List(reasons)));
  }
  if (answer.sufficiency() == type::v1::SUFFICIENCY_NOT_ENOUGH_DATA) {
    printer->Paragraph("note: ", "too few deals have closed to judge chances from");
  }
}

// One block a column wide for each week, scaled to the largest.
std::string Sparkline(const google::protobuf::RepeatedField<int32_t>& counts) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const int32_t largest = std::max(1, *std::max_element(counts.begin(), counts.end()));
  std::string text;
  for (const int32_t count : counts) {
    text += count <= 0 ? "·" : kBlocks[std::min<int64_t>(7, (int64_t{count} * 8 - 1) / largest)];
  }
  return text;
}

void PrintTrend(const EngagementTrend& trend, Printer* printer) {
  if (trend.weekly_counts_size() == 0) return;
  const std::string verdict = EnumText(EngagementTrend::Verdict_Name(trend.verdict()), "VERDICT_");
  std::string text = fmt::format("{}  {}: {} buyer touches in the last 4 weeks, {} in {} before",
                                 Sparkline(trend.weekly_counts()), verdict, trend.recent_count(),
                                 trend.earlier_count(), trend.earlier_week_count());
  if (trend.earlier_week_count() > 0) {
    text +=
        fmt::format("; {} to {} would be noise", trend.band_low_count(), trend.band_high_count());
  }
  printer->Paragraph("account trend: ", text);
}

void PrintLength(const char* lead, const forecasting::v1::LengthJudgement& length,
                 Printer* printer) {
  const auto& share = length.won_share();
  std::string text = fmt::format("{} days", length.days());
  if (share.sample_count() > 0) {
    text += fmt::format("; {} of {} won deals took as long, the longest {} days",
                        share.success_count(), share.sample_count(), length.longest_won_days());
  }
  if (share.sufficiency() != type::v1::SUFFICIENCY_ENOUGH) {
    text += "; too few won deals to call any length stuck";
  } else if (length.stuck()) {
    text += ": stuck";
  }
  printer->Paragraph(lead, text);
}

void PrintEvidence(const InterrogatedDeal& deal, Printer* printer) {
  Table table{{{"evidence", "kind", Align::kLeft, false},
               {"state", "state", Align::kLeft, false},
               {"count", "count", Align::kRight, false},
               {"last", "last_date", Align::kLeft, false}},
              {}};
  for (const EvidenceItem& item : deal.evidence()) {
    if (item.state() == EvidenceItem::STATE_NOT_RECORDED) continue;
    const Tone tone = item.state() == EvidenceItem::STATE_FOUND ? Tone::kGood : Tone::kWarn;
    table.rows.push_back({KindText(item.kind()),
                          Cell(EnumText(EvidenceItem::State_Name(item.state()), "STATE_"), tone),
                          item.count() > 0 ? Thousands(item.count()) : "",
                          item.has_last_date() ? DateText(item.last_date()) : ""});
  }
  printer->Blank();
  printer->Extra(table);
  std::vector<std::string> unknown;
  for (const EvidenceItem& item : deal.evidence()) {
    if (item.state() == EvidenceItem::STATE_NOT_RECORDED) unknown.push_back(KindText(item.kind()));
  }
  if (!unknown.empty()) printer->Paragraph("not recorded: ", List(unknown));
}

void PrintContacts(const InterrogatedDeal& deal, Printer* printer) {
  if (deal.engaged_contacts_size() == 0) return;
  Table table{{{"who acts", "contact_id", Align::kLeft, true},
               {"role", "role", Align::kLeft, false},
               {"touches", "touch_count", Align::kRight, false},
               {"shares", "share_count", Align::kRight, false},
               {"last", "last_date", Align::kLeft, false}},
              {}};
  for (const auto& contact : deal.engaged_contacts()) {
    const bool has_role = contact.role() != crm::v1::BUYING_ROLE_UNSPECIFIED;
    table.rows.push_back(
        {contact.contact_id(),
         has_role ? EnumText(crm::v1::BuyingRole_Name(contact.role()), "BUYING_ROLE_") : "",
         Thousands(contact.touch_count()),
         contact.share_count() > 0 ? Thousands(contact.share_count()) : "",
         DateText(contact.last_date())});
  }
  printer->Blank();
  printer->Extra(table);
}

// "0.49: backdated: it was first recorded ... (0.70)".
std::string TrustText(const Trust& trust) {
  std::string text = fmt::format("{:.2f}", trust.weight());
  for (const auto& reason : trust.reasons()) {
    text += fmt::format("{} {}: {} ({:.2f})", &reason == &trust.reasons(0) ? ":" : ";",
                        EnumText(TrustReason::Type_Name(reason.type()), "TYPE_"), reason.message(),
                        reason.weight());
  }
  return text;
}

void PrintTrust(const InterrogatedDeal& deal, Printer* printer) {
  if (!deal.trust().reasons().empty()) {
    printer->Paragraph("trust: ", TrustText(deal.trust()));
  }
  for (const int type : deal.trust().not_enough_data_types()) {
    printer->Paragraph(
        "trust: ",
        fmt::format(
            "{}? not enough data: under 59 deals to say whether that is unusual",
            EnumText(TrustReason::Type_Name(static_cast<TrustReason::Type>(type)), "TYPE_")));
  }
}

void PrintDoubtfulWins(const InterrogatePipelineResponse& answer, Printer* printer) {
  if (answer.doubtful_wins().empty()) return;
  printer->Blank();
  printer->Line(fmt::format("won in the last 90 days, but the record is doubtful: {} {}",
                            Thousands(answer.doubtful_win_count()),
                            answer.doubtful_win_count() == 1 ? "deal" : "deals"));
  for (const auto& win : answer.doubtful_wins()) {
    printer->Paragraph(
        fmt::format("   {}  ", DateText(win.won_date())),
        fmt::format("{}, {}, {}: trust {}",
                    win.display_name().empty()
                        ? win.opportunity_id()
                        : fmt::format("{} ({})", win.display_name(), win.opportunity_id()),
                    win.has_amount() ? MoneyText(win.amount()) : "an unknown amount",
                    win.owner_seller_id().empty() ? "no owner" : win.owner_seller_id(),
                    TrustText(win.trust())));
  }
}

}  // namespace

void PrintInterrogation(const InterrogatePipelineResponse& answer, int warnings_max,
                        Printer* printer) {
  if (!printer->is_table()) {
    printer->Main(WarningTable(answer));
    return;
  }
  printer->Heading(fmt::format("Pipeline {}: {} deals, {} expected of {} open",
                               PeriodText(answer.period()), Thousands(answer.opportunity_count()),
                               MoneyText(answer.expected_amount()), MoneyText(answer.amount())));
  printer->Line(
      fmt::format("with a warning: {} of {} deals, {} at stake; {} of what should be known "
                  "is known",
                  Thousands(answer.warned_count()), Thousands(answer.opportunity_count()),
                  MoneyText(answer.warned_expected_amount()), Percent(answer.completeness(), 0)));
  PrintTotals(answer, printer);
  for (const InterrogatedDeal& deal : answer.deals()) {
    printer->Blank();
    printer->Heading(NameOf(deal));
    printer->Line("   " + StandingOf(deal));
    if (deal.warnings().empty()) printer->Line("   no warning");
    if (!deal.trust().reasons().empty()) {
      printer->Paragraph("   trust   ", TrustText(deal.trust()));
    }
    const int shown = std::min(warnings_max, deal.warnings_size());
    for (int i = 0; i < shown; ++i) PrintWarning(deal.warnings(i), false, printer);
    if (deal.warnings_size() > shown) {
      printer->Line(fmt::format("   and {} more: gtm pipeline interrogate {}",
                                deal.warnings_size() - shown, deal.opportunity_id()));
    }
  }
  PrintDoubtfulWins(answer, printer);
  PrintCoaching(answer, printer);
  printer->Blank();
  PrintNotes(answer, printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintInterrogatedDeal(const InterrogatePipelineResponse& answer, Printer* printer) {
  if (!printer->is_table() || answer.deals().empty()) {
    printer->Main(WarningTable(answer));
    return;
  }
  const InterrogatedDeal& deal = answer.deals(0);
  printer->Heading(NameOf(deal));
  printer->Line(StandingOf(deal));
  if (!deal.account_id().empty()) {
    printer->Line(fmt::format("account {}{}", deal.account_id(),
                              deal.segment().empty() ? "" : ", " + deal.segment()));
  }
  if (deal.has_expected_close_date()) {
    printer->Line("expected to close on " + DateText(deal.expected_close_date()));
  }
  printer->Blank();
  if (deal.warnings().empty()) printer->Line("no warning");
  for (const DealWarning& warning : deal.warnings()) PrintWarning(warning, true, printer);
  PrintEvidence(deal, printer);
  PrintContacts(deal, printer);
  printer->Blank();
  printer->Line(fmt::format("touches: {} of the buyer, {} of ours; {} of {} recorded types seen",
                            Thousands(deal.buyer_touch_count()), Thousands(deal.our_touch_count()),
                            deal.seen_channel_count(), answer.recorded_channel_count()));
  PrintTrend(deal.trend(), printer);
  PrintLength("in pipeline: ", deal.age(), printer);
  PrintLength("in stage: ", deal.stage_age(), printer);
  PrintTrust(deal, printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
