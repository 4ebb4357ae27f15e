// gtm enablement: how far a buyer is, what to give a person next, whether a message can be read,
// and how buyers buy.

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/buying_view.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/enablement_view.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/span_flags.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetingService;
namespace v1 = targeting::v1;

struct EnablementFlags {
  PointFlags point;
  SpanFlags span;
  std::string definition;
  std::vector<std::string> contents;
  std::string account;
  std::string contact;
  std::string file;
  std::string text;
  std::string agreed;
  std::vector<std::string> candidates;
  std::vector<std::string> words;
  int count = 5;
  int window_days = 0;
  int outcome_days = 0;
  int seconds = 0;
};

Result<int> RunJourney(Session& session, const EnablementFlags& flags) {
  v1::GetBuyerJourneyRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_account_id(flags.account);
  request.set_contact_id(flags.contact);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetBuyerJourney, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintJourney(answer, NameOf(NamesOf(session, "account", {flags.account}), flags.account),
               &printer);
  return kExitOk;
}

Result<int> RunSuggest(Session& session, const EnablementFlags& flags) {
  v1::SuggestContentRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_contact_id(flags.contact);
  for (const std::string& key : flags.candidates) request.add_candidate_keys(key);
  request.set_suggestion_count(flags.count);
  request.set_window_days(flags.window_days);
  request.set_outcome_days(flags.outcome_days);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::SuggestContent, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintSuggestions(answer, NameOf(NamesOf(session, "contact", {flags.contact}), flags.contact),
                   &printer);
  return kExitOk;
}

// A little more than a message may have, so that the server can say that it is too long.
Result<std::string> ReadText(const std::string& flag, const std::string& path) {
  constexpr size_t kBytesMax = 64 * 1024;
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return InvalidField(flag, "cannot read " + path);
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(kBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

Result<int> RunMessage(Session& session, const EnablementFlags& flags) {
  v1::TestMessageRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_text(flags.text);
  if (!flags.file.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_text(), ReadText("--file", flags.file));
  }
  if (!flags.agreed.empty()) {
    if (flags.agreed == "-" && flags.file == "-") {
      return InvalidField("--agreed", "standard input is the message; give a file");
    }
    GTM_ASSIGN_OR_RETURN(*request.mutable_agreed_text(), ReadText("--agreed", flags.agreed));
    if (request.agreed_text().empty()) {
      return InvalidField("--agreed", flags.agreed + " is empty; nothing would be checked");
    }
  }
  request.set_account_id(flags.account);
  request.set_contact_id(flags.contact);
  for (const std::string& word : flags.words) request.add_specific_words(word);
  request.set_read_seconds_max(flags.seconds);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::TestMessage, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintMessageTest(answer, &printer);
  return kExitOk;
}

Result<int> RunBuying(Session& session, const EnablementFlags& flags) {
  v1::GetBuyingBehaviorRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_RETURN_IF_ERROR(flags.span.Fill(&request));
  request.set_definition_id(flags.definition);
  for (const std::string& id : flags.contents) request.add_enablement_content_ids(id);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetBuyingBehavior, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintBuying(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddEnablementCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<EnablementFlags>();
  CLI::App* enablement =
      app.add_subcommand("enablement", "How far a buyer is, and what to give a person next");
  enablement->require_subcommand(1);
  flags->point.Register(*enablement);
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const EnablementFlags&)) {
    CLI::App* command = enablement->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  CLI::App* journey =
      add("journey", "How far an account is on the way to a decision, and by what", &RunJourney);
  journey->add_option("account", flags->account, "Id of the account")->required();
  journey->add_option("--contact", flags->contact, "Only what this person did and said")
      ->type_name("ID");
  CLI::App* suggest =
      add("suggest", "Content for a person, by what moved alike people on", &RunSuggest);
  suggest->add_option("contact", flags->contact, "Id of the person")->required();
  suggest->add_option("--among", flags->candidates, "Choose among these only; may be repeated")
      ->type_name("KEY");
  suggest->add_option("--count", flags->count, "Most suggestions")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  suggest->add_option("--window-days", flags->window_days, "Learn from so many days; default: 730")
      ->check(CLI::Range(30, 3'650));
  suggest
      ->add_option("--outcome-days", flags->outcome_days,
                   "Days within which an account moves on; default: 60")
      ->check(CLI::Range(7, 365));
  CLI::App* message =
      add("message", "Test a text: 30 seconds, one thing to do, meant for its reader", &RunMessage);
  CLI::Option* text = message->add_option("text", flags->text, "The text");
  message->add_option("--file", flags->file, "A file with the text; - reads standard input")
      ->type_name("FILE")
      ->excludes(text);
  message->add_option("--account", flags->account, "Who should feel meant")->type_name("ID");
  message->add_option("--contact", flags->contact, "The person who should feel meant")
      ->type_name("ID");
  message->add_option("--word", flags->words, "A word particular to the target; may be repeated");
  message
      ->add_option("--agreed", flags->agreed,
                   "A file with what sales and marketing agreed to say: other numbers are found")
      ->type_name("FILE");
  message->add_option("--seconds", flags->seconds, "Longest time to read; default: 30")
      ->check(CLI::Range(5, 600));
  CLI::App* buying =
      add("buying",
          "How buyers buy: alone or with us, with enablement or without, and who leaves at once",
          &RunBuying);
  flags->span.Register(*buying, "the 730 days that end with --as-of");
  buying
      ->add_option("--definition", flags->definition,
                   "Who is a target by this definition; default: the one in force")
      ->type_name("ID");
  buying
      ->add_option("--content", flags->contents,
                   "Content that is enablement besides tools; may be repeated")
      ->type_name("ID");
}

}  // namespace gtm::cli
