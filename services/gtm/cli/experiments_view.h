#pragma once
// Activities and experiments as text. Pure: tested with fixed answers.

#include "gtm/targeting/v1/experiments.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintActivities(const targeting::v1::RankActivitiesResponse& answer, Printer* printer);
// One experiment, or all of them, with what to do next.
void PrintExperiments(const targeting::v1::ListExperimentsResponse& answer, Printer* printer);
// The words for one comparison: "b: 30.0 % against 10.0 %; ...".
std::string ComparisonText(const targeting::v1::Experiment& experiment,
                           const targeting::v1::ArmComparison& comparison);

}  // namespace gtm::cli
