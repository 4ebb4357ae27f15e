#include "services/gtm/cli/sponsors_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using sponsorship::v1::Candidate;
using sponsorship::v1::ExecutiveCapacity;
using sponsorship::v1::MatchRun;
using sponsorship::v1::Sponsorship;

std::string Hours(int64_t minutes) { return Fixed(static_cast<double>(minutes) / 60, 1) + " h"; }

Cell PointsCell(int64_t micropoints) { return {Points(micropoints), std::to_string(micropoints)}; }

Cell StandingCell(Candidate::Standing standing) {
  const std::string text = EnumText(Candidate::Standing_Name(standing), "STANDING_");
  const Tone tone = standing == Candidate::STANDING_ABOVE_CUT         ? Tone::kGood
                    : standing == Candidate::STANDING_NOT_ENOUGH_DATA ? Tone::kWarn
                                                                      : Tone::kFaint;
  return {text, tone};
}

// What the two have in common: "interests 6 of 9, region 3 of 3".
std::string AffinityText(const MatchRun::Pair& pair) {
  std::string text;
  for (const auto& part : pair.affinity_parts()) {
    if (part.points() == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        EnumText(sponsorship::v1::AffinityPart::Kind_Name(part.kind()), "KIND_"),
                        part.points());
  }
  return text;
}

Table CapacityTable(const google::protobuf::RepeatedPtrField<ExecutiveCapacity>& capacities,
                    const PeopleNames& names) {
  Table table{{{"executive", "executive_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"eligible", "eligible", Align::kLeft, false},
               {"hours a week", "week_minutes", Align::kRight, false},
               {"wanted", "week_minutes_wanted", Align::kRight, false},
               {"slots", "slot_count", Align::kRight, false},
               {"taken", "used_slot_count", Align::kRight, false},
               {"", "load", Align::kLeft, false},
               {"remark", "remark", Align::kLeft, false}},
              {}};
  for (const ExecutiveCapacity& capacity : capacities) {
    const double load =
        capacity.slot_count() == 0
            ? 0
            : static_cast<double>(capacity.used_slot_count()) / capacity.slot_count();
    const bool overload = capacity.overload_week_minutes() > 0;
    const std::string remark = overload ? "overloaded by " + Hours(capacity.overload_week_minutes())
                               : capacity.below_wanted_time()
                                   ? "gives less time than the program asks for"
                                   : "";
    table.rows.push_back(
        {capacity.executive_id(), NameOf(names.executives, capacity.executive_id()),
         Cell(!capacity.eligibility_known() ? "not assessed"
              : capacity.eligible()         ? "yes"
                                            : "no"),
         Cell(capacity.has_week_minutes() ? Hours(capacity.week_minutes()) : "not stated",
              capacity.has_week_minutes() ? std::to_string(capacity.week_minutes()) : ""),
         Cell(Hours(capacity.week_minutes_wanted()),
              std::to_string(capacity.week_minutes_wanted())),
         std::to_string(capacity.slot_count()), std::to_string(capacity.used_slot_count()),
         Cell(Bar(load, 10), fmt::format("{:.3f}", load), overload ? Tone::kBad : Tone::kPlain),
         Cell(remark, overload ? Tone::kBad : Tone::kWarn)});
  }
  return table;
}

// People read names, programs get ids.
Cell NamedCell(const Names& names, const std::string& id) {
  const std::string name = NameOf(names, id);
  return {name.empty() ? id : name, id};
}

Table PairsTable(const MatchRun& run, const PeopleNames& names) {
  Table table{{{"#", "rank", Align::kRight, false},
               {"person", "contact_id", Align::kLeft, true},
               {"account", "account_id", Align::kLeft, true},
               {"executive", "executive_id", Align::kLeft, true},
               {"score", "score_micropoints", Align::kRight, false},
               {"in common", "affinity", Align::kLeft, true},
               {"value", "value_micropoints", Align::kRight, false},
               {"next loses", "runner_up_loss_micropoints", Align::kRight, false}},
              {}};
  for (const MatchRun::Pair& pair : run.pairs()) {
    table.rows.push_back({std::to_string(pair.rank()), NamedCell(names.contacts, pair.contact_id()),
                          pair.account_id(), NamedCell(names.executives, pair.executive_id()),
                          PointsCell(pair.score().micropoints()), AffinityText(pair),
                          PointsCell(pair.value_micropoints()),
                          pair.runner_up_executive_id().empty()
                              ? Cell("", "")
                              : PointsCell(pair.runner_up_loss_micropoints())});
  }
  return table;
}

}  // namespace

void PrintCandidates(const sponsorship::v1::ListCandidatesResponse& answer,
                     const PeopleNames& names, Printer* printer) {
  Table table{{{"#", "rank", Align::kRight, false},
               {"person", "contact_id", Align::kLeft, true},
               {"name", "display_name", Align::kLeft, true},
               {"account", "account_id", Align::kLeft, true},
               {"score", "score_micropoints", Align::kRight, false},
               {"could be", "", Align::kRight, false, Shown::kInTables},
               {"", "score_low_micropoints", Align::kRight, false, Shown::kInCsv},
               {"", "score_high_micropoints", Align::kRight, false, Shown::kInCsv},
               {"standing", "standing", Align::kLeft, false},
               {"sponsor now", "executive_id", Align::kLeft, true},
               {"nominated by", "nominated_by_function", Align::kLeft, false}},
              {}};
  for (const Candidate& candidate : answer.candidates()) {
    const auto& score = candidate.score();
    const bool certain = score.low_micropoints() == score.high_micropoints();
    table.rows.push_back(
        {candidate.rank() == 0 ? "" : std::to_string(candidate.rank()), candidate.contact_id(),
         NameOf(names.contacts, candidate.contact_id()), candidate.account_id(),
         PointsCell(score.micropoints()),
         certain ? "" : Points(score.low_micropoints()) + " to " + Points(score.high_micropoints()),
         std::to_string(score.low_micropoints()), std::to_string(score.high_micropoints()),
         StandingCell(candidate.standing()), candidate.executive_id(),
         EnumText(candidate.nominated_by_function(), "")});
  }
  printer->Heading(fmt::format("Candidates: {} ranked for {} slots",
                               Thousands(answer.ranked_count()), Thousands(answer.slot_count())));
  printer->Main(table);
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintCapacity(const sponsorship::v1::GetCapacityResponse& answer, const PeopleNames& names,
                   Printer* printer) {
  printer->Heading(fmt::format("Capacity: {} of {} slots taken",
                               Thousands(answer.used_slot_count()),
                               Thousands(answer.slot_count())));
  printer->Main(CapacityTable(answer.capacities(), names));
  printer->Line(ProvenanceText(answer.provenance()));
}

void PrintMatchRun(const MatchRun& run, const PeopleNames& names, Printer* printer) {
  printer->Heading(fmt::format("Match run {}: {}, value {} in {} of {} slots, {} cut",
                               run.id().empty() ? "(not recorded)" : run.id(),
                               EnumText(MatchRun::State_Name(run.state()), "STATE_"),
                               Points(run.objective_micropoints()), Thousands(run.pairs_size()),
                               Thousands(run.slot_count()), Thousands(run.cut_count())));
  printer->Main(PairsTable(run, names));
  printer->Line("next loses: total value lost if the person went to the next best executive");
  if (run.transitions_size() > 0) {
    Table table{{{"ends", "sponsorship_id", Align::kLeft, true},
                 {"person", "contact_id", Align::kLeft, true},
                 {"executive", "executive_id", Align::kLeft, true},
                 {"why", "reason", Align::kLeft, false},
                 {"next", "next_executive_id", Align::kLeft, true}},
                {}};
    for (const auto& transition : run.transitions()) {
      table.rows.push_back(
          {transition.sponsorship_id(), transition.contact_id(), transition.executive_id(),
           EnumText(Sponsorship::EndReason_Name(transition.reason()), "END_REASON_"),
           transition.next_executive_id()});
    }
    printer->Blank();
    printer->Extra(table);
  }
  if (run.capacities_size() > 0) {
    printer->Blank();
    printer->Extra(CapacityTable(run.capacities(), names));
  }
  printer->Line(ProvenanceText(run.provenance()));
}

void PrintSponsorships(const sponsorship::v1::ListSponsorshipsResponse& answer,
                       const PeopleNames& names, Printer* printer) {
  Table table{{{"id", "id", Align::kLeft, true},
               {"person", "contact_id", Align::kLeft, true},
               {"name", "contact_name", Align::kLeft, true},
               {"account", "account_id", Align::kLeft, true},
               {"executive", "executive_id", Align::kLeft, true},
               {"state", "state", Align::kLeft, false},
               {"since", "start_date", Align::kLeft, false},
               {"until", "end_date", Align::kLeft, false},
               {"why", "end_reason", Align::kLeft, false}},
              {}};
  for (const Sponsorship& sponsorship : answer.sponsorships()) {
    const bool ended = sponsorship.state() == Sponsorship::STATE_ENDED;
    table.rows.push_back(
        {sponsorship.id(), sponsorship.contact_id(),
         NameOf(names.contacts, sponsorship.contact_id()), sponsorship.account_id(),
         sponsorship.executive_id(),
         EnumText(Sponsorship::State_Name(sponsorship.state()), "STATE_"),
         DateText(sponsorship.start_date()), DateText(sponsorship.end_date()),
         ended ? EnumText(Sponsorship::EndReason_Name(sponsorship.end_reason()), "END_REASON_")
               : ""});
  }
  printer->Main(table);
}

void PrintPrograms(const sponsorship::v1::ListSponsorshipProgramsResponse& answer,
                   Printer* printer) {
  using sponsorship::v1::SponsorshipProgram;
  Table table{{{"id", "id", Align::kLeft, false},
               {"name", "display_name", Align::kLeft, true},
               {"state", "state", Align::kLeft, false},
               {"version", "version", Align::kRight, false},
               {"criteria", "criteria_count", Align::kRight, false},
               {"active since", "activate_time", Align::kLeft, false}},
              {}};
  for (const SponsorshipProgram& program : answer.programs()) {
    const bool active = program.state() == SponsorshipProgram::STATE_ACTIVE;
    table.rows.push_back({program.id(), program.display_name(),
                          Cell(EnumText(SponsorshipProgram::State_Name(program.state()), "STATE_"),
                               active ? Tone::kGood : Tone::kPlain),
                          program.version() == 0 ? "" : std::to_string(program.version()),
                          std::to_string(program.criteria_size()),
                          TimeText(program.activate_time())});
  }
  printer->Main(table);
}

}  // namespace gtm::cli
