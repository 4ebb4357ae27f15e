// gtm definition learn: what won and lost opportunities say about the targets.

#include <CLI/CLI.hpp>
#include <fstream>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/learn_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::LearnTargetDefinitionRequest;
using targeting::v1::TargetingService;

struct LearnFlags {
  PointFlags point;
  double held_back_percent = 0;
  std::vector<std::string> excluded, rising, falling;
  std::string compared;
  bool keep_leaky = false;
  std::string save;
};

Status Save(const targeting::v1::TargetDefinition& draft, const std::string& path) {
  std::ofstream file(path, std::ios::trunc);
  file << JsonText(draft, true) << '\n';
  file.flush();
  if (!file) return InvalidField("--save", path + ": cannot be written");
  return {};
}

void AddTrends(const std::vector<std::string>& attributes,
               LearnTargetDefinitionRequest::Trend::Direction direction,
               LearnTargetDefinitionRequest* request) {
  for (const std::string& attribute : attributes) {
    auto* trend = request->add_trends();
    trend->set_attribute(attribute);
    trend->set_direction(direction);
  }
}

Result<int> RunLearn(Session& session, const LearnFlags& flags) {
  LearnTargetDefinitionRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  constexpr double kBpsPerPercent = 100;
  request.set_held_back_bps(static_cast<int32_t>(flags.held_back_percent * kBpsPerPercent));
  for (const std::string& name : flags.excluded) request.add_excluded_attributes(name);
  AddTrends(flags.rising, LearnTargetDefinitionRequest::Trend::DIRECTION_RISING, &request);
  AddTrends(flags.falling, LearnTargetDefinitionRequest::Trend::DIRECTION_FALLING, &request);
  request.set_compared_definition_id(flags.compared);
  request.set_keep_leaky_attributes(flags.keep_leaky);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::LearnTargetDefinition, request));
  if (!flags.save.empty()) {
    if (!answer.has_proposed_definition()) {
      return InvalidField("--save", "nothing to save: " + answer.explanation());
    }
    GTM_RETURN_IF_ERROR(Save(answer.proposed_definition(), flags.save));
  }
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintLearnedDefinition(answer, &printer);
  if (!flags.save.empty()) printer.Line("the draft is in " + flags.save);
  return kExitOk;
}

}  // namespace

void AddLearnCommand(CLI::App& definition, Session& session) {
  auto flags = std::make_shared<LearnFlags>();
  CLI::App* learn = definition.add_subcommand(
      "learn", "Propose criteria and weights from won and lost opportunities");
  flags->point.Register(*learn);
  learn->add_option("--held-back", flags->held_back_percent,
                    "Latest opportunities to judge by, in percent: 10 to 50; default: 30");
  learn->add_option("--exclude", flags->excluded, "An attribute not to learn from; repeatable")
      ->type_name("ATTRIBUTE");
  learn->add_option("--rising", flags->rising, "A number whose chance may only rise; repeatable")
      ->type_name("ATTRIBUTE");
  learn->add_option("--falling", flags->falling, "A number whose chance may only fall; repeatable")
      ->type_name("ATTRIBUTE");
  learn->add_option("--compare", flags->compared, "Definition to compare with; default: in force")
      ->type_name("ID");
  learn->add_flag("--keep-leaky", flags->keep_leaky,
                  "Learn also from attributes that may give the outcome away");
  learn->add_option("--save", flags->save, "Write the draft, as gtm definition create takes it")
      ->type_name("FILE");
  learn->callback([&session, flags] {
    session.action = [&session, flags] { return RunLearn(session, *flags); };
  });
}

}  // namespace gtm::cli
