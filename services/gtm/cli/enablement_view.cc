#include "services/gtm/cli/enablement_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;

std::string StepText(crm::v1::JourneyStep step) {
  if (step == crm::v1::JOURNEY_STEP_UNSPECIFIED) return "not known";
  return EnumText(crm::v1::JourneyStep_Name(step), "JOURNEY_STEP_");
}

std::string Named(const std::string& id, const std::string& name) {
  return name.empty() ? id : fmt::format("{} ({})", id, name);
}

std::string EvidenceText(const v1::JourneyEvidence& evidence) {
  if (evidence.kind() != v1::JourneyEvidence::KIND_ENGAGEMENT) {
    return EnumText(v1::JourneyEvidence::Kind_Name(evidence.kind()), "KIND_");
  }
  return EnumText(crm::v1::Engagement::Type_Name(evidence.engagement_type()), "TYPE_");
}

const char* RuleText(v1::MessageFinding::Rule rule) {
  switch (rule) {
    case v1::MessageFinding::RULE_TOO_LONG:
      return "too complex: takes too long to read (seconds)";
    case v1::MessageFinding::RULE_LONG_SENTENCE:
      return "too complex: a long sentence (words)";
    case v1::MessageFinding::RULE_HARD_WORDS:
      return "too complex: too many hard words (share)";
    case v1::MessageFinding::RULE_NOTHING_SPECIFIC:
      return "too generic: names nothing of the target";
    case v1::MessageFinding::RULE_STOCK_PHRASE:
      return "too generic: a phrase that would suit anybody";
    case v1::MessageFinding::RULE_NO_ACTION:
      return "asks for nothing";
    case v1::MessageFinding::RULE_SEVERAL_ACTIONS:
      return "asks for more than one thing";
    case v1::MessageFinding::RULE_NUMBER_NOT_AGREED:
      return "contradicts: a number that nobody agreed to";
    default:
      return "";
  }
}

void PrintChannel(const v1::ChannelPreference& channel, Printer* printer) {
  if (channel.source() == v1::ChannelPreference::SOURCE_RECORDED) {
    printer->Line(fmt::format("channel: {}, as recorded", channel.channel()));
  } else if (channel.source() == v1::ChannelPreference::SOURCE_LEARNED) {
    const bool clear = channel.share().sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
    printer->Line(fmt::format("channel: {}, {} of the person's own {} acts{}", channel.channel(),
                              EstimateText(channel.share(), true),
                              Thousands(channel.share().sample_count()),
                              clear ? "" : "; not enough data to be sure"));
  } else {
    printer->Line("channel: nothing tells; ask");
  }
}

}  // namespace

void PrintJourney(const v1::GetBuyerJourneyResponse& answer, const std::string& name,
                  Printer* printer) {
  Table table{{{"when", "time"},
               {"evidence", "evidence"},
               {"speaks for", "step"},
               {"record", "record_id", Align::kLeft, true},
               {"person", "contact_id", Align::kLeft, true}},
              {}};
  for (const auto& evidence : answer.evidence()) {
    table.rows.push_back({Cell(TimeText(evidence.time()).substr(0, 10), TimeText(evidence.time())),
                          EvidenceText(evidence), StepText(evidence.step()), evidence.record_id(),
                          evidence.contact_id()});
  }
  std::string heading = fmt::format("{}{}: {}", Named(answer.account_id(), name),
                                    answer.contact_id().empty() ? "" : ", " + answer.contact_id(),
                                    StepText(answer.step()));
  if (answer.has_since_time()) {
    heading += fmt::format(" since {}", TimeText(answer.since_time()).substr(0, 10));
  }
  if (answer.bought()) heading += ", bought";
  if (answer.problem_class() != crm::v1::PROBLEM_CLASS_UNSPECIFIED) {
    heading +=
        fmt::format("; problem: {}",
                    EnumText(crm::v1::ProblemClass_Name(answer.problem_class()), "PROBLEM_CLASS_"));
  }
  printer->Heading(heading);
  printer->Main(table);
  printer->Line(fmt::format("people active in 180 days: {} of {}; shared inside the account: {}",
                            Thousands(answer.active_people().success_count()),
                            Thousands(answer.active_people().sample_count()),
                            Thousands(answer.internal_share_count())));
  if (answer.unanswered_fields_size() > 0) {
    printer->Line(
        fmt::format("no call has answered: {}", fmt::join(answer.unanswered_fields(), ", ")));
  }
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintSuggestions(const v1::SuggestContentResponse& answer, const std::string& name,
                      Printer* printer) {
  const bool campaigns = answer.content_kind() == v1::CONTENT_KIND_CAMPAIGN;
  Table table{{{"#", "rank", Align::kRight},
               {campaigns ? "campaign" : "content", "key", Align::kLeft, true},
               {"moves on", "moved_on", Align::kRight},
               {"", "moved_on_low", Align::kRight, false, Shown::kInCsv},
               {"", "moved_on_high", Align::kRight, false, Shown::kInCsv},
               {"rests on", "basis"},
               {"why", "reason", Align::kLeft, true}},
              {}};
  int rank = 0;
  for (const auto& suggestion : answer.suggestions()) {
    const bool few = suggestion.basis() == v1::SUGGESTION_BASIS_NOT_ENOUGH_DATA;
    table.rows.push_back(
        {std::to_string(++rank), suggestion.key(),
         Cell(EstimateText(suggestion.moved_on(), true),
              EstimatePlain(suggestion.moved_on(), Bound::kValue)),
         EstimatePlain(suggestion.moved_on(), Bound::kLow),
         EstimatePlain(suggestion.moved_on(), Bound::kHigh),
         Cell(EnumText(v1::SuggestionBasis_Name(suggestion.basis()), "SUGGESTION_BASIS_"),
              few ? Tone::kFaint : Tone::kPlain),
         suggestion.reason()});
  }
  const std::string role = answer.role() == crm::v1::BUYING_ROLE_UNSPECIFIED
                               ? "role not known"
                               : EnumText(crm::v1::BuyingRole_Name(answer.role()), "BUYING_ROLE_");
  const std::string function = answer.job_function().empty() ? "" : ", " + answer.job_function();
  printer->Heading(fmt::format("{}: {}{}, {}", Named(answer.contact_id(), name), role, function,
                               StepText(answer.step())));
  printer->Main(table);
  printer->Line(fmt::format("average of the step: {}", EstimateText(answer.step_average(), true)));
  if (answer.met_keys_size() > 0) {
    printer->Paragraph("not again: ", fmt::format("{}", fmt::join(answer.met_keys(), ", ")));
  }
  PrintChannel(answer.channel(), printer);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintMessageTest(const v1::TestMessageResponse& answer, Printer* printer) {
  Table table{{{"finding", "rule", Align::kLeft, true},
               {"found", "observed", Align::kRight},
               {"right", "limit", Align::kRight},
               {"where", "excerpt", Align::kLeft, true}},
              {}};
  for (const auto& finding : answer.findings()) {
    const bool share = finding.rule() == v1::MessageFinding::RULE_HARD_WORDS;
    const int decimals = share ? 2 : 0;
    table.rows.push_back(
        {Cell(RuleText(finding.rule()),
              EnumText(v1::MessageFinding::Rule_Name(finding.rule()), "RULE_"), Tone::kWarn),
         Fixed(finding.observed(), decimals), Fixed(finding.limit(), decimals),
         Printable(finding.excerpt())});
  }
  printer->Heading(
      fmt::format("Message: {}; {} words, {} s to read",
                  EnumText(v1::TestMessageResponse::Verdict_Name(answer.verdict()), "VERDICT_"),
                  Thousands(answer.word_count()), Fixed(answer.read_seconds(), 0)));
  if (!answer.findings().empty() || !printer->is_table()) printer->Main(table);
  for (const std::string& action : answer.actions()) printer->Line("asks: " + Printable(action));
  if (answer.specifics_size() > 0) {
    printer->Line(fmt::format("names: {}", fmt::join(answer.specifics(), ", ")));
  }
}

}  // namespace gtm::cli
