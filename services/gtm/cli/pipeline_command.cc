// gtm pipeline: what is wrong with open deals, and what to do about it.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/pipeline_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::DealWarning;
using forecasting::v1::ForecastingService;
namespace v1 = forecasting::v1;

struct PipelineFlags {
  PointFlags point;
  std::string opportunity_id;
  std::string period;
  std::string owner;
  std::string segment;
  std::vector<std::string> only;
  std::string severity;
  std::string page_token;
  int deals = 10;
  int warnings = 3;
  int quiet_days = 0;
  int push_count = 0;
  int late_days = 0;
  bool coaching = false;
};

// "TYPE_NO_LEGAL_REVIEW" <-> "no-legal-review".
std::string WordOf(std::string_view name, std::string_view prefix) {
  std::string word = EnumText(name, prefix);
  std::replace(word.begin(), word.end(), ' ', '-');
  return word;
}

// The words of an enumeration in the order of its numbers, without the zero value.
template <class Enum>
std::vector<std::string> WordsOf(std::string_view prefix) {
  std::vector<std::string> words;
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 1; i < type->value_count(); ++i) {
    words.push_back(WordOf(type->value(i)->name(), prefix));
  }
  return words;
}

template <class Enum>
Enum ValueOf(const std::string& word, std::string_view prefix) {
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 1; i < type->value_count(); ++i) {
    if (WordOf(type->value(i)->name(), prefix) == word) {
      return static_cast<Enum>(type->value(i)->number());
    }
  }
  return static_cast<Enum>(0);
}

Result<int> RunInterrogate(Session& session, const PipelineFlags& flags) {
  v1::InterrogatePipelineRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  request.mutable_selection()->set_owner_seller_id(flags.owner);
  request.mutable_selection()->set_segment(flags.segment);
  for (const std::string& word : flags.only) {
    request.add_warning_types(ValueOf<DealWarning::Type>(word, "TYPE_"));
  }
  request.set_severity_min(ValueOf<DealWarning::Severity>(flags.severity, "SEVERITY_"));
  request.set_opportunity_id(flags.opportunity_id);
  request.mutable_rules()->set_quiet_days(flags.quiet_days);
  request.mutable_rules()->set_push_count(flags.push_count);
  request.mutable_rules()->set_late_days(flags.late_days);
  request.set_with_coaching(flags.coaching);
  request.set_page_size(flags.deals);
  request.set_page_token(flags.page_token);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::InterrogatePipeline, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  if (flags.opportunity_id.empty()) {
    PrintInterrogation(answer, flags.warnings, &printer);
    if (flags.coaching && answer.coaching().empty()) {
      printer.Line("coaching: no deal of the past year had a warning that can be followed");
    }
  } else {
    PrintInterrogatedDeal(answer, &printer);
  }
  return kExitOk;
}

}  // namespace

void AddPipelineCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<PipelineFlags>();
  CLI::App* pipeline = app.add_subcommand("pipeline", "What open and closed deals tell");
  pipeline->require_subcommand(1);
  CLI::App* command = pipeline->add_subcommand(
      "interrogate", "Evidence, warnings and what to do, deal by deal, most at stake first");
  flags->point.Register(*command);
  command->add_option("OPPORTUNITY_ID", flags->opportunity_id, "Everything about one deal")
      ->type_name("ID");
  command->add_option("--period", flags->period, "Such as 2017-Q4; default: this quarter");
  command->add_option("--owner", flags->owner, "Only deals of this seller")->type_name("ID");
  command->add_option("--segment", flags->segment, "Only deals of this segment");
  command->add_option("--only", flags->only, "Only warnings of this type; may be given again")
      ->check(CLI::IsMember(WordsOf<DealWarning::Type>("TYPE_")));
  command->add_option("--severity", flags->severity, "Only warnings of at least this severity")
      ->check(CLI::IsMember(WordsOf<DealWarning::Severity>("SEVERITY_")));
  command->add_option("--deals", flags->deals, "Deals to show")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  command->add_option("--warnings", flags->warnings, "Warnings to show of each deal")
      ->capture_default_str()
      ->check(CLI::Range(0, 25));
  command->add_option("--quiet-days", flags->quiet_days,
                      "Days without a touch of the buyer; default: 21");
  command->add_option("--pushes", flags->push_count,
                      "Pushes of the close date in a stage; default: 3");
  command->add_option("--late-days", flags->late_days,
                      "Days before the close date that are late; default: 30");
  command->add_flag("--coaching", flags->coaching,
                    "Also: did deals whose warnings were cleared do better?");
  command->add_option("--page-token", flags->page_token, "From the answer before (JSON)")
      ->type_name("TOKEN");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return RunInterrogate(session, *flags); };
  });
}

}  // namespace gtm::cli
