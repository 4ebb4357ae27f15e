// gtm urgency: who would act now, and why; who simmers; what meetings bring.

#include <CLI/CLI.hpp>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/pages.h"
#include "services/gtm/cli/urgency_view.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetingService;
namespace v1 = targeting::v1;

struct UrgencyFlags {
  PointFlags point;
  std::string account;
  std::string segment;
  std::string owner;
  std::string wakes;
  std::string by = "segment";
  bool due = false;
  bool with_deals = false;
  int limit = 25;
  int window_days = 0;
  int yield_days = 0;
  int week_max = 0;
};

const std::map<std::string, v1::WakeUpRule::Kind> kWakes = {
    {"ask-why-now", v1::WakeUpRule::KIND_ASK_WHY_NOW},
    {"answer-questions", v1::WakeUpRule::KIND_ANSWER_QUESTIONS},
    {"merger-settles", v1::WakeUpRule::KIND_MERGER_SETTLES},
    {"settle-date", v1::WakeUpRule::KIND_SETTLE_DATE},
    {"review", v1::WakeUpRule::KIND_REVIEW}};
const std::map<std::string, v1::TriggerDimension> kDimensions = {
    {"segment", v1::TRIGGER_DIMENSION_SEGMENT},
    {"industry", v1::TRIGGER_DIMENSION_INDUSTRY},
    {"region", v1::TRIGGER_DIMENSION_REGION}};

Result<int> RunAccount(Session& session, const UrgencyFlags& flags) {
  v1::GetUrgencyRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_account_id(flags.account);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetUrgency, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintUrgency(answer, NameOf(NamesOf(session, "account", {flags.account}), flags.account),
               &printer);
  return kExitOk;
}

Result<int> RunSimmer(Session& session, const UrgencyFlags& flags) {
  v1::ListSimmeringRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_due_only(flags.due);
  request.set_with_opportunities_only(flags.with_deals);
  request.set_segment(flags.segment);
  request.set_owner_seller_id(flags.owner);
  if (!flags.wakes.empty()) request.set_kind(kWakes.at(flags.wakes));
  GTM_ASSIGN_OR_RETURN(auto all, AskPages<TargetingService>(
                                     session, &TargetingService::Stub::ListSimmering, request,
                                     &v1::ListSimmeringResponse::mutable_accounts, flags.limit));
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& account : all.accounts()) ids.push_back(account.account_id());
  PrintSimmering(all, NamesOf(session, "account", ids), &printer);
  return kExitOk;
}

Result<int> RunTriggers(Session& session, const UrgencyFlags& flags) {
  v1::GetTriggerStatisticsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_dimension(kDimensions.at(flags.by));
  request.set_window_days(flags.window_days);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::GetTriggerStatistics, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintTriggerStatistics(answer, &printer);
  return kExitOk;
}

Result<int> RunMeetings(Session& session, const UrgencyFlags& flags) {
  v1::GetMeetingYieldRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_window_days(flags.window_days);
  request.set_yield_days(flags.yield_days);
  request.set_week_meetings_max(flags.week_max);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetMeetingYield, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& seller : answer.sellers()) ids.push_back(seller.seller_id());
  PrintMeetingYield(answer, NamesOf(session, "seller", ids), &printer);
  return kExitOk;
}

}  // namespace

void AddUrgencyCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<UrgencyFlags>();
  CLI::App* urgency = app.add_subcommand("urgency", "Who would act now, why, and who simmers");
  urgency->require_subcommand(1);
  flags->point.Register(*urgency);
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const UrgencyFlags&)) {
    CLI::App* command = urgency->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  const auto add_window = [flags](CLI::App* command, const std::string& meaning, int min) {
    command->add_option("--window-days", flags->window_days, meaning)
        ->check(CLI::Range(min, 3'650));
  };
  CLI::App* account =
      add("account", "Triggers of an account, what to ask, what wakes it", &RunAccount);
  account->add_option("account", flags->account, "Id of the account")->required();
  CLI::App* simmer =
      add("simmer", "Accounts without a trigger that counts, due ones first", &RunSimmer);
  simmer->add_flag("--due", flags->due, "Only what is due");
  simmer->add_flag("--with-deals", flags->with_deals, "Only accounts with an open opportunity");
  simmer->add_option("--segment", flags->segment, "Only accounts of this segment");
  simmer->add_option("--owner", flags->owner, "Only accounts of this seller")->type_name("ID");
  simmer->add_option("--wakes", flags->wakes, "Only accounts that wake by this")
      ->check(CLI::IsMember(kWakes));
  simmer->add_option("--limit", flags->limit, "Most accounts to show")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  CLI::App* triggers =
      add("triggers", "Which triggers occur where, and whether they win deals", &RunTriggers);
  triggers->add_option("--by", flags->by, "Group accounts by this")
      ->capture_default_str()
      ->check(CLI::IsMember(kDimensions));
  add_window(triggers, "Triggers and deals of so many days; default: 730", 30);
  CLI::App* meetings =
      add("meetings", "What new meetings bring, on average and beyond colleagues'", &RunMeetings);
  add_window(meetings, "Meetings of so many days; default: 365", 7);
  meetings
      ->add_option("--yield-days", flags->yield_days,
                   "A deal comes of a meeting within so many days; default: 60")
      ->check(CLI::Range(1, 365));
  meetings
      ->add_option("--week-max", flags->week_max,
                   "More new meetings a week are too many; default: 12")
      ->check(CLI::Range(1, 100));
}

}  // namespace gtm::cli
