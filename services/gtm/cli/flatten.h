#pragma once
// Messages as rows of field and value, by reflection.

#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace gtm::cli {

struct FlatField {
  std::string path;   // "stage_changes[0].stage_id"
  std::string value;  // as people read it
  std::string raw;    // as programs read it
};

// Every field that is set, in the order of the contract. Dates, instants and money are one
// value. Without `lists`, repeated fields are counted only: "stage_changes" = "2".
std::vector<FlatField> Flatten(const google::protobuf::Message& message, bool lists);

}  // namespace gtm::cli
