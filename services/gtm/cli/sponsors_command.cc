// gtm sponsors: which executive sponsors whom.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cctype>

#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/sponsors_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using sponsorship::v1::SponsorshipService;
namespace v1 = sponsorship::v1;

struct SponsorsFlags {
  PointFlags point;
  std::string program;
  std::string file;
  std::string id;
  std::string state;
  std::string executive;
  std::string reason = "other";
  std::string note;
  std::string end_date;
  std::string etag;
  std::vector<std::string> exclude;
  bool dry_run = false;
  int limit = 50;
};

PeopleNames NamesOfRun(Session& session, const v1::MatchRun& run) {
  std::vector<std::string> contacts;
  std::vector<std::string> executives;
  for (const auto& pair : run.pairs()) contacts.push_back(pair.contact_id());
  for (const auto& capacity : run.capacities()) executives.push_back(capacity.executive_id());
  return {NamesOf(session, "contact", contacts), NamesOf(session, "executive", executives)};
}

Result<int> RunCandidates(Session& session, const SponsorsFlags& flags) {
  v1::ListCandidatesRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_program_id(flags.program);
  request.set_page_size(flags.limit);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<SponsorshipService>(
                                              &SponsorshipService::Stub::ListCandidates, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& candidate : answer.candidates()) ids.push_back(candidate.contact_id());
  PrintCandidates(answer, {NamesOf(session, "contact", ids), {}}, &printer);
  return kExitOk;
}

Result<int> RunCapacity(Session& session, const SponsorsFlags& flags) {
  v1::GetCapacityRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_program_id(flags.program);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<SponsorshipService>(
                                              &SponsorshipService::Stub::GetCapacity, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& capacity : answer.capacities()) ids.push_back(capacity.executive_id());
  PrintCapacity(answer, {{}, NamesOf(session, "executive", ids)}, &printer);
  return kExitOk;
}

Result<int> RunPropose(Session& session, const SponsorsFlags& flags) {
  v1::ProposeMatchesRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_request_id(NewRequestId());
  request.set_match_run_id(flags.id);
  request.set_validate_only(flags.dry_run);
  if (flags.dry_run) request.set_program_id(flags.program);
  for (const std::string& pair : flags.exclude) {
    const size_t colon = pair.find(':');
    if (colon == std::string::npos) {
      return InvalidField("--exclude", fmt::format("\"{}\": write CONTACT:EXECUTIVE", pair));
    }
    auto* excluded = request.add_excluded_pairs();
    excluded->set_contact_id(pair.substr(0, colon));
    excluded->set_executive_id(pair.substr(colon + 1));
  }
  GTM_ASSIGN_OR_RETURN(const auto run, session.client().Call<SponsorshipService>(
                                           &SponsorshipService::Stub::ProposeMatches, request));
  Printer printer = session.printer();
  if (printer.Json(run)) return kExitOk;
  PrintMatchRun(run, NamesOfRun(session, run), &printer);
  if (!flags.dry_run) printer.Line(fmt::format("next: gtm sponsors accept {}", run.id()));
  return kExitOk;
}

Result<int> RunAccept(Session& session, const SponsorsFlags& flags) {
  v1::AcceptMatchesRequest request;
  request.set_request_id(NewRequestId());
  request.set_match_run_id(flags.id);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<SponsorshipService>(
                                              &SponsorshipService::Stub::AcceptMatches, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  v1::ListSponsorshipsResponse list;
  *list.mutable_sponsorships() = answer.sponsorships();
  PrintSponsorships(list, NamesOfRun(session, answer.match_run()), &printer);
  printer.Line(fmt::format("accepted; revision {}", answer.revision()));
  return kExitOk;
}

Result<int> RunShow(Session& session, const SponsorsFlags& flags) {
  v1::GetMatchRunRequest request;
  request.set_match_run_id(flags.id);
  GTM_ASSIGN_OR_RETURN(const auto run, session.client().Call<SponsorshipService>(
                                           &SponsorshipService::Stub::GetMatchRun, request));
  Printer printer = session.printer();
  if (printer.Json(run)) return kExitOk;
  PrintMatchRun(run, NamesOfRun(session, run), &printer);
  return kExitOk;
}

Result<int> RunList(Session& session, const SponsorsFlags& flags) {
  v1::ListSponsorshipsRequest request;
  request.set_state(flags.state == "ended"    ? v1::Sponsorship::STATE_ENDED
                    : flags.state == "active" ? v1::Sponsorship::STATE_ACTIVE
                                              : v1::Sponsorship::STATE_UNSPECIFIED);
  request.set_executive_id(flags.executive);
  request.set_page_size(flags.limit);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<SponsorshipService>(
                           &SponsorshipService::Stub::ListSponsorships, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& sponsorship : answer.sponsorships()) ids.push_back(sponsorship.contact_id());
  PrintSponsorships(answer, {NamesOf(session, "contact", ids), {}}, &printer);
  return kExitOk;
}

Result<int> RunEnd(Session& session, const SponsorsFlags& flags) {
  v1::EndSponsorshipRequest request;
  request.set_request_id(NewRequestId());
  request.set_sponsorship_id(flags.id);
  request.set_etag(flags.etag);
  request.set_note(flags.note);
  v1::Sponsorship::EndReason reason;
  std::string name = "END_REASON_" + flags.reason;
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  if (v1::Sponsorship::EndReason_Parse(name, &reason)) request.set_reason(reason);
  if (!flags.end_date.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_end_date(), ParseDateFlag(flags.end_date, "--end-date"));
  }
  GTM_ASSIGN_OR_RETURN(const auto ended, session.client().Call<SponsorshipService>(
                                             &SponsorshipService::Stub::EndSponsorship, request));
  Printer printer = session.printer();
  if (printer.Json(ended)) return kExitOk;
  v1::ListSponsorshipsResponse one;
  *one.add_sponsorships() = ended;
  PrintSponsorships(one, {NamesOf(session, "contact", {ended.contact_id()}), {}}, &printer);
  return kExitOk;
}

Result<int> PrintProgram(Session& session, const v1::SponsorshipProgram& program) {
  Printer printer = session.printer();
  if (printer.Json(program)) return kExitOk;
  v1::ListSponsorshipProgramsResponse one;
  *one.add_programs() = program;
  PrintPrograms(one, &printer);
  return kExitOk;
}

Result<int> RunProgramCreate(Session& session, const SponsorsFlags& flags) {
  v1::CreateSponsorshipProgramRequest request;
  request.set_request_id(NewRequestId());
  GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, request.mutable_program()));
  GTM_ASSIGN_OR_RETURN(const auto program,
                       session.client().Call<SponsorshipService>(
                           &SponsorshipService::Stub::CreateSponsorshipProgram, request));
  return PrintProgram(session, program);
}

Result<int> RunProgramActivate(Session& session, const SponsorsFlags& flags) {
  v1::ActivateSponsorshipProgramRequest request;
  request.set_request_id(NewRequestId());
  request.set_program_id(flags.id);
  GTM_ASSIGN_OR_RETURN(const auto program,
                       session.client().Call<SponsorshipService>(
                           &SponsorshipService::Stub::ActivateSponsorshipProgram, request));
  return PrintProgram(session, program);
}

Result<int> RunProgramList(Session& session, const SponsorsFlags& flags) {
  v1::ListSponsorshipProgramsRequest request;
  request.set_page_size(1'000);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<SponsorshipService>(
                           &SponsorshipService::Stub::ListSponsorshipPrograms, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintPrograms(answer, &printer);
  return kExitOk;
}

using Run = Result<int> (*)(Session&, const SponsorsFlags&);

CLI::App* AddAction(CLI::App* parent, const std::string& name, const std::string& meaning,
                    Session& session, const std::shared_ptr<SponsorsFlags>& flags, Run run) {
  CLI::App* command = parent->add_subcommand(name, meaning);
  command->callback([&session, flags, run] {
    session.action = [&session, flags, run] { return run(session, *flags); };
  });
  return command;
}

void AddProgramCommands(CLI::App* sponsors, Session& session,
                        const std::shared_ptr<SponsorsFlags>& flags) {
  CLI::App* program = sponsors->add_subcommand("program", "Criteria, weights and hours");
  program->require_subcommand(1);
  AddAction(program, "create", "Write a draft from a file", session, flags, &RunProgramCreate)
      ->add_option("--file", flags->file, "A SponsorshipProgram in JSON; - reads standard input")
      ->required()
      ->type_name("FILE");
  AddAction(program, "activate", "Make a draft the active program", session, flags,
            &RunProgramActivate)
      ->add_option("id", flags->id, "Id of the program")
      ->required();
  AddAction(program, "list", "List programs", session, flags, &RunProgramList);
}

}  // namespace

void AddSponsorsCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<SponsorsFlags>();
  CLI::App* sponsors = app.add_subcommand("sponsors", "Which executive sponsors whom");
  sponsors->require_subcommand(1);
  const auto with_question = [flags](CLI::App* command) {
    flags->point.Register(*command);
    command->add_option("--program", flags->program, "Score by this program; default: the active")
        ->type_name("ID");
    return command;
  };
  const auto with_limit = [flags](CLI::App* command) {
    command->add_option("--limit", flags->limit, "Most rows to show")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000));
    return command;
  };
  with_limit(with_question(
      AddAction(sponsors, "candidates", "Rank people by score", session, flags, &RunCandidates)));
  with_question(
      AddAction(sponsors, "capacity", "Count executives' slots", session, flags, &RunCapacity));
  CLI::App* propose =
      with_question(AddAction(sponsors, "propose", "Find the best pairs and record a proposal",
                              session, flags, &RunPropose));
  propose->add_option("--id", flags->id, "Id of the run; default: a new one");
  propose->add_option("--exclude", flags->exclude, "A pair that must not be made")
      ->type_name("CONTACT:EXECUTIVE");
  propose->add_flag("--dry-run", flags->dry_run, "Compute only; record nothing");
  AddAction(sponsors, "accept", "Turn a proposal into sponsorships", session, flags, &RunAccept)
      ->add_option("run", flags->id, "Id of the match run")
      ->required();
  AddAction(sponsors, "show", "Show a match run", session, flags, &RunShow)
      ->add_option("run", flags->id, "Id of the match run")
      ->required();
  CLI::App* list =
      with_limit(AddAction(sponsors, "list", "List sponsorships", session, flags, &RunList));
  list->add_option("--state", flags->state, "Only these")
      ->check(CLI::IsMember({"active", "ended"}));
  list->add_option("--executive", flags->executive, "Only those of this executive")
      ->type_name("ID");
  CLI::App* end = AddAction(sponsors, "end", "End a sponsorship", session, flags, &RunEnd);
  end->add_option("id", flags->id, "Id of the sponsorship")->required();
  end->add_option("--reason", flags->reason, "Why; `other` needs a --note")
      ->capture_default_str()
      ->check(CLI::IsMember({"not-qualified", "below-cut", "rematched", "executive-unavailable",
                             "contact-left", "completed", "other"}));
  end->add_option("--note", flags->note, "What to say about it");
  end->add_option("--end-date", flags->end_date, "Day after the last day; default: today")
      ->type_name("DATE");
  end->add_option("--etag", flags->etag, "Only if it still has this etag");
  AddProgramCommands(sponsors, session, flags);
}

}  // namespace gtm::cli
