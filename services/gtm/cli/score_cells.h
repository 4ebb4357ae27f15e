#pragma once
// What tables of scores have in common, whoever they are of.

#include <string>

#include "gtm/targeting/v1/scores.pb.h"
#include "services/gtm/cli/table.h"

namespace gtm::cli {

// Empty where the score is not there.
Cell PointsCell(const type::v1::Score& score, bool present);
// "61.0 to 80.5", or nothing where the score is certain.
std::string ScoreRange(const type::v1::Score& score);
Cell VerdictCell(targeting::v1::TargetVerdict verdict);
// "definition d1 (version 3), its review is due".
std::string DefinitionText(const targeting::v1::DefinitionUsed& used);
// One row a part: score, criterion, observed, matched, points, of, share.
void AddParts(const std::string& what, const type::v1::Score& score, Table* table);
Table PartsTable();

}  // namespace gtm::cli
