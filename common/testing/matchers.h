#pragma once
// Matchers for results, errors and messages.
//
//   EXPECT_THAT(result, IsOk());
//   EXPECT_THAT(result, FailsWith(Reason::ETAG_MISMATCH));
//   EXPECT_THAT(result, FailsOn("account.employee_count"));
//   EXPECT_THAT(message, EqualsProto(other));

#include <gmock/gmock.h>
#include <google/protobuf/message.h>

#include <string>

#include "common/core/result.h"

namespace gtm::test {

std::string Describe(const Error& error);
// "" where equal, else the differences in words.
std::string Differences(const google::protobuf::Message& actual,
                        const google::protobuf::Message& expected);

MATCHER(IsOk, negation ? "failed" : "is ok") {
  if (arg.ok()) return true;
  *result_listener << Describe(arg.error());
  return false;
}

MATCHER_P(FailsWith, reason,
          std::string(negation ? "does not fail" : "fails") + " with " +
              std::string(ReasonName(reason))) {
  if (arg.ok()) {
    *result_listener << "which is ok";
    return false;
  }
  *result_listener << Describe(arg.error());
  return arg.error().reason() == reason;
}

// INVALID_FIELDS with a violation of this field.
MATCHER_P(FailsOn, field, std::string("has a violation of the field ") + field) {
  if (arg.ok()) {
    *result_listener << "which is ok";
    return false;
  }
  *result_listener << Describe(arg.error());
  for (const FieldViolation& violation : arg.error().violations()) {
    if (violation.field == field) return true;
  }
  return false;
}

MATCHER_P(EqualsProto, expected, "equals\n" + expected.DebugString()) {
  const std::string differences = Differences(arg, expected);
  *result_listener << differences;
  return differences.empty();
}

}  // namespace gtm::test
