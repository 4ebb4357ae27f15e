#include "common/testing/matchers.h"

#include <google/protobuf/util/message_differencer.h>

#include <fmt/format.h>

namespace gtm::test {

std::string Describe(const Error& error) {
  std::string text = fmt::format("{}: {}", ReasonName(error.reason()), error.message());
  for (const FieldViolation& violation : error.violations()) {
    text += fmt::format("\n  {}: {}", violation.field, violation.description);
  }
  return text;
}

std::string Differences(const google::protobuf::Message& actual,
                        const google::protobuf::Message& expected) {
  if (actual.GetDescriptor() != expected.GetDescriptor()) {
    return fmt::format("{} is not {}", actual.GetDescriptor()->full_name(),
                       expected.GetDescriptor()->full_name());
  }
  google::protobuf::util::MessageDifferencer differencer;
  std::string report;
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(expected, actual)) return "";
  return "expected -> actual:\n" + report;
}

}  // namespace gtm::test
